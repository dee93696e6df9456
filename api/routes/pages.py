"""Home, the ontology, the kinds of problem, and the few files that pages need."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from typing import Final

from fastapi import APIRouter
from rdflib import URIRef
from rdflib.namespace import OWL, RDF, RDFS, SKOS
from starlette.requests import Request
from starlette.responses import Response

from api import formats
from api.context import context
from api.description import rdf_bytes
from api.negotiation import negotiate
from api.panel import run_panel
from api.problems import KINDS, Problem
from api.responses import respond
from api.site import STYLE
from ontology.context import context_text
from ontology.namespaces import TG
from ontology.schema import Schema, local_name
from queries.backend import Backend

__all__ = ["router"]

router: Final = APIRouter(tags=["Pages"])

_FOR_EVER: Final = {"cache-control": "public, max-age=31536000, immutable"}
#: What the home page counts, in its order.
_COUNTED: Final = (
    "Treaty",
    "MeetingOfStatesParties",
    "ReviewConference",
    "IntersessionalMeeting",
    "Resolution",
    "OperativeParagraph",
    "Mandate",
    "Citation",
    "SourceGraph",
    "Finding",
)


@dataclass(frozen=True)
class _Term:
    """A term of the ontology, as its page shows it."""

    name: str
    label: str
    kind: str
    definition: str
    examples: tuple[str, ...]
    broader: tuple[str, ...]
    domains: tuple[str, ...]
    ranges: tuple[str, ...]
    status: str


@router.get("/", summary="Home", response_class=Response)
async def home(request: Request) -> Response:
    """Search, questions, findings, and what is in the graph."""
    here = context(request)
    counts = await here.engine.call(_counts)
    found = await here.findings()
    text = here.site.render(
        request,
        "home.html",
        title="",
        counts=[(here.schema.label(URIRef(TG[name])), counts[name]) for name in _COUNTED if counts.get(name)],
        questions=sorted(here.questions.values(), key=lambda one: (one.questions or (999,), one.name))[:8],
        questions_total=len(here.questions),
        findings=list({one.rule: one for one in reversed(found)}.values())[::-1][:5],
        findings_total=len(found),
    )
    return respond(request, text, formats.HTML)


@router.get("/def", summary="The ontology")
async def ontology(request: Request) -> Response:
    """Every term with its definition and an example, or the ontology itself as RDF."""
    form = negotiate(
        request.headers.get("accept"), (*formats.RDF, formats.HTML), wanted=request.query_params.get("format")
    )
    here = context(request)
    if form.name != "html":
        body = await here.kept(f"ontology {form.media_type}", lambda _: rdf_bytes(here.schema.graph, form))
        return respond(request, body, form)

    def page(_: Backend) -> bytes:
        classes = [_term(here.schema, term, "class") for term in sorted(here.schema.classes)]
        properties = [_term(here.schema, term, "property") for term in sorted(here.schema.properties)]
        values = {"classes": classes, "properties": properties, "schemes": here.schema.schemes()}
        return here.site.render(request, "ontology.html", title="Ontology", **values).encode()

    return respond(request, await here.kept(f"ontology page {request.url.path}", page), form)


@router.get("/def/context.jsonld", summary="The JSON-LD context")
async def jsonld_context(request: Request) -> Response:
    """Generated from the ontology."""
    return respond(request, context_text(), formats.JSON_LD)


@router.get("/problem/{name}", summary="A kind of problem")
async def problem(request: Request, name: str) -> Response:
    """What the `type` of a problem document means."""
    kind = KINDS.get(name)
    if kind is None:
        raise Problem("not-found", f"there is no kind of problem {name[:100]!r}")
    text = context(request).site.render(request, "kind.html", title=kind.title, kind=kind, kinds=list(KINDS.values()))
    return respond(request, text, formats.HTML)


@router.get("/query/{name}", summary="The IRI of a stored query", status_code=303, response_class=Response)
async def stored_query(request: Request, name: str) -> Response:
    """303 to the question."""
    if name not in context(request).questions:
        raise Problem("not-found", f"there is no question {name[:100]!r}; /ask lists them")
    root = str(request.scope.get("root_path", "")).rstrip("/")
    return Response(status_code=303, headers={"location": f"{root}/ask/{name}"})


@router.get("/static/{name}", include_in_schema=False)
async def static(request: Request, name: str) -> Response:
    """The style sheet, under a name that changes with it, and the icon."""
    site = context(request).site
    if name in (site.style_name, STYLE):
        return Response(site.style, headers=_FOR_EVER if name == site.style_name else {}, media_type="text/css")
    if name == "icon.svg":
        picture = files("api").joinpath("static", name).read_bytes()
        return Response(picture, headers={"cache-control": "public, max-age=86400"}, media_type="image/svg+xml")
    raise Problem("not-found", "there is no such file")


@router.get("/favicon.ico", include_in_schema=False)
async def icon(request: Request) -> Response:
    """Old browsers ask for it without being told to."""
    return await static(request, "icon.svg")


@router.get("/robots.txt", include_in_schema=False)
async def robots() -> Response:
    """Robots may read pages, not run queries."""
    return Response(
        "User-agent: *\nDisallow: /sparql\nDisallow: /lineage/path\nDisallow: /dump/\n", media_type="text/plain"
    )


def _counts(backend: Backend) -> dict[str, int]:
    rows = run_panel(backend, "counts").rows()
    return {local_name(URIRef(row["type"].value)): int(row["things"].value) for row in rows}


def _term(schema: Schema, term: URIRef, kind: str) -> _Term:
    graph = schema.graph

    def texts(*predicates: URIRef) -> tuple[str, ...]:
        return tuple(sorted({str(value) for one in predicates for value in graph.objects(term, one)}))

    def names(predicate: URIRef) -> tuple[str, ...]:
        return tuple(sorted(str(value) for value in graph.objects(term, predicate) if isinstance(value, URIRef)))

    if kind == "property":
        types = set(graph.objects(term, RDF.type))
        kind = "relation" if OWL.ObjectProperty in types else "value" if OWL.DatatypeProperty in types else "annotation"
    definitions = texts(SKOS.definition, RDFS.comment)
    return _Term(
        name=local_name(term),
        label=schema.label(term),
        kind=kind,
        definition=" ".join(definitions),
        examples=texts(SKOS.example),
        broader=names(RDFS.subClassOf) + names(RDFS.subPropertyOf),
        domains=names(RDFS.domain),
        ranges=names(RDFS.range),
        status="planned" if term in schema.planned else "",
    )
