"""`treatygraph mcp` as a command: who may call it over HTTP, bad use in one line, an end at once."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys

import pytest

from .speaking import COMMAND, environment, listening  # isort: skip - it skips what needs the extra

import httpx2

from loaders.release import ReleaseInfo

# HTTP: who may call.


def test_http_answers_only_who_means_it(release: ReleaseInfo) -> None:
    hello = {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "initialize",
        "params": {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}},
    }
    accept = {"accept": "application/json, text/event-stream"}
    with listening("--release", str(release.path), "--allow-host", "graph.example") as address:

        def status(**headers: str) -> int:
            return httpx2.post(address, json=hello, headers={**accept, **headers}, timeout=90).status_code

        assert status() == 200
        assert status(host="graph.example") == 200
        assert status(host="evil.example") == 421
        assert status(host="127.0.0.1.evil.example") == 421
        assert status(origin="https://evil.example") == 403
        assert status(origin="https://graph.example") == 200
        assert (
            httpx2.post(
                address, content=b"x" * 1_000_001, headers={**accept, "content-type": "application/json"}, timeout=90
            ).status_code
            == 413
        )
        assert (
            httpx2.post(
                address, content=b"{", headers={**accept, "content-type": "application/json"}, timeout=90
            ).status_code
            == 400
        )
        assert status() == 200


# The command.


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *arguments],
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
        timeout=200,
        env=environment(),
    )


def test_help_tells_the_options() -> None:
    done = run("--help")
    assert done.returncode == 0
    for option in ("--release", "--url", "--store", "--store-engine", "--http", "--host", "--port", "--allow-host"):
        assert option in done.stdout


def test_the_end_of_the_input_is_the_end(release: ReleaseInfo) -> None:
    done = run("--release", str(release.path))
    assert (done.returncode, done.stdout) == (0, "")
    assert release.id in done.stderr


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--release", "nowhere"], "nowhere: no release here; to mend: run treatygraph build"),
        (["--url", "http://127.0.0.1:1"], "http://127.0.0.1:1: no connection"),
        (["--url", "gopher://x"], "not an address"),
        (["--url", "http://127.0.0.1:1", "--release", "x"], "exclude each other"),
        (["--store", "sparql:http://127.0.0.1:1/query", "--release", "x"], "exclude each other"),
        (["--store", "sparql:http://127.0.0.1:1/query"], "cannot be reached"),
        (["--allow-host", "x"], "--http"),
        (["--http", "--host", "256.1.1.1"], "cannot listen"),
    ],
)
def test_bad_use_is_one_line(release: ReleaseInfo, arguments: list[str], expected: str) -> None:
    if "--http" in arguments:
        arguments = ["--release", str(release.path), *arguments]
    done = run(*arguments)
    assert done.returncode == 2
    assert expected in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_taken_port_is_one_line(release: ReleaseInfo) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = run("--release", str(release.path), "--http", "--port", str(taken.getsockname()[1]))
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert "cannot listen" in done.stderr


def test_without_its_extra_it_names_the_remedy(release: ReleaseInfo) -> None:
    program = (
        "import importlib.util as u, sys; real = u.find_spec; "
        "u.find_spec = lambda name, *a: None if name == 'mcp' else real(name, *a); "
        f"from api.cli import main; main(['mcp', '--release', {str(release.path)!r}])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=200)
    assert done.returncode == 2
    assert done.stderr.strip().splitlines() == [
        "treatygraph mcp: the package mcp is not installed; to mend: pip install 'treatygraph[mcp]'; "
        "see treatygraph mcp --help"
    ]


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 0)])
def test_a_signal_ends_it_at_once(release: ReleaseInfo, number: signal.Signals, status: int) -> None:
    """Also while it waits for its input, and with its worker processes."""
    process = subprocess.Popen(
        [*COMMAND, "--release", str(release.path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
    )
    assert process.stderr is not None
    assert process.stdout is not None
    assert process.stderr.readline()
    process.send_signal(number)
    assert process.wait(60) == status
    # The workers hold the other end no longer.
    assert (process.stdout.read(), process.stderr.read()) == (b"", b"")
