"""The SPARQL 1.1 Protocol over a real connection, situation by situation.

Written from https://www.w3.org/TR/sparql11-protocol/ (2.1 query operation, 2.2 update operation) and from
https://www.w3.org/TR/sparql11-service-description/ (2 accessing, 3 vocabulary). Updates are never served, so each
situation about them must end in a client error and change nothing.
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode
from xml.etree import ElementTree

import pytest
import rdflib
from httpx2 import Client, Response
from rdflib.namespace import RDF

from tests.patience import until

ID = "https://w3id.org/treatygraph/graph/"
ONE = f"{ID}a/res/91/7"
OTHER = f"{ID}note-verbale/2031-02-03/ctl-msp-5"
FORM = "application/x-www-form-urlencoded"
DIRECT = "application/sparql-query"
UPDATE = "application/sparql-update"
SD = rdflib.Namespace("http://www.w3.org/ns/sparql-service-description#")
TABLES = {
    "application/sparql-results+json",
    "application/sparql-results+xml",
    "text/csv",
    "text/tab-separated-values",
}
GRAPHS = {
    "text/turtle",
    "application/n-triples",
    "application/ld+json",
    "application/rdf+xml",
    "application/n-quads",
    "application/trig",
}
SIZE = "SELECT (COUNT(*) AS ?n) {0} WHERE {{ ?s ?p ?o }}"
NAMES = "SELECT DISTINCT ?n {0} WHERE {{ GRAPH ?n {{ ?s ?p ?o }} }} ORDER BY ?n"


def media_type(answer: Response) -> str:
    return answer.headers["content-type"].partition(";")[0].strip()


def values(answer: Response) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [row["n"]["value"] for row in json.loads(answer.text)["results"]["bindings"]]


def send(http: Client, way: str, query: str, fields: list[tuple[str, str]] | None = None) -> Response:
    """One query in one of the three ways of section 2.1."""
    fields = fields or []
    if way == "get":
        return http.get("/sparql?" + urlencode([("query", query), *fields]))
    if way == "form":
        return http.post("/sparql", content=urlencode([("query", query), *fields]), headers={"content-type": FORM})
    return http.post("/sparql?" + urlencode(fields), content=query.encode(), headers={"content-type": DIRECT})


WAYS = pytest.mark.parametrize("way", ["get", "form", "direct"])


@WAYS
def test_a_query_is_answered(http: Client, way: str) -> None:
    answer = send(http, way, "ASK {}")
    assert (answer.status_code, answer.json()["boolean"]) == (200, True)


@WAYS
def test_default_graphs_of_the_request_are_merged(http: Client, way: str) -> None:
    each = [values(send(http, way, SIZE.format(""), [("default-graph-uri", iri)])) for iri in (ONE, OTHER)]
    both = values(
        send(http, way, SIZE.format(""), [("default-graph-uri", ONE), ("default-graph-uri", OTHER)]),
    )
    sizes = [int(size) for (size,) in each]
    assert min(sizes) > 0
    assert max(sizes) < int(both[0]) <= sum(sizes)
    assert values(send(http, way, NAMES.format(""), [("default-graph-uri", ONE)])) == []


@WAYS
def test_named_graphs_of_the_request(http: Client, way: str) -> None:
    named = [("named-graph-uri", ONE), ("named-graph-uri", OTHER)]
    assert values(send(http, way, NAMES.format(""), named)) == [ONE, OTHER]
    assert values(send(http, way, SIZE.format(""), named)) == ["0"], "a dataset of named graphs has an empty default"


@WAYS
def test_a_full_dataset_of_the_request(http: Client, way: str) -> None:
    full = [("default-graph-uri", ONE), ("named-graph-uri", OTHER)]
    assert values(send(http, way, NAMES.format(""), full)) == [OTHER]
    alone = values(send(http, way, SIZE.format(""), [("default-graph-uri", ONE)]))
    assert values(send(http, way, SIZE.format(""), full)) == alone != ["0"]


@WAYS
def test_the_dataset_of_the_request_goes_before_that_of_the_query(http: Client, way: str) -> None:
    """Section 2.1.4: with both, the protocol's dataset is used."""
    wanted = values(send(http, way, SIZE.format(""), [("default-graph-uri", ONE)]))
    assert values(send(http, way, SIZE.format(f"FROM <{OTHER}>"), [("default-graph-uri", ONE)])) == wanted
    assert values(send(http, way, NAMES.format(f"FROM NAMED <{OTHER}>"), [("named-graph-uri", ONE)])) == [ONE]


@WAYS
def test_the_dataset_of_the_query_alone(http: Client, way: str) -> None:
    asked = values(send(http, way, SIZE.format(""), [("default-graph-uri", ONE)]))
    assert values(send(http, way, SIZE.format(f"FROM <{ONE}>"))) == asked
    assert values(send(http, way, NAMES.format(f"FROM NAMED <{ONE}>"))) == [ONE]


@WAYS
def test_the_default_graph_is_the_canonical_graph_and_union_widens_it(http: Client, way: str) -> None:
    plain = int(values(send(http, way, SIZE.format("")))[0])
    union = int(values(send(http, way, SIZE.format(""), [("union", "true")]))[0])
    assert union > plain > 0
    assert int(values(send(http, way, SIZE.format(""), [("union", "false")]))[0]) == plain


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("SELECT ?s WHERE { ?s ?p ?o } LIMIT 1", TABLES),
        ("ASK { ?s ?p ?o }", {"application/sparql-results+json", "application/sparql-results+xml"}),
        (f"DESCRIBE <{ID[:-6]}id/doc/a/res/91/7>", GRAPHS),
        ("CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o } LIMIT 1", GRAPHS),
    ],
)
@WAYS
def test_the_media_type_fits_the_form_of_the_query(http: Client, way: str, query: str, expected: set[str]) -> None:
    answer = send(http, way, query)
    assert answer.status_code == 200
    assert media_type(answer) in expected
    head = http.head("/sparql", params={"query": query})
    assert head.headers["content-type"] == http.get("/sparql", params={"query": query}).headers["content-type"]
    assert (head.status_code, head.content) == (200, b"")


@pytest.mark.parametrize("form", sorted(TABLES))
def test_tables_are_what_their_specifications_say(http: Client, form: str) -> None:
    query = 'SELECT ?n ?e ("a,\\"b" AS ?q) ("x"@en AS ?l) WHERE { BIND(3 AS ?n) }'
    answer = http.get("/sparql", params={"query": query}, headers={"accept": form})
    text = answer.content.decode()
    if form == "text/csv":
        assert text == 'n,e,q,l\r\n3,,"a,""b",x\r\n'
    elif form == "text/tab-separated-values":
        assert text == '?n\t?e\t?q\t?l\n3\t\t"a,\\"b"\t"x"@en\n'
    elif form.endswith("json"):
        document = json.loads(text)
        assert document["head"]["vars"] == ["n", "e", "q", "l"]
        (row,) = document["results"]["bindings"]
        assert "e" not in row
        assert row["l"] == {"type": "literal", "value": "x", "xml:lang": "en"}
        assert row["n"]["datatype"] == "http://www.w3.org/2001/XMLSchema#integer"
    else:
        assert 'xmlns="http://www.w3.org/2005/sparql-results#"' in text
        assert text.count("<variable ") == 4
        assert text.count("<binding ") == 3


@pytest.mark.parametrize(
    ("name", "call", "status"),
    [
        ("another method", {"method": "PUT", "params": {"query": "ASK {}"}}, 405),
        ("no method for deleting", {"method": "DELETE"}, 405),
        ("two queries in the address", {"method": "GET", "params": [("query", "ASK {}"), ("query", "ASK {}")]}, 400),
        ("two queries in the form", {"content": "query=ASK%20%7B%7D&query=ASK%20%7B%7D", "type": FORM}, 400),
        ("one in form and address", {"params": {"query": "ASK {}"}, "content": "query=a", "type": FORM}, 400),
        ("one in body and address", {"params": {"query": "ASK {}"}, "content": "ASK {}", "type": DIRECT}, 400),
        ("a form with a wrong media type", {"content": "query=ASK%20%7B%7D", "type": "text/plain"}, 415),
        ("a query with a wrong media type", {"content": "ASK {}", "type": "text/turtle"}, 415),
        ("a form without media type", {"content": "query=ASK%20%7B%7D"}, 415),
        ("a query without media type", {"content": "ASK {}"}, 415),
        ("only UTF-8", {"content": "ASK {}".encode("utf-16"), "type": f"{DIRECT}; charset=UTF-16"}, 415),
        ("bytes that are not what they say", {"content": "ASK {}".encode("utf-16"), "type": DIRECT}, 400),
        ("bad syntax", {"method": "GET", "params": {"query": "ASK { WHERE }"}}, 400),
        ("bad syntax in a form", {"content": "query=SELECT%20%2A", "type": FORM}, 400),
        ("an empty form", {"content": "", "type": FORM}, 400),
        ("an empty body", {"content": "", "type": DIRECT}, 400),
        ("a graph that is no IRI", {"method": "GET", "params": {"query": "ASK {}", "named-graph-uri": "a b"}}, 400),
        ("an escape that is none", {"method": "GET", "params": {"query": "ASK {}", "default-graph-uri": "a:%zz"}}, 400),
        ("a noncharacter", {"method": "GET", "params": {"query": "ASK {}", "default-graph-uri": "a:\uffff"}}, 400),
        ("a compressed query", {"content": b"\x1f\x8b", "type": DIRECT, "coding": "gzip"}, 415),
        ("a function nobody knows", {"method": "GET", "params": {"query": "SELECT (<urn:f>(1) AS ?x) {}"}}, 400),
        ("a limit that is no time", {"method": "GET", "params": {"query": "ASK {}", "timeout": "-1"}}, 400),
        ("a limit of words", {"method": "GET", "params": {"query": "ASK {}", "timeout": "1e9"}}, 400),
        ("two limits", {"method": "GET", "params": [("query", "ASK {}"), ("timeout", "1"), ("timeout", "2")]}, 400),
        ("half a union", {"method": "GET", "params": {"query": "ASK {}", "union": "1", "default-graph-uri": ONE}}, 400),
        ("a union of words", {"method": "GET", "params": {"query": "ASK {}", "union": "maybe"}}, 400),
        ("an impossible media type", {"method": "GET", "params": {"query": "ASK {}"}, "accept": "image/png"}, 406),
        ("an update by GET", {"method": "GET", "params": {"update": "CLEAR NAMED"}}, 403),
        ("an update by form", {"content": "update=CLEAR%20ALL", "type": FORM}, 403),
        ("an update sent directly", {"content": "CLEAR ALL", "type": UPDATE}, 403),
        ("two updates", {"content": "update=CLEAR%20ALL&update=CLEAR%20ALL", "type": FORM}, 403),
        ("an update with a wrong media type", {"content": "update=CLEAR%20ALL", "type": "text/plain"}, 415),
        ("an update without media type", {"content": "update=CLEAR%20ALL"}, 415),
        ("an update in UTF-16", {"content": "CLEAR ALL".encode("utf-16"), "type": f"{UPDATE}; charset=UTF-16"}, 403),
        ("an update of bad syntax", {"content": "update=CLEAR%20XYZ", "type": FORM}, 403),
        ("datasets of an update", {"params": {"using-graph-uri": ONE}, "content": "CLEAR ALL", "type": UPDATE}, 403),
        ("a query and an update", {"content": "query=ASK%20%7B%7D&update=CLEAR%20ALL", "type": FORM}, 403),
        ("an update where a query belongs", {"content": "CLEAR ALL", "type": DIRECT}, 403),
    ],
)  # fmt: skip
def test_bad_requests_are_client_errors(http: Client, name: str, call: dict[str, Any], status: int) -> None:
    headers = {"content-type": call.pop("type")} if "type" in call else {}
    headers |= {"accept": call.pop("accept")} if "accept" in call else {}
    headers |= {"content-encoding": call.pop("coding")} if "coding" in call else {}
    answer = http.request(call.pop("method", "POST"), "/sparql", headers=headers, **call)
    assert answer.status_code == status, f"{name}: {answer.text}"
    assert media_type(answer) == "application/problem+json"
    assert answer.json()["status"] == status
    assert int(values(http.get("/sparql", params={"query": SIZE.format("")}))[0]) > 0, "nothing was changed"


def test_a_form_in_parts_is_a_form(http: Client) -> None:
    """What `curl -F` and some libraries send."""
    parts = {"query": (None, SIZE.format("")), "default-graph-uri": (None, ONE)}
    alone = values(send(http, "get", SIZE.format(""), [("default-graph-uri", ONE)]))
    assert values(http.post("/sparql", files=parts)) == alone
    as_file = {"query": ("q.rq", SIZE.format("").encode(), DIRECT), "default-graph-uri": (None, ONE)}
    assert values(http.post("/sparql", files=as_file)) == alone
    assert http.post("/sparql", files={"update": (None, "CLEAR ALL")}).status_code == 403
    assert http.post("/sparql", files={"other": (None, "x")}).status_code == 400
    twice = [("query", (None, "ASK {}")), ("query", (None, "ASK {}"))]
    assert http.post("/sparql", files=twice).status_code == 400
    broken = http.post("/sparql", content=b"--x", headers={"content-type": "multipart/form-data"})
    assert broken.status_code == 400


@pytest.mark.parametrize("accept", ["text/csv", "application/sparql-results+xml", "*/*", "text/turtle;q=0.1, text/*"])
def test_a_head_has_the_media_type_of_the_get(http: Client, accept: str) -> None:
    for params in ({"query": "ASK {}"}, {}):
        get, head = (
            http.request(method, "/sparql", params=params, headers={"accept": accept}) for method in ("GET", "HEAD")
        )
        assert (head.status_code, head.headers.get("content-type")) == (
            get.status_code,
            get.headers.get("content-type"),
        )
        assert head.content == b""


ANSWERS = pytest.mark.parametrize(
    "path",
    [
        "/sparql",
        "/sparql?query=ASK%7B%7D",
        "/sparql?query=SELECT%20%2A%7B%3Fs%20%3Fp%20%3Fo%7D",
        "/graph-store?default",
        "/.well-known/void",
        "/dump/dump.nq.gz",
        "/dump/void.ttl",
        "/search?q=tin",
    ],
)


@ANSWERS
@pytest.mark.parametrize("coding", ["gzip", "identity"])
def test_what_is_known_is_not_sent_again(http: Client, path: str, coding: str) -> None:
    """RFC 9110, 13.1.2 and 15.4.5."""
    accepted = {"accept-encoding": coding}
    first = http.get(path, headers=accepted)
    tag = first.headers["etag"]
    for known in (tag, f"W/{tag}", f'"x", {tag}', "*"):
        for method in ("GET", "HEAD"):
            again = http.request(method, path, headers={**accepted, "if-none-match": known})
            assert (again.status_code, again.content) == (304, b""), f"{method} {known}"
            assert known == "*" or again.headers["etag"] == tag
            sent = {word.strip().lower() for word in first.headers.get("vary", "").split(",")}
            assert sent - {""} <= {word.strip().lower() for word in again.headers.get("vary", "").split(",")}
    assert http.get(path, headers={**accepted, "if-none-match": '"x"'}).status_code == 200
    if tag.endswith('-gzip"'):  # who does not take gzip cannot use it
        plain = {"accept-encoding": "identity", "if-none-match": tag}
        assert http.get(path, headers=plain).status_code == 200


@pytest.mark.parametrize(
    ("asked", "status", "length"),
    [("bytes=0-9", 206, 10), ("bytes=-5", 206, 5), ("bytes=x", 200, None), ("items=0-9", 200, None),
     ("bytes=9-3", 200, None), ("bytes=", 200, None), ("bytes=99999999-", 416, 0)],
)  # fmt: skip
def test_a_part_of_a_file(http: Client, asked: str, status: int, length: int | None) -> None:
    """RFC 9110, 14.2: what is no range is passed over."""
    whole = http.get("/dump/void.ttl", headers={"accept-encoding": "identity"}).content
    answer = http.get("/dump/void.ttl", headers={"accept-encoding": "identity", "range": asked})
    assert (answer.status_code, len(answer.content)) == (status, len(whole) if length is None else length)


def test_what_is_not_sent_again_keeps_no_worker(http: Client) -> None:
    large = {"query": "SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"}
    for _ in range(8):  # there are four workers
        assert http.get("/sparql", params=large, headers={"if-none-match": "*"}).status_code == 304
    assert until(lambda: http.get("/health").json()["pool"]["busy"] == 0)


def test_anything_known_says_nothing_about_a_mistake(http: Client) -> None:
    assert http.get("/sparql", params={"query": "ASK {"}, headers={"if-none-match": "*"}).status_code == 400


def test_a_refused_media_type_is_told_what_is_accepted(http: Client) -> None:
    answer = http.post("/sparql", content="ASK {}", headers={"content-type": "text/plain"})
    assert answer.headers["accept-post"] == f"{FORM}, {DIRECT}"


@WAYS
def test_empty_fields_of_a_form_say_nothing(http: Client, way: str) -> None:
    """What a page sends whose fields nobody filled in."""
    empty = [(name, "") for name in ("default-graph-uri", "named-graph-uri", "format", "timeout", "union")]
    assert values(send(http, way, SIZE.format(""), empty)) == values(send(http, way, SIZE.format("")))


@pytest.mark.parametrize("function", ["NOW", "RAND", "UUID", "STRUUID"])
def test_what_changes_by_itself_is_asked_each_time(http: Client, function: str) -> None:
    """An entity tag is that of one answer (RFC 9110, 8.8.3): there are no two of these."""
    query = f"SELECT ({function} # now\n () AS ?n) {{}}"
    first, again = (send(http, "get", query) for _ in range(2))
    assert values(first) != values(again)
    assert first.headers["etag"] != again.headers["etag"]
    known = {"if-none-match": first.headers["etag"]}
    assert http.get("/sparql", params={"query": query}, headers=known).status_code == 200
    assert "kept" not in again.headers["server-timing"]


def test_a_name_like_a_function_is_none(http: Client) -> None:
    first, again = (send(http, "get", "SELECT ?now ?brand {VALUES (?now ?brand) {(1 2)}}") for _ in range(2))
    assert first.headers["etag"] == again.headers["etag"]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("ASK { ?s foo:bar ?o }", "the prefix is not declared"),
        ("SELECT (COUNT(*) AS ?n) ?s { ?s ?p ?o }", "the SELECT contains a variable that is unbound"),
        ("PREFIX a: <b> ASK {}", "not an IRI, or a relative one without BASE"),
        ("ASK { ?s ", "expected one of"),
    ],
)
def test_a_syntax_error_tells_its_reason(http: Client, query: str, said: str) -> None:
    answer = send(http, "get", query).json()
    assert answer["detail"].startswith(said)
    assert "FFFD" not in answer["detail"]  # from a class of characters
    assert answer["line"] == 1


def test_carriage_returns_survive_xml(http: Client) -> None:
    """XML 1.0, 2.11: what is not escaped is read as a line feed."""
    answer = http.get("/sparql", params={"query": 'SELECT ("a\\rb\\r\\nc\\n" AS ?n) {}', "format": "xml"})
    assert next(
        ElementTree.fromstring(answer.content).iter("{http://www.w3.org/2005/sparql-results#}literal")
    ).text == ("a\rb\r\nc\n")
    found = http.get("/sparql", params={"query": 'CONSTRUCT { <a:a> <a:b> "a\\rb" } WHERE {}', "format": "rdfxml"})
    assert [str(value) for value in graph_of(found).objects()] == ["a\rb"]


@pytest.mark.parametrize(
    ("query", "form"),
    [
        ('SELECT ("a\\u0001" AS ?n) {}', "xml"),
        ('SELECT ("\\uFFFE" AS ?n) {}', "xml"),
        ('CONSTRUCT { <a:a> <a:b> "\\u000B" } WHERE {}', "rdfxml"),
        ("CONSTRUCT { <a:a> <http://example.org/1> <a:c> } WHERE {}", "rdfxml"),
        ("CONSTRUCT { <a:a> <http://www.w3.org/1999/02/22-rdf-syntax-ns#li> <a:c> } WHERE {}", "rdfxml"),
        ("CONSTRUCT { <a:a> <a:b> <<( <a:a> <a:b> <a:c> )>> } WHERE {}", "jsonld"),
    ],
)
def test_what_a_format_cannot_hold_is_refused(http: Client, query: str, form: str) -> None:
    """Rather than sent in a shape that no reader takes, or called a failure of the store."""
    answer = http.get("/sparql", params={"query": query, "format": form})
    assert answer.status_code == 406, answer.text
    assert "cannot be written" in answer.json()["detail"]
    other = "json" if form == "xml" else "turtle"
    assert http.get("/sparql", params={"query": query, "format": other}).status_code == 200


@pytest.mark.parametrize(
    ("path", "methods"),
    [
        ("/sparql", {"GET", "HEAD", "OPTIONS", "POST"}),
        ("/graph-store", {"GET", "HEAD", "OPTIONS"}),
        ("/evidence", {"OPTIONS", "POST"}),
        ("/queries/x", {"DELETE", "OPTIONS"}),
        ("/nowhere", {"GET", "HEAD", "OPTIONS"}),
    ],
)
def test_the_methods_of_an_address(http: Client, path: str, methods: set[str]) -> None:
    told = http.options(path, headers={"origin": "https://example.org", "access-control-request-method": "GET"})
    assert told.status_code == 204
    assert set(told.headers["allow"].split(", ")) == methods
    assert set(told.headers["access-control-allow-methods"].split(", ")) == methods
    refused = http.put(path)
    assert refused.status_code == (404 if path == "/nowhere" else 405)
    if path != "/nowhere":
        assert refused.headers.get_list("allow") == [", ".join(sorted(methods))]


def test_other_fields_are_ignored(http: Client) -> None:
    assert http.get("/sparql", params={"query": "ASK {}", "default-graph": "a b", "debug": "on"}).status_code == 200


@pytest.mark.parametrize("accept", [None, "*/*", "text/turtle", "application/rdf+xml", "application/ld+json;q=0.5"])
def test_the_service_describes_itself_in_rdf(http: Client, accept: str | None) -> None:
    """Section 2: a GET of the endpoint without a query gives RDF."""
    answer = http.get("/sparql", headers={"accept": accept} if accept else {"accept": ""})
    assert answer.status_code == 200
    assert media_type(answer) in GRAPHS
    assert (
        http.head("/sparql", headers={"accept": accept or ""}).headers["content-type"] in answer.headers["content-type"]
    )
    graph = rdflib.Graph().parse(data=answer.text, format=media_type(answer))
    (service,) = graph.subjects(RDF.type, SD.Service)
    assert set(graph.objects(service, SD.endpoint)) == {
        rdflib.URIRef(f"{http.base_url}/sparql".replace("//sparql", "/sparql"))
    }


def test_the_description_keeps_to_its_vocabulary(http: Client) -> None:
    """Section 3: what each property leads from and to."""
    graph = rdflib.Graph().parse(data=http.get("/sparql", params={"format": "turtle"}).text, format="turtle")
    links = {
        SD.endpoint: (SD.Service, None),
        SD.supportedLanguage: (SD.Service, SD.Language),
        SD.resultFormat: (SD.Service, rdflib.URIRef("http://www.w3.org/ns/formats/Format")),
        SD.defaultDataset: (SD.Service, SD.Dataset),
        SD.defaultGraph: (SD.Dataset, SD.Graph),
        SD.namedGraph: (SD.Dataset, SD.NamedGraph),
        SD.graph: (SD.NamedGraph, SD.Graph),
        SD.name: (SD.NamedGraph, None),
    }
    for predicate, (domain, target) in links.items():
        pairs = list(graph.subject_objects(predicate))
        assert pairs, predicate
        for subject, value in pairs:
            assert (subject, RDF.type, domain) in graph
            if target is not None:
                assert (value, RDF.type, target) in graph
    assert set(graph.objects(None, SD.supportedLanguage)) == {SD.SPARQL11Query}
    used = {p for p in graph.predicates() if p in SD}
    assert used <= set(links), "a term of the vocabulary that this test does not know"


def test_the_description_counts_the_store(http: Client) -> None:
    void = rdflib.Namespace("http://rdfs.org/ns/void#")
    graph = rdflib.Graph().parse(data=http.get("/sparql", params={"format": "turtle"}).text, format="turtle")
    default = next(graph.objects(None, SD.defaultGraph))
    assert str(graph.value(default, void.triples)) == values(send(http, "get", SIZE.format("")))[0]
    classes = {
        str(graph.value(part, void["class"])): int(graph.value(part, void.entities))
        for part in graph.objects(default, void.classPartition)
    }
    assert classes["https://w3id.org/treatygraph/def#Resolution"] == 2
    properties = sum(int(graph.value(p, void.triples)) for p in graph.objects(default, void.propertyPartition))
    assert properties == int(graph.value(default, void.triples))


def graph_of(answer: Response) -> rdflib.Graph:
    assert answer.status_code == 200, answer.text
    found = rdflib.Dataset().parse(data=answer.text, format=media_type(answer))
    return found.default_graph


@pytest.mark.parametrize("form", sorted(GRAPHS))
def test_a_graph_is_read_as_a_whole(http: Client, form: str) -> None:
    """SPARQL 1.1 Graph Store HTTP Protocol, 5.2."""
    named = http.get("/graph-store", params={"graph": ONE}, headers={"accept": form})
    assert media_type(named) == form
    assert len(graph_of(named)) == int(values(send(http, "get", SIZE.format(""), [("default-graph-uri", ONE)]))[0])
    head = http.head("/graph-store", params={"graph": ONE}, headers={"accept": form})
    assert (head.status_code, head.headers["content-type"]) == (200, named.headers["content-type"])


def test_the_default_graph_is_read_as_a_whole(http: Client) -> None:
    answer = http.get("/graph-store?default", headers={"accept": "application/n-triples"})
    assert str(len(answer.text.splitlines())) == values(send(http, "get", SIZE.format("")))[0]


@pytest.mark.parametrize(
    ("method", "address", "status"),
    [
        ("GET", "?graph=https://example.org/absent", 404),
        ("HEAD", "?graph=https://example.org/absent", 404),
        ("GET", "", 400),
        ("GET", f"?default&graph={ONE}", 400),
        ("GET", f"?graph={ONE}&graph={OTHER}", 400),
        ("GET", "?graph=relative", 400),
        ("GET", "?graph=http://x/%25zz", 400),
        ("HEAD", "?graph=http://x/%EF%BF%BF", 400),
        ("PUT", "?default", 405),
        ("POST", "?default", 405),
        ("DELETE", f"?graph={ONE}", 405),
    ],
)
def test_a_graph_that_cannot_be_had(http: Client, method: str, address: str, status: int) -> None:
    answer = http.request(method, f"/graph-store{address}", headers={"content-type": "text/turtle"})
    assert answer.status_code == status
