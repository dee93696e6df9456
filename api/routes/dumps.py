"""Everything at once: the files of the release, and what describes them."""

from __future__ import annotations

import asyncio
import hashlib
import re
import zlib
from collections.abc import Iterator
from functools import partial
from typing import Any, Final

from fastapi import APIRouter
from rdflib import Graph, URIRef
from rdflib.namespace import VOID
from starlette.requests import Request
from starlette.responses import FileResponse, Response

from api import formats
from api.context import Context, context
from api.description import rdf_bytes
from api.holding import held
from api.links import is_address
from api.negotiation import Format, negotiate
from api.problems import Problem
from api.responses import CACHE, StreamResponse, json_bytes, matches, respond
from loaders.citing import CITATION, ZENODO
from loaders.description import described
from loaders.quality import FILE as QUALITY
from loaders.release import DESCRIPTION, DUMP, MANIFEST, ReleaseInfo
from ontology.namespaces import BASE
from queries.backend import Backend
from queries.dumping import nquads
from queries.errors import BackendError
from queries.examples import as_rdf
from queries.pool.errors import StreamBroken

__all__ = ["router"]

router: Final = APIRouter(tags=["Downloads"])

_RANGE: Final = re.compile(r"(\d{0,18})-(\d{0,18})", re.ASCII)
_SUMS: Final = "SHA256SUMS"
_TYPES: Final = {
    DUMP: "application/gzip",
    DESCRIPTION: "text/turtle; charset=utf-8",
    QUALITY: "application/json",
    CITATION: "application/yaml",
    ZENODO: "application/json",
    MANIFEST: "application/json",
}
#: What can be made from a store alone; the other files stand in the directory of a release.
_FROM_STORE: Final = (DUMP, DESCRIPTION)
_GZIP_FORM: Final = Format("gzip", "application/gzip")
#: zlib's code for a gzip wrapper without a time.
_GZIP: Final = 31


@router.get("/dump/", summary="The files of the release")
@router.get("/dump", include_in_schema=False)
async def listing(request: Request) -> Response:
    """Names, sizes and checksums."""
    form = negotiate(
        request.headers.get("accept"), (formats.JSON, formats.HTML), wanted=request.query_params.get("format")
    )
    here = context(request)
    folder = here.folder
    if folder is None:
        counted = await here.once(held)
        release, counts, sums = counted.release, counted.counts, None
        files = [{"name": name, "bytes": None, "sha256": None, "type": _TYPES[name]} for name in _FROM_STORE]
    else:
        release, counts, sums = folder.id, folder.manifest.get("counts", {}), _SUMS
        files = [_entry(folder, name) for name in _present(folder)]
    if form.name == "json":
        return respond(request, json_bytes({"release": release, "counts": counts, "files": files}), form)
    page = here.site.render(
        request, "dump.html", title="Downloads", files=files, release=release, counts=counts, sums=sums
    )
    return respond(request, page, form)


@router.get("/dump/{name}", summary="One file of the release")
async def download(request: Request, name: str) -> Response:
    """The dump as N-Quads, the description, the quality report, how to cite it, the manifest, or the checksums."""
    here = context(request)
    folder = here.folder
    if folder is None:
        return await _from_store(request, here, name)
    if name == _SUMS:
        text = "".join(
            f"{entry['sha256']}  {entry['name']}\n" for entry in (_entry(folder, one) for one in _present(folder))
        )
        return Response(text, media_type="text/plain")
    if name not in _TYPES or not (folder.path / name).is_file():
        raise Problem("not-found", f"there is no file {name[:100]!r} here; /dump/ lists them")
    headers = {"cache-control": "no-cache", "etag": f'"{_entry(folder, name)["sha256"]}"'}
    if matches(request.headers.get("if-none-match"), headers["etag"]):
        return Response(status_code=304, headers=headers)
    if not _is_range(request.headers.get("range", "")):  # one that cannot be read is passed over (RFC 9110, 14.2)
        request.scope["headers"] = [one for one in request.scope["headers"] if one[0] != b"range"]
    return FileResponse(folder.path / name, headers=headers, media_type=_TYPES[name])


@router.get("/.well-known/void", summary="Description of the data (VoID, DCAT)")
@router.get("/dataset", include_in_schema=False)
async def void(request: Request) -> Response:
    """The description that the build wrote, or what the store says when it is asked, and the address of this
    endpoint."""
    form = negotiate(request.headers.get("accept"), formats.RDF, wanted=request.query_params.get("format"))
    here, address = context(request), _endpoint(request)
    text = await _description(here)
    body = await here.kept(f"void {address} {form.media_type}", lambda _: _described(text, address, form))
    return respond(request, body, form)


@router.get("/.well-known/sparql-examples", summary="The questions as RDF")
async def examples(request: Request) -> Response:
    """The catalogue in the community's format (`sh:SPARQLExecutable`)."""
    form = negotiate(request.headers.get("accept"), formats.RDF, wanted=request.query_params.get("format"))
    here, address = context(request), _endpoint(request)
    body = await here.kept(
        f"examples {address} {form.media_type}", lambda _: rdf_bytes(as_rdf(here.questions.values(), address), form)
    )
    return respond(request, body, form)


def _is_range(header: str) -> bool:
    """Whether a `Range` header names bytes: `bytes=0-99`, `bytes=100-`, `bytes=-100`, several with commas."""
    unit, _, ranges = header.partition("=")
    found = [_RANGE.fullmatch(one.strip()) for one in ranges.split(",")]
    return unit.strip().lower() == "bytes" and all(
        one and (one[1] or one[2]) and not (one[1] and one[2] and int(one[1]) > int(one[2])) for one in found
    )


def _endpoint(request: Request) -> str:
    """The address of the endpoint as the client sees it; that of the name space when the Host header is no host."""
    root = str(request.scope.get("root_path", "")).rstrip("/")
    address = str(request.url.replace(path=f"{root}/sparql", query="", fragment=""))
    return address if is_address(address) else f"{BASE}sparql"


async def _description(here: Context) -> str:
    """VoID and DCAT in Turtle."""
    folder = here.folder
    if folder is not None:
        return await asyncio.to_thread(partial(folder.description.read_text, encoding="utf-8"))
    counted = await here.once(held)
    return await asyncio.to_thread(partial(described, counted.contents, counted.release, counted.counts))


def _described(text: str, address: str, form: Format) -> bytes:
    graph = Graph()
    graph.parse(data=text, format="turtle")
    graph.add((URIRef(f"{BASE}dataset"), VOID.sparqlEndpoint, URIRef(address)))
    return rdf_bytes(graph, form)


async def _from_store(request: Request, here: Context, name: str) -> Response:
    """A file that is made while it is sent: the store has the graphs, and nothing else of the release."""
    if name == DESCRIPTION:
        return respond(request, await _description(here), formats.TURTLE)
    if name == DUMP:
        tag = f'"{here.engine.release}-quads"'
        if matches(request.headers.get("if-none-match"), tag):
            return Response(status_code=304, headers={"etag": f"W/{tag}", "cache-control": CACHE})
        # Another time the statements may come in another order: the same content, not the same bytes.
        stream = await here.engine.stream(partial(_zipped, here))
        return StreamResponse(stream, _GZIP_FORM, {"etag": f"W/{tag}"})
    known = name in _TYPES or name == _SUMS
    raise Problem(
        "not-found",
        f"{name[:100]!r} stands in the directory of a release; this service answers from a store, which holds the"
        f" graphs alone: /dump/{DUMP} and /dump/{DESCRIPTION} are made from it; whoever builds the release has the rest"
        if known
        else f"there is no file {name[:100]!r} here; /dump/ lists them",
    )


def _zipped(here: Context, backend: Backend) -> tuple[None, Iterator[bytes]]:
    """The dump. Where it breaks off the end of the archive is missing, so that no part of it can be taken for it."""

    def run() -> Iterator[bytes]:
        if not here.dumping.acquire(blocking=False):
            raise Problem("busy", "the store is being dumped for somebody else", headers={"retry-after": "60"})
        packed = zlib.compressobj(wbits=_GZIP)
        try:
            for part in nquads(backend):
                yield packed.compress(part)
            yield packed.flush()
        except BackendError as error:
            raise StreamBroken(error) from error
        finally:
            here.dumping.release()

    return None, run()


def _present(folder: ReleaseInfo) -> list[str]:
    """The files that this release has: one of an older version has fewer."""
    return [name for name in _TYPES if (folder.path / name).is_file()]


def _entry(folder: ReleaseInfo, name: str) -> dict[str, Any]:
    """Name, size and checksum: as the manifest says; the manifest's own is counted here."""
    for entry in folder.manifest.get("files", ()):
        if entry["path"] == name:
            return {"name": name, "bytes": entry["bytes"], "sha256": entry["sha256"], "type": _TYPES[name]}
    content = (folder.path / name).read_bytes()
    return {"name": name, "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest(), "type": _TYPES[name]}
