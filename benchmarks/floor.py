"""A Starlette application that answers every request with the same bytes, without any query: what no service on this
stack can outdo. Started as a process: `python -m benchmarks.floor PORT BYTES`.
"""

from __future__ import annotations

import socket
import sys

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from benchmarks.engines import LOOPBACK


def main(port: int, size: int) -> None:
    """Serve, set up as `treatygraph serve` sets uvicorn up."""
    body = b"x" * size

    async def answer(_: Request) -> Response:
        return Response(body, media_type="application/sparql-results+json")

    listening = socket.create_server((LOOPBACK, port), backlog=2048)
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    app = Starlette(routes=[Route("/sparql", answer)])
    config = uvicorn.Config(app, log_config=None, access_log=False, server_header=False)
    uvicorn.Server(config).run(sockets=[listening])


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
