"""RDF files read as statements that know their line and column: Turtle, TriG, N-Triples, N-Quads, JSON-LD.

Two parsers share the work. pyoxigraph judges: it is strict, has no recursion to exhaust, fetches nothing, and names the
line and column of the first mistake. rdflib's parser then walks the same, now well-formed text and notes where each
object stands. RDF/XML is not read: it would bring XML entities with it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pyoxigraph
from rdflib import XSD, BNode, Dataset, Literal, URIRef
from rdflib.plugins.parsers.notation3 import RDFSink
from rdflib.plugins.parsers.trig import TrigSinkParser

from loaders.cells import decode
from loaders.diagnose import Malformed, TooLarge, UnknownKind
from loaders.endings import MEDIA_TYPES
from loaders.positions import LineIndex, Position, PositionedQuad, Quad
from loaders.terms import to_rdflib
from ontology.namespaces import ID

#: Media type to format.
FORMATS: Final = {
    "text/turtle": pyoxigraph.RdfFormat.TURTLE,
    "application/trig": pyoxigraph.RdfFormat.TRIG,
    "application/n-triples": pyoxigraph.RdfFormat.N_TRIPLES,
    "application/n-quads": pyoxigraph.RdfFormat.N_QUADS,
    "application/ld+json": pyoxigraph.RdfFormat.JSON_LD,
}
#: Deepest nesting of blank nodes and lists that is read.
DEPTH_LIMIT: Final = 50
#: Longest literal that is read, in characters.
LITERAL_LIMIT: Final = 100_000
#: Longest IRI that is read, in characters, after prefixes and relative names are resolved: a long prefix, used often,
#: would make gigabytes of a small file.
IRI_LIMIT: Final = 4_000

_ERROR = re.compile(r"\AParser error at line \d+ (?:column \d+|between columns \d+ and \d+): ")


def read_rdf(path: Path) -> list[PositionedQuad]:
    """The statements of an RDF file, by the ending of its name. Raises `Malformed`."""
    media_type = MEDIA_TYPES.get(path.suffix)
    if media_type is None:
        expected = f"Files of the kind “{path.suffix}” are not read."
        raise UnknownKind(str(path), 1, expected, f"Use one of: {', '.join(MEDIA_TYPES)}, .csv.")
    return read_rdf_bytes(path.read_bytes(), media_type, str(path))


def read_rdf_bytes(data: bytes, media_type: str, name: str, most: int | None = None) -> list[PositionedQuad]:
    """The statements of an RDF document in memory; relative names are under `id/`. Raises `Malformed`.

    With `most`, more statements than that are refused (`TooLarge`) as soon as they are met. `name` stands for the file
    in messages. A blank node has the same identifier throughout one result.
    """
    text = decode(data, name)
    judged = _judge(text, FORMATS[media_type], name, most)
    if media_type == "application/ld+json":
        return list(_located_words(judged, text))
    if media_type == "application/n-quads":
        return list(_located_lines(text))
    return _located(judged, text, name)


def _judge(text: str, form: pyoxigraph.RdfFormat, name: str, most: int | None) -> list[pyoxigraph.Quad]:
    """What pyoxigraph reads. Raises `Malformed` for the first mistake, and for what is too large to be data."""
    quads: list[pyoxigraph.Quad] = []
    try:
        for quad in pyoxigraph.parse(text, format=form, base_iri=str(ID)):
            quads.append(quad)
            if most is not None and len(quads) > most:
                raise TooLarge(name, 1, f"At most {most} statements are checked at once.", "Check it in parts.")
            if any(len(iri) > IRI_LIMIT for iri in _iris(quad)):
                expected = f"A name has at most {IRI_LIMIT} characters, its prefix included; one here has more."
                raise Malformed(name, 1, expected, "Shorten it.")
            if isinstance(quad.object, pyoxigraph.Literal) and len(quad.object.value) > LITERAL_LIMIT:
                expected = f"A literal holds at most {LITERAL_LIMIT} characters; this file has a longer one."
                line = text.count("\n", 0, text.find(quad.object.value[:200])) + 1
                raise Malformed(name, line, expected, "Shorten it.")
            if isinstance(quad.object, pyoxigraph.Triple):
                raise Malformed(name, 1, "Triple terms of RDF 1.2 are not read.", "State the triple itself.")
    except SyntaxError as error:
        raise _malformed(error, text, name) from error
    return quads


def _iris(quad: pyoxigraph.Quad) -> Iterator[str]:
    """The IRIs of a statement, that of the datatype among them."""
    for term in (quad.subject, quad.predicate, quad.object, quad.graph_name):
        if isinstance(term, pyoxigraph.NamedNode):
            yield term.value
        elif isinstance(term, pyoxigraph.Literal):
            yield term.datatype.value


def _malformed(error: SyntaxError, text: str, name: str) -> Malformed:
    reason = _ERROR.sub("", error.msg or "").strip().rstrip(".")
    if "LoadDocumentCallback" in reason:
        expected = "This JSON-LD names a context that would have to be fetched; nothing is fetched."
        return Malformed(name, _line_of(text, '"@context"'), expected, "Write the context out in the file itself.")
    if not reason:
        reason = "this cannot stand here"
    return Malformed(
        name,
        error.lineno or 1,
        f"Not well-formed: {reason[0].lower()}{reason[1:]}.",
        _mend(reason),
        column=error.offset or 1,
    )


def _mend(reason: str) -> str:
    """Advice for the commonest mistakes in Turtle."""
    if "prefix" in reason and "declared" in reason:
        return "Declare the prefix at the top of the file, or correct its spelling."
    if "end of file" in reason or reason == "Unexpected end":
        return "Something is left open: a quotation mark, a bracket, or a statement without its final dot."
    if "valid RDF object" in reason or "valid predicate" in reason or "valid subject" in reason:
        return "Check the punctuation: “;” before another property, “,” before another value, “.” at the end."
    if "IRI" in reason:
        return "Write the name between < and >, without blanks."
    return "Compare this line with the lines around it."


def _line_of(text: str, word: str) -> int:
    return text.count("\n", 0, max(text.find(word), 0)) + 1


#: A number as Turtle writes it: with an exponent, else with a decimal point, else whole.
_NUMBER = re.compile(r"[+-]?(?:(?P<e>(?:\d+\.?\d*|\.\d+)[eE][+-]?\d+)|(?P<d>\d*\.\d+)|\d+)")


class _Sink(RDFSink):
    """Receives statements with the offset of their object, stores none, and keeps literals as they are written."""

    def __init__(self) -> None:
        super().__init__(Dataset())
        self.offset = 0
        self.verb = 0
        self.found: list[tuple[Quad, int, int]] = []

    def newLiteral(self, s: str, dt: URIRef | None, lang: str | None) -> Literal:
        return Literal(s, lang=lang) if dt is None else Literal(s, datatype=dt, normalize=False)

    def makeStatement(self, quadruple: Any, why: Any = None) -> None:  # noqa: ARG002
        context, predicate, subject, value = quadruple
        name = None if context is None else context.identifier
        terms: list[Any] = [self.normalise(None, term) for term in (subject, predicate, value)]
        self.found.append(((terms[0], terms[1], terms[2], name), self.offset, self.verb))


class _PositionParser(TrigSinkParser):
    """rdflib's parser, telling its sink at which offsets each predicate and each object begins."""

    def __init__(self, sink: _Sink) -> None:
        super().__init__(sink, baseURI=str(ID), turtle=True)
        self._sink = sink
        self._waiting: list[int] = []
        self._verb = 0

    def verb(self, argstr: str, i: int, res: Any) -> int:
        begin: int = self.skipSpace(argstr, i)
        end: int = super().verb(argstr, i, res)
        if end > 0:
            self._verb = begin
        return end

    def objectList(self, argstr: str, i: int, res: Any) -> int:
        verb, offsets = self._verb, list[int]()
        while True:
            self._sink.offset = self.skipSpace(argstr, i)
            offsets.append(self._sink.offset)
            i = self.object(argstr, i, res)
            if i < 0:
                return -1
            after: int = self.skipSpace(argstr, i)
            if after < 0 or argstr[after] != ",":
                # The statements of nested lists are made by now: what follows are this list's own, in order.
                self._waiting, self._sink.verb = offsets, verb
                return after
            i = after + 1

    def nodeOrLiteral(self, argstr: str, i: int, res: Any) -> int:
        begin: int = self.skipSpace(argstr, i)
        number = _NUMBER.match(argstr, begin) if begin >= 0 else None
        if number is None:
            end: int = super().nodeOrLiteral(argstr, i, res)
            return end
        # The parser would turn 1e3 into 1000.0; a curator must find what he wrote.
        datatype = XSD.double if number["e"] else XSD.decimal if number["d"] else XSD.integer
        res.append(Literal(number[0], datatype=datatype, normalize=False))
        return number.end()

    def makeStatement(self, quadruple: Any) -> None:
        if self._waiting:
            self._sink.offset = self._waiting.pop(0)
        super().makeStatement(quadruple)


def _located(judged: list[pyoxigraph.Quad], text: str, name: str) -> list[PositionedQuad]:
    """The statements of a well-formed Turtle or TriG text, each with the place of its object."""
    depth = 0
    for match in _DEPTH.finditer(text):
        depth += {"[": 1, "(": 1, "]": -1, ")": -1}.get(match[0], 0)
        if depth > DEPTH_LIMIT:
            line = text.count("\n", 0, match.start()) + 1
            raise Malformed(name, line, f"Nested deeper than {DEPTH_LIMIT} levels.", "Give the inner things names.")
    sink, lines = _Sink(), LineIndex(text)
    try:
        _PositionParser(sink).loadBuf(text)
    except (SyntaxError, RecursionError, AssertionError, IndexError):
        # The one parser knows a form (of RDF 1.2, say) that the other does not: places are found by their words.
        return list(_located_words(judged, text))
    return [PositionedQuad(quad, lines.position(offset), lines.position(verb)) for quad, offset, verb in sink.found]


#: Brackets, and the things in which a bracket is only a character.
_DEPTH = re.compile(
    r'"""(?:[^"\\]|\\.|"(?!""))*"""|\'\'\'(?:[^\'\\]|\\.|\'(?!\'\'))*\'\'\'|"(?:[^"\\\n]|\\.)*"|\'(?:[^\'\\\n]|\\.)*\''
    r"|<[^<>\s]*>|#[^\n]*|[\[\]()]",
    re.DOTALL,
)


def _located_lines(text: str) -> Iterator[PositionedQuad]:
    """The statements of N-Quads: each has a line of its own."""
    blanks: dict[str, BNode] = {}
    for number, line in enumerate(text.split("\n"), start=1):
        for quad in pyoxigraph.parse(line, format=pyoxigraph.RdfFormat.N_QUADS):
            yield PositionedQuad(_quad(quad, blanks), Position(number, len(line) - len(line.lstrip()) + 1))


def _located_words(quads: list[pyoxigraph.Quad], text: str) -> Iterator[PositionedQuad]:
    """The statements, each at the first place where its value is written, else where its subject is."""
    lines = LineIndex(text)
    blanks: dict[str, BNode] = {}
    words: dict[str, int] = {}
    for match in _WORD.finditer(text):
        words.setdefault(_unquoted(match[0]), match.start())
    for quad in quads:
        made = _quad(quad, blanks)
        names = (name for term in (made[2], made[0]) for name in (str(term), str(term).removeprefix(str(ID))))
        place = next((words[name] for name in names if name in words), 0)
        yield PositionedQuad(made, lines.position(place))


#: A text in quotation marks, or a name between angle brackets.
_WORD = re.compile(r'"(?:[^"\\\n]|\\.)*"|<[^<>\s]*>')


def _unquoted(word: str) -> str:
    if "\\" not in word:
        return word[1:-1]
    try:
        return str(json.loads(word))
    except ValueError:
        return word[1:-1]


def _quad(quad: pyoxigraph.Quad, blanks: dict[str, BNode]) -> Quad:
    def term(node: Any) -> Any:
        if isinstance(node, pyoxigraph.BlankNode):
            return blanks.setdefault(node.value, BNode())
        if isinstance(node, pyoxigraph.Literal) and node.datatype.value == str(XSD.string):
            return Literal(node.value)  # as rdflib's own parsers give it
        return to_rdflib(node)

    name = None if isinstance(quad.graph_name, pyoxigraph.DefaultGraph) else term(quad.graph_name)
    return term(quad.subject), term(quad.predicate), term(quad.object), name
