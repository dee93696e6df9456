"""A load generator for machines without wrk: one process that sends prepared bytes and looks for the end of answers.

`python -m benchmarks.generator PORT PATHS FIRST ACCEPT SECONDS CONNECTIONS`; prints one line, as `load.lua` does.
"""

from __future__ import annotations

import json
import selectors
import socket
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from benchmarks.engines import LOOPBACK, POST

_END: Final = b"\r\n\r\n"
_LAST_CHUNK: Final = b"\r\n0\r\n\r\n"


@dataclass(eq=False)
class _Link:
    socket: socket.socket
    began: float = 0.0
    got: bytearray = field(default_factory=bytearray)


class Generator:
    """Connections that each wait for their answer before they ask again."""

    def __init__(self, port: int, paths: list[str], first: int, accept: str) -> None:
        self.milliseconds: list[float] = []
        self.failures = 0
        self._port = port
        self._number = first
        self._tail = f" HTTP/1.1\r\nHost: {LOOPBACK}:{port}\r\nAccept: {accept}\r\n"
        # Cut where the number goes, so that a request costs one join.
        self._requests = [self._request(path).encode().split(b"NUMBER") for path in paths]

    def _request(self, path: str) -> str:
        if not path.startswith(POST):
            return f"GET {path}{self._tail}\r\n"
        address, _, form = path.partition("?")
        length = len(form.replace("NUMBER", str(self._number)))  # numbers of a run are equally long
        told = f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {length}\r\n"
        return f"{address}{self._tail}{told}\r\n{form}"

    def run(self, seconds: float, connections: int) -> dict[str, float]:
        """Ask for so many seconds."""
        selector = selectors.DefaultSelector()
        for _ in range(connections):
            self._open(selector)
        began = time.perf_counter()
        while (now := time.perf_counter()) < began + seconds:
            for key, _ in selector.select(began + seconds - now):
                self._read(selector, key.data)
        took = time.perf_counter() - began
        for key in list(selector.get_map().values()):
            key.data.socket.close()
        ordered = sorted(self.milliseconds) or [0.0]
        return {
            "requests": len(self.milliseconds),
            "seconds": took,
            "failures": self.failures,
            "p50": ordered[len(ordered) // 2],
            "p99": ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))],
        }

    def _open(self, selector: selectors.BaseSelector) -> None:
        link = _Link(socket.create_connection((LOOPBACK, self._port)))
        link.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        selector.register(link.socket, selectors.EVENT_READ, link)
        self._ask(link)

    def _ask(self, link: _Link) -> None:
        self._number += 1
        link.got.clear()
        link.began = time.perf_counter()
        link.socket.sendall(str(self._number).encode().join(self._requests[self._number % len(self._requests)]))

    def _read(self, selector: selectors.BaseSelector, link: _Link) -> None:
        try:
            received = link.socket.recv(262_144)
        except OSError:
            received = b""
        if not received:  # the server closed it
            self.failures += 1
            self._again(selector, link)
            return
        link.got += received
        if _whole(link.got):
            if link.got.startswith(b"HTTP/1.1 200"):
                self.milliseconds.append((time.perf_counter() - link.began) * 1000)
            else:
                self.failures += 1
            if b"\r\nconnection: close\r\n" in bytes(link.got[: link.got.find(_END) + 2]).lower():
                self._again(selector, link)
            else:
                self._ask(link)

    def _again(self, selector: selectors.BaseSelector, link: _Link) -> None:
        """A new connection for one that is over."""
        selector.unregister(link.socket)
        link.socket.close()
        self._open(selector)


def _whole(got: bytearray) -> bool:
    """Whether an answer is complete: by its length, or by its last chunk."""
    at = got.find(_END)
    if at < 0:
        return False
    head = bytes(got[:at]).lower()
    where = head.find(b"content-length:")
    if where >= 0:
        return len(got) - at - 4 >= int(head[where + 15 :].split(b"\r", 1)[0])
    return got.endswith(_LAST_CHUNK)


if __name__ == "__main__":
    port, paths, first, accept, seconds, connections = sys.argv[1:]
    running = Generator(int(port), Path(paths).read_text(encoding="utf-8").splitlines(), int(first), accept)
    print("FIGURES " + json.dumps(running.run(float(seconds), int(connections))))
