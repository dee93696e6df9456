"""A port to listen on, taken before anything is said about it."""

from __future__ import annotations

import socket

import click

__all__ = ["address_of", "listen"]


def listen(host: str, port: int) -> socket.socket:
    """Take a port (0: a free one), so that the address told is the one that answers.

    Raises:
        click.UsageError: the address cannot be listened on.
    """
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        listening = socket.create_server((host, port), family=family, backlog=2048)
        # Accepted connections inherit it. Without, the second part of an answer waits 40 ms for the client to have
        # acknowledged the first.
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return listening
    except OSError as error:
        raise click.UsageError(f"cannot listen on {host}:{port}: {error.strerror or error}") from None


def address_of(host: str, listening: socket.socket, path: str = "") -> str:
    """The address that a client uses: `http://127.0.0.1:8000/tg/`."""
    shown = f"[{host}]" if ":" in host else host
    return f"http://{shown}:{listening.getsockname()[1]}{path}"
