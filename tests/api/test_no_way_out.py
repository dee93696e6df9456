"""Nothing that a client sends makes the service ask another server: ten thousand spellings, every kind of upload."""

from __future__ import annotations

import asyncio
import importlib.util
import random
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
import rdflib
from httpx2 import Client
from starlette.types import ASGIApp

from api.app import create_app
from api.settings import Settings
from loaders.release import ReleaseInfo
from queries.pool.backend import PooledBackend
from tests.patience import PATIENT_S, until

VARIANTS = 10_000
OVER_HTTP = 300
FORM = "application/x-www-form-urlencoded"
DIRECT = "application/sparql-query"

Listener = tuple[int, list[int]]


@pytest.fixture(scope="module")
def port_and_hits() -> Iterator[Listener]:
    """A loopback port, and a list that grows by one with each connection."""
    hits: list[int] = []
    server = socket.create_server(("127.0.0.1", 0), backlog=100)
    server.settimeout(0.1)
    stop = threading.Event()

    def listen() -> None:
        while not stop.is_set():
            with suppress(OSError):
                server.accept()[0].close()
                hits.append(1)

    thread = threading.Thread(target=listen, daemon=True)
    thread.start()
    yield server.getsockname()[1], hits
    stop.set()
    thread.join(2)
    server.close()


@pytest.fixture
def listener(port_and_hits: Listener) -> Listener:
    port_and_hits[1].clear()
    return port_and_hits


@pytest.fixture(scope="module")
def variants() -> Callable[..., Iterator[str]]:
    """The spellings that the tests of the worker processes use as well."""
    place = Path(__file__).parents[1] / "queries" / "fixtures" / "calls.py"
    spec = importlib.util.spec_from_file_location("treatygraph_test_calls_api", place)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found: Callable[..., Iterator[str]] = module.variants
    return found


def request(draw: random.Random, text: str, port: int) -> tuple[str, str, str, bytes]:
    """One of the three ways to send a query: method, query string, media type, body."""
    fields = [("query", text)]
    if draw.random() < 0.2:
        name = draw.choice(("default-graph-uri", "named-graph-uri", "using-graph-uri"))
        fields.append((name, f"http://127.0.0.1:{port}/"))
    way = draw.choice(("get", "form", "direct"))
    if way == "get":
        return "GET", urlencode(fields), "", b""
    if way == "form":
        return "POST", "", FORM, urlencode(fields).encode()
    return "POST", urlencode(fields[1:]), DIRECT, text.encode()


async def send(app: ASGIApp, method: str, query: str, media_type: str, body: bytes) -> int:
    """What a server would give the application; the status of the answer, which is read to its end."""
    status = 0
    waiting = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Any:
        return waiting.pop() if waiting else await asyncio.Event().wait()

    async def sent(message: Any) -> None:
        nonlocal status
        status = message.get("status", status)

    headers = [(b"host", b"a"), (b"accept", b"*/*"), (b"content-type", media_type.encode())][: 3 if media_type else 2]
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "http",
        "path": "/sparql", "raw_path": b"/sparql", "query_string": query.encode(), "root_path": "", "headers": headers,
        "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 2), "state": {},
    }  # fmt: skip
    with suppress(Exception):  # an answer that breaks off has said its status
        await app(scope, receive, sent)
    return status


@pytest.mark.timeout(600)
def test_ten_thousand_spellings_reach_nothing_by_the_first_wall_alone(
    release: ReleaseInfo, listener: Listener, variants: Callable[..., Iterator[str]]
) -> None:
    """Everything as over HTTP, but for the wire; the workers have their network."""
    port, hits = listener
    draw = random.Random(4)
    backend = PooledBackend(
        release.store, release=release.id, workers=2, deadline_s=PATIENT_S, queue_wait_s=PATIENT_S, network=True
    )
    app = create_app(Settings(release=release.path, max_url_bytes=60_000), backend)
    counts: dict[int, int] = {}
    texts = variants(port, VARIANTS)

    async def ask_on() -> None:
        for text in texts:
            status = await send(app, *request(draw, text, port))
            counts[status] = counts.get(status, 0) + 1
            assert not hits, text

    async def all_of_them() -> None:
        await asyncio.gather(*(ask_on() for _ in range(4)))

    try:
        asyncio.run(all_of_them())
        time.sleep(0.3)
        assert not hits
    finally:
        backend.close()
    assert sum(counts.values()) == VARIANTS
    assert set(counts) <= {200, 400, 403}, counts
    assert counts[403] > VARIANTS // 2, "most of the variants must be calls, or nothing is shown"
    assert counts[200] > VARIANTS // 50, "some must be queries that run, or the check refuses everything"


def test_hundreds_of_spellings_reach_nothing_over_http(
    http: Client, listener: Listener, variants: Callable[..., Iterator[str]]
) -> None:
    port, hits = listener
    draw = random.Random(5)
    for text in variants(port, OVER_HTTP, seed=21):
        method, query, media_type, body = request(draw, text, port)
        headers = {"content-type": media_type} if media_type else {}
        answer = http.request(method, f"/sparql?{query}", content=body, headers=headers)
        assert answer.status_code in (200, 400, 403), text
        assert not hits, text
    time.sleep(0.3)
    assert not hits


def uploads(u: str) -> dict[str, tuple[str, str]]:
    """Documents that ask their reader to fetch something: media type and text."""
    imports = f"<{u}> <http://www.w3.org/2002/07/owl#imports> <{u}o>"
    shapes = f"<{u}> <http://www.w3.org/ns/shacl#shapesGraph> <{u}s>"
    xml = f'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:e="{u}">'
    return {
        "a context": ("application/ld+json", f'{{"@context": "{u}c", "a": 1}}'),
        "several contexts": ("application/ld+json", f'[{{"@context": ["{u}c", {{"a": "{u}"}}], "a": 1}}]'),
        "a context that imports": (
            "application/ld+json",
            f'{{"@context": {{"@version": 1.1, "@import": "{u}c"}}, "a": 1}}',
        ),
        "a context in a term": (
            "application/ld+json",
            f'{{"@context": {{"a": {{"@id": "{u}a", "@context": "{u}c"}}}}, "a": {{"b": 1}}}}',
        ),
        "a relative context": (
            "application/ld+json",
            f'{{"@context": {{"@base": "{u}"}}, "x": {{"@context": "c"}}}}',
        ),
        "an import": ("text/turtle", f"{imports} ."),
        "shapes": ("text/turtle", f"{shapes} ."),
        "an import in a graph": ("application/trig", f"<{u}g> {{ {imports} }}"),
        "an import in quads": ("application/n-quads", f"{imports} <{u}g> .\n"),
        "an entity": ("application/rdf+xml", f'<!DOCTYPE x [<!ENTITY a SYSTEM "{u}e">]>{xml}<e:x>&a;</e:x></rdf:RDF>'),
        "a document type": ("application/rdf+xml", f'<!DOCTYPE x SYSTEM "{u}d">{xml}</rdf:RDF>'),
        "a parameter entity": ("application/xml", f'<!DOCTYPE x [<!ENTITY % a SYSTEM "{u}p"> %a;]><x/>'),
        "an inclusion": (
            "application/xml",
            f'<x xmlns:i="http://www.w3.org/2001/XInclude"><i:include href="{u}i"/></x>',
        ),
        "a page": ("text/html", f'<html vocab="{u}"><base href="{u}"><link rel="import" href="{u}"></html>'),
        "a table": ("text/csv", f"thing,source\n{u}a,{u}b\n"),
    }  # fmt: skip


NAMES = sorted(uploads("http://127.0.0.1:9/"))


def test_without_care_a_context_is_fetched(listener: Listener) -> None:
    port, hits = listener
    media_type, text = uploads(f"http://127.0.0.1:{port}/")["a context"]
    with suppress(Exception):
        rdflib.Graph().parse(data=text, format=media_type)
    assert until(lambda: hits), "without this the next test proves nothing"


@pytest.mark.parametrize("name", NAMES)
def test_an_upload_fetches_nothing(http: Client, listener: Listener, name: str) -> None:
    port, hits = listener
    u = f"http://127.0.0.1:{port}/"
    media_type, text = uploads(u)[name]
    link = f'<{u}l>; rel="http://www.w3.org/ns/json-ld#context"; type="application/ld+json"'
    for sent_as in (media_type, "application/ld+json", "text/turtle"):
        headers = {"content-type": sent_as, "link": link, "content-location": u}
        answer = http.post("/validate", content=text.encode(), headers=headers)
        assert answer.status_code in (200, 400, 415), answer.text
    answer = http.post("/validate", data={"data": text, "kind": media_type})
    assert answer.status_code in (200, 400, 415)
    time.sleep(0.05)
    assert not hits


def test_addresses_and_headers_are_not_followed(http: Client, listener: Listener) -> None:
    port, hits = listener
    u = f"http://127.0.0.1:{port}/"
    headers = {
        "origin": u,
        "referer": u,
        "x-forwarded-host": f"127.0.0.1:{port}",
        "forwarded": f"host=127.0.0.1:{port}",
    }
    for path in (
        "/lineage?thing=",
        "/search?q=",
        "/id/",
        "/data/",
        "/graph-store?graph=",
        "/ask/mandate-of-meeting?meeting=",
    ):
        assert http.get(path + u, headers=headers).status_code < 500
    time.sleep(0.2)
    assert not hits
