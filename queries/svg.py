"""An answer as an SVG drawing: readable in print and without colour, no script, no style sheet, nothing fetched."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from typing import Final
from xml.sax.saxutils import escape, quoteattr

from rdflib import URIRef

from ontology.keys import key_of
from ontology.namespaces import TG
from ontology.schema import load_schema, local_name
from queries.layout import Layout, lay_out
from queries.lineage import Edge, Lineage
from queries.things import Thing, printable

_WIDTH: Final = 232.0
_GAP: Final = 168.0
_MARGIN: Final = 24.0
_LINE: Final = 17.0
_ROWS: Final = 5
_LEGEND: Final = 44.0
_MOST_LABELS: Final = 600
_FONT: Final = "Segoe UI, Roboto, Helvetica, Arial, sans-serif"
_INK: Final = "#1b2733"
#: Colour and dashes of a line, by lineage kind: either alone tells them apart.
_LINES: Final[dict[str, tuple[str, str]]] = {
    "mandate": ("#0b4f8a", ""),
    "recall": ("#6b3fa0", "7 4"),
    "succession": ("#4d5b66", "2 4"),
    "outcome": ("#1e6b3c", "10 4 2 4"),
    "amendment": ("#9a4a00", "14 5"),
    "": ("#4d5b66", ""),
}
#: Outline and paper of a box, by the first of these classes that the thing belongs to.
_SHAPES: Final[dict[str, tuple[str, str]]] = {
    "Meeting": ("round", "#e8f1fa"),
    "Decision": ("cut", "#fdf3e0"),
    "Provision": ("bar", "#eef5ee"),
    "BodyParagraph": ("bar", "#eef5ee"),
    "Treaty": ("bar", "#eef5ee"),
    "Document": ("folded", "#f6f3fb"),
    "Person": ("pill", "#fbf0f0"),
    "Body": ("pill", "#fbf0f0"),
}


def to_svg(answer: Lineage, link: Callable[[str], str | None] | None = None) -> str:
    """Draw an answer. Authority stands to the right; for lineage down, what follows does.

    `link` gives the address behind a box (an IRI's page), or None for no link.
    """
    drawing = _Drawing(answer, link)
    return drawing.text()


class _Drawing:
    def __init__(self, answer: Lineage, link: Callable[[str], str | None] | None) -> None:
        self._answer = answer
        self._link = link or (lambda _: None)
        self._rows = {node.iri: _wrapped(node.label) for node in answer.nodes}
        self._heights = {iri: 30.0 + _LINE * len(rows) for iri, rows in self._rows.items()}
        self._lines = answer.rightwards()
        self._layout: Layout = lay_out([n.iri for n in answer.nodes], self._lines, self._heights)
        self._out_of = Counter(start for start, _ in self._lines)
        self._into = Counter(end for _, end in self._lines)
        self._labels: list[tuple[float, float, float]] = []  # centre and half width of those drawn
        self._kinds = sorted({edge.kind for edge in answer.edges}, key=_rank)

    def text(self) -> str:
        columns = max(self._layout.layers.values(), default=0) + 1
        width = 2 * _MARGIN + columns * _WIDTH + (columns - 1) * _GAP
        width = max(width, 2 * _MARGIN + 130.0 * max(1, len(self._kinds)))
        height = 2 * _MARGIN + self._layout.height + _LEGEND
        start = next((n.label for n in self._answer.nodes if n.iri == self._answer.thing), key_of(self._answer.thing))
        title = f"Lineage of {start}: {len(self._answer.nodes)} things, {len(self._answer.edges)} statements"
        parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" '
            f'height="{height:.0f}" role="img" font-family="{_FONT}" font-size="13">',
            f"<title>{_clean(title)}</title>",
            f"<defs>{''.join(_arrow(kind) for kind in self._kinds)}</defs>",
            f'<rect width="{width:.0f}" height="{height:.0f}" fill="#ffffff"/>',
        ]
        drawn = [self._edge(number, edge) for number, edge in enumerate(self._answer.edges)]
        parts += [curve for curve, _ in drawn]
        parts += [self._box(node) for node in self._answer.nodes]
        parts += [label for _, label in drawn]
        parts += [self._legend(height), "</svg>\n"]
        return "\n".join(parts)

    def _x(self, layer: int) -> float:
        return _MARGIN + layer * (_WIDTH + _GAP)

    def _y(self, centre: float) -> float:
        return _MARGIN + centre

    def _edge(self, number: int, edge: Edge) -> tuple[str, str]:
        """The line, and its label, which is drawn above all boxes."""
        start, end = self._lines[number]
        colour, dashes = _line(edge.kind)
        points = self._points(number, start, end)
        arrow_at_end = end in (edge.object, start)
        marker = f'marker-{"end" if arrow_at_end else "start"}="url(#arrow-{edge.kind or "other"})"'
        dash = f' stroke-dasharray="{dashes}"' if dashes else ""
        says = _clean(_told(edge))
        curve = (
            f'<path d="{_curve(points)}" fill="none" stroke="{colour}" stroke-width="1.6"{dash} {marker}>'
            f"<title>{says}</title></path>"
        )
        x, y = self._free_place(points, edge.words, near_end=self._out_of[start] > self._into[end])
        label = (
            f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="middle" font-size="11.5" fill="{colour}" stroke="#ffffff" '
            f'stroke-width="4" stroke-linejoin="round" paint-order="stroke">{_clean(edge.words)}'
            f"<title>{says}</title></text>"
        )
        return curve, label

    def _free_place(self, points: list[tuple[float, float]], words: str, *, near_end: bool) -> tuple[float, float]:
        """Where along a line its label hides no other; its middle when there is no such place.

        Near the end where many lines leave one box, near the start where many arrive at one.
        """
        gaps = list(zip(points[0::2], points[1::2], strict=False))
        shares = (0.62, 0.5, 0.72, 0.38, 0.28) if near_end else (0.38, 0.5, 0.28, 0.62, 0.72)
        half = 0.5 * _text_width(words, 11.5) + 3
        crowded = len(self._labels) > _MOST_LABELS  # no place would be free, and to search takes time
        for (x1, y1), (x2, y2) in () if crowded else reversed(gaps) if near_end else gaps:
            for share in shares:
                x, y = x1 + (x2 - x1) * share, y1 + (y2 - y1) * _smooth(share) - 4
                if all(abs(x - ox) > half + other or abs(y - oy) > 15 for ox, oy, other in self._labels):
                    self._labels.append((x, y, half))
                    return x, y
        (x1, y1), (x2, y2) = gaps[0]
        return (x1 + x2) / 2, (y1 + y2) / 2 - 4

    def _points(self, number: int, start: str, end: str) -> list[tuple[float, float]]:
        """Where the line leaves, passes each layer (straight across the column), and arrives."""
        one, other = self._layout.layers[start], self._layout.layers[end]
        y1, y2 = self._y(self._layout.centres[start]), self._y(self._layout.centres[end])
        if start == end:
            return [(self._x(one) + _WIDTH, y1 - 8), (self._x(one) + _WIDTH + 2, y1 + 8)]
        ahead = other > one
        points = [(self._x(one) + (_WIDTH if ahead else 0), y1)]
        for layer, centre in self._layout.bends[number]:
            near, far = self._x(layer), self._x(layer) + _WIDTH
            points += [(near if ahead else far, self._y(centre)), (far if ahead else near, self._y(centre))]
        return [*points, (self._x(other) + (0 if ahead else _WIDTH), y2)]

    def _box(self, node: Thing) -> str:
        height = self._heights[node.iri]
        x, y = self._x(self._layout.layers[node.iri]), self._y(self._layout.centres[node.iri]) - height / 2
        stroke = "3" if node.iri in self._answer.ends else "1.2"
        rows = "".join(
            f'<text x="{x + 16:.1f}" y="{y + 37 + _LINE * n:.1f}" fill="{_INK}" font-weight="600">{_clean(row)}</text>'
            for n, row in enumerate(self._rows[node.iri])
        )
        box = (
            f"<g><title>{_clean(f'{node.label} ({_words(node.type)}, {node.key})')}</title>"
            f"{_outline(_shape(node.type), (x, y), height, stroke)}"
            f'<text x="{x + 16:.1f}" y="{y + 18:.1f}" font-size="11" fill="#4d5b66">{_clean(_words(node.type))}</text>'
            f"{rows}</g>"
        )
        address = self._link(node.iri)
        return box if address is None else f"<a href={quoteattr(printable(address))}>{box}</a>"

    def _legend(self, height: float) -> str:
        """One sample of each line."""
        y = height - 20
        parts = []
        for number, kind in enumerate(self._kinds):
            colour, dashes = _line(kind)
            dash = f' stroke-dasharray="{dashes}"' if dashes else ""
            x = _MARGIN + 130.0 * number
            look = f'stroke="{colour}" stroke-width="2"{dash}'
            parts.append(
                f'<line x1="{x:.0f}" y1="{y:.0f}" x2="{x + 38:.0f}" y2="{y:.0f}" {look}/>'
                f'<text x="{x + 46:.0f}" y="{y + 4:.0f}" font-size="11.5" fill="{_INK}">{kind or "other"}</text>'
            )
        return "".join(parts)


def _told(edge: Edge) -> str:
    sources = "; ".join(source.words() for source in edge.sources)
    return f"{edge.sentence} Source: {sources}." if sources else edge.sentence


def _curve(points: list[tuple[float, float]]) -> str:
    """Smooth between columns, straight across them."""
    (x, y), pieces = points[0], [f"M{points[0][0]:.1f},{points[0][1]:.1f}"]
    for number, (to_x, to_y) in enumerate(points[1:]):
        middle = (x + to_x) / 2
        across = number % 2 == 1
        pieces.append(
            f"L{to_x:.1f},{to_y:.1f}"
            if across
            else f"C{middle:.1f},{y:.1f} {middle:.1f},{to_y:.1f} {to_x:.1f},{to_y:.1f}"
        )
        x, y = to_x, to_y
    return " ".join(pieces)


def _smooth(t: float) -> float:
    """How far up the curve of `_curve` is, when it is about this far along."""
    return t * t * (3 - 2 * t)


def _arrow(kind: str) -> str:
    return (
        f'<marker id="arrow-{kind or "other"}" viewBox="0 0 10 10" refX="9.5" refY="5" markerWidth="8" '
        f'markerHeight="8" orient="auto-start-reverse"><path d="M0,0.6 L10,5 L0,9.4 z" fill="{_line(kind)[0]}"/>'
        "</marker>"
    )


def _line(kind: str) -> tuple[str, str]:
    return _LINES.get(kind, _LINES[""])


def _rank(kind: str) -> tuple[int, str]:
    known = list(_LINES)
    return (known.index(kind) if kind in known else len(known)), kind


def _shape(kind: str) -> tuple[str, str]:
    above = {local_name(general) for general in load_schema().superclasses(URIRef(TG[kind]))}
    return next((look for name, look in _SHAPES.items() if name in above), ("plain", "#f4f5f6"))


def _outline(look: tuple[str, str], at: tuple[float, float], height: float, stroke: str) -> str:
    (shape, paper), (x, y) = look, at
    right, bottom = x + _WIDTH, y + height
    drawn = f'fill="{paper}" stroke="{_INK}" stroke-width="{stroke}"'
    if shape == "cut":
        c = 12.0
        return (
            f'<path d="M{x + c:.1f},{y:.1f} H{right - c:.1f} L{right:.1f},{y + c:.1f} V{bottom - c:.1f} '
            f'L{right - c:.1f},{bottom:.1f} H{x + c:.1f} L{x:.1f},{bottom - c:.1f} V{y + c:.1f} Z" {drawn}/>'
        )
    if shape == "folded":
        c = 14.0
        return (
            f'<path d="M{x:.1f},{y:.1f} H{right - c:.1f} L{right:.1f},{y + c:.1f} V{bottom:.1f} H{x:.1f} Z" {drawn}/>'
            f'<path d="M{right - c:.1f},{y:.1f} V{y + c:.1f} H{right:.1f}" fill="none" stroke="{_INK}"/>'
        )
    radius = {"round": 14.0, "pill": height / 2}.get(shape, 0.0)
    box = f'<rect x="{x:.1f}" y="{y:.1f}" width="{_WIDTH:.0f}" height="{height:.1f}" rx="{radius:.0f}" {drawn}/>'
    if shape == "bar":
        box += f'<rect x="{x:.1f}" y="{y:.1f}" width="6" height="{height:.1f}" fill="{_INK}"/>'
    return box


def _wrapped(label: str) -> list[str]:
    """Rows that fit into a box; what does not is cut, and said whole in the box's title."""
    rows: list[str] = []
    for word in printable(label).split(" "):
        longer = f"{rows[-1]} {word}" if rows else word
        if rows and _text_width(longer, 13, bold=True) <= _WIDTH - 28:
            rows[-1] = longer
        else:
            rows.append(word)
    rows = [_cut(row) for row in rows] or [""]
    return rows if len(rows) <= _ROWS else [*rows[: _ROWS - 1], _cut(f"{rows[_ROWS - 1]}…")]


def _cut(row: str) -> str:
    while _text_width(row, 13, bold=True) > _WIDTH - 28:
        row = f"{row[:-2]}…"
    return row


def _text_width(text: str, size: float, *, bold: bool = False) -> float:
    """About how wide a text is in the widest of the usual fonts, in the units of the drawing."""
    wide = sum(0.36 if c in "iljtf.,;:'()[]| " else 0.82 if c.isupper() or c in "mw—" else 0.62 for c in text)
    return wide * size * (1.1 if bold else 1.0)


def _words(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower().capitalize()


def _clean(text: str) -> str:
    return escape(printable(text))
