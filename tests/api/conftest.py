"""A small release of invented data, an application on it, and a real server process."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.request import urlopen

import pytest
from httpx2 import Client
from pyoxigraph import DefaultGraph, Quad, RdfFormat, Store, parse
from starlette.testclient import TestClient

from api.app import create_app
from api.settings import Settings
from loaders.citing import CITATION, ZENODO, citation_cff, zenodo_json
from loaders.quality import FILE as QUALITY
from loaders.quality import quality_report, record_date
from loaders.release import ReleaseInfo, open_release, release_id, write_release
from ontology.schema import load_schema
from queries.embedded import EmbeddedBackend
from tests.patience import PATIENT_S, until

FIXTURES = Path(__file__).parent / "fixtures"
BASE = "https://w3id.org/treatygraph/"


def record_store() -> Store:
    """What a build would store: the source graphs as they are, and their statements in the default graph."""
    store = Store()
    quads = list(parse(path=str(FIXTURES / "record.trig"), format=RdfFormat.TRIG))
    store.extend(quads)
    for quad in quads:
        # `graph/lost` holds values that reconciliation did not choose.
        if not quad.graph_name.value.endswith(("~claims", "/lost")):
            store.add(Quad(quad.subject, quad.predicate, quad.object, DefaultGraph()))
    schema = load_schema().graph.serialize(format="nt", encoding="utf-8")
    store.load(schema, format=RdfFormat.N_TRIPLES)
    return store


def publish(folder: Path, *more: str) -> ReleaseInfo:
    """A release directory as `treatygraph build` leaves it, with further statements (N-Quads) where they are wanted."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = sorted([*record_store().dump(format=RdfFormat.N_QUADS).decode().splitlines(), *more])
    description = f"@prefix void: <http://rdfs.org/ns/void#> .\n<{BASE}dataset> a void:Dataset ; void:triples 1 .\n"
    counts = {"statements": len(lines)}
    store, name = record_store(), release_id("".join(f"{line}\n" for line in lines).encode())
    papers = {
        QUALITY: quality_report(store, [], name, counts),
        CITATION: citation_cff(name, record_date(store)),
        ZENODO: zenodo_json(name, record_date(store)),
    }
    write_release(folder, lines, description=description, counts=counts, inputs=[], papers=papers)
    return open_release(folder)


@pytest.fixture(scope="session")
def release(tmp_path_factory: pytest.TempPathFactory) -> ReleaseInfo:
    """A release of the invented record."""
    return publish(tmp_path_factory.mktemp("release"))


@pytest.fixture(scope="session")
def publisher() -> Callable[..., ReleaseInfo]:
    """Writes further releases; see `publish`."""
    return publish


@pytest.fixture(scope="session")
def settings(release: ReleaseInfo) -> Settings:
    return Settings(release=release.path)


@pytest.fixture(scope="session")
def client(release: ReleaseInfo, settings: Settings) -> Iterator[TestClient]:
    """The application without a server in between."""
    backend = EmbeddedBackend(release.store, release.id)
    app = create_app(settings, backend)
    with TestClient(app, follow_redirects=False, raise_server_exceptions=False) as found:
        yield found
    backend.close()


@dataclass(frozen=True)
class Server:
    """A running `treatygraph serve`."""

    address: str
    process: subprocess.Popen[str]

    def url(self, path: str) -> str:
        return self.address + path


def ready(address: str) -> bool:
    try:
        with urlopen(f"{address}/health/ready", timeout=PATIENT_S):
            return True
    except OSError:
        return False


@contextmanager
def running(release: Path, errors: Path | None = None, **settings: str) -> Iterator[Server]:
    """`treatygraph serve` on a free port, as users start it, with settings from the environment."""
    command = [sys.executable, "-m", "api.cli", "serve", "--release", str(release), "--port", "0"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TREATYGRAPH_")}
    environment |= {f"TREATYGRAPH_{name.upper()}": value for name, value in settings.items()}
    log = errors.open("wb") if errors else subprocess.DEVNULL
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True, env=environment)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        found = re.search(r"http://\S+?:\d+", line)
        assert found, f"the server did not say where it listens: {line!r}"
        address = found.group()
        assert until(lambda: ready(address), PATIENT_S), f"{address} is not ready"
        yield Server(address, process)
    finally:
        process.terminate()
        try:
            process.wait(PATIENT_S)
        finally:
            process.kill()


@pytest.fixture(scope="session")
def start() -> Callable[..., AbstractContextManager[Server]]:
    """Starts servers: `with start(release, workers="2") as server`."""
    return running


@pytest.fixture(scope="session")
def server(release: ReleaseInfo) -> Iterator[Server]:
    """A server with the settings that it has when nobody sets any."""
    with running(release.path) as found:
        yield found


@pytest.fixture
def http(server: Server) -> Iterator[Client]:
    """A client of the real server."""
    with Client(base_url=server.address, timeout=PATIENT_S) as found:
        yield found
