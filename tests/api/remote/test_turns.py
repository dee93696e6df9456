"""Publishes at the same time into the same store: one holds it, the others say who; readers never see a mixture."""

from __future__ import annotations

import random
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

import loaders.publishing.turn as turns
from api.cli import main
from loaders.publishing.content import read_contents
from loaders.publishing.processes import serving, this_process
from loaders.publishing.publish import Published, publish
from loaders.publishing.target import PublishError
from loaders.release import ReleaseInfo, open_release, write_release
from queries.errors import BackendError, QueryError
from queries.record import read_record
from tests.patience import PATIENT_S, until

BASE = "https://w3id.org/treatygraph/"
#: What is seen of a release, each in one answer: the sizes of its graphs, and the marks in them.
SIZES = """SELECT ?place (COUNT(*) AS ?said) WHERE {
  { ?s ?p ?o BIND("default" AS ?place) } UNION { GRAPH ?place { ?s ?p ?o } }
} GROUP BY ?place"""
MARKS = f"""SELECT ?place ?said WHERE {{
  {{ <{BASE}id/treaty/mark> ?p ?said BIND("default" AS ?place) }}
  UNION {{ GRAPH ?place {{ <{BASE}id/treaty/mark> ?p ?said }} }}
}}"""
Send = Callable[..., Published]
Rival = Callable[[ReleaseInfo, float | None], int]


def answer(backend: Any, text: str) -> list[tuple[str, str]]:
    return sorted((row["place"].value, row["said"].value) for row in backend.query(text).rows())


def seen(backend: Any) -> tuple[list[tuple[str, str]], ...]:
    return answer(backend, SIZES), answer(backend, MARKS)


def expected(release: ReleaseInfo) -> tuple[list[tuple[str, str]], ...]:
    """The same, from the dump."""
    found = {content.name or "default": content for content in read_contents(release, lambda *_: None)}
    sizes = [(name, str(content.exact.count)) for name, content in found.items()]
    marks = [
        (name, str(getattr(triple.object, "value", "")))
        for name, content in found.items()
        for triple in content.triples()
        if str(triple.subject).endswith("/mark>")
    ]
    return sorted(sizes), sorted(marks)


@contextmanager
def watched(backend: Any, releases: list[ReleaseInfo]) -> Iterator[list[object]]:
    """A reader that looks all the time; what it saw that is no release, whole."""
    wanted = [expected(release) for release in releases]
    wrong: list[object] = []
    ended = threading.Event()

    def read() -> None:
        while not ended.wait(0.03):
            try:
                for which, text in enumerate((SIZES, MARKS)):
                    found = answer(backend, text)
                    if found not in [one[which] for one in wanted]:
                        wrong.append(found)
            except (QueryError, AssertionError) as error:
                wrong.append(error)

    reader = threading.Thread(target=read)
    reader.start()
    try:
        yield wrong
    finally:
        ended.set()
        reader.join()


def test_many_at_the_same_time_some_of_them_killed(
    engine: Any, first: ReleaseInfo, second: ReleaseInfo, send: Send, rivals: list[Rival]
) -> None:
    """Two or three begin within a few milliseconds, or in the middle of one another; every second round one dies."""
    send(first, engine.address)
    random.seed(17)
    rounds, most = 10 if engine.address.engine == "oxigraph" else 8, 30
    began = time.monotonic()
    assert rivals[0](second, None) == 0
    alone = time.monotonic() - began
    ends: list[int] = []
    with watched(engine.address.backend(), [first, second]) as wrong:
        for number in range(most):
            if number >= rounds and min(ends.count(0), ends.count(3)) > rounds / 4 and ends.count(-9) > 1:
                break
            statuses: dict[int, int] = {}
            killed = random.randrange(3) if number % 2 else None

            def run(which: int, wait: float, release: ReleaseInfo, kill: float | None, into: dict[int, int]) -> None:
                time.sleep(wait)
                into[which] = rivals[which](release, kill)

            threads = [
                threading.Thread(
                    target=run,
                    args=(
                        which,
                        random.choice((0.0, random.uniform(0, 0.02), random.uniform(0, alone))),
                        random.choice((first, second)),
                        random.uniform(0, alone) if which == killed else None,
                        statuses,
                    ),
                )
                for which in range(3 if number % 3 else 2)
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            ends += statuses.values()
            assert set(statuses.values()) <= {0, 3, -9}, statuses
            if -9 not in statuses.values():
                assert 0 in statuses.values(), "each refused because of the other"
            if number % 3 == 2:  # how long one takes changes with what else the machine does
                began = time.monotonic()
                assert rivals[0](random.choice((first, second)), None) == 0
                alone = time.monotonic() - began
        for release in (second, first):
            assert rivals[0](release, None) == 0, "nothing is left that stands in the way"
            assert seen(engine.address.backend()) == expected(release)
    assert wrong == []
    assert min(ends.count(0), ends.count(3)) > rounds / 4, ends
    assert ends.count(-9) > 1, ends


class Interrupted:
    """Calls something before the request with a number, of all that a publish sends to change the store."""

    def __init__(self, target: Any, number: int, action: Callable[[], None]) -> None:
        self.count, self.number, self.action = 0, number, action
        self.sent: list[str] = []
        for part, name in ((target._updates, "run"), (target._graphs, "add"), (target._graphs, "remove")):
            setattr(part, name, self._counted(name, getattr(part, name)))

    def _counted(self, name: str, method: Callable[..., None]) -> Callable[..., None]:
        def counted(*given: Any) -> None:
            self.count += 1
            self.sent.append(f"{name} {given[0]}")
            if self.count == self.number:
                self.action()
            method(*given)

        return counted


def _showing(sent: list[str]) -> int:
    """The number of the request that shows a release to readers."""
    return next(at for at, text in enumerate(sent, 1) if "store/layout" in text and "INSERT" in text)


@pytest.mark.parametrize("far", ["shown", "begun"])
def test_one_that_is_taken_over_between_any_two_requests_changes_nothing_any_more(
    engine: Any, first: ReleaseInfo, second: ReleaseInfo, send: Send, far: str
) -> None:
    """It is held up just before each of its requests; another publish begins meanwhile, and shows its release or does
    not come so far; then the request, and whatever it would do next, arrives."""
    send(second, engine.address)
    reader = engine.address.backend()
    with closing(engine.address.target(60)) as target:
        undisturbed = Interrupted(target, 0, lambda: None)
        publish(first, target, lambda *_: None)
    showing = _showing(undisturbed.sent)
    numbers = range(1, undisturbed.count + 1, 2)
    lost = 0
    for number in numbers if far == "shown" else (1, showing - 2, showing - 1, showing, showing + 1, showing + 3):
        send(second, engine.address)
        with closing(engine.address.target(60)) as target:

            def take_over() -> None:
                with closing(engine.address.target(60, take_over=True)) as other:
                    if far == "shown":
                        publish(second, other, lambda *_: None)
                    else:
                        other.begin(second.id, read_contents(second, lambda *_: None))

            held_up = Interrupted(target, number, take_over)
            try:
                publish(first, target, lambda *_: None)
            except PublishError as error:
                lost += "took over" in str(error)
                other_end = None if "took over" in str(error) else (number, held_up.sent[number - 1], error)
                assert other_end is None
        assert held_up.count >= number or number > showing
        now = reader.refresh()
        assert seen(reader) == expected(first if now == first.id else second), (number, held_up.sent[number - 1])
        if now == first.id:  # it began after the other one, or had shown its release before
            assert number == 1 or (far == "begun" and number > _showing(held_up.sent)), held_up.sent[number - 1]
    assert lost > 2
    send(first, engine.address)
    assert seen(reader) == expected(first)


@pytest.fixture
def moves(engine: Any) -> None:
    """The engine shows a release by moving graphs, which takes it a while."""
    if engine.address.engine != "oxigraph":
        pytest.skip("one statement shows a release there")


def _large(folder: Path, size: int = 2_000) -> ReleaseInfo:
    lines = [f'<{BASE}id/treaty/t-{n}> <{BASE}def#abbreviation> "{n}" .' for n in range(size)]
    write_release(folder, sorted(lines), description="", counts={"statements": len(lines)}, inputs=[])
    return open_release(folder)


@pytest.mark.usefixtures("moves")
def test_one_that_is_taken_over_while_the_store_shows_its_release(
    engine: Any, second: ReleaseInfo, send: Send, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The engine is at work on the request; the next publish waits for its end, and finds what it left."""
    large = _large(tmp_path, 6_000)
    send(second, engine.address)
    sending = threading.Event()
    told: list[str] = []
    with closing(engine.address.target()) as target:
        whole = target._updates.run

        def run(text: str, *line: Any) -> None:
            if text.startswith("DROP GRAPH") and "MOVE" in text:
                sending.set()
            whole(text, *line)

        monkeypatch.setattr(target._updates, "run", run)

        def go() -> None:
            try:
                publish(large, target, lambda *_: None)
            except PublishError as error:
                told.append(str(error))

        one = threading.Thread(target=go)
        one.start()
        assert sending.wait(60)
        time.sleep(0.05)
        notices: list[str] = []
        with closing(engine.address.target(take_over=True, notice=notices.append)) as other:
            publish(second, other, lambda *_: None)
        one.join()
    assert seen(engine.address.backend()) == expected(second)
    assert all("took over" in line for line in told), told
    if notices:
        assert "waiting" in notices[0]


def test_one_of_another_machine(
    engine: Any, first: ReleaseInfo, second: ReleaseInfo, send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether it lives is seen by its signs of life alone."""
    with monkeypatch.context() as elsewhere:
        elsewhere.setattr(turns, "this_process", lambda: "5e4bfb57a4085e4b:1:1")
        alive = engine.address.target()
        alive.begin(first.id, [])
    for release in (first, second):
        with pytest.raises(PublishError, match="has been publishing release") as raised:
            send(release, engine.address)
        assert f"release {first.id} there since 20" in str(raised.value)
        assert "\n" not in str(raised.value)
    # It is killed: no signs of life any more, and nothing is given back.
    alive._turn._ended.set()
    time.sleep(0.6)
    with pytest.raises(PublishError, match="has been publishing release"):
        send(second, engine.address)
    assert send(first, engine.address).release == first.id, "the same release goes on without long waiting"

    with monkeypatch.context() as elsewhere:
        elsewhere.setattr(turns, "this_process", lambda: "5e4bfb57a4085e4b:1:1")
        dead = engine.address.target()
        dead.begin(first.id, [])
    dead._turn._ended.set()

    def taken() -> bool:
        try:
            return send(second, engine.address).release == second.id
        except PublishError as error:
            if "has been publishing release" not in str(error):
                raise
            return False

    assert until(taken, PATIENT_S), "another one, when it is stale"
    with pytest.raises(PublishError, match="took over"):
        dead._turn.require()


def test_two_wait_for_nobody_when_the_one_before_them_gave_back_its_turn(
    engine: Any, first: ReleaseInfo, second: ReleaseInfo, send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A publish that ends with an error leaves nothing that holds up the next one."""
    target = type(engine.address.target())

    def broken(*_: object) -> None:
        raise BackendError("http://store/: cut")

    with monkeypatch.context() as breaking:
        breaking.setattr(target, "_add", broken)
        with pytest.raises(PublishError, match="publish again"):
            send(first, engine.address)
    began = time.monotonic()
    send(second, engine.address)
    assert time.monotonic() - began < 30
    record = read_record(engine.address.backend()._plain.query)
    assert record is not None
    assert (record.release, record.staging) == (second.id, None)


def test_the_command_says_who_holds_the_store(
    engine: Any,
    first: ReleaseInfo,
    second: ReleaseInfo,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name, value in engine.address.settings().items():
        monkeypatch.setenv(f"TREATYGRAPH_{name.upper()}", value)

    def run(*arguments: str) -> tuple[int, str]:
        with pytest.raises(SystemExit) as left:
            main(["publish", *arguments])
        said = capsys.readouterr()
        return int(str(left.value.code)), said.err.splitlines()[-1]

    with closing(engine.address.target()) as holder:
        holder.begin(first.id, [])
        status, line = run(str(second.path))
        assert status == 2
        assert f"has been publishing release {first.id} there since" in line
        assert "--take-over" in line
        assert run(str(second.path), "--take-over")[0] == 0
        with pytest.raises(PublishError, match="took over"):
            holder.swap(first.id, [])
    assert engine.address.backend().refresh() == second.id


def _broken_off(
    engine: Any, release: ReleaseInfo, monkeypatch: pytest.MonkeyPatch, instead: Callable[..., None]
) -> None:
    """Publish; `instead` is called for the request that moves graphs, with what would send it."""
    with closing(engine.address.target()) as target:
        whole = target._updates.run

        def run(text: str, *line: Any) -> None:
            if text.startswith("DROP GRAPH") and "MOVE" in text:
                instead(lambda: whole(text, *line))
            else:
                whole(text, *line)

        monkeypatch.setattr(target._updates, "run", run)
        with pytest.raises(PublishError, match="publish again"):
            publish(release, target, lambda *_: None)


def _noticed(engine: Any, release: ReleaseInfo, patience: turns.Patience) -> list[str]:
    """What a publish that is patient in this way tells."""
    notices: list[str] = []
    with closing(engine.address.target(notice=notices.append, patience=patience)) as target:
        publish(release, target, lambda *_: None)
    return notices


@pytest.mark.usefixtures("moves")
def test_where_the_engine_itself_has_ended_nobody_waits_for_it(
    engine: Any, first: ReleaseInfo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, send: Send
) -> None:
    """Killed while it moves graphs: its process is gone, and with it all that it was at work on."""
    send(first, engine.address)
    large = _large(tmp_path)

    def killed(whole: Callable[[], None]) -> None:
        engine.process.send_signal(signal.SIGSTOP)  # it has the request, and does not end with it
        threading.Timer(0.3, engine.kill).start()
        whole()

    _broken_off(engine, large, monkeypatch, killed)
    engine.process.wait(20)
    engine.start()
    assert seen(engine.address.backend()) == expected(first)
    assert _noticed(engine, large, turns.Patience(engine=100)) == []
    assert seen(engine.address.backend())[0] == expected(large)[0]


@pytest.mark.usefixtures("moves")
def test_what_was_broken_off_long_ago_is_not_waited_for(
    engine: Any, first: ReleaseInfo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, send: Send
) -> None:
    """The time counts from when the request was announced, not from when the next publish begins."""
    send(first, engine.address)
    large = _large(tmp_path)

    def lost(_: Callable[[], None]) -> None:
        raise BackendError(f"{engine.address.query}: cut")  # whether the engine has it, nobody knows

    for seconds in (2, 10):  # where the machine was so busy that the first was over before the next one began
        patience = turns.Patience(engine=seconds, sent=1)
        began = time.monotonic()
        _broken_off(engine, large, monkeypatch, lost)
        if notices := _noticed(engine, first, patience):
            break
    (notice,) = notices
    assert time.monotonic() - began > seconds
    assert f"{seconds} s at most" in notice
    assert "Nothing has to be done" in notice

    _broken_off(engine, large, monkeypatch, lost)
    patience = turns.Patience(engine=2, sent=1)
    time.sleep(patience.engine + patience.sent + 0.8)
    assert _noticed(engine, first, patience) == []
    assert not list(
        engine.address.backend()._plain.query(f"SELECT ?s {{ GRAPH ?g {{ ?s <{turns._ANNOUNCED}> ?o }} }}").rows()
    )


@pytest.mark.usefixtures("moves")
def test_a_request_that_is_not_sent_at_once_is_announced_again(
    engine: Any, first: ReleaseInfo, second: ReleaseInfo, monkeypatch: pytest.MonkeyPatch, send: Send
) -> None:
    """Whoever was asleep between the two must not be taken for one whose request was sent long ago."""
    send(first, engine.address)
    with closing(engine.address.target(patience=turns.Patience(sent=1))) as target:
        whole, announced = target._updates.run, list[str]()

        def run(text: str, *line: Any) -> None:
            whole(text, *line)
            if "NOW()" in text:
                announced.append(text)
                time.sleep(0.7 if len(announced) == 1 else 0)

        monkeypatch.setattr(target._updates, "run", run)
        publish(second, target, lambda *_: None)
    assert len(announced) >= 2  # three, where the machine held up the second as well
    assert seen(engine.address.backend()) == expected(second)


@pytest.mark.parametrize(
    ("family", "address"), [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1"), (socket.AF_INET6, "127.0.0.1")]
)
def test_the_process_at_the_other_end(family: socket.AddressFamily, address: str) -> None:
    """Of a connection over IPv4, over IPv6, and over IPv4 to a server that takes both."""
    try:
        listening = socket.create_server(("", 0), family=family, dualstack_ipv6=family == socket.AF_INET6)
    except OSError as error:
        pytest.skip(f"no IPv6 here: {error}")
    myself = Path("/proc/self/comm").read_text(encoding="utf-8").strip()
    with listening, socket.create_connection((address, listening.getsockname()[1]), 5) as connection:
        accepted, _ = listening.accept()
        with accepted:
            assert serving(connection, myself) == this_process()
            assert serving(connection, "somebody-else") == ""
