"""A load generator for the loopback interface. It stops by itself: after its seconds, or at its number of requests.

Each client waits for its answer before it asks again. All clients share this process with the measuring; on a machine
with few cores they compete with the server, for both servers alike.
"""

from __future__ import annotations

import random
import threading
import time
from dataclasses import dataclass, field
from typing import Final

from benchmarks.engines import Http
from benchmarks.measure import Times
from benchmarks.servers import Server
from benchmarks.workload import Question

#: No run asks more than this, whatever its seconds.
MOST_REQUESTS: Final = 200_000
MOST_CLIENTS: Final = 64
MOST_SECONDS: Final = 60.0


@dataclass
class Load:
    """What one server did: requests, failures, seconds, times of each request."""

    server: str
    clients: int
    seconds: float = 0.0
    failures: int = 0
    times: Times = field(default_factory=Times)

    @property
    def per_second(self) -> float:
        """Answers per second."""
        return len(self.times.values) / self.seconds if self.seconds else 0.0


def load(server: Server, asked: list[Question], *, clients: int, seconds: float) -> Load:
    """Ask short questions in random order, from several clients at once."""
    clients, seconds = min(clients, MOST_CLIENTS), min(seconds, MOST_SECONDS)
    result = Load(server.name, clients)
    lock = threading.Lock()
    began = time.perf_counter()
    limit = began + seconds

    def client(number: int) -> None:
        chance = random.Random(number)
        connection = server.connect()
        mine: list[float] = []
        failed = 0
        while time.perf_counter() < limit and len(mine) + failed < MOST_REQUESTS // clients:
            question = chance.choice(asked)
            ok, took = _once(connection, question, chance.choice(question.texts))
            failed += not ok
            if ok:
                mine.append(took)
        connection.close()
        with lock:
            result.times.values += mine
            result.failures += failed

    threads = [threading.Thread(target=client, args=(number,)) for number in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    result.seconds = time.perf_counter() - began
    return result


def _once(connection: Http, question: Question, text: str) -> tuple[bool, float]:
    began = time.perf_counter()
    try:
        connection.ask(text, question.media_type)
    except (RuntimeError, OSError):
        return False, 0.0
    return True, (time.perf_counter() - began) * 1000
