"""The recognisers, one by one."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loaders.gazetteer import Gazetteer, TreatyNames
from loaders.grammar.bodies import body
from loaders.grammar.dates import MONTHS, WEEKDAYS, find_dates
from loaders.grammar.invitees import find_capacity, find_invitees
from loaders.grammar.language import language_of
from loaders.grammar.mandates import find_orders
from loaders.grammar.meetings import find_meetings
from loaders.grammar.ordinals import cardinal_value, ordinal_value
from loaders.grammar.outcomes import find_adopted
from loaders.grammar.provisions import find_provisions
from loaders.grammar.resolutions import find_resolutions
from loaders.grammar.sentences import sentences
from loaders.grammar.symbols import find_symbols, resolution_symbol
from loaders.grammar.treaties import Treaties, find_treaties
from loaders.grammar.verbs import force_of, opening
from ontology.labels import ordinal_suffix, ordinal_word

NONE = Treaties((), None)
CTL = Treaties((), "ctl")


@given(st.integers(1, 99))
def test_ordinals_round_trip(number: int) -> None:
    for printed in (ordinal_word(number), ordinal_word(number).replace("-", " ").lower(), ordinal_suffix(number)):
        assert ordinal_value(printed) == number


@given(st.text(max_size=30))
def test_numbers_never_raise(text: str) -> None:
    ordinal_value(text)
    cardinal_value(text)


def printed(day: date) -> str:
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"


DAYS = st.dates(date(1946, 1, 1), date(2099, 12, 31))


@given(DAYS)
def test_dates_round_trip(day: date) -> None:
    (found,) = find_dates(f"on {WEEKDAYS[day.weekday()]}, {printed(day)}.")
    assert (found.first, found.last, found.weekday) == (day, None, WEEKDAYS[day.weekday()])


@given(DAYS, st.integers(1, 200), st.sampled_from([" to ", "\u2013", "-", " \u2013 "]))
def test_ranges_round_trip(day: date, length: int, dash: str) -> None:
    last = day + timedelta(length)
    if day.year == last.year:
        same = day.month == last.month
        first = f"{day.day}" if same else f"{day.day} {MONTHS[day.month - 1]}"
        (found,) = find_dates(f"from {first}{dash}{printed(last)}")
        assert (found.first, found.last) == (day, last)
    (found,) = find_dates(f"from {printed(day)}{dash}{printed(last)}")
    assert (found.first, found.last) == (day, last)


@given(st.text(alphabet="0123456789 -\u2013/.,abcdefgMayJune", max_size=60))
def test_dates_never_raise(text: str) -> None:
    find_dates(text, after=date(2020, 2, 29))


@pytest.mark.parametrize(
    ("text", "first", "last", "precision"),
    [
        ("week of 20 to 24 November 2023", "2023-11-20", "2023-11-24", "week"),
        ("week of 20 November 2023", "2023-11-20", None, "week"),
        ("30 November to 4 December 2026", "2026-11-30", "2026-12-04", "day"),
        ("30 December to 2 January 2027", "2026-12-30", "2027-01-02", "day"),
        ("May 27 to 31, 2002", "2002-05-27", "2002-05-31", "day"),
        ("9 and 10 September 2025", "2025-09-09", "2025-09-10", "day"),
        ("November 2031", "2031-11-01", None, "month"),
        ("25 to 21 November 2022", "2022-11-25", "2022-11-21", "day"),
    ],
)
def test_dates(text: str, first: str, last: str | None, precision: str) -> None:
    (found,) = find_dates(text)
    assert (str(found.first), found.last and str(found.last), found.precision) == (first, last, precision)


@pytest.mark.parametrize(
    "text", ["31 November 2022", "30 February", "6 June", "77/63 of", "2020\u20132024", "article 12 May"]
)
def test_what_is_no_date(text: str) -> None:
    assert find_dates(text) == []


def test_a_day_without_year_is_the_next_one() -> None:
    (found,) = find_dates("Wednesday 6 June", after=date(2018, 4, 16))
    assert (found.first, found.year_inferred) == (date(2018, 6, 6), True)
    (found,) = find_dates("6 January", after=date(2018, 4, 16))
    assert found.first == date(2019, 1, 6)


@given(st.integers(1, 99), st.integers(1, 400), st.sampled_from(["", "A", "V"]))
def test_resolution_symbols_round_trip(session: int, number: int, letter: str) -> None:
    symbol = f"A/RES/{session}/{number}{' ' + letter if letter else ''}"
    assert resolution_symbol(f"{session}/{number}{letter}") == symbol
    assert [found.official for found in find_symbols(f"see {symbol}, and")] == [symbol]
    (cited,) = find_resolutions(f"its resolution {symbol.removeprefix('A/RES/')} of 4 May 2031", 0, 200)
    assert (cited.symbol, cited.adopted) == (symbol, date(2031, 5, 4))


@given(st.text(alphabet="AS/RE0123456789 ()XVIresolution,of", max_size=80))
def test_symbols_never_raise(text: str) -> None:
    find_symbols(text)
    find_resolutions(text, 0, len(text))


@pytest.mark.parametrize(
    ("text", "symbols"),
    [
        ("resolution 2758 (XXVI) of 25 October 1971", ["A/RES/2758 (XXVI)"]),
        ("resolution 377 A (V)", ["A/RES/377 A (V)"]),
        ("resolution ES-10/21", ["A/RES/ES-10/21"]),
        ("Security Council resolutions 1540 (2004) and 1977 (2011)", ["S/RES/1540(2004)", "S/RES/1977(2011)"]),
        ("Human Rights Council resolution 16/18", ["A/HRC/RES/16/18"]),
        ("section VI of its resolution 68/247 A", ["A/RES/68/247 A"]),
        ("its resolutions 46/36 L, 47/52 and A/RES/48/75", ["A/RES/46/36 L", "A/RES/47/52", "A/RES/48/75"]),
        ("its resolutions 63/71 of 2 May 2008 on lamps and 70/54 of 7 May 2015 on oil", ["A/RES/63/71", "A/RES/70/54"]),
        ("its resolution 66/1 of 2 May 2011 and its decision 66/518 of 3 May 2011", ["A/RES/66/1"]),
        ("its previous resolutions", []),
        ("decision 66/518", []),
        ("General Conference resolution 12/3", []),
        ("document A/77/385", []),
        ("3/4 of the lamps", []),
    ],
)
def test_cited_resolutions(text: str, symbols: list[str]) -> None:
    assert [found.symbol for found in find_resolutions(text, 0, len(text))] == symbols


def test_shared_dates_and_paragraphs() -> None:
    text = "its resolutions 82 (1950) and 83 (1950) of 25 and 27 June 1950"
    assert [str(found.adopted) for found in find_resolutions(text, 0, len(text))] == ["1950-06-25", "1950-06-27"]
    text = "paragraphs 3 and 4 of its resolution 61/1; operative paragraph 9 of the resolution"
    assert [found.cited for found in find_resolutions(text, 0, len(text))] == [
        "a/res/61/1~op3",
        "a/res/61/1~op4",
        "a/res/61/1~op9",
    ]


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("article 12, paragraph 1, of the Convention", ["ctl~art12.1"]),
        ("Article 11(1)", ["ctl~art11.1"]),
        ("Article 2 (4)", ["ctl~art2.4"]),
        ("articles 5 and 7", ["ctl~art5", "ctl~art7"]),
        ("article 12, paragraphs 1 and 3", ["ctl~art12.1", "ctl~art12.3"]),
        ("article IV, paragraph 5", ["ctl~art4.5"]),
        ("articles 5 and 7 May", ["ctl~art5"]),
        ("article 51 of the Charter of the United Nations", []),
        ("article 7 of the Treaty on Quiet Harbours (TQH)", ["tqh~art7"]),
    ],
)
def test_provisions(text: str, keys: list[str]) -> None:
    names = find_treaties(text, Gazetteer()).names
    found = find_provisions(text, 0, len(text), Treaties(names, "ctl"))
    assert [provision.key for provision in found] == keys


@given(st.integers(1, 150), st.integers(1, 30))
def test_provisions_round_trip(article: int, paragraph: int) -> None:
    for text in (f"article {article}, paragraph {paragraph}, of the Convention", f"Article {article}({paragraph})"):
        (found,) = find_provisions(text, 0, len(text), CTL)
        assert (found.article, found.paragraph) == (article, paragraph)


@given(st.text(alphabet="article()IVX0123456789, paragraphs and of the Convention", max_size=80))
def test_provisions_never_raise(text: str) -> None:
    find_provisions(text, 0, len(text), CTL)


def test_an_unlisted_treaty_is_found_by_its_title() -> None:
    text = (
        "the 2025 Convention on the Use, Sale and Storage of Lanterns and on Their Oil (CLO) in Suva; the CLO; in Rome"
    )
    found = find_treaties(text, Gazetteer())
    assert found.main == "clo"
    assert [text[name.start : name.end] for name in found.names] == [
        "Convention on the Use, Sale and Storage of Lanterns and on Their Oil",
        "CLO",
    ]
    assert (found.names[0].year, found.names[0].abbreviation) == (2025, "CLO")


def test_a_place_is_no_part_of_a_title() -> None:
    text = "Convention on Cold Lamps in Geneva; and the Convention on Cold Lamps entered"
    assert {name.code for name in find_treaties(text, Gazetteer()).names} == {"convention-on-cold-lamps"}


def test_a_listed_treaty_has_its_code_in_any_spelling() -> None:
    known = Gazetteer((TreatyNames("ctl", "Convention on Anti-Ship Lanterns", ("Lantern Ban",), ("CTL",)),))
    text = "the Convention on anti-ship Lanterns, the Lantern Ban, the CTL"
    assert [name.code for name in find_treaties(text, known).names] == ["ctl"] * 3


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("the Twenty-first Meeting of the States Parties", ["ctl-msp-21"]),
        ("the twenty first meeting of States parties", ["ctl-msp-21"]),
        ("21MSP and the 3rd Review Conference", ["ctl-msp-21", "ctl-rc-3"]),
        ("the 2018 intersessional meetings", ["ctl-im-2018"]),
        ("the First and Third Review Conferences", ["ctl-rc-1", "ctl-rc-3"]),
        ("the first to third meetings of the States parties", ["ctl-msp-1", "ctl-msp-2", "ctl-msp-3"]),
        ("the First Preparatory Meeting", ["ctl-pm-1"]),
        ("the second meeting of the committee", []),
        ("the Meetings of States Parties", []),
    ],
)
def test_meetings(text: str, keys: list[str]) -> None:
    assert [name.key for name in find_meetings(text, 0, len(text), CTL) if name.key] == keys


def test_without_a_treaty_there_is_no_meeting() -> None:
    assert find_meetings("the Third Review Conference", 0, 27, NONE) == []


def test_a_list_of_meetings_is_paired_by_year() -> None:
    text = "the first to fourth meetings of the States parties, held in Suva (2030 and 2033), Port Louis (2031) and "
    text += "Bergen (2032)"
    found = find_meetings(text, 0, len(text), CTL)
    pairs = [(name.ordinal, name.circumstances.place, name.circumstances.year) for name in found]
    assert sorted(pairs) == [(1, "Suva", 2030), (2, "Port Louis", 2031), (3, "Bergen", 2032), (4, "Suva", 2033)]


def test_a_list_that_does_not_fit_gives_no_places() -> None:
    text = "the first to fourth meetings of the States parties, held in Suva (2030) and Bergen (2032)"
    found = find_meetings(text, 0, len(text), CTL)
    assert [(name.ordinal, name.circumstances.place) for name in found] == [(n, None) for n in range(1, 5)]


def test_circumstances_of_a_meeting() -> None:
    text = "the Ninth Review Conference, to be held at the Palais des Lampes in Cartagena, Colombia, "
    text += "from 1 to 3 March 2031, if"
    (found,) = find_meetings(text, 0, len(text), CTL)
    about = found.circumstances
    assert (about.venue, about.place, about.country) == ("Palais des Lampes", "Cartagena", "Colombia")
    assert (str(about.first), str(about.last), about.said) == ("2031-03-01", "2031-03-03", False)
    assert text[found.end :] == ", if"


@pytest.mark.parametrize(
    ("text", "phrase", "force"),
    [
        ("1. Invites all", "Invites", "invites"),
        ("2. Also requests the", "Also requests", "requests"),
        ("Recalling also that", "Recalling also", "recalls"),
        ("Noting with deep regret that", "Noting with deep regret", "expresses-concern"),
        ("Invites and encourages all", "Invites and encourages", "invites"),
        ("Expresses strong concern at", "Expresses strong concern", "expresses-concern"),
        ("Renews its call upon all", "Renews its call upon", "calls-upon"),
        ("Further urges States", "Further urges", "urges"),
        ("Polishing its lamps,", "Polishing", None),
    ],
)
def test_openings(text: str, phrase: str, force: str | None) -> None:
    found = opening(text, 0, len(text))
    assert found is not None
    assert (found.phrase, found.force) == (phrase, force)


def test_italics_give_the_exact_phrase() -> None:
    text = "4. Once more implores all"
    found = opening(text, 0, len(text), ((3, 21),))
    assert found is not None
    assert found.phrase == "Once more implores"


def test_past_tense_has_the_same_force() -> None:
    assert [force_of(word) for word in ("agreed", "decided", "requested", "urged")] == [
        "agrees",
        "decides",
        "requests",
        "urges",
    ]


def test_two_mandates_on_two_bases() -> None:
    text = (
        " the Secretary-General, under article 3, to convene the Second Review Conference and, pursuant to article 4, "
    )
    text += "to invite signatories to attend that Conference as observers;"
    first, second = find_orders(text, 0, len(text), CTL)
    assert (first.task, first.invokes, first.body and first.body.key) == (
        "convene",
        ("ctl~art3",),
        "body/un-secretary-general",
    )
    assert (second.task, second.invokes, second.invitees, second.capacity) == (
        "invite",
        ("ctl~art4",),
        ("signatories",),
        "observer",
    )
    assert first.target is not None
    assert second.target == first.target


def test_invitees() -> None:
    text = (
        "States not parties, the United Nations, regional organizations and non-governmental organizations as observers"
    )
    assert find_invitees(text, 0, len(text)) == (
        "ngos",
        "regional-organizations",
        "states-not-parties",
        "united-nations",
    )
    assert find_capacity(text, 0, len(text)) == "observer"
    assert find_invitees("the Meeting of the States Parties", 0, 33) == ()


def test_outcomes() -> None:
    text = "it adopted a declaration and an action plan for the period 2020\u20132024 to support"
    found = find_adopted(text, 0, len(text))
    assert [(item.kind, item.period) for item in found] == [("declaration", None), ("action-plan", (2020, 2024))]


def test_sentences_are_not_cut_at_abbreviations() -> None:
    text = "See vol. 3, No. 5. H.E. Ada spoke. \u201cGood.\u201d Then all left."
    assert [text[start:end] for start, end in sentences(text, 0, len(text))] == [
        "See vol. 3, No. 5.",
        "H.E. Ada spoke.",
        "\u201cGood.\u201d",
        "Then all left.",
    ]


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("the Secretary-General of the United Nations", "body/un-secretary-general"),
        ("United Nations Office for Disarmament Affairs", "body/un-office-for-disarmament-affairs"),
        ("Office for Disarmament Affairs, Geneva Branch", "body/unoda-geneva-branch"),
        ("First Committee", "body/un-first-committee"),
        ("Implementation Support Unit", "body/ctl-implementation-support-unit"),
        ("Society of Keepers", "body/society-of-keepers"),
    ],
)
def test_bodies(name: str, key: str) -> None:
    assert body(name, "ctl").key == key


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("The lamps of the harbour are lit by the keepers of the coast", "en"),
        ("Les lampes du port sont sur la jetée et dans la tour des gardes", "fr"),
        ("Las lámparas del puerto y de la torre son para los barcos", "es"),
        ("Маяки горят ночью", "ru"),
        ("港口灯塔", "zh"),
        ("1234", None),
        ("xyzzy plugh quux frob nitz", None),
    ],
)
def test_languages(text: str, code: str | None) -> None:
    assert language_of(text) == code
