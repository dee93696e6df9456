"""A generator of graphs in the shape of the real one, of any size: the same size and seed give the same graph.

Each treaty has articles, two series of meetings, and for every year a resolution with its paragraphs, a note verbale, a
meeting, the decision of the meeting before, their mandates, citations and claims; about half of the resolutions have a
roll call in which each State takes the position that its leaning makes likely. What the rules would derive
(`convenedUnder`, `restsOn`, `recalls`, …) is written with its derivations, so that a lineage has the same evidence to
show as in a release. A graph grows by years and treaties, never by longer chains: as the record itself does.

Everything is invented: treaties are called `t0001`, sentences there are none.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final

from benchmarks.writing import Iri, Writer, code_of, hashed
from ontology.namespaces import BASE, FINDING, ID

#: Years that one treaty is followed; then the next treaty begins.
YEARS: Final = 30
FIRST_YEAR: Final = 1990
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
_CONVENING: Final = 10  # the operative paragraph that asks for the next meeting
#: States that vote; `state/s01` first.
STATES: Final = 193
_VOTED: Final = 0.5
#: How likely a State that leans wholly one way votes in favour, and how likely one that leans the other way.
_WARM, _COLD = 0.98, 0.35


@dataclass
class Extent:
    """What a graph holds: for each treaty, in order, its code and its number of years."""

    treaties: list[tuple[str, int]] = field(default_factory=list)
    lines: int = 0

    def sample(self, kind: str) -> list[str]:
        """All things of a kind (IRIs), in the order of the graph."""
        if kind == "states":
            return [_state(number) for number in range(1, STATES + 1)]
        found = [f"{ID}{key}" for code, years in self.treaties for key in _sampled(kind, code, years)]
        code, years = self.treaties[0]
        return found or [f"{ID}meeting/{code}-msp-{years}"]


def _sampled(kind: str, code: str, years: int) -> list[str]:
    """Keys of the things of a kind that one treaty has."""
    match kind:
        case "chains":  # the twelfth meeting of each treaty that is whole: chains of one length
            return [f"meeting/{code}-msp-12"] if years >= 12 else []
        case "meetings":  # early ones, without the first
            return [f"meeting/{code}-msp-{k}" for k in range(2, min(years, 12) + 1)]
        case "resolutions":
            return [f"doc/{_symbol_key(code, k)}" for k in range(2, years + 1)]
        case "provisions":
            return [f"treaty/{code}~art11.1"]
        case "series":
            return [f"series/{code}-msp"]
        case _:
            raise ValueError(f"nothing of the kind {kind!r} is generated")


def generate(statements: int, extent: Extent, seed: int = 1) -> Iterator[str]:
    """N-Quads, one per item, until there are at least so many: whole years, at most about 1 % too many.

    `extent` is filled while the items are taken.
    """
    number = 0
    writer = Writer(random.Random(f"{seed} states"))
    leanings = _states(writer)
    extent.lines += len(writer.lines)
    yield from writer.lines
    while extent.lines < statements:
        number += 1
        code = f"t{number:04d}"
        writer = Writer(random.Random(f"{seed} {code}"))
        _treaty(writer, code)
        extent.treaties.append((code, 0))
        for k in range(1, YEARS + 1):
            _year(writer, code, k)
            if writer.chance.random() < _VOTED:
                _roll_call(writer, code, k, leanings)
            extent.treaties[-1] = (code, k)
            extent.lines += len(writer.lines)
            yield from writer.lines
            writer.lines.clear()
            if extent.lines >= statements:
                return


def _states(out: Writer) -> list[float]:
    """The States; how each of them leans, from 0 to 1."""
    out.source("record/states", f"{BASE}source/record-states")
    for number in range(1, STATES + 1):
        out.say(_state(number), a="State")
        out.name(_state(number), f"Invented State {number}", f"S{number:02d}")
    return [out.chance.random() for _ in range(STATES)]


def _state(number: int) -> str:
    return f"{ID}state/s{number:02d}"


def _roll_call(out: Writer, code: str, k: int, leanings: list[float]) -> None:
    key = _symbol_key(code, k)
    vote = f"{ID}vote/{key}~plenary"
    out.source(f"record/vote/{key}", f"{BASE}source/record-votes")
    positions: dict[str, list[Iri]] = {"inFavour": [], "against": [], "abstaining": [], "notVoting": []}
    for number, leaning in enumerate(leanings, 1):
        drawn = out.chance.random()
        favour = _COLD + (_WARM - _COLD) * leaning
        rest = (drawn - favour) / (1 - favour)
        taken = "inFavour" if rest < 0 else "abstaining" if rest < 0.5 else "against" if rest < 0.8 else "notVoting"
        positions[taken].append(Iri(_state(number)))
    out.say(vote, a="Vote", voteOn=Iri(f"{ID}doc/{key}"), stage=code_of("stage", "plenary"))
    out.say(vote, voteDate=date(FIRST_YEAR + k - 1, 12, 1 + out.chance.randrange(28)))
    out.say(vote, **{f"{name}Count": len(states) for name, states in positions.items() if name != "notVoting"})
    out.say(vote, **positions)
    out.name(vote, f"Vote on {key.upper()} in the plenary")


def _treaty(out: Writer, code: str) -> None:
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
        out.say(f"{treaty}~art{article}.1", governs=code_of("meeting-type", kind), provides=code_of("task", "convene"))
        out.say(f"{ID}series/{code}-{kind}", a="MeetingSeries", ofTreaty=Iri(treaty))
        out.name(f"{ID}series/{code}-{kind}", f"{kind.upper()} series ({code.upper()})")


def _year(out: Writer, code: str, k: int) -> None:
    year = FIRST_YEAR + k
    session = year - 1945 - 1
    treaty, series = f"{ID}treaty/{code}", f"{ID}series/{code}-msp"
    resolution, meeting = f"{ID}doc/{_symbol_key(code, k)}", f"{ID}meeting/{code}-msp-{k}"
    _resolution(out, code, k, session)
    note = f"{ID}doc/note-verbale/{year}-01-16/{code}-msp-{k}"
    _note(out, note, meeting, resolution, treaty)

    out.source(f"record/{code}-msp-{k}", f"{BASE}source/record-{code}")
    starts = date(year, 11, 1) + timedelta(days=out.chance.randrange(25))
    out.say(meeting, a="MeetingOfStatesParties", meetingType=code_of("meeting-type", "msp"), ordinal=k, year=year)
    out.say(meeting, inSeries=Iri(series), ofTreaty=Iri(treaty), startDate=starts, endDate=starts + timedelta(days=4))
    out.say(meeting, place=Iri(f"{ID}place/{out.chance.choice(_PLACES)}"), convokedBy=Iri(note))
    out.say(meeting, convenedBy=Iri(f"{ID}body/un-secretary-general"), datePrecision=code_of("precision", "day"))
    label = f"Meeting {k} of the States Parties ({code.upper()})"
    spellings = [f"{code.upper()} {form}" for form in (f"MSP{k}", f"MSP-{k}", f"MSP {k}", f"{k}MSP", f"MSP {year}")]
    out.name(meeting, label, *spellings)
    report = f"{ID}doc/{code}/msp/{year}/9"
    out.say(report, a="Report", documentType=code_of("document-type", "report"), ofTreaty=Iri(treaty))
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
    out.say(mandate, a="Mandate", conferredBy=Iri(decision), force=code_of("force", "agrees"), passage=Iri(said))
    out.say(mandate, task=code_of("task", "convene"), concerns=Iri(meeting), invokes=Iri(article))
    out.derive("convened-under", meeting, "convenedUnder", decision, mandate)
    out.derive("invokes", decision, "invokes", article, mandate)
    out.derive("provision-of", article, "provisionOf", treaty, mandate)
    conference = f"{ID}meeting/{code}-rc-{1 + (k - 2) // 5}"
    standing = f"{conference}~convene-{code}-msp"
    if (k - 2) % 5 == 0:
        out.say(conference, a="ReviewConference", meetingType=code_of("meeting-type", "rc"), ofTreaty=Iri(treaty))
        out.say(conference, ordinal=1 + (k - 2) // 5, year=year - 1, inSeries=Iri(f"{ID}series/{code}-rc"))
        out.name(conference, f"Review Conference {1 + (k - 2) // 5} ({code.upper()})")
        out.say(standing, a="Decision", takenBy=Iri(conference))
        out.name(standing, f"Decision of {code.upper()} RC {1 + (k - 2) // 5} to meet every year")
    out.derive("rests-on", decision, "restsOn", standing, mandate)


def _resolution(out: Writer, code: str, k: int, session: int) -> None:
    key = _symbol_key(code, k)
    symbol = key.upper()
    resolution, treaty = f"{ID}doc/{key}", f"{ID}treaty/{code}"
    adopted = date(1945 + session, 12, 1 + out.chance.randrange(28))
    out.source(key, resolution)
    out.say(resolution, a="Resolution", documentType=code_of("document-type", "resolution"), session=session)
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
            out.say(part, force=code_of("force", force), openingWords=words)
            out.name(part, f"{symbol}, {'preambular' if kind == 'pp' else 'operative'} paragraph {position}")
            out.claim(part, "force", code_of("force", force), out.passage(resolution, part, at, claimed=True))
    for back in sorted({1, 2, 5, k - 1} & set(range(1, k))):
        earlier = _symbol_key(code, k - back)
        citation = f"{ID}citation/{key}~pp1/{earlier}"
        said = out.passage(resolution, f"{resolution}~pp1", 300 + 7 * back)
        out.say(citation, a="Citation", citing=Iri(f"{resolution}~pp1"), cited=Iri(f"{ID}doc/{earlier}"))
        out.say(citation, manner=code_of("manner", "recalls"), passage=Iri(said))
        out.derive("recalls", resolution, "recalls", f"{ID}doc/{earlier}", citation)
        if back == 1:
            out.derive("follows", resolution, "follows", f"{ID}doc/{earlier}", citation)
    paragraph = f"{resolution}~op{_CONVENING}"
    mandate = _mandate(resolution)
    said = out.passage(resolution, paragraph, 6000)
    out.say(mandate, a="Mandate", conferredBy=Iri(paragraph), force=code_of("force", "requests"), passage=Iri(said))
    out.say(mandate, addressee=Iri(f"{ID}body/un-secretary-general"), task=code_of("task", "convene"))
    out.say(mandate, concerns=Iri(f"{ID}meeting/{code}-msp-{k}"), invokes=Iri(f"{treaty}~art11.2"))
    out.derive("invokes", paragraph, "invokes", f"{treaty}~art11.2", mandate)
    out.derive("provision-of", paragraph, "provisionOf", resolution, mandate)
    out.derive("provision-of", f"{treaty}~art11.2", "provisionOf", treaty, mandate)
    if out.chance.random() < 0.1:
        finding = f"{FINDING}two-bases/{hashed(paragraph)}"
        out.say(finding, a="Finding", rule="two-bases", about=Iri(paragraph), severity=code_of("severity", "warning"))


def _note(out: Writer, note: str, meeting: str, resolution: str, treaty: str) -> None:
    key = note.removeprefix(f"{ID}doc/")
    out.source(key, note)
    out.say(note, a="NoteVerbale", documentType=code_of("document-type", "note-verbale"), ofTreaty=Iri(treaty))
    out.say(note, issuer=Iri(f"{ID}body/un-secretary-general"), issueDate=date.fromisoformat(key.split("/")[1]))
    out.name(note, f"Note verbale of {key.split('/')[1]} ({key.split('/')[2]})")
    for position in range(1, 8):
        part = f"{note}~p{position}"
        out.say(part, a="BodyParagraph", eli_is_part_of=Iri(note), eli_number=str(position), position=position)
        out.name(part, f"Paragraph {position} of the note verbale {key}")
    said = out.passage(note, f"{note}~p4", 1400)
    citation = f"{ID}citation/{key}~p4/{resolution.removeprefix(f'{ID}doc/')}~op{_CONVENING}"
    out.say(citation, a="Citation", citing=Iri(f"{note}~p4"), cited=Iri(f"{resolution}~op{_CONVENING}"))
    out.say(citation, manner=code_of("manner", "quotes"), passage=Iri(said))
    deadline = f"{ID}deadline/{key}~p6"
    out.say(deadline, a="Deadline", concerns=Iri(meeting), deadlineFor=code_of("deadline", "registration"))
    out.say(deadline, passage=Iri(out.passage(note, f"{note}~p6", 2400)), statedWeekday="Friday")
    out.claim(meeting, "convokedBy", Iri(note), said)


def _symbol_key(code: str, k: int) -> str:
    return f"a/res/{FIRST_YEAR + k - 1946}/{int(code[1:]):04d}"


def _mandate(resolution: str) -> str:
    return f"{ID}mandate/{resolution.removeprefix(f'{ID}doc/')}~op{_CONVENING}"
