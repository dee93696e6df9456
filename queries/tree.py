"""An answer as a tree of text."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterator

from ontology.keys import key_of
from queries.lineage import Edge, Lineage


class Tree:
    """Statements hung below the thing from which they lead on.

    A thing that several statements lead to is opened once, where it is nearest to the beginning; elsewhere its line
    points there.
    """

    def __init__(self, answer: Lineage) -> None:
        self._answer = answer
        self._labels = {node.iri: f"{node.label} [{node.key}]" for node in answer.nodes}
        self._hung: dict[str, list[tuple[Edge, str, bool]]] = defaultdict(list)
        self._roots: list[str] = []
        self._shown: set[str] = set()
        self._hang()

    def lines(self) -> Iterator[str]:
        """The lines of the tree, of more trees where some statements hang from none, and of the warning of a cut."""
        for root in self._roots:
            self._shown.add(root)
            yield self._labels.get(root, key_of(root))
            yield from self._below(root, "")
        if self._answer.truncated:
            yield f"(cut off at {len(self._answer.nodes)} things; ask for more with a higher limit)"

    def _hang(self) -> None:
        """Breadth first from what was asked about: rightwards as a drawing has it, and backwards from there."""
        answer = self._answer
        ahead: dict[str, list[tuple[int, str]]] = defaultdict(list)
        back: dict[str, list[tuple[int, str]]] = defaultdict(list)
        for number, (left, right) in enumerate(answer.rightwards()):
            ahead[left].append((number, right))
            back[right].append((number, left))
        open_edges = set(range(len(answer.edges)))
        reached: set[str] = set()
        # Whatever is not reached from the thing itself (parts of parts, joined by cycles) begins a tree of its own.
        for root in [answer.thing, *(left for left, _ in answer.rightwards())]:
            first = root == answer.thing
            if root in reached or (not first and not any(number in open_edges for number, _ in ahead[root])):
                continue
            self._roots.append(root)
            reached.add(root)
            waiting = deque([(root, True, first)])
            while waiting:
                thing, rightwards, backwards = waiting.popleft()
                ways = [(ahead, rightwards)] + ([(back, backwards)] if backwards else [])
                for links, wanted in ways:
                    for number, other in links[thing] if wanted else []:
                        if number not in open_edges:
                            continue
                        open_edges.discard(number)
                        opened = other not in reached
                        self._hung[thing].append((answer.edges[number], other, opened))
                        if opened:
                            reached.add(other)
                            # From the parts of the thing it goes on rightwards; in `both`, further back as well.
                            waiting.append((other, True, links is back and answer.direction == "both"))

    def _below(self, root: str, indent: str) -> Iterator[str]:
        """Depth first, on a stack of its own: an answer may be deeper than Python's calls can be."""
        waiting = [(iter(self._branches(root)), indent)]
        while waiting:
            branches, indent = waiting[-1]
            branch = next(branches, None)
            if branch is None:
                waiting.pop()
                continue
            edge, other, opened, last = branch
            arrow = "→" if edge.subject != other or edge.subject == edge.object else "←"
            mark = "" if opened else " (above)" if other in self._shown else " (below)"
            self._shown.add(other)
            following = indent + ("   " if last else "│  ")
            yield f"{indent}{'└─ ' if last else '├─ '}{arrow} {edge.words}: {self._labels[other]}{mark}"
            bar = "│" if opened and self._hung[other] else " "
            sources = [source.words() for source in edge.sources] or ["none known"]
            yield from (f"{following}{bar}    source: {source}" for source in sources)
            if opened:
                waiting.append((iter(self._branches(other)), following))

    def _branches(self, thing: str) -> list[tuple[Edge, str, bool, bool]]:
        hung = self._hung[thing]
        return [(edge, other, opened, n == len(hung) - 1) for n, (edge, other, opened) in enumerate(hung)]
