"""A generator of graphs in the shape of the real one, of any size: the same size and seed give the same graph.

Each treaty has articles, two series of meetings, and for every year a resolution with its paragraphs, a note verbale, a
meeting, the decision of the meeting before, their mandates, citations and claims. What the rules would derive
(`convenedUnder`, `restsOn`, `recalls`, …) is written with its derivations, so that a lineage has the same evidence to
show as in a release. A graph grows by years and treaties, never by longer chains: as the record itself does.

Everything is invented: treaties are called `t0001`, sentences there are none.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from hashlib import sha256
from typing import Final

from ontology.namespaces import BASE, CODE, FINDING, GRAPH, ID, TG

#: Years that one treaty is followed; then the next treaty begins.
YEARS: Final = 30
FIRST_YEAR: Final = 1990
_RDF_TYPE: Final = "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>"
_SKOS: Final = "http://www.w3.org/2004/02/skos/core#"
_DCTERMS: Final = "http://purl.org/dc/terms/"
_ELI: Final = "http://data.europa.eu/eli/ontology#"
_PROV: Final = "http://www.w3.org/ns/prov#"
_XSD: Final = "http://www.w3.org/2001/XMLSchema#"
_FORCES: Final = (
    ("recalls", "Recalling"),
    ("notes", "Noting"),
    ("welcomes", "Welcoming"),
    ("stresses", "Stressing"),
    ("requests", "Requests"),
    ("invites", "Invites"),
    ("urges", "Urges"),
    ("calls-upon", "Calls upon"),
    ("encourages", "Encourages"),
    ("decides", "Decides"),
)
_PLACES: Final = ("geneva", "oslo", "maputo", "nairobi", "santiago")
_RULES: Final = f"{GRAPH}rules"
_LABELS: Final = f"{GRAPH}labels"
_CONVENING: Final = 10  # the operative paragraph that asks for the next meeting


@dataclass
class Extent:
    """What a graph holds: for each treaty, in order, its code and its number of years."""

    treaties: list[tuple[str, int]] = field(default_factory=list)
    lines: int = 0

    def meetings(self) -> list[str]:
        """Early meetings of every treaty (IRIs), without the first."""
        return [f"{ID}meeting/{code}-msp-{k}" for code, years in self.treaties for k in range(2, min(years, 12) + 1)]

    def chains(self) -> list[str]:
        """The twelfth meeting (IRI) of each treaty that is whole, or the last of the only one: chains of one length."""
        whole = [(code, 12) for code, years in self.treaties if years >= 12] or self.treaties[:1]
        return [f"{ID}meeting/{code}-msp-{k}" for code, k in whole]

    def resolutions(self) -> list[str]:
        """The resolutions (IRIs), without the first of each treaty."""
        return [f"{ID}doc/{_symbol_key(code, k)}" for code, years in self.treaties for k in range(2, years + 1)]

    def provisions(self) -> list[str]:
        """The treaty paragraphs (IRIs) under which meetings are convened."""
        return [f"{ID}treaty/{code}~art11.1" for code, _ in self.treaties]

    def series(self) -> list[str]:
        """The annual series of meetings (IRIs)."""
        return [f"{ID}series/{code}-msp" for code, _ in self.treaties]

    def treaty_iris(self) -> list[str]:
        """The treaties (IRIs)."""
        return [f"{ID}treaty/{code}" for code, _ in self.treaties]


def generate(statements: int, extent: Extent, seed: int = 1) -> Iterator[str]:
    """N-Quads, one per item, until there are at least so many: whole years, at most about 1 % too many.

    `extent` is filled while the items are taken.
    """
    number = 0
    while extent.lines < statements:
        number += 1
        code = f"t{number:04d}"
        writer = _Writer(random.Random(f"{seed} {code}"))
        _treaty(writer, code)
        extent.treaties.append((code, 0))
        for k in range(1, YEARS + 1):
            _year(writer, code, k)
            extent.treaties[-1] = (code, k)
            extent.lines += len(writer.lines)
            yield from writer.lines
            writer.lines.clear()
            if extent.lines >= statements:
                return


class _Writer:
    """Writes statements as the build does: each in its source graph and in the canonical graph."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.lines: list[str] = []
        self._graph = ""

    def source(self, key: str, document: str) -> None:
        """Begin a source graph."""
        self._graph = f"{GRAPH}{key}"
        provenance = f"{GRAPH}provenance"
        self._both(provenance, self._graph, _RDF_TYPE, _tg("SourceGraph"))
        self._both(provenance, self._graph, f"<{_DCTERMS}source>", f"<{document}>")
        self._both(provenance, self._graph, _tg("confidence"), _code("confidence/extracted"))

    def say(self, subject: str, **values: object) -> None:
        """Statements of the source; names are properties of the ontology, `a` is the class."""
        for name, given in values.items():
            for value in given if isinstance(given, list) else [given]:
                if name == "a":
                    self._both(self._graph, subject, _RDF_TYPE, _tg(str(value)))
                else:
                    self._both(self._graph, subject, _property(name), _term(value))

    def name(self, subject: str, label: str, *spellings: str) -> None:
        """Its label and other spellings, as the build mints them."""
        self._both(_LABELS, subject, f"<{_SKOS}prefLabel>", f'"{label}"@en')
        for spelling in spellings:
            self._both(_LABELS, subject, f"<{_SKOS}hiddenLabel>", f'"{spelling}"')

    def passage(self, document: str, part: str, start: int, claimed: bool = False) -> str:
        """A passage of 120 characters; the IRI."""
        iri = f"{document}#char={start},{start + 120}"
        facts = (
            (_RDF_TYPE, _tg("Passage")),
            ("<http://www.w3.org/ns/oa#hasSource>", f"<{document}>"),
            (_tg("inPart"), f"<{part}>"),
            (_tg("start"), _term(start)),
            (_tg("end"), _term(start + 120)),
        )
        for predicate, value in facts:
            if claimed:
                self.lines.append(f"<{iri}> {predicate} {value} <{self._graph}~claims> .")
            else:
                self._both(self._graph, iri, predicate, value)
        return iri

    def claim(self, subject: str, name: str, value: object, passage: str) -> None:
        """A claim: where a source says a statement."""
        term = _term(value)
        iri = f"{BASE}claim/{_hash(subject, name, term, self._graph)}"
        facts = (
            (_RDF_TYPE, _tg("Claim")),
            (_tg("subject"), f"<{subject}>"),
            (_tg("predicate"), _property(name)),
            (_tg("object"), term),
            (_tg("passage"), f"<{passage}>"),
            (_tg("inSource"), f"<{self._graph}>"),
            (_tg("confidence"), _code("confidence/extracted")),
        )
        self.lines += [f"<{iri}> {predicate} {said} <{self._graph}~claims> ." for predicate, said in facts]

    def derive(self, rule: str, subject: str, name: str, value: str, ground: str) -> None:
        """A statement of a rule, with its derivation."""
        predicate = _property(name)
        self._both(_RULES, subject, predicate, f"<{value}>")
        iri = f"{BASE}derivation/{_hash(subject, name, value, ground)}"
        self._both(_RULES, iri, _RDF_TYPE, _tg("Derivation"))
        self._both(_RULES, iri, _tg("subject"), f"<{subject}>")
        self._both(_RULES, iri, _tg("predicate"), predicate)
        self._both(_RULES, iri, _tg("object"), f"<{value}>")
        self._both(_RULES, iri, f"<{_PROV}wasDerivedFrom>", f"<{ground}>")
        self._both(_RULES, iri, _tg("byRule"), f"<{BASE}rule/{rule}>")

    def _both(self, graph: str, subject: str, predicate: str, value: str) -> None:
        self.lines.append(f"<{subject}> {predicate} {value} .")
        self.lines.append(f"<{subject}> {predicate} {value} <{graph}> .")


def _treaty(out: _Writer, code: str) -> None:
    treaty = f"{ID}treaty/{code}"
    out.source(f"treaty/{code}", treaty)
    out.say(treaty, a="Treaty", abbreviation=code.upper(), adoptionDate=date(FIRST_YEAR - 2, 9, 18))
    out.say(treaty, entryIntoForce=date(FIRST_YEAR - 1, 3, 1))
    out.name(treaty, f"Invented Convention {code.upper()}", code)
    for article in range(1, 13):
        whole = f"{treaty}~art{article}"
        out.say(whole, a="Article", eli_is_part_of=Iri(treaty), eli_number=str(article))
        out.name(whole, f"{code.upper()} article {article}")
        for paragraph in range(1, 4):
            part = f"{whole}.{paragraph}"
            out.say(part, a="ArticleParagraph", eli_is_part_of=Iri(whole), eli_number=str(paragraph))
            out.name(part, f"{code.upper()} article {article}({paragraph})")
    for article, kind in ((11, "msp"), (12, "rc")):
        out.say(
            f"{treaty}~art{article}.1", governs=_code_of("meeting-type", kind), provides=_code_of("task", "convene")
        )
        out.say(f"{ID}series/{code}-{kind}", a="MeetingSeries", ofTreaty=Iri(treaty))
        out.name(f"{ID}series/{code}-{kind}", f"{kind.upper()} series ({code.upper()})")


def _year(out: _Writer, code: str, k: int) -> None:
    year = FIRST_YEAR + k
    session = year - 1945 - 1
    treaty, series = f"{ID}treaty/{code}", f"{ID}series/{code}-msp"
    resolution, meeting = f"{ID}doc/{_symbol_key(code, k)}", f"{ID}meeting/{code}-msp-{k}"
    _resolution(out, code, k, session)
    note = f"{ID}doc/note-verbale/{year}-01-16/{code}-msp-{k}"
    _note(out, note, meeting, resolution, treaty)

    out.source(f"record/{code}-msp-{k}", f"{BASE}source/record-{code}")
    starts = date(year, 11, 1) + timedelta(days=out.chance.randrange(25))
    out.say(meeting, a="MeetingOfStatesParties", meetingType=_code_of("meeting-type", "msp"), ordinal=k, year=year)
    out.say(meeting, inSeries=Iri(series), ofTreaty=Iri(treaty), startDate=starts, endDate=starts + timedelta(days=4))
    out.say(meeting, place=Iri(f"{ID}place/{out.chance.choice(_PLACES)}"), convokedBy=Iri(note))
    out.say(meeting, convenedBy=Iri(f"{ID}body/un-secretary-general"), datePrecision=_code_of("precision", "day"))
    label = f"Meeting {k} of the States Parties ({code.upper()})"
    spellings = [f"{code.upper()} {form}" for form in (f"MSP{k}", f"MSP-{k}", f"MSP {k}", f"{k}MSP", f"MSP {year}")]
    out.name(meeting, label, *spellings)
    report = f"{ID}doc/{code}/msp/{year}/9"
    out.say(report, a="Report", documentType=_code_of("document-type", "report"), ofTreaty=Iri(treaty))
    out.say(report, dcterms_identifier=f"{code.upper()}/MSP/{year}/9", issueDate=starts + timedelta(days=30))
    out.name(report, f"Report {code.upper()}/MSP/{year}/9")
    out.say(meeting, adopted=Iri(report))

    article = f"{treaty}~art11.1"
    out.derive("convened-under", meeting, "convenedUnder", f"{resolution}~op{_CONVENING}", _mandate(resolution))
    if k == 1:
        out.derive("convened-under", meeting, "convenedUnder", article, _mandate(resolution))
        return
    before = f"{ID}meeting/{code}-msp-{k - 1}"
    out.derive("previous-in-series", meeting, "previousInSeries", before, meeting)
    decision = f"{before}~convene-{code}-msp-{k}"
    mandate = f"{ID}mandate/{code}-msp-{k - 1}~convene-{code}-msp-{k}"
    out.say(decision, a="Decision", takenBy=Iri(before))
    out.name(decision, f"Decision of {code.upper()} MSP {k - 1} to convene {code.upper()} MSP {k}")
    said = out.passage(report, f"{report}~p12", 400 + k)
    out.say(mandate, a="Mandate", conferredBy=Iri(decision), force=_code_of("force", "agrees"), passage=Iri(said))
    out.say(mandate, task=_code_of("task", "convene"), concerns=Iri(meeting), invokes=Iri(article))
    out.derive("convened-under", meeting, "convenedUnder", decision, mandate)
    out.derive("invokes", decision, "invokes", article, mandate)
    out.derive("provision-of", article, "provisionOf", treaty, mandate)
    conference = f"{ID}meeting/{code}-rc-{1 + (k - 2) // 5}"
    standing = f"{conference}~convene-{code}-msp"
    if (k - 2) % 5 == 0:
        out.say(conference, a="ReviewConference", meetingType=_code_of("meeting-type", "rc"), ofTreaty=Iri(treaty))
        out.say(conference, ordinal=1 + (k - 2) // 5, year=year - 1, inSeries=Iri(f"{ID}series/{code}-rc"))
        out.name(conference, f"Review Conference {1 + (k - 2) // 5} ({code.upper()})")
        out.say(standing, a="Decision", takenBy=Iri(conference))
        out.name(standing, f"Decision of {code.upper()} RC {1 + (k - 2) // 5} to meet every year")
    out.derive("rests-on", decision, "restsOn", standing, mandate)


def _resolution(out: _Writer, code: str, k: int, session: int) -> None:
    key = _symbol_key(code, k)
    symbol = key.upper()
    resolution, treaty = f"{ID}doc/{key}", f"{ID}treaty/{code}"
    adopted = date(1945 + session, 12, 1 + out.chance.randrange(28))
    out.source(key, resolution)
    out.say(resolution, a="Resolution", documentType=_code_of("document-type", "resolution"), session=session)
    out.say(
        resolution, dcterms_identifier=symbol, adoptionDate=adopted, ofTreaty=Iri(treaty), agendaItem=f"{90 + k} (n)"
    )
    out.say(resolution, issuer=Iri(f"{ID}body/un-general-assembly"), distributionDate=adopted + timedelta(days=7))
    out.name(
        resolution,
        f"{symbol} Implementation of the Invented Convention {code.upper()}",
        symbol,
        f"{session}/{key[-4:]}",
    )
    at = 100
    for kind, count, forces in (("pp", 12, _FORCES[:4]), ("op", 12, _FORCES[4:])):
        for position in range(1, count + 1):
            part = f"{resolution}~{kind}{position}"
            convening = kind == "op" and position == _CONVENING
            force, words = ("requests", "Requests") if convening else out.chance.choice(forces)
            at += 200
            of = "PreambularParagraph" if kind == "pp" else "OperativeParagraph"
            out.say(part, a=of, eli_is_part_of=Iri(resolution), eli_number=str(position), position=position)
            out.say(part, force=_code_of("force", force), openingWords=words)
            out.name(part, f"{symbol}, {'preambular' if kind == 'pp' else 'operative'} paragraph {position}")
            out.claim(part, "force", _code_of("force", force), out.passage(resolution, part, at, claimed=True))
    for back in sorted({1, 2, 5, k - 1} & set(range(1, k))):
        earlier = _symbol_key(code, k - back)
        citation = f"{ID}citation/{key}~pp1/{earlier}"
        said = out.passage(resolution, f"{resolution}~pp1", 300 + 7 * back)
        out.say(citation, a="Citation", citing=Iri(f"{resolution}~pp1"), cited=Iri(f"{ID}doc/{earlier}"))
        out.say(citation, manner=_code_of("manner", "recalls"), passage=Iri(said))
        out.derive("recalls", resolution, "recalls", f"{ID}doc/{earlier}", citation)
        if back == 1:
            out.derive("follows", resolution, "follows", f"{ID}doc/{earlier}", citation)
    paragraph = f"{resolution}~op{_CONVENING}"
    mandate = _mandate(resolution)
    said = out.passage(resolution, paragraph, 6000)
    out.say(mandate, a="Mandate", conferredBy=Iri(paragraph), force=_code_of("force", "requests"), passage=Iri(said))
    out.say(mandate, addressee=Iri(f"{ID}body/un-secretary-general"), task=_code_of("task", "convene"))
    out.say(mandate, concerns=Iri(f"{ID}meeting/{code}-msp-{k}"), invokes=Iri(f"{treaty}~art11.2"))
    out.derive("invokes", paragraph, "invokes", f"{treaty}~art11.2", mandate)
    out.derive("provision-of", paragraph, "provisionOf", resolution, mandate)
    out.derive("provision-of", f"{treaty}~art11.2", "provisionOf", treaty, mandate)
    if out.chance.random() < 0.1:
        finding = f"{FINDING}two-bases/{_hash(paragraph)}"
        out.say(finding, a="Finding", rule="two-bases", about=Iri(paragraph), severity=_code_of("severity", "warning"))


def _note(out: _Writer, note: str, meeting: str, resolution: str, treaty: str) -> None:
    key = note.removeprefix(f"{ID}doc/")
    out.source(key, note)
    out.say(note, a="NoteVerbale", documentType=_code_of("document-type", "note-verbale"), ofTreaty=Iri(treaty))
    out.say(note, issuer=Iri(f"{ID}body/un-secretary-general"), issueDate=date.fromisoformat(key.split("/")[1]))
    out.name(note, f"Note verbale of {key.split('/')[1]} ({key.split('/')[2]})")
    for position in range(1, 8):
        part = f"{note}~p{position}"
        out.say(part, a="BodyParagraph", eli_is_part_of=Iri(note), eli_number=str(position), position=position)
        out.name(part, f"Paragraph {position} of the note verbale {key}")
    said = out.passage(note, f"{note}~p4", 1400)
    citation = f"{ID}citation/{key}~p4/{resolution.removeprefix(f'{ID}doc/')}~op{_CONVENING}"
    out.say(citation, a="Citation", citing=Iri(f"{note}~p4"), cited=Iri(f"{resolution}~op{_CONVENING}"))
    out.say(citation, manner=_code_of("manner", "quotes"), passage=Iri(said))
    deadline = f"{ID}deadline/{key}~p6"
    out.say(deadline, a="Deadline", concerns=Iri(meeting), deadlineFor=_code_of("deadline", "registration"))
    out.say(deadline, passage=Iri(out.passage(note, f"{note}~p6", 2400)), statedWeekday="Friday")
    out.claim(meeting, "convokedBy", Iri(note), said)


def _symbol_key(code: str, k: int) -> str:
    return f"a/res/{FIRST_YEAR + k - 1946}/{int(code[1:]):04d}"


def _mandate(resolution: str) -> str:
    return f"{ID}mandate/{resolution.removeprefix(f'{ID}doc/')}~op{_CONVENING}"


class Iri(str):
    """A value that is an IRI."""


def _code_of(scheme: str, code: str) -> Iri:
    return Iri(f"{CODE}{scheme}/{code}")


def _code(path: str) -> str:
    return f"<{CODE}{path}>"


def _tg(name: str) -> str:
    return f"<{TG}{name}>"


def _property(name: str) -> str:
    prefix, _, rest = name.partition("_")
    if prefix == "eli":
        return f"<{_ELI}{rest}>"
    if prefix == "dcterms":
        return f"<{_DCTERMS}{rest}>"
    return _tg(name)


def _term(value: object) -> str:
    if isinstance(value, Iri):
        return f"<{value}>"
    if isinstance(value, int):
        return f'"{value}"^^<{_XSD}integer>'
    if isinstance(value, date):
        return f'"{value.isoformat()}"^^<{_XSD}date>'
    return f'"{value}"'


def _hash(*parts: str) -> str:
    return sha256("\n".join(parts).encode()).hexdigest()[:12]
