"""The examples of nginx in deploy/ in front of a real server, on loopback, with nothing changed but addresses."""

from __future__ import annotations

import itertools
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
import rdflib
from httpx2 import Client, HTTPTransport
from rdflib.namespace import RDF

from loaders.release import ReleaseInfo
from tests.endpoints import BROKEN
from tests.patience import BUSY_S, PATIENT_S, growing, until, within_a_minute

if TYPE_CHECKING:
    from tests.api.conftest import Server

DEPLOY = Path(__file__).parents[2] / "deploy"
HOST = "treaties.example.org"
SD = rdflib.Namespace("http://www.w3.org/ns/sparql-service-description#")
#: Rows without end.
FLOOD = "SELECT * WHERE { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }"
#: Requests a minute that the service takes from one address.
RATE = 25
#: An address of this process alone: nobody else takes a port there between the look for a free one and its use.
HERE = f"127.{1 + os.getpid() % 250}.{1 + os.getpid() // 250 % 250}.1"


def free_port() -> int:
    with socket.socket() as found:
        found.bind((HERE, 0))
        return int(found.getsockname()[1])


def program(name: str) -> str:
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if found is None:
        pytest.skip(f"{name} is not installed (Debian, Ubuntu: apt-get install {name})")
    return found


def replaced(text: str, *pairs: tuple[str, str]) -> str:
    for old, new in pairs:
        assert old in text, f"deploy/ no longer says {old!r}"
        text = text.replace(old, new)
    return text


@contextmanager
def running(command: list[str], port: int, log: Path) -> Iterator[None]:
    with log.open("wb") as errors:
        process = subprocess.Popen(command, stdout=errors, stderr=errors)
    try:
        assert until(lambda: listens(port) or process.poll() is not None, PATIENT_S)
        assert process.poll() is None, log.read_text()
        yield
    finally:
        process.terminate()
        process.wait(PATIENT_S)


def listens(port: int) -> bool:
    try:
        socket.create_connection((HERE, port), PATIENT_S).close()
    except OSError:
        return False
    return True


def certificate(place: Path) -> tuple[Path, Path]:
    key, cert = place / "key.pem", place / "cert.pem"
    subject = ["-subj", f"/CN={HOST}", "-addext", f"subjectAltName=DNS:{HOST}"]
    command = [program("openssl"), "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *subject]
    subprocess.run([*command, "-keyout", str(key), "-out", str(cert)], check=True, capture_output=True, timeout=60)
    return key, cert


@contextmanager
def nginx(place: Path, behind: str, under: str | None = None, version: str = "1.1") -> Iterator[str]:
    """deploy/nginx.conf, or with deploy/nginx-path.conf in it, in front of a server."""
    command = program("nginx")
    key, cert = certificate(place)
    port, plain = free_port(), free_port()
    site = replaced(
        (DEPLOY / "nginx.conf").read_text(encoding="utf-8"),
        ("listen 443 ssl", f"listen {HERE}:{port} ssl"),
        ("listen 80;", f"listen {HERE}:{plain};"),
        ("127.0.0.1:8000", behind),
        (f"/etc/ssl/{HOST}.pem", str(cert)),
        (f"/etc/ssl/private/{HOST}.key", str(key)),
        ("proxy_http_version 1.1;", f"proxy_http_version {version};"),
    )
    if under:
        path = (DEPLOY / "nginx-path.conf").read_text(encoding="utf-8")
        site = replaced(site, ("    location / {", f"{path}\n    location = /elsewhere {{"))
    (place / "treatygraph.conf").write_text(site, encoding="utf-8")
    folders = "".join(
        f"{kind}_temp_path {place}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    user = "user root;\n" if os.geteuid() == 0 else ""
    (place / "nginx.conf").write_text(
        f"{user}daemon off; pid {place}/nginx.pid; error_log {place}/error.log; events {{}}\n"
        f"http {{ access_log off;\n{folders} include {place}/treatygraph.conf; }}\n",
        encoding="utf-8",
    )
    arguments = [command, "-p", str(place), "-e", str(place / "error.log"), "-c", str(place / "nginx.conf")]
    subprocess.run([*arguments, "-t"], check=True, capture_output=True, timeout=60)
    with running(arguments, port, place / "nginx.log"):
        yield f"https://{HERE}:{port}"


@pytest.fixture(scope="module")
def served(start: Callable[..., AbstractContextManager[Server]], release: ReleaseInfo) -> Iterator[Server]:
    with start(
        release.path, trusted_proxies="127.0.0.1", rate_per_minute=str(RATE), timeout_s="80", workers="2"
    ) as found:
        yield found


@pytest.fixture(scope="module")
def proxy(served: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimpleNamespace]:
    """nginx in front of the server; `client` gives a client with a source address of its own."""
    with nginx(tmp_path_factory.mktemp("nginx"), served.address.removeprefix("http://")) as address:
        number = itertools.count(21)

        def client() -> Client:
            way = HTTPTransport(verify=False, local_address=f"127.0.0.{next(number)}")
            return Client(base_url=address, transport=way, headers={"host": HOST}, timeout=PATIENT_S)

        yield SimpleNamespace(address=address, client=client)


def test_queries_pass_in_every_way(proxy: SimpleNamespace) -> None:
    query = "SELECT ?s WHERE { ?s a <https://w3id.org/treatygraph/def#Resolution> } ORDER BY ?s"
    with proxy.client() as client:
        first = client.get("/sparql", params={"query": query})
        assert len(first.json()["results"]["bindings"]) == 2
        again = client.get("/sparql", params={"query": query}, headers={"if-none-match": first.headers["etag"]})
        assert again.status_code == 304
        assert client.post("/sparql", data={"query": query}).json() == first.json()
        long = f"{query} # {'x' * 25_000}"
        assert client.get("/sparql", params={"query": long}).json() == first.json()
        assert client.post("/sparql", data={"query": f"{query} # {'x' * 150_000}"}).json() == first.json()
        assert client.get("/sparql", params={"query": "SELECT"}).headers["content-type"] == "application/problem+json"
        assert client.head("/health/live").status_code == 200
        assert client.options("/sparql").status_code == 204
        percent = client.get("/id/doc/A%2FRES%2F91%2F7", follow_redirects=False)
        assert percent.status_code in (301, 303)


def test_the_service_knows_under_which_address_it_is_seen(proxy: SimpleNamespace) -> None:
    with proxy.client() as client:
        text = client.get("/sparql", headers={"accept": "text/turtle"}).text
    graph = rdflib.Graph().parse(data=text, format="turtle")
    service = graph.value(predicate=RDF.type, object=SD.Service)
    assert str(graph.value(service, SD.endpoint)) == f"https://{HOST}/sparql"


def test_the_rate_is_that_of_the_true_client(proxy: SimpleNamespace) -> None:
    with proxy.client() as one, proxy.client() as other:
        within_a_minute()
        statuses = [one.get("/sparql?query=ASK{}").status_code for _ in range(RATE + 1)]
        assert statuses == [200] * RATE + [429]
        forged = one.get("/sparql?query=ASK{}", headers={"x-forwarded-for": "198.51.100.7"})
        assert forged.status_code == 429, "whoever invents an address is still himself"
        assert forged.headers["content-type"] == "application/problem+json"
        assert other.get("/sparql?query=ASK{}").status_code == 200


def test_answers_are_streamed_and_broken_ones_stay_broken(proxy: SimpleNamespace) -> None:
    seen: list[tuple[float, int]] = []

    def read(client: Client, limit: float) -> None:
        started = time.monotonic()
        seen.clear()
        flood = {"query": FLOOD, "format": "csv", "timeout": str(limit)}
        with client.stream("GET", "/sparql", params=flood) as answer:
            if answer.status_code != 504:  # else a busy machine has not come to the first byte
                assert answer.status_code == 200
                with pytest.raises(BROKEN):
                    seen.extend((time.monotonic() - started, len(chunk)) for chunk in answer.iter_raw())

    with proxy.client() as client:
        for limit in growing(2.0):
            read(client, limit)
            if seen and seen[0][0] < 0.9 * limit:
                break
        assert seen[0][0] < 0.9 * limit, "the first bytes came only at the end"
        assert sum(size for _, size in seen) > 100_000
        # Past the limit before the first byte: the honest status.
        aggregate = FLOOD.replace("*", "(COUNT(*) AS ?n)", 1).replace("}", "FILTER(STR(?a) < STR(?d)) }")
        late = client.get("/sparql", params={"query": aggregate, "timeout": "1"})
        assert (late.status_code, late.json()["type"].rpartition("/")[2]) == (504, "timeout")


def test_a_proxy_that_asks_in_http_1_0_passes_a_broken_answer_on_as_broken(served: Server, tmp_path: Path) -> None:
    """What nginx asks in where nothing is set: then the end of an answer is the end of the connection."""
    program("nginx")
    behind = served.address.removeprefix("http://")
    way = HTTPTransport(verify=False, local_address="127.0.0.20")
    query = FLOOD.replace(" }", " } LIMIT 200000")
    with (
        nginx(tmp_path, behind, version="1.0") as address,
        Client(base_url=address, transport=way, headers={"host": HOST}, timeout=PATIENT_S) as client,
        Client(base_url=served.address, timeout=PATIENT_S) as direct,
    ):
        whole = client.get("/sparql", params={"query": query, "format": "csv"})
        assert whole.headers["transfer-encoding"] == "chunked", "nobody knows how long it is"
        assert whole.content == direct.get("/sparql", params={"query": query, "format": "csv"}).content
        for limit in growing(1.0):
            flood = {"query": FLOOD, "format": "csv", "timeout": str(limit)}
            with client.stream("GET", "/sparql", params=flood) as answer:
                if answer.status_code == 504:  # a busy machine has not come to the first byte
                    continue
                assert answer.status_code == 200
                with pytest.raises(BROKEN):
                    answer.read()
                break
        else:
            pytest.fail("no byte within any limit")


def test_a_broken_answer_is_broken_over_http_2_as_well(proxy: SimpleNamespace) -> None:
    curl = program("curl")
    command = [
        curl,
        "-sk",
        "--http2",
        "--max-time",
        str(PATIENT_S),
        "-o",
        os.devnull,
        "-w",
        "%{http_version} %{http_code}",
    ]
    target = f"{proxy.address}/sparql"
    for limit in growing(2.0):
        query = ["-G", "--data-urlencode", f"query={FLOOD}", "-d", f"timeout={limit:g}", "--interface", "127.0.0.99"]
        done = subprocess.run([*command, *query, target], capture_output=True, text=True, timeout=2 * PATIENT_S)
        if not done.stdout.endswith("504"):  # else a busy machine has not come to the first byte
            break
    if not done.stdout.startswith("2"):
        pytest.skip("this curl speaks no HTTP/2")
    assert done.stdout == "2 200"
    assert done.returncode != 0, "curl took a part for the whole"


def test_a_client_that_leaves_is_noticed_through_the_proxy(proxy: SimpleNamespace, served: Server) -> None:
    with Client(base_url=served.address, timeout=PATIENT_S) as direct, proxy.client() as client:

        def busy() -> int:
            return int(direct.get("/health").json()["pool"]["busy"])

        assert until(lambda: busy() == 0)
        with client.stream("GET", "/sparql", params={"query": FLOOD, "format": "csv"}) as answer:
            chunks = answer.iter_raw()
            assert next(chunks)
            assert busy() == 1
        assert until(lambda: busy() == 0, 3 + BUSY_S), "the query goes on without its client"


def test_the_numbers_are_closed(proxy: SimpleNamespace, served: Server) -> None:
    with proxy.client() as client, Client(base_url=served.address, timeout=PATIENT_S) as direct:
        assert client.get("/metrics").status_code == 403
        assert direct.get("/metrics").status_code == 200


def test_nginx_has_a_rate_of_its_own(proxy: SimpleNamespace) -> None:
    with proxy.client() as one, proxy.client() as other:
        statuses = [one.get("/health/live").status_code for _ in range(70)]
        assert statuses[:40] == [200] * 40
        with ThreadPoolExecutor(8) as threads:  # where one after the other is no more than ten a second
            while 429 not in statuses and len(statuses) < 1000:
                statuses += threads.map(lambda _: one.get("/health/live").status_code, range(60))
        assert 429 in statuses
        assert other.get("/health/live").status_code == 200


def test_under_a_path(
    start: Callable[..., AbstractContextManager[Server]], release: ReleaseInfo, tmp_path: Path
) -> None:
    program("nginx")
    with (
        start(release.path, trusted_proxies="127.0.0.1", root_path="/tg", workers="1") as server,
        nginx(tmp_path, server.address.removeprefix("http://"), "/tg") as address,
        Client(base_url=address, verify=False, headers={"host": HOST}, timeout=PATIENT_S) as client,
    ):
        page = client.get("/tg/page/id/meeting/ctl-msp-5", headers={"accept": "text/html"})
        assert page.status_code == 200
        assert 'href="/tg/page/id/doc/a/res/91/7~op4"' in page.text
        style = page.text.split('rel="stylesheet" href="')[1].split('"')[0]
        assert client.get(style).status_code == 200
        led = client.get("/tg/id/doc/A/RES/91/7", follow_redirects=True)
        assert led.status_code == 200
        assert str(led.url).startswith(f"{address}/tg/")
        text = client.get("/tg/sparql", headers={"accept": "text/turtle"}).text
        graph = rdflib.Graph().parse(data=text, format="turtle")
        assert graph.value(predicate=SD.endpoint, object=rdflib.URIRef(f"https://{HOST}/tg/sparql")) is not None
        assert client.get("/sparql?query=ASK{}").status_code == 404, "beside the path is somebody else"
