"""An answer in the forms that people and other tools read."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final
from xml.sax.saxutils import escape

from ontology.namespaces import PREFIXES
from queries.errors import UnsupportedFormat
from queries.lineage import Lineage
from queries.svg import to_svg
from queries.things import UNTYPED, printable
from queries.tree import Tree

if TYPE_CHECKING:
    import networkx as nx

#: Name of a format and its media type.
FORMATS: Final[dict[str, str]] = {
    "json": "application/json",
    "jsonld": "application/ld+json",
    "node-link": "application/json",
    "graphml": "application/graphml+xml",
    "dot": "text/vnd.graphviz",
    "mermaid": "text/vnd.mermaid",
    "svg": "image/svg+xml",
    "text": "text/plain",
}
_STYLES: Final = {"recall": "dashed", "succession": "dotted", "outcome": "bold", "amendment": "dashed"}


def export(answer: Lineage, form: str, link: Callable[[str], str | None] | None = None) -> str:
    """Write an answer in a format of `FORMATS`; `link` gives the addresses behind the boxes of an SVG.

    Raises UnsupportedFormat.
    """
    writers: dict[str, Callable[[Lineage], str]] = {
        "json": lambda a: _json(a.to_json()),
        "jsonld": lambda a: _json(to_jsonld(a)),
        "node-link": lambda a: _json(to_node_link(a)),
        "graphml": to_graphml,
        "dot": to_dot,
        "mermaid": to_mermaid,
        "svg": lambda a: to_svg(a, link),
        "text": to_text,
    }
    if form not in writers:
        raise UnsupportedFormat(f"format must be one of {', '.join(FORMATS)}, not {form[:50]!r}")
    return writers[form](answer)


def to_node_link(answer: Lineage) -> dict[str, Any]:
    """The node-link form of NetworkX."""
    import networkx as nx  # loaded when it is needed: a start need not wait for it

    data: dict[str, Any] = nx.node_link_data(_told_graph(answer), edges="links")
    return data


def to_graphml(answer: Lineage) -> str:
    """GraphML, for Gephi, yEd and the like."""
    import networkx as nx  # loaded when it is needed: a start need not wait for it

    return "\n".join(nx.generate_graphml(_told_graph(answer))) + "\n"


def to_dot(answer: Lineage) -> str:
    """The language of Graphviz."""
    lines = ["digraph lineage {", "  rankdir=LR;", '  node [shape=box, fontname="sans-serif"];']
    names = {node.iri: f"n{number}" for number, node in enumerate(answer.nodes)}
    lines += [f"  {names[n.iri]} [label={_quoted(n.label)}, tooltip={_quoted(n.iri)}];" for n in answer.nodes]
    for edge in answer.edges:
        look = f", style={_STYLES[edge.kind]}" if edge.kind in _STYLES else ""
        ends = f"{names[edge.subject]} -> {names[edge.object]}"
        lines.append(f"  {ends} [label={_quoted(edge.words)}, tooltip={_quoted(edge.sentence)}{look}];")
    return "\n".join([*lines, "}", ""])


def to_mermaid(answer: Lineage) -> str:
    """A Mermaid flow chart."""
    names = {node.iri: f"n{number}" for number, node in enumerate(answer.nodes)}
    lines = ["flowchart LR"]
    lines += [f'  {names[node.iri]}["{_mermaid(node.label)}"]' for node in answer.nodes]
    for edge in answer.edges:
        line, arrow = ("-.", ".->") if edge.kind in _STYLES else ("--", "-->")
        lines.append(f'  {names[edge.subject]} {line} "{_mermaid(edge.words)}" {arrow} {names[edge.object]}')
    return "\n".join([*lines, ""])


def to_jsonld(answer: Lineage) -> dict[str, Any]:
    """JSON-LD that needs no further document: the statements, and for each a claim with its passages."""
    prefixes = {name: PREFIXES[name] for name in ("tg", "dcterms", "skos", "eli")}
    resources: dict[str, dict[str, Any]] = {
        node.iri: {
            "@id": node.iri,
            **({"@type": f"tg:{node.type}"} if node.type != UNTYPED else {}),
            "skos:prefLabel": {"@value": node.label, "@language": "en"},
        }
        for node in answer.nodes
    }
    claims: list[dict[str, Any]] = []
    for edge in answer.edges:
        resources[edge.subject].setdefault(edge.predicate, []).append({"@id": edge.object})
        claims.append(
            {
                "@type": "tg:Claim",
                "tg:subject": {"@id": edge.subject},
                "tg:predicate": {"@id": edge.predicate},
                "tg:object": {"@id": edge.object},
                "skos:definition": {"@value": edge.sentence, "@language": "en"},
                "dcterms:source": [{"@id": iri} for iri in dict.fromkeys(s.document for s in edge.sources)],
                "tg:passage": [
                    {"@id": f"{s.document}#char={s.start},{s.end}"}
                    for s in edge.sources
                    if s.start is not None and s.end is not None
                ],
            }
        )
    return {"@context": prefixes, "@graph": [*resources.values(), *claims]}


def to_text(answer: Lineage) -> str:
    """A tree for the terminal: each statement once with its sources, each thing opened where it is nearest."""
    return "\n".join([*Tree(answer).lines(), ""])


def _told_graph(answer: Lineage) -> nx.MultiDiGraph[str]:
    """A copy of the answer's graph whose edges hold their sources as text, for forms that know only text."""
    import networkx as nx  # loaded when it is needed: a start need not wait for it

    graph: nx.MultiDiGraph[str] = nx.MultiDiGraph(thing=answer.thing, release=answer.release)
    for node in answer.nodes:
        graph.add_node(node.iri, key=node.key, type=node.type, label=printable(node.label))
    for edge in answer.edges:
        sources = "; ".join(source.words() for source in edge.sources)
        said_of = {"kind": edge.kind, "label": edge.words, "sentence": edge.sentence, "sources": sources}
        clean = {name: printable(text) for name, text in said_of.items()}
        graph.add_edge(edge.subject, edge.object, printable(edge.relation), **clean)
    return graph


def _quoted(text: str) -> str:
    plain = printable(text).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{plain}"'


def _mermaid(text: str) -> str:
    """Mermaid reads HTML and its own `#…;` codes in labels."""
    plain = printable(text).replace("#", "#35;").replace("`", "#96;")
    return escape(plain).replace("&", "#").replace('"', "#quot;")


def _json(data: dict[str, Any]) -> str:
    # On one line: with line ends and blanks it takes longer to write than to find out.
    return json.dumps(data, ensure_ascii=False) + "\n"
