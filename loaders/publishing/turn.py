"""Whose turn it is to publish into a SPARQL store. One publish at a time holds it.

There is no test-and-set to build on: an update `INSERT … WHERE NOT EXISTS` lets several writers through at once, on
Oxigraph's server and on Virtuoso alike (neither looks whether what it read has changed when it writes). What holds
everywhere is that a write which was acknowledged is seen by every later read. So whoever wants the turn first writes
down that it does, each in a graph of its own, and then reads who else did: of two at least one sees the other. The one
with the smaller name waits until the other has gone, or has got the turn because it read before (Lamport's bakery).

The turn of a publish that was killed, or was taken away, is shut out in two ways. Where one statement shows a release,
that is inserted only where the publish is still written down, and with a number under which nobody reads it once a
later one has shown its own. Where graphs are moved, the request drops a graph that the publish owns, its pass, which
must be there; and since an engine does not see that the pass goes while it is at work, the publish writes down that it
is about to send that request, when, and to which process of the engine where that can be seen. Whoever finds that waits
until the engine must have ended with it, or sees that the process has ended.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from loaders.publishing.processes import has_ended, spoken, this_process
from loaders.publishing.target import PublishError
from queries.endpoint import Refused
from queries.errors import QueryError, QuerySyntaxError
from queries.library import support
from queries.record import FENCES, PASSES, RECORD, SERIAL, STAGING, STORE, TURN
from queries.results import QueryResult

_WHO: Final = f"{STORE}who"
_PROCESS: Final = f"{STORE}process"
_SINCE: Final = f"{STORE}since"
_BEAT: Final = f"{STORE}beat"
_HELD: Final = f"{STORE}held"
_SHOWING: Final = f"{STORE}showing"
#: When a request that moves graphs was announced, by the clock of the engine, and the process that it was for.
_ANNOUNCED: Final = f"{STORE}announced"
_ENGINE: Final = f"{STORE}engine"
_INTEGER: Final = "http://www.w3.org/2001/XMLSchema#integer"
_PAUSE_S: Final = 0.1
#: The fences of this process that it has not given back: one that a store which was away still tells of is over.
_OWN: Final[set[str]] = set()
_TRIES: Final = 5


@dataclass(frozen=True)
class Patience:
    """How long is waited for what, in seconds.

    `beat`: between two signs of life. `watch`: for one, of a publish of the same release. `stale`: without any, before
    another release takes over. `rival`: for one that began at the same moment. `engine` and `statements` (a second):
    for a request that moves graphs and may still be at work; `sent`: it is on its way so soon after its announcement.
    """

    beat: float = 5.0
    watch: float = 15.0
    stale: float = 120.0
    rival: float = 10.0
    engine: float = 30.0
    sent: float = 5.0
    statements: float = 5_000.0


@dataclass(frozen=True)
class Claim:
    """A publish that holds the turn, or wants it. `fence` is its graph; a smaller name comes first."""

    fence: str
    turn: int
    release: str
    who: str
    process: str
    since: str


class Turn:
    """The turn of one publish: `take` it, `require` it before each step, `end` it.

    `ask` and `update` speak to the store, `sign` is an `update` that waits for no more than half a minute, `remove`
    removes a graph that may be there or not. Each may raise QueryError.
    """

    def __init__(
        self,
        label: str,
        release: str,
        *,
        ask: Callable[[str], QueryResult],
        update: Callable[[str], None],
        sign: Callable[[str], None],
        remove: Callable[[str], None],
        take_over: bool = False,
        patience: Patience | None = None,
        notice: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.run = secrets.token_hex(8)
        self.number = 0
        self._label, self._release = label, release
        self._ask, self._update, self._sign, self._remove = ask, update, sign, remove
        self._forced = take_over
        self._patience = patience or Patience()
        self._notice = notice
        self._fence, self._pass = f"{FENCES}{self.run}", f"{PASSES}{self.run}"
        self._entered = False
        self._ended = threading.Event()
        self._beating: threading.Thread | None = None

    @property
    def held(self) -> str:
        """A pattern that is true in the store as long as the turn is held."""
        return f"GRAPH <{self._fence}> {{ <{self._fence}> <{TURN}> ?treatygraph_turn }}"

    def take(self) -> None:
        """Take the turn. Raises PublishError, which tells who has it, where that one lives."""
        over = [claim for claim in self._claims() if self._may_be_taken_over(claim)]
        for _ in range(_TRIES):
            self._enter()
            self._outwait(over)
            taken = [number for of, _, number in self._numbers() if of != self._fence]
            if self.number > max([*taken, *(claim.turn for claim in over)], default=0):
                break
            self._leave()  # somebody came and went between our look and our entry
        else:
            raise PublishError(f"{self._label}: others publish there again and again; to mend: publish again")
        self._shut_out(over)
        self._say(f'<{self._fence}> <{_HELD}> "{_now()}"')
        self._beating = threading.Thread(target=self._beat, daemon=True, name="signs of life")
        self._beating.start()

    def require(self) -> None:
        """Raises PublishError where the turn was taken away."""
        if not self._ask(f"ASK {{ {self.held} }}"):
            raise PublishError(self.lost())

    def lost(self) -> str | None:
        """What to say where the turn was taken away; None where it is held, or nobody can tell."""
        if not self._entered:
            return None
        with suppress(QueryError):
            claims = self._claims()
            if all(claim.fence != self._fence for claim in claims):
                new = f" ({claims[0].who}, since {_spoken(claims[0].since)})" if claims else ""
                return (
                    f"{self._label}: another publish took over{new}; this one ends, and readers see what that one shows"
                )
        return None

    @contextmanager
    def passing(self, statements: int, engine: str = "") -> Iterator[str]:
        """For the one request that moves graphs: the operation it begins with, which fails without the turn.

        That the request is on its way is written down until its answer is there; where none comes, it stays. `engine`
        is the process to which it can come and to no other, where that is one of this machine. It has to be sent at
        once: the next publish counts from the announcement.
        """
        said = f'<{self._fence}> <{_SHOWING}> "{statements}"^^<{_INTEGER}>'
        self._say(said + (f' ; <{_ENGINE}> "{engine}"' if engine else ""))
        marks = [f"GRAPH <{RECORD}> {{ <{self._fence}> <{what}> ?value }}" for what in (_SHOWING, _ENGINE, _ANNOUNCED)]
        forget = " ;\n".join(f"DELETE WHERE {{ {mark} }}" for mark in marks)
        while True:
            began, clock = time.monotonic(), time.time()
            self._update(
                f"DELETE WHERE {{ {marks[-1]} }} ;\nINSERT {{ {marks[-1]} }} WHERE {{ BIND(NOW() AS ?value) }}"
            )
            self.require()
            # A machine that was asleep has a clock that went on, and one that does not.
            if max(time.monotonic() - began, time.time() - clock) < self._patience.sent / 2:
                break
        try:
            yield f"DROP GRAPH <{self._pass}> ;\n{forget}"
        except (Refused, QuerySyntaxError):
            self._update(forget)
            raise

    def end(self) -> None:
        """Give the turn back; whoever waits may go on. Doing it again does nothing. Raises QueryError."""
        self._ended.set()
        _OWN.discard(self._fence)
        if self._beating is not None:
            self._beating.join()
            self._beating = None
        if self._entered:
            self._leave()

    def _claims(self) -> list[Claim]:
        rows = self._ask(support("publishes-under-way")).rows()
        found = [
            Claim(
                row["fence"].value,
                int(row["turn"].value),
                *(row[name].value for name in ("release", "who", "process", "since")),
            )
            for row in rows
            if row["fence"].value.startswith(FENCES)
        ]
        return sorted(found, key=lambda claim: claim.fence)

    def _marks(self) -> list[tuple[str, str, str]]:
        rows = self._ask(support("marks-of-publishes")).rows()
        return [(row["of"].value, row["said"].value, row["value"].value) for row in rows]

    def _numbers(self) -> list[tuple[str, str, int]]:
        return [(of, said, int(value)) for of, said, value in self._marks() if said in (SERIAL, TURN)]

    def _enter(self) -> None:
        numbers = [number for _, _, number in self._numbers()]
        self.number = 1 + max([*numbers, *(claim.turn for claim in self._claims())], default=0)
        mine = f"<{self._fence}>"
        number = f'"{self.number}"^^<{_INTEGER}>'
        said = (
            f'{mine} <{TURN}> {number} ; <{STAGING}> "{self._release}" ; <{_WHO}> "{spoken()}" ;'
            f' <{_PROCESS}> "{this_process()}" ; <{_SINCE}> "{_now()}"'
        )
        self._entered = True
        _OWN.add(self._fence)
        self._update(
            f"INSERT DATA {{ GRAPH {mine} {{ {said} }} GRAPH <{self._pass}> {{ {mine} <{TURN}> {number} }}"
            f' GRAPH <{RECORD}> {{ {mine} <{TURN}> {number} ; <{_BEAT}> "{_now()}" }} }}'
        )

    def _leave(self) -> None:
        """The number stays in the record, so that it is not taken again."""
        self._take_away(self._fence)
        self._update(f"DELETE WHERE {{ GRAPH <{RECORD}> {{ <{self._fence}> <{_BEAT}> ?beat }} }}")
        self._update(f"DELETE WHERE {{ GRAPH <{RECORD}> {{ <{self._fence}> <{_HELD}> ?held }} }}")
        self._entered = False

    def _take_away(self, fence: str) -> None:
        """In this order: who then still reads that it has the turn has not begun to show anything yet."""
        self._remove(fence)
        self._remove(fence.replace(FENCES, PASSES, 1))

    def _outwait(self, over: list[Claim]) -> None:
        """Come back when nobody else has, or wants, the turn, but for those that are taken over."""
        limit = time.monotonic() + self._patience.rival
        while True:
            claims = self._claims()
            if all(claim.fence != self._fence for claim in claims):
                raise PublishError(self.lost() or f"{self._label}: the store does not keep what is written into it")
            over += [claim for claim in claims if claim not in over and _has_ended(claim)]
            others = [claim for claim in claims if claim.fence != self._fence and claim not in over]
            if not others:
                return
            holders = {of for of, said, _ in self._marks() if said == _HELD}
            first = next((one for one in others if one.fence in holders or one.fence < self._fence), None)
            if first is not None or time.monotonic() > limit:
                self._leave()
                raise self._refusal(first or others[0])
            time.sleep(_PAUSE_S)

    def _shut_out(self, over: Sequence[Claim]) -> None:
        for claim in over:
            self._take_away(claim.fence)
        began = time.monotonic()
        told = False
        found: dict[str, dict[str, str]] = {}
        while showing := self._showing():
            found |= showing
            left = self._left(showing, time.monotonic() - began)
            if left <= 0:
                break
            if not told:
                told = True
                self._notice(
                    f"a publish was broken off while the store was showing its release; waiting {left:.0f} s at most,"
                    " since the store may still be at work on that and cannot be asked. Nothing has to be done"
                )
            time.sleep(_PAUSE_S)
        for claim in over:  # what it showed meanwhile put nothing back, but its marks
            self._take_away(claim.fence)
        for fence in {*found, *(claim.fence for claim in over)}:
            for said in (_SHOWING, _ANNOUNCED, _ENGINE, _BEAT, _HELD):
                self._update(f"DELETE WHERE {{ GRAPH <{RECORD}> {{ <{fence}> <{said}> ?value }} }}")

    def _showing(self) -> dict[str, dict[str, str]]:
        """What is said of requests of others that move graphs, and whose answer never came."""
        said: dict[str, dict[str, str]] = {}
        for of, what, value in self._marks():
            said.setdefault(of, {})[what] = value
        return {of: marks for of, marks in said.items() if _SHOWING in marks and of != self._fence}

    def _left(self, showing: dict[str, dict[str, str]], waited: float) -> float:
        """Seconds until the engine must have ended with those requests, of which none was sent after so many seconds
        ago; 0 where no process is left that could be at work on them."""
        at_work = [marks for marks in showing.values() if has_ended(marks.get(_ENGINE, "")) is not True]
        if not at_work:
            return 0.0
        seconds = sum(int(marks[_SHOWING]) for marks in at_work) / self._patience.statements + self._patience.engine
        since = min(self._since(marks.get(_ANNOUNCED)) for marks in at_work)
        return seconds - max(waited, since - self._patience.sent)

    def _since(self, announced: str | None) -> float:
        """Seconds by the clock of the engine, which is the same for whoever asks; 0 where they cannot be told."""
        if announced is None:
            return 0.0
        for row in self._ask("SELECT (NOW() AS ?now) {}").rows():
            with suppress(ValueError, TypeError):
                now = datetime.fromisoformat(row["now"].value)
                return max(0.0, (now - datetime.fromisoformat(announced)).total_seconds())
        return 0.0

    def _may_be_taken_over(self, claim: Claim) -> bool:
        """Whether a publish is over, or is to be. Raises PublishError where it lives."""
        if self._forced:
            return True
        ended = _has_ended(claim)
        if ended is None:
            last = self._last(claim)
            if claim.release != self._release and abs(_age(last)) < self._patience.stale:
                raise self._refusal(claim)
            self._notice(
                f"{claim.who} has begun to publish {claim.release}; waiting {self._patience.watch:g} s for a sign of"
                " life from it"
            )
            limit = time.monotonic() + self._patience.watch
            while time.monotonic() < limit:
                time.sleep(_PAUSE_S)
                if claim not in self._claims():
                    return True
                if self._last(claim) != last:
                    raise self._refusal(claim)
            return True
        if not ended:
            raise self._refusal(claim)
        return True

    def _last(self, claim: Claim) -> str:
        """The last sign of life, by the clock of whoever gave it."""
        beats = [value for of, said, value in self._marks() if of == claim.fence and said == _BEAT]
        return max(beats, default=claim.since)

    def _refusal(self, claim: Claim) -> PublishError:
        with suppress(QueryError):
            last = max(0, round(_age(self._last(claim))))
            return PublishError(
                f"{self._label}: {claim.who} has been publishing release {claim.release} there since"
                f" {_spoken(claim.since)} (last sign of life {last} s ago); to mend: wait until it has ended; if it"
                f" hangs, end it, or publish with --take-over"
            )
        return PublishError(f"{self._label}: another publish is running; to mend: wait until it has ended")

    def _say(self, statement: str) -> None:
        self._update(f"INSERT DATA {{ GRAPH <{RECORD}> {{ {statement} }} }}")

    def _beat(self) -> None:
        """Signs of life. A store that is away for a while is noticed by whoever publishes."""
        mark = f"GRAPH <{RECORD}> {{ <{self._fence}> <{_BEAT}>"
        while not self._ended.wait(self._patience.beat):
            with suppress(QueryError):
                self._sign(f'DELETE WHERE {{ {mark} ?old }} }} ; INSERT DATA {{ {mark} "{_now()}" }} }}')


def _has_ended(claim: Claim) -> bool | None:
    """Whether a publish is over; None where that cannot be seen from this machine."""
    if claim.process == this_process():
        return claim.fence not in _OWN
    return has_ended(claim.process)


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _age(time_text: str) -> float:
    """Seconds since a time, by the clock here; infinite where it is none."""
    try:
        return (datetime.now(UTC) - datetime.fromisoformat(time_text)).total_seconds()
    except (ValueError, TypeError):
        return float("inf")


def _spoken(time_text: str) -> str:
    return f"{time_text[:10]} {time_text[11:16]} UTC"
