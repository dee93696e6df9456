"""What one document says: the model between reading and triples.

A reader (`loaders.documents`) turns the text of one document into one `Extraction`; the claims (`loaders.claims`)
turn it into triples. Nothing here knows a document's wording or an RDF term. The JSON of `to_json` is the one that
DESIGN, "Fixed interfaces", lays down for `treatygraph extract --format json`; keys beyond it are additions that
DESIGN allows.

Conventions that hold for every item

* `in_` (JSON `in`): the paragraph of *this* document that states it: `pp3`, `op10`, `p4`; None: the heading, the
  address block, the signature or a footnote, that is the document as a whole.
* `start`, `end`: character offsets into the normalised text (`loaders.text.normalise(...).text`), end exclusive,
  in code points, 0 <= start < end.
* keys are those of DESIGN, "Names", without their folder: `aplc-msp-21`, `a/res/77/63~op10`, `aplc~art12.1`. Where
  one field can point into several folders it holds `folder/key` and its description says so.
* dates are `datetime.date` (JSON: ISO 8601). Codes are the notations of the code lists (`ontology/codes.ttl`),
  except `manner` and `for_`, which DESIGN spells with blanks (`in accordance with`); `ontology.keys.slug` of them
  is the code.
* Unknown is None or an empty tuple. Nothing is guessed: what the text does not state is absent.

Numbering of paragraphs: `pp1…` preambular and `op1…` operative paragraphs of a resolution (an operative paragraph
keeps its printed number). `p1…` body paragraphs of notes, letters and unknown documents: every paragraph of
running text in order, quoted paragraphs that stand on their own included; letterhead, reference, date, addressees,
salutation, blocks of short lines (address, announcement of a meeting), closing words, signature and footnotes not.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

#: Field names that Python reserves, and their JSON spelling.
_JSON_NAMES: Final = {"in_": "in", "for_": "for"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """Something that a span of the document states."""

    in_: str | None
    start: int
    end: int

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values, keys in the order of the fields, the place (`in`, `start`, `end`) last."""
        out: dict[str, Any] = {}
        for field in dataclasses.fields(self):
            if field.name not in ("in_", "start", "end"):
                out[_JSON_NAMES.get(field.name, field.name)] = _plain(getattr(self, field.name))
        return out | {"in": self.in_, "start": self.start, "end": self.end}


@dataclass(frozen=True, slots=True, kw_only=True)
class ParagraphSpan:
    """One paragraph of the document."""

    kind: str  #: preambular | operative | body
    number: str  #: "1", "2", …: within its kind; printed number of an operative paragraph
    part: str  #: pp1, op10, p5: what `in` of the other items refers to
    opening: str | None  #: the verb phrase only, as printed (`Invites and encourages`); None in body paragraphs
    force: str | None  #: code/force of the opening, None if the verb is not in the list
    start: int
    end: int

    def to_json(self) -> dict[str, Any]:
        """As in DESIGN, with `part` and `force` added."""
        return {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}


@dataclass(frozen=True, slots=True, kw_only=True)
class TreatyMention(Item):
    """A treaty that the document names, and what it states of it (first mention of each treaty)."""

    code: str  #: aplc: key of the treaty
    title: str  #: as this document spells it, without the year before it
    year: int | None = None  #: the year printed before the title ("2008 Convention on …")
    abbreviation: str | None = None  #: as printed in brackets after the title
    main: bool = False  #: the treaty that "the Convention" means in this document
    entry_into_force: date | None = None
    entry_into_force_in: tuple[int, int] | None = None  #: span of that statement
    unts_volume: str | None = None
    unts_number: str | None = None
    unts_in: tuple[int, int] | None = None  #: span of the registration, usually in a footnote


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolutionMention(Item):
    """A resolution (or a paragraph of one) that a paragraph of this document cites."""

    symbol: str  #: official spelling, `A/RES/54/54 B`
    key: str  #: a/res/54/54b
    adopted: date | None  #: the date this document gives to it
    manner: str  #: recalls | reaffirms | refers to | quotes | in accordance with | pursuant to | …
    part: str | None = None  #: op10: the cited paragraph, if one is named
    title: str | None = None  #: the title in quotation marks after "entitled"

    @property
    def cited(self) -> str:
        """Key of what is cited: the paragraph if one is named, else the resolution."""
        return f"{self.key}~{self.part}" if self.part else self.key


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvisionMention(Item):
    """An article, or a paragraph of an article, of a treaty."""

    treaty: str  #: code
    article: int
    paragraph: int | None
    manner: str  #: in accordance with | pursuant to | as required under | quotes | refers to | …
    key: str  #: aplc~art12.1


@dataclass(frozen=True, slots=True, kw_only=True)
class MeetingMention(Item):
    """A meeting that one paragraph names, with what that paragraph states of it (one per meeting and paragraph)."""

    key: str  #: aplc-msp-21, aplc-im-2018
    series: str  #: aplc-msp
    treaty: str
    type: str  #: code/meeting-type: msp, rc, im, pm, …
    ordinal: int | None
    place: str | None = None
    country: str | None = None
    venue: str | None = None
    #: `start`, `end` (inherited) are offsets; these two are the dates (JSON: `start`, `end`, see to_json)
    start_date: date | None = None
    end_date: date | None = None
    precision: str | None = None  #: code/precision: day | week | month | year; None if no time is stated
    year: int | None = None
    held: bool | None = None  #: True: stated as past; False: as planned; None: no time and no statement
    purposes: tuple[str, ...] = ()  #: in our own words

    def to_json(self) -> dict[str, Any]:
        """As in DESIGN: `start` and `end` are the dates; the offsets are `span_start`, `span_end`."""
        names = ("key", "series", "treaty", "type", "ordinal", "place", "country", "venue")
        out: dict[str, Any] = {name: _plain(getattr(self, name)) for name in names}
        out |= {"start": _plain(self.start_date), "end": _plain(self.end_date), "year": self.year}
        out |= {"precision": self.precision, "held": self.held, "purposes": list(self.purposes)}
        return out | {"in": self.in_, "span_start": self.start, "span_end": self.end}


@dataclass(frozen=True, slots=True, kw_only=True)
class MandateMention(Item):
    """An authority that orders, asks, decides or agrees that something be done.

    `conferred_by` is the key of an operative paragraph (`a/res/77/63~op10`, folder doc) or of a decision of a
    meeting (`aplc-msp-20~convene-aplc-msp-21`, folder meeting): see `by_decision`. `in_` is a paragraph of this
    document; in a note that quotes a resolution the two differ.
    """

    key: str  #: conferring key, with `.2`, `.3` for the second, third mandate of one authority
    conferred_by: str
    by_decision: bool  #: True: conferred_by is a decision of `decided_by`
    decided_by: str | None = None  #: key of the meeting that took the decision
    force: str  #: code/force
    addressee: str | None  #: as named, without article: "Secretary-General", "States Parties"
    addressee_key: str | None = None  #: body key (un-secretary-general) where the addressee is one body
    task: str  #: code/task
    tasks: tuple[str, ...] = ()  #: every task of this mandate, `task` among them
    meeting: str | None = None  #: concerns one meeting
    series: str | None = None  #: or every meeting of a series (then meeting is None)
    document: str | None = None  #: or a document
    invokes: tuple[str, ...] = ()  #: provisions: aplc~art12.1
    relies_on: tuple[str, ...] = ()  #: other bases named, `folder/key`: series/ccm-msp, meeting/ccm-rc-2
    on_behalf_of: str | None = None
    invitees: tuple[str, ...] = ()  #: code/invitee, for task invite
    capacity: str | None = None  #: code/capacity, for task invite
    session: int | None = None  #: session of the Assembly, for task include-in-agenda
    frequency: str | None = None  #: "annual"
    max_days: int | None = None
    period: str | None = None  #: when, in our own words: "late November to early December"
    quoted: bool = False  #: stated by quoting or reporting another document


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadlineMention(Item):
    """A day by which something is to be done. `for_`: "delegation composition", "article 7 report", "registration"."""

    date: date
    weekday_stated: str | None
    for_: str
    submit_to: str | None = None  #: as named, without article
    submit_to_key: str | None = None  #: `post/…` or `body/…`
    address: tuple[str, ...] = ()  #: lines of the postal address
    email: str | None = None
    website: str | None = None
    meeting: str | None = None
    basis: str | None = None  #: `doc/a/res/77/79~op4`, `treaty/ccm~art7`: authority the deadline is based on


@dataclass(frozen=True, slots=True, kw_only=True)
class InvitationMention(Item):
    """Who invites whom to a meeting, as what, under which provision."""

    meeting: str
    invitees: tuple[str, ...]  #: code/invitee, sorted
    capacity: str | None  #: code/capacity: observer | participant; None: not stated
    inviter: str | None  #: as named
    inviter_key: str | None  #: `body/…` or `post/…`
    provision: str | None = None  #: aplc~art12.3
    on_behalf_of: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConvocationMention(Item):
    """The act by which this document convenes a meeting (a note) or calls to it (a letter)."""

    meeting: str
    convener: str  #: as named: "Secretary-General"
    convener_key: str  #: `body/un-secretary-general`, `post/aplc-msp-17-president`
    in_cooperation_with: tuple[str, ...] = ()  #: as named, our spelling: "Committees of the Convention"
    in_cooperation_count: int | None = None  #: "the four Committees": 4
    under: tuple[str, ...] = ()  #: `conferred_by` of the mandates this document names as its basis
    programme: str | None = None  #: key of the programme the meeting belongs to


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgrammeMention(Item):
    """A standing programme: key `aplc-intersessional-work-programme`."""

    key: str
    title: str
    treaty: str
    established: int | None  #: year


@dataclass(frozen=True, slots=True, kw_only=True)
class CostRuleMention(Item):
    """Who bears the cost of the meetings, by which scale, under which provision."""

    treaty: str
    provision: str  #: aplc~art14.1
    bearers: tuple[str, ...]  #: code/bearer, sorted
    scale: str | None  #: code/scale
    concerns: str | None = None  #: key of the series whose cost it is


@dataclass(frozen=True, slots=True, kw_only=True)
class ParticipationCountMention(Item):
    """How many States stand in some relation to a treaty, as this document states it."""

    treaty: str
    count: int
    count_of: str  #: code/participation: states-parties | signatories-not-ratified
    as_of: date | None  #: date of the document


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeMention(Item):
    """A document that a meeting adopted."""

    meeting: str
    kind: str  #: code/document-type: declaration | action-plan | …
    key: str  #: aplc-rc-4/action-plan (folder doc)
    period_start: int | None = None
    period_end: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonMention(Item):
    """A person and the office in which the document shows him or her."""

    name: str
    role: str  #: "President"
    of: str | None  #: key of the meeting (or body) whose office it is
    key: str  #: suraya-dalil
    post: str | None = None  #: aplc-msp-17-president
    honorific: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StatedWeekday(Item):
    """A date that the document prints with a day of the week, right or wrong."""

    date: date
    weekday: str  #: as stated: "Friday"
    about: str | None  #: "delegation composition", "bilateral meetings", …
    year_inferred: bool = False  #: no year printed: the first such day on or after the date of the document


@dataclass(frozen=True, slots=True, kw_only=True)
class EventMention(Item):
    """Something other than a meeting of the treaty that the document announces (bilateral meetings, …)."""

    kind: str
    date: date
    weekday_stated: str | None
    meeting: str | None  #: the meeting it accompanies


@dataclass(frozen=True, slots=True, kw_only=True)
class AgendaRequest(Item):
    """An item that the Assembly puts on the provisional agenda of a later session."""

    session: int
    item: str | None
    sub_item: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactMention(Item):
    """A web site or electronic address, and whose it is as far as the text says."""

    email: str | None = None
    website: str | None = None
    of: str | None = None  #: as named
    of_key: str | None = None  #: body key


@dataclass(frozen=True, slots=True, kw_only=True)
class FootnoteSpan(Item):
    """A footnote: `in_` is the paragraph that calls it, the span is that of the note's own text."""

    marker: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Extraction:
    """Everything read from one document. `key` is its identity (contract of `loaders.documents.identity`)."""

    type: str  #: Resolution | NoteVerbale | Letter | Report | Treaty | Unknown
    key: str  #: a/res/77/63, oda/2023-00050, note-verbale/2023-01-16/aplc-msp-21
    name: str  #: name of the file read
    checksum: str  #: sha-256 of the raw bytes, hexadecimal
    symbol: str | None = None
    reference: str | None = None
    title: str | None = None
    language: str | None = None  #: ISO 639-1
    issued: date | None = None
    adopted: date | None = None
    distributed: date | None = None
    issuer: str | None = None
    issuer_key: str | None = None  #: `body/…` or `post/…`
    addressees: tuple[str, ...] = ()
    session: int | None = None
    plenary_meeting: int | None = None
    plenary_key: str | None = None  #: ga-77-plenary-46
    agenda_item: str | None = None
    agenda_item_title: str | None = None
    committee: str | None = None
    committee_key: str | None = None  #: body key
    committee_report: str | None = None
    committee_report_paragraph: int | None = None
    treaty: str | None = None  #: code of the treaty that "the Convention" means
    #: where the facts of the heading stand: field name (`symbol`, `title`, `adopted`, `session`, …) -> (start, end)
    spans: tuple[tuple[str, int, int], ...] = ()
    paragraphs: tuple[ParagraphSpan, ...] = ()
    treaties: tuple[TreatyMention, ...] = ()
    resolutions: tuple[ResolutionMention, ...] = ()
    provisions: tuple[ProvisionMention, ...] = ()
    meetings: tuple[MeetingMention, ...] = ()
    mandates: tuple[MandateMention, ...] = ()
    convocations: tuple[ConvocationMention, ...] = ()
    invitations: tuple[InvitationMention, ...] = ()
    programmes: tuple[ProgrammeMention, ...] = ()
    deadlines: tuple[DeadlineMention, ...] = ()
    cost_rules: tuple[CostRuleMention, ...] = ()
    participation: tuple[ParticipationCountMention, ...] = ()
    outcomes: tuple[OutcomeMention, ...] = ()
    people: tuple[PersonMention, ...] = ()
    weekdays: tuple[StatedWeekday, ...] = ()
    events: tuple[EventMention, ...] = ()
    agenda_requests: tuple[AgendaRequest, ...] = ()
    contacts: tuple[ContactMention, ...] = ()
    footnotes: tuple[FootnoteSpan, ...] = ()
    text: str = dataclasses.field(default="", repr=False)  #: the normalised text; never part of the JSON

    def span(self, field: str) -> tuple[int, int] | None:
        """Where a fact of the heading stands (`span("adopted")`), None if it was not read there."""
        return next(((start, end) for name, start, end in self.spans if name == field), None)

    def to_json(self) -> dict[str, Any]:
        """The JSON object of DESIGN, keys in this order, unknown values null, lists possibly empty."""
        out: dict[str, Any] = {}
        for field in dataclasses.fields(self):
            if field.name == "text":
                continue
            value = getattr(self, field.name)
            if field.name == "spans":
                out["spans"] = {name: {"start": start, "end": end} for name, start, end in self.spans}
            else:
                out[field.name] = _plain(value)
        return out


def _plain(value: object) -> Any:
    """A JSON value: dates as ISO 8601, items as objects, tuples as lists."""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Item | ParagraphSpan):
        return value.to_json()
    if isinstance(value, tuple):
        return [_plain(member) for member in value]
    return value
