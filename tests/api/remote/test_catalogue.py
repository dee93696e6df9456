"""The catalogue gives the same rows on every engine; what an engine cannot answer is listed here by name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pyoxigraph as ox
import pytest

from loaders.publishing.digest import by_value
from loaders.publishing.publish import Published
from loaders.release import ReleaseInfo
from queries.catalogue import Catalogue
from queries.embedded import EmbeddedBackend
from queries.errors import BackendError, QueryTimeout
from queries.lineage import lineage
from queries.paths import path
from queries.search import search
from queries.values import fill, values_blocks

ID = "https://w3id.org/treatygraph/id/"
KINDS = ("questions", "audit")
QUERIES = [(kind, name) for kind in KINDS for name in Catalogue.load(kind)]
Send = Callable[..., Published]

#: Between any two things at once there are too many ways.
UNBOUNDED = {"connection"}
#: Takes it about a minute, which is the limit: answered on one day and not on another.
SLOW = {"totals-differ-from-list"}
#: Differed, or failed, in one whole run of three, on a machine with much else to do; the others gave the same rows.
UNSTEADY = {"parties-on-date"}
#: Seconds for one query; and how many may find no answer in twice that, on a machine with much else to do.
_LONGEST_S = 40
_SILENT = 3
#: What Virtuoso 7.2.5 does otherwise on the whole record, and how (docs/remote.md).
VIRTUOSO = {
    "coverage-of-resolutions": "its compiler refuses it (SQ074)",
    "meetings-in-time-order": "YEAR of a value that is not bound is an error of the whole query (DT001)",
    "two-spellings": "letters beyond ASCII in texts of the query become question marks",
    "connection": "letters beyond ASCII in texts of the query become question marks",
    "meetings-without-mandate": "rows too many: NOT EXISTS together with OPTIONAL",
    "status-on-date": "an end date is missing",
    "article-against-subject": "other rows: GROUP_CONCAT over OPTIONAL",
    "totals-differ-between-sources": "rows too many: numbers that are not bound",
    "two-presidents-at-once": "rows are missing",
}


def rows(backend: Any, text: str) -> Counter[tuple[str, ...]]:
    """The rows, counted, by value; the labels of blank nodes are nobody's."""
    result = backend.query(text)
    return Counter(tuple(_term(term) for term in row) for row in result)


def _term(term: object) -> str:
    if isinstance(term, ox.BlankNode):
        return "blank"
    return str(by_value(term)) if isinstance(term, ox.Literal) else str(term or "")


def everything(text: str) -> str:
    """The query without the values of its parameters: about all things at once."""
    blocks = {names: [("UNDEF",) * len(names)] for names, *_ in values_blocks(text)}
    return fill(text, blocks) if blocks else text


@pytest.fixture(scope="module")
def both(engines: Any, release: ReleaseInfo, send: Send) -> tuple[EmbeddedBackend, Any]:
    """The invented record of the service's tests, in a release directory and in the engine."""
    engines.clear()
    send(release, engines.address, batch=2000)
    return EmbeddedBackend(release.store, release.id), engines.address.backend()


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_rows_of_the_invented_record(kind: str, both: tuple[EmbeddedBackend, Any], engines: Any) -> None:
    ours, theirs = both
    other, some = [], 0
    for name, query in Catalogue.load(kind).items():
        if engines.address.engine == "virtuoso" and name in {*VIRTUOSO, *SLOW}:
            continue
        # Virtuoso follows no path of which neither end is given.
        bound = name in UNBOUNDED or engines.address.engine == "virtuoso"
        texts = {query.text} if bound else {query.text, everything(query.text)}
        for text in texts:
            expected = rows(ours, text)
            some += bool(expected)
            if rows(theirs, text) != expected:
                other.append(name)
    assert other == []
    if engines.address.engine != "virtuoso":  # there the whole record is what is compared, below
        assert some > (3 if kind == "questions" else 0), "nothing was compared"


def test_lineage_of_every_thing(both: tuple[EmbeddedBackend, Any]) -> None:
    """By the index of the release on one side, by queries in batches on the other."""
    ours, theirs = both
    text = f'SELECT DISTINCT ?s WHERE {{ ?s a ?type FILTER(STRSTARTS(STR(?s), "{ID}")) }} ORDER BY ?s'
    things = [row["s"].value for row in ours.query(text).rows()]
    assert len(things) > 20
    for thing in things[:: max(1, len(things) // 25)]:
        assert lineage(theirs, thing, direction="both").to_json() == lineage(ours, thing, direction="both").to_json()
    ends = f"{ID}meeting/ctl-msp-5", f"{ID}doc/a/res/91/7"
    assert path(theirs, *ends).to_json() == path(ours, *ends).to_json()
    for words in ("lanterns", "91/7", "sao tome", "ctl", "lisbn"):
        assert search(theirs, words) == search(ours, words)


@pytest.fixture(scope="module")
def whole(request: pytest.FixtureRequest, engines: Any, send: Send) -> Iterator[tuple[EmbeddedBackend, Any]]:
    """The whole record of the repository."""
    if "cluster" not in (request.config.getoption("markexpr") or ""):
        pytest.skip("the whole record on every engine takes minutes: make test-cluster")
    made: ReleaseInfo = request.getfixturevalue("record")
    engines.clear()
    report = send(made, engines.address, batch=10_000)
    assert report.exact + report.rewritten == report.graphs
    ours = EmbeddedBackend(made.store, made.id)
    yield ours, engines.address.backend(timeout_s=_LONGEST_S)
    ours.close()


def steadily(theirs: Any, text: str, engines: Any) -> Counter[tuple[str, ...]]:
    """The rows of the engine. One that falls silent is ended and asked once more: Virtuoso goes on with a query whose
    client has left, and with enough of those answers nobody any more."""
    try:
        return rows(theirs, text)
    except QueryTimeout:
        engines.kill()
        engines.start()
        return rows(theirs, text)


@pytest.mark.cluster
@pytest.mark.timeout(600)
def test_the_same_rows_of_the_whole_record(whole: tuple[EmbeddedBackend, Any], engines: Any) -> None:
    """Both ways: whatever differs is listed, and whatever is listed differs."""
    ours, theirs = whole
    virtuoso = engines.address.engine == "virtuoso"
    other: dict[str, str] = {}
    silent: list[str] = []
    for kind, name in QUERIES:
        if virtuoso and name in {*SLOW, *UNSTEADY}:
            continue
        text = Catalogue.load(kind)[name].text
        expected = rows(ours, text)
        try:
            found = steadily(theirs, text, engines)
        except QueryTimeout:
            silent.append(name)
            assert len(silent) <= _SILENT, f"no answer, asked twice: {silent}"
            continue
        except BackendError as error:
            other[name] = str(error)
            continue
        if found != expected:
            other[name] = f"missing {list(expected - found)[:2]}, too many {list(found - expected)[:2]}"
    listed = set(VIRTUOSO) if virtuoso else set()
    assert {name: said for name, said in other.items() if name not in listed} == {}
    assert listed - {*other, *silent} == set(), "answered right: take it off the list"
