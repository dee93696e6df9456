"""Names: one English label for each thing that has none, and the spellings by which people look for it.

Sources seldom name a thing as a reader needs it named. Labels are minted here for all sources in one way
(`ontology.labels`), from the canonical statements, into `graph/labels`; a label that a source states is left alone.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from pyoxigraph import Literal, NamedNode, Quad
from rdflib import URIRef
from rdflib.namespace import DCTERMS, SKOS

from loaders.provenance import activity_quads
from loaders.terms import TYPE, Statement, Term, iri, literal
from ontology import labels, symbols
from ontology.keys import folder_of, key_of
from ontology.namespaces import CODE, GRAPH, TG
from ontology.schema import load_schema

LABELS: Final = iri(GRAPH["labels"])

_PREF_LABEL: Final = iri(SKOS.prefLabel)
_HIDDEN_LABEL: Final = iri(SKOS.hiddenLabel)
_MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


def label_quads(statements: Iterable[Statement]) -> Iterator[Quad]:
    """Labels and spellings for the things of these statements, in `graph/labels`, and the record of who minted them."""
    names = Names(statements)
    for subject in names.subjects():
        node = iri(subject)
        if not names.has_label(subject) and (label := names.minted(subject)):
            yield Quad(node, _PREF_LABEL, literal(label, language="en"), LABELS)
        for spelling in names.spellings(subject):
            yield Quad(node, _HIDDEN_LABEL, literal(spelling), LABELS)
    yield from activity_quads(LABELS, "labels")


class Names:
    """Names of things by what is stated of them."""

    def __init__(self, statements: Iterable[Statement]) -> None:
        self._of: dict[str, dict[str, set[Term]]] = defaultdict(lambda: defaultdict(set))
        for subject, predicate, value in statements:
            if isinstance(subject, NamedNode) and folder_of(subject.value) is not None:
                self._of[subject.value][predicate.value].add(value)
        self._known: dict[str, str] = {}
        self._makers: dict[str, Callable[[str], str | None]] = {
            "treaty": self._treaty,
            "meeting": self._meeting,
            "series": self._series,
            "doc": self._document,
            "mandate": self._mandate,
            "citation": self._citation,
            "deadline": self._deadline,
            "invitation": self._invitation,
            "cost-rule": self._cost_rule,
            "count": self._count,
            "post": self._post,
            "tenure": self._tenure,
            "vote": self._vote,
            "action": self._action,
        }

    def subjects(self) -> list[str]:
        """The things that take a name, sorted by IRI: all under `id/` but passages and bibliographic records."""
        return sorted(s for s in self._of if "#" not in s and folder_of(s) != "source")

    def has_label(self, subject: str) -> bool:
        """Whether a source states an English label."""
        return any(isinstance(term, Literal) and term.language == "en" for term in self._all(subject, SKOS.prefLabel))

    def label(self, subject: str) -> str:
        """The label of a thing: stated, minted, or in the last resort its key."""
        if subject not in self._known:
            # Set first, so that things that name each other in a circle end.
            self._known[subject] = key_of(subject)
            stated = [t.value for t in self._all(subject, SKOS.prefLabel) if getattr(t, "language", None) == "en"]
            self._known[subject] = min(stated) if stated else self.minted(subject) or key_of(subject)
        return self._known[subject]

    def minted(self, subject: str) -> str | None:
        """The label that our rules give a thing; None for what has no rule and no speaking key."""
        maker = self._makers.get(folder_of(subject) or "", self._from_key)
        return maker(subject)

    def spellings(self, subject: str) -> list[str]:
        """The other spellings of a meeting, a treaty or a document, sorted."""
        folder = folder_of(subject)
        found: set[str] = set()
        if folder == "meeting" and (kind := self._code(subject, TG.meetingType)) and "~" not in subject:
            found = self._meeting_spellings(subject, kind)
        elif folder == "treaty" and "~" not in subject:
            found = {t for p in (DCTERMS.title, TG.shortTitle, TG.abbreviation) for t in self._texts(subject, p)}
        elif folder == "doc" and "~" not in subject:
            for identifier in self._texts(subject, DCTERMS.identifier):
                found |= {identifier, *symbols.spellings(identifier)}
        return sorted(found - {self.label(subject)} - set(self._texts(subject, SKOS.hiddenLabel)))

    # What is stated

    def _all(self, subject: str, predicate: URIRef) -> set[Term]:
        return self._of.get(subject, {}).get(str(predicate), set())

    def _texts(self, subject: str, predicate: URIRef) -> list[str]:
        return sorted(term.value for term in self._all(subject, predicate))

    def _one(self, subject: str, predicate: URIRef) -> str | None:
        texts = self._texts(subject, predicate)
        return texts[0] if texts else None

    def _code(self, subject: str, predicate: URIRef) -> str | None:
        value = self._one(subject, predicate)
        return value.rpartition("/")[2] if value and value.startswith(str(CODE)) else None

    def _said(self, subject: str, predicate: URIRef) -> str | None:
        """The label of the code or thing that a property points to."""
        value = self._one(subject, predicate)
        if value is None:
            return None
        return load_schema().label(URIRef(value)) if value.startswith(str(CODE)) else self.label(value)

    def _day(self, subject: str, predicate: URIRef) -> str | None:
        """A date in words: `16 January 2023`."""
        match = re.fullmatch(r"(\d{4})-(\d{2})-(\d{2})", self._one(subject, predicate) or "")
        return f"{int(match[3])} {_MONTHS[int(match[2]) - 1]} {match[1]}" if match else None

    def _is_a(self, subject: str, cls: URIRef) -> bool:
        return iri(cls) in self._all(subject, URIRef(TYPE.value))

    # How a thing is named

    def _short(self, treaty: str | None) -> str:
        """The abbreviation of a treaty, the one that is its key where it has several; else its title."""
        if treaty is None:
            return ""
        key = key_of(treaty)
        known = self._texts(treaty, TG.abbreviation)
        other = known[0] if known else self._one(treaty, DCTERMS.title) or key.upper()
        return next((name for name in known if name.casefold() == key), other)

    def _treaty(self, subject: str) -> str | None:
        treaty, _, part = subject.partition("~")
        if not part:
            return self._one(subject, DCTERMS.title) or self._short(subject)
        article, _, paragraph = part.removeprefix("art").partition(".")
        return labels.provision_label(self._short(treaty), article, paragraph or None)

    def _meeting(self, subject: str) -> str | None:
        meeting, _, decision = subject.partition("~")
        if decision:
            return self._decision(subject, meeting, decision)
        kind, ordinal, year = (
            self._code(subject, TG.meetingType),
            self._one(subject, TG.ordinal),
            self._one(subject, TG.year),
        )
        if kind == "plenary" and ordinal:
            organ = key_of(subject).partition("-")[0].upper()
            session = self._one(subject, TG.session)
            where = f"{organ}, {labels.ordinal_suffix(int(session))} session" if session else organ
            return f"{labels.ordinal_suffix(int(ordinal))} {labels.meeting_name(kind)} ({where})"
        if kind and (ordinal or year):
            return labels.meeting_label(self._short(self._one(subject, TG.ofTreaty)), kind, int(ordinal or year or 0))
        return self._from_key(subject)

    def _decision(self, subject: str, meeting: str, decision: str) -> str:
        task, _, target = decision.partition("-")
        for folder in ("meeting", "series", "body", "programme"):
            thing = f"{subject.partition('/meeting/')[0]}/{folder}/{target}"
            if thing in self._of:
                target = self.label(thing)
                break
        return f"Decision of the {self.label(meeting)}: {task} {target}"

    def _meeting_spellings(self, subject: str, kind: str) -> set[str]:
        ordinal, year, treaty = (self._one(subject, p) for p in (TG.ordinal, TG.year, TG.ofTreaty))
        if treaty is None or not (ordinal or year):
            return set()
        titles = [*self._texts(treaty, DCTERMS.title), *self._texts(treaty, TG.shortTitle)]
        found: set[str] = set()
        for short in self._texts(treaty, TG.abbreviation) or [self._short(treaty)]:
            known_year = int(year) if year and ordinal else None
            found.update(labels.meeting_spellings(short, kind, int(ordinal or year or 0), titles, known_year))
        return found

    def _series(self, subject: str) -> str | None:
        kind = self._code(subject, TG.meetingType)
        if kind is None:
            return self._from_key(subject)
        return labels.series_label(self._short(self._one(subject, TG.ofTreaty)), kind)

    def _document(self, subject: str) -> str | None:
        document, _, part = subject.partition("~")
        if part:
            return labels.part_label(self.label(document), part)
        identifier = self._one(subject, DCTERMS.identifier)
        kind = self._said(subject, TG.documentType) or "document"
        kind = f"{kind[0].upper()}{kind[1:]}"
        if identifier:
            # A symbol speaks for itself; a reference number does not say what it belongs to.
            is_symbol = (parsed := symbols.parse(identifier)) is not None and parsed.is_resolution
            return identifier if is_symbol or kind not in ("Note verbale", "Letter") else f"{kind} {identifier}"
        start, end = (self._one(subject, p) for p in (TG.periodStart, TG.periodEnd))
        period = f" {start}\N{EN DASH}{end}" if start and end else ""
        day = self._day(subject, TG.issueDate) or self._day(subject, TG.adoptionDate)
        return f"{kind}{period}{f' of {day}' if day else ''}{self._about(subject)}"

    def _about(self, document: str) -> str:
        """What a document without a symbol is about, by its key: the meeting that it belongs to."""
        for part in key_of(document).split("/"):
            for folder in ("meeting", "series", "treaty"):
                thing = f"{document.partition('/doc/')[0]}/{folder}/{part}"
                if thing in self._of:
                    return f" ({self._brief(thing)})"
        return ""

    def _brief(self, meeting: str) -> str:
        """A meeting in few words: `APLC MSP 21`."""
        kind = self._code(meeting, TG.meetingType)
        number = self._one(meeting, TG.ordinal) or self._one(meeting, TG.year)
        short = self._short(self._one(meeting, TG.ofTreaty))
        return f"{short} {kind.upper()} {number}" if kind and number else self.label(meeting)

    def _mandate(self, subject: str) -> str | None:
        authority = self._said(subject, TG.conferredBy)
        force, task = self._said(subject, TG.force), self._said(subject, TG.task)
        target = self._said(subject, TG.concerns)
        return _joined(f"{authority or 'Mandate'}:", force, "to" if force and task else None, task, target)

    def _citation(self, subject: str) -> str | None:
        return _joined(self._said(subject, TG.citing), self._said(subject, TG.manner), self._said(subject, TG.cited))

    def _deadline(self, subject: str) -> str | None:
        what, day = self._said(subject, TG.deadlineFor), self._day(subject, TG.dueDate)
        meeting = self._one(subject, TG.concerns)
        return _joined(f"{what or 'Deadline'}:", day, f"({self._brief(meeting)})" if meeting else None)

    def _invitation(self, subject: str) -> str | None:
        return _joined("Invitation to the", self._said(subject, TG.concerns), self._stated_in(subject))

    def _cost_rule(self, subject: str) -> str | None:
        return _joined("Who bears the cost:", self._said(subject, TG.underProvision))

    def _count(self, subject: str) -> str | None:
        what = self._said(subject, TG.countOf)
        short = self._short(self._one(subject, TG.ofTreaty))
        return _joined(self._one(subject, TG["count"]), what, f"({short})", self._stated_in(subject))

    def _stated_in(self, subject: str) -> str | None:
        document = self._said(subject, TG.statedIn)
        return f"in {document}" if document else None

    def _post(self, subject: str) -> str | None:
        role, of = self._said(subject, TG.role), self._said(subject, TG.postOf)
        if role is None:
            return self._from_key(subject)
        return f"{role[0].upper()}{role[1:]}" + (f", {of}" if of else "")

    def _tenure(self, subject: str) -> str | None:
        person, post = self._said(subject, TG.holder), self._said(subject, TG.post)
        return f"{person}, {post}" if person and post else None

    def _vote(self, subject: str) -> str | None:
        stage, text = self._said(subject, TG.stage), self._said(subject, TG.voteOn)
        return f"Vote on {text} ({stage})" if text and stage else self._from_key(subject)

    def _action(self, subject: str) -> str | None:
        state, what = self._said(subject, TG.state), self._said(subject, TG.actionType)
        short = self._short(self._one(subject, TG.ofTreaty))
        return f"{state}: {what} ({short})" if state and what else self._from_key(subject)

    def _from_key(self, subject: str) -> str:
        """A name made of the key: `body/aplc-committees` is "Aplc committees"."""
        words = re.sub(r"[-_/~]+", " ", key_of(subject)).strip()
        return f"{words[:1].upper()}{words[1:]}"


def _joined(*words: str | None) -> str:
    return " ".join(word for word in words if word)
