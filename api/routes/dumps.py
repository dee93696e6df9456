"""Everything at once: the files of the release, and what describes them."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Any, Final

from fastapi import APIRouter
from rdflib import Graph, URIRef
from rdflib.namespace import VOID
from starlette.requests import Request
from starlette.responses import FileResponse, Response

from api import formats
from api.context import Context, context
from api.description import rdf_bytes
from api.links import is_address
from api.negotiation import Format, negotiate
from api.problems import Problem
from api.responses import json_bytes, matches, respond
from loaders.citing import CITATION, ZENODO
from loaders.quality import FILE as QUALITY
from loaders.release import DESCRIPTION, DUMP, MANIFEST, ReleaseInfo
from ontology.namespaces import BASE
from queries.examples import as_rdf

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


@router.get("/dump/", summary="The files of the release")
@router.get("/dump", include_in_schema=False)
async def listing(request: Request) -> Response:
    """Names, sizes and checksums."""
    form = negotiate(
        request.headers.get("accept"), (formats.JSON, formats.HTML), wanted=request.query_params.get("format")
    )
    here = context(request)
    folder = _folder(here)
    files = [_entry(folder, name) for name in _present(folder)]
    if form.name == "json":
        return respond(
            request,
            json_bytes({"release": folder.id, "counts": folder.manifest.get("counts", {}), "files": files}),
            form,
        )
    page = here.site.render(request, "dump.html", title="Downloads", files=files, manifest=folder.manifest, sums=_SUMS)
    return respond(request, page, form)


@router.get("/dump/{name}", summary="One file of the release")
async def download(request: Request, name: str) -> Response:
    """The dump as N-Quads, the description, the quality report, how to cite it, the manifest, or the checksums."""
    folder = _folder(context(request))
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
    """The description that the build wrote, with the address of this endpoint."""
    form = negotiate(request.headers.get("accept"), formats.RDF, wanted=request.query_params.get("format"))
    here, address = context(request), _endpoint(request)
    folder = _folder(here)
    body = await here.kept(f"void {address} {form.media_type}", lambda _: _described(folder.description, address, form))
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


def _described(path: Path, address: str, form: Format) -> bytes:
    graph = Graph()
    graph.parse(data=path.read_text(encoding="utf-8"), format="turtle")
    graph.add((URIRef(f"{BASE}dataset"), VOID.sparqlEndpoint, URIRef(address)))
    return rdf_bytes(graph, form)


def _folder(here: Context) -> ReleaseInfo:
    if here.folder is None:
        raise Problem("not-found", "this server has no release directory, so there is nothing to download")
    return here.folder


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
