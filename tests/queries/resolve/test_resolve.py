"""Whatever a person types: the one thing that is meant, or a helpful no."""

from __future__ import annotations

import contextlib
from typing import Any

import pyoxigraph as ox
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from queries.errors import AmbiguousThing, ParameterError, UnknownThing
from queries.names import name_table, normal
from queries.resolve import resolve
from queries.search import search


@pytest.fixture(scope="module")
def backend(small: Any) -> Any:
    return small.CountingBackend(small.store())


@pytest.mark.parametrize(
    ("text", "key", "by"),
    [
        ("https://w3id.org/treatygraph/id/meeting/ctl-msp-5", "ctl-msp-5", "iri"),
        ("ctl-msp-5", "ctl-msp-5", "key"),
        ("meeting/ctl-msp-5", "ctl-msp-5", "key"),
        ("  CTL-MSP-5 ", "ctl-msp-5", "key"),
        ("CTL MSP 5", "ctl-msp-5", "key"),
        ("ctl 5msp", "ctl-msp-5", "key"),
        ("5th MSP of the CTL", "ctl-msp-5", "key"),
        ("MSP CTL 5", "ctl-msp-5", "key"),
        ("5th Meeting of the States Parties", "ctl-msp-5", "name"),
        ("fifth meeting  of the STATES parties", "ctl-msp-5", "spelling"),
        ("5th Meeting of the States Parties (CTL)", "ctl-msp-5", "name"),
        ("4th Meeting of the States Parties (CTL)", "ctl-msp-4", "name"),
        ("A/RES/91/7", "a/res/91/7", "key"),
        ("a/res/91/7", "a/res/91/7", "key"),
        ("A/RES/٩١/٧", "a/res/91/7", "key"),
        ("९१/७", "a/res/91/7", "name"),
        ("A / RES / 91 / 7", "a/res/91/7", "key"),
        ("91/7", "a/res/91/7", "name"),
        ("RESOLUTION 91/7", "a/res/91/7", "spelling"),
        ("Lanterns of Sao Tome", "a/res/91/7", "spelling"),
        ("a/res/91/7~op4", "a/res/91/7~op4", "key"),
        ("A/RES/91/7 OP 4", "a/res/91/7~op4", "key"),
        ("A/RES/91/7, operative paragraph 4", "a/res/91/7~op4", "key"),
        ("A/RES/91/7 op. 4", "a/res/91/7~op4", "key"),
        ("A/RES/91/7, preambular paragraph 2", "a/res/91/7~pp2", "key"),
        ("operative paragraph 4 of resolution 91/7", "a/res/91/7~op4", "name"),
        ("91/7 op4", "a/res/91/7~op4", "name"),
        ("ctl~art9.1", "ctl~art9.1", "key"),
        ("CTL article 9(1)", "ctl~art9.1", "key"),
        ("ctl art. 9.1", "ctl~art9.1", "key"),
        ("article 9, paragraph 1, of the CTL", "ctl~art9.1", "key"),
        ("Article 10 (1) of the Convention on Tin Lanterns", "ctl~art10.1", "name"),
        ("ctl", "ctl", "key"),
        ("Convention on Tin Lanterns", "ctl", "name"),
        ("convention on tin-lanterns", "ctl", "spelling"),
        ("sao tome", "sao-tome", "spelling"),
        ("SÃO TOMÉ", "sao-tome", "name"),
        ("ines dalva", "ines-dalva", "spelling"),
        ("Lisbon", "lisbon", "key"),
        # Some words of a name, in order: what a person types who leaves out the rest.
        ("the 5th Meeting States Parties", "ctl-msp-5", "words"),
        ("5th meeting parties CTL", "ctl-msp-5", "words"),
    ],
)
def test_what_is_meant(backend: Any, text: str, key: str, by: str) -> None:
    found = resolve(backend, text)
    assert (found.thing.key, found.by) == (key, by)


def test_a_name_that_two_things_bear_is_told_with_both(backend: Any) -> None:
    with pytest.raises(AmbiguousThing) as raised:
        resolve(backend, "4th Meeting of the States Parties")
    assert raised.value.candidates == ("cgb-msp-4", "ctl-msp-4")
    assert all(resolve(backend, key).thing.key == key for key in raised.value.candidates)


def test_a_things_own_name_goes_before_a_spelling_of_another(small: Any) -> None:
    store = small.store()
    hidden = ox.NamedNode("http://www.w3.org/2004/02/skos/core#hiddenLabel")
    store.add(ox.Quad(ox.NamedNode(f"{small.ID}meeting/cgb-msp-4"), hidden, ox.Literal("Convention on Tin Lanterns")))
    assert resolve(small.CountingBackend(store), "Convention on Tin Lanterns").thing.key == "ctl"


def test_a_class_leaves_out_all_others(backend: Any) -> None:
    assert resolve(backend, "CTL MSP 5", cls="Meeting").thing.type == "MeetingOfStatesParties"
    with pytest.raises(UnknownThing):
        resolve(backend, "A/RES/91/7", cls="Meeting")


def test_the_unknown_comes_with_suggestions(backend: Any) -> None:
    with pytest.raises(UnknownThing) as raised:
        resolve(backend, "5th Meting of the States Partis (CTL)")
    assert raised.value.suggestions[0] == "ctl-msp-5"
    with pytest.raises(UnknownThing) as nothing:
        resolve(backend, "qqqqq")
    assert nothing.value.suggestions == ()


@pytest.mark.parametrize("text", ["", "   ", "x" * 501])
def test_nothing_and_too_much(backend: Any, text: str) -> None:
    with pytest.raises(ParameterError):
        resolve(backend, text)


@pytest.mark.parametrize(
    "text",
    ["' } SERVICE <http://x/>", '" . ?s ?p ?o } #', "https://w3id.org/> } DROP ALL", "\x00", "\ud800", "{}", "?x", "~", "://",
     "a/res/91/7~op4~op4", "\\", "%00", "<", "article 1", "op4", "5", "of the"],
)  # fmt: skip
def test_hostile_texts_are_unknown_and_nothing_worse(backend: Any, text: str) -> None:
    with pytest.raises((UnknownThing, ParameterError)):
        resolve(backend, text)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=60))
def test_any_text_gives_a_thing_or_one_of_three_errors(backend: Any, text: str) -> None:
    with contextlib.suppress(UnknownThing, AmbiguousThing, ParameterError):
        assert resolve(backend, text).iri.startswith("https://w3id.org/treatygraph/id/")


def test_what_is_written_right_is_looked_up_never_scanned(small: Any) -> None:
    """No name table is read for a key or an exact name."""
    backend = small.CountingBackend(small.store())
    seen: list[str] = []
    ask = backend.query
    backend.query = lambda text, **options: (seen.append(text), ask(text, **options))[1]
    for text in ("ctl-msp-5", "A/RES/91/7 op 4", "5th Meeting of the States Parties", "91/7"):
        resolve(backend, text)
    assert len(seen) <= 20
    assert not any("Every name of every thing" in text for text in seen)
    resolve(backend, "ines dalva")
    resolve(backend, "sao tome")
    assert sum("Every name of every thing" in text for text in seen) == 1, "read once, then kept"


def test_normal_form() -> None:
    assert normal("São Tomé, 21st M.S.P. — ‘x’") == "sao tome 21st m s p x"
    assert normal("A/RES/54/54 B") == normal("a/res/54/54 b") == "a res 54 54 b"


class TestSearch:
    def keys(self, backend: Any, q: str, limit: int = 20) -> list[str]:
        return [thing.key for thing in search(backend, q, limit).things]

    def test_what_is_meant_comes_first(self, backend: Any) -> None:
        assert self.keys(backend, "91/7")[0] == "a/res/91/7"
        assert self.keys(backend, "ctl msp 4")[0] == "ctl-msp-4"
        assert self.keys(backend, "A/RES/91/7 op4")[0] == "a/res/91/7~op4"

    def test_beginnings_of_names_then_of_words(self, backend: Any) -> None:
        assert self.keys(backend, "4th meet")[:2] == ["cgb-msp-4", "ctl-msp-4"]
        assert self.keys(backend, "lisb") == ["lisbon"]
        assert self.keys(backend, "dal") == ["ines-dalva"]
        assert self.keys(backend, "lant conv") == ["ctl"]
        assert self.keys(backend, "tome")[0] == "sao-tome"

    def test_nothing_for_nothing(self, backend: Any) -> None:
        assert self.keys(backend, "") == self.keys(backend, "  ...") == self.keys(backend, "qqq") == []

    def test_pages_join_to_the_whole(self, backend: Any) -> None:
        whole = self.keys(backend, "m", 100)
        assert len(whole) > 5
        paged: list[str] = []
        cursor: str | None = None
        while True:
            page = search(backend, "m", 2, cursor)
            paged += [thing.key for thing in page.things]
            assert page.total == len(whole)
            cursor = page.cursor
            if cursor is None:
                break
        assert paged == whole

    @pytest.mark.parametrize(
        ("limit", "cursor"), [(0, None), (101, None), (5, "-1"), (5, "x"), (5, "9" * 30), (5, "٣")]
    )
    def test_wrong_pages_are_told(self, backend: Any, limit: int, cursor: str | None) -> None:
        with pytest.raises(ParameterError):
            search(backend, "m", limit, cursor)

    def test_each_thing_once(self, backend: Any) -> None:
        found = self.keys(backend, "ctl", 100)
        assert len(found) == len(set(found))

    def test_the_table_of_names(self, backend: Any) -> None:
        table = name_table(backend)
        assert [name.iri[-9:] for name in table.equal("ctl msp 4")] == ["ctl-msp-4"]
        assert table.with_words(["zz"]) == []
        assert table.with_words([]) == []
