"""Counts over the whole graph, over HTTP: from the columns of the release, with the headers of every answer."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from httpx2 import Client

from loaders.release import ReleaseInfo
from queries.columns.door import Door
from queries.columns.file import FILE
from queries.embedded import EmbeddedBackend
from queries.results import TABLE_TYPES
from tests.patience import PATIENT_S

TEXT = "SELECT ?p (COUNT(*) AS ?n) (COUNT(DISTINCT ?value) AS ?values) { ?thing ?p ?value } GROUP BY ?p"
TSV = {"accept": "text/tab-separated-values"}

Running = Callable[..., AbstractContextManager[Any]]


@pytest.mark.parametrize("memory", ["0", "200"])
def test_a_count_is_that_of_the_engine(release: ReleaseInfo, start: Running, memory: str) -> None:
    engine = EmbeddedBackend(release.store, release.id)
    assert Door(str(release.path / FILE)).answer(TEXT) is not None
    with (
        start(release.path, store_memory_mb=memory) as server,
        Client(base_url=server.address, timeout=PATIENT_S) as client,
    ):
        for media_type in TABLE_TYPES:
            answer = client.get("/sparql", params={"query": TEXT}, headers={"accept": media_type})
            assert answer.status_code == 200
            assert answer.headers["content-type"].partition(";")[0] == media_type
            assert len(answer.content) == len(b"".join(engine.query(TEXT).serialize(media_type)))
        first = client.get("/sparql", params={"query": TEXT}, headers=TSV)
        rows = first.content.splitlines()[1:]
        assert rows == sorted(rows)
        assert rows == sorted(b"".join(engine.query(TEXT).serialize("text/tab-separated-values")).splitlines()[1:])
        again = client.get("/sparql", params={"query": TEXT}, headers={**TSV, "if-none-match": first.headers["etag"]})
        assert again.status_code == 304
        other = client.get("/sparql", params={"query": TEXT, "union": "true"}, headers=TSV)
        assert sorted(other.content.splitlines()) == sorted(
            b"".join(engine.query(TEXT, union=True).serialize("text/tab-separated-values")).splitlines()
        )
        assert other.headers["etag"] != first.headers["etag"]


def test_without_the_columns_the_entity_tag_is_another(
    tmp_path: Path, publisher: Callable[..., ReleaseInfo], start: Running
) -> None:
    """Who takes the file away and starts again serves other bytes."""
    release = publisher(tmp_path / "release")
    tags = []
    for _ in range(2):
        with (
            start(release.path, store_memory_mb="0") as server,
            Client(base_url=server.address, timeout=PATIENT_S) as client,
        ):
            tags.append(client.get("/sparql", params={"query": TEXT}, headers=TSV).headers["etag"])
        (release.path / FILE).unlink(missing_ok=True)
    assert tags[0] != tags[1]
