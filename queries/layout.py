"""A layered drawing of an answer: which box stands where, which way each line runs.

The usual four steps: cycles broken, things put in layers by longest path, layers ordered by barycentres to spare
crossings, places found that keep lines short. Layers are columns, because labels are wide and answers are long.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, TypeAlias

Cell: TypeAlias = str | tuple[int, int]  # a thing, or the bend of a line (its number, its layer)
_SWEEPS: Final = 12
_BEND_HEIGHT: Final = 14.0
_BENDS: Final = 3000


@dataclass(frozen=True, slots=True)
class Layout:
    """Layer of each thing (0 is leftmost), centre `y` of each, and for each line the centres that it passes."""

    layers: dict[str, int]
    centres: dict[str, float]
    bends: list[list[tuple[int, float]]]
    height: float


def lay_out(
    things: Sequence[str], lines: Sequence[tuple[str, str]], heights: Mapping[str, float], gap: float = 22.0
) -> Layout:
    """Place things joined by lines (pairs that should run from left to right), given the height of each box.

    The order of `things` settles every tie, so the same answer is always drawn the same. Cycles and loops are safe.
    """
    forward = _acyclic(things, lines)
    layers = _layers(things, forward)
    chains = _chains(forward, layers)
    columns = _columns(things, layers, chains)
    _order(columns, chains)
    sizes: dict[Cell, float] = {cell: heights.get(cell, _BEND_HEIGHT) if isinstance(cell, str) else _BEND_HEIGHT
                                for column in columns for cell in column}  # fmt: skip
    centres = _places(columns, chains, sizes, gap)
    top = min((centres[cell] - sizes[cell] / 2 for cell in centres), default=0.0)
    bottom = max((centres[cell] + sizes[cell] / 2 for cell in centres), default=0.0)
    bends = []
    for (start, end), chain in zip(lines, chains, strict=True):
        passed = [(cell[1], centres[cell] - top) for cell in chain if not isinstance(cell, str)]
        swapped = bool(chain) and chain[0] != start and start != end
        bends.append(passed[::-1] if swapped else passed)
    placed = {thing: centres[thing] - top for thing in things}
    return Layout(layers, placed, bends, bottom - top)


def _acyclic(things: Sequence[str], lines: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """The lines, with those turned round that lead back to where a depth-first walk came from."""
    after: dict[str, list[str]] = defaultdict(list)
    for start, end in lines:
        after[start].append(end)
    waiting, on_the_way, done = list(reversed(things)), set[str](), set[str]()
    backwards: set[tuple[str, str]] = set()
    while waiting:
        thing = waiting[-1]
        if thing in done or thing in on_the_way:
            waiting.pop()
            on_the_way.discard(thing)
            done.add(thing)
            continue
        on_the_way.add(thing)
        backwards.update((thing, end) for end in after[thing] if end in on_the_way)
        waiting.extend(end for end in reversed(after[thing]) if end not in done and end not in on_the_way)
    return [(end, start) if (start, end) in backwards else (start, end) for start, end in lines]


def _layers(things: Sequence[str], lines: Sequence[tuple[str, str]]) -> dict[str, int]:
    """Longest path from the left; then each thing moves right as far as what follows it allows."""
    import networkx as nx  # loaded when it is needed: a start need not wait for it

    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_nodes_from(things)
    graph.add_edges_from((a, b) for a, b in lines if a != b)
    order = list(nx.topological_sort(graph))
    layers: dict[str, int] = {}
    for thing in order:
        layers[thing] = max((layers[before] + 1 for before in graph.predecessors(thing)), default=0)
    for thing in reversed(order):
        after = [layers[following] for following in graph.successors(thing)]
        if after and not list(graph.predecessors(thing)):
            layers[thing] = min(after) - 1
    lowest = min(layers.values(), default=0)
    return {thing: layers[thing] - lowest for thing in things}


def _chains(lines: Sequence[tuple[str, str]], layers: Mapping[str, int]) -> list[list[Cell]]:
    """The cells that each line passes. When bends run out, the longest lines go straight: no answer takes for ever."""
    chains: list[list[Cell]] = [[] if start == end else [start, end] for start, end in lines]
    left = _BENDS
    for number in sorted(range(len(lines)), key=lambda n: layers[lines[n][1]] - layers[lines[n][0]]):
        start, end = lines[number]
        left -= max(0, layers[end] - layers[start] - 1)
        if left < 0:
            break
        if start != end:
            chains[number] = [start, *((number, layer) for layer in range(layers[start] + 1, layers[end])), end]
    return chains


def _columns(things: Sequence[str], layers: Mapping[str, int], chains: Sequence[list[Cell]]) -> list[list[Cell]]:
    columns: list[list[Cell]] = [[] for _ in range(max(layers.values(), default=0) + 1)]
    for thing in things:
        columns[layers[thing]].append(thing)
    for chain in chains:
        for cell in chain:
            if not isinstance(cell, str):
                columns[cell[1]].append(cell)
    return columns


def _beside(chains: Sequence[list[Cell]]) -> tuple[dict[Cell, list[Cell]], dict[Cell, list[Cell]]]:
    """What stands one layer to the left and to the right of each cell along the lines."""
    left: dict[Cell, list[Cell]] = defaultdict(list)
    right: dict[Cell, list[Cell]] = defaultdict(list)
    for chain in chains:
        for one, other in pairwise(chain):
            right[one].append(other)
            left[other].append(one)
    return left, right


def _order(columns: list[list[Cell]], chains: Sequence[list[Cell]]) -> None:
    """Barycentre sweeps, the best order of all is kept."""
    left, right = _beside(chains)
    best, fewest = [list(column) for column in columns], _crossings(columns, right)
    at = {cell: n for column in columns for n, cell in enumerate(column)}
    for sweep in range(_SWEEPS):
        if fewest == 0:
            break
        rightwards = sweep % 2 == 0
        for column in columns if rightwards else reversed(columns):
            beside = left if rightwards else right
            means = {
                cell: sum(at[n] for n in beside[cell]) / len(beside[cell]) if beside[cell] else float(at[cell])
                for cell in column
            }
            column.sort(key=means.__getitem__)
            at.update((cell, n) for n, cell in enumerate(column))
        crossings = _crossings(columns, right)
        if crossings < fewest:
            best, fewest = [list(column) for column in columns], crossings
    columns[:] = best


def _crossings(columns: Sequence[Sequence[Cell]], right: Mapping[Cell, list[Cell]]) -> int:
    total = 0
    for column, following in pairwise(columns):
        at = {cell: n for n, cell in enumerate(following)}
        passed: list[int] = []
        for cell in column:
            ends = sorted(at[end] for end in right.get(cell, ()) if end in at)
            total += sum(len(passed) - bisect_right(passed, end) for end in ends)
            for end in ends:
                insort(passed, end)
    return total


def _places(
    columns: Sequence[Sequence[Cell]], chains: Sequence[list[Cell]], sizes: Mapping[Cell, float], gap: float
) -> dict[Cell, float]:
    """Centres: each cell is drawn to the mean of its neighbours, none may overlap the one above."""
    left, right = _beside(chains)
    centres: dict[Cell, float] = {}
    for column in columns:
        _stack(column, dict.fromkeys(column, 0.0), sizes, gap, centres)
    for sweep in range(_SWEEPS):
        beside = left if sweep % 2 == 0 else right
        for column in columns if sweep % 2 == 0 else reversed(columns):
            wanted = {
                cell: sum(centres[n] for n in beside[cell]) / len(beside[cell]) if beside[cell] else centres[cell]
                for cell in column
            }
            _stack(column, wanted, sizes, gap, centres)
    return centres


def _stack(
    column: Sequence[Cell],
    wanted: Mapping[Cell, float],
    sizes: Mapping[Cell, float],
    gap: float,
    centres: dict[Cell, float],
) -> None:
    """Put cells as near as may be to where they want to be, in their order, with the gap between (least squares)."""
    blocks: list[tuple[list[Cell], float, float]] = []  # cells, first centre wanted on average, length
    for cell in column:
        cells, first = [cell], wanted[cell]
        while blocks:
            before, start, length = blocks[-1]
            step = length + (sizes[before[-1]] + sizes[cells[0]]) / 2 + gap
            if start + step <= first:
                break
            first = (start * len(before) + (first - step) * len(cells)) / (len(before) + len(cells))
            cells = before + cells
            blocks.pop()
        blocks.append((cells, first, _length(cells, sizes, gap)))
    for cells, first, _ in blocks:
        at = first
        for cell, following in zip(cells, [*cells[1:], None], strict=True):
            centres[cell] = at
            if following is not None:
                at += (sizes[cell] + sizes[following]) / 2 + gap


def _length(cells: Sequence[Cell], sizes: Mapping[Cell, float], gap: float) -> float:
    """From the centre of the first to the centre of the last."""
    return sum((sizes[a] + sizes[b]) / 2 + gap for a, b in pairwise(cells))
