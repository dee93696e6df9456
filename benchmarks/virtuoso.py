"""Virtuoso 7 as Debian packages it: configured for the loopback interface only, loaded once, kept in the cache.

Its default graph is the union of all, so the canonical graph has a name here, which each query gives as its default.
"""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import urlencode

from benchmarks.engines import LOOPBACK, VIRTUOSO
from benchmarks.progress import say
from benchmarks.servers import Server, free_port, running

SERVER: Final = "virtuoso-t"
CLIENT: Final = "isql-vt"
_CANONICAL: Final = "https://w3id.org/treatygraph/graph/canonical"
_SECRET: Final = "benchmark"
#: Pages of 8 KiB in memory: a third of a gigabyte, or two for graphs of several million statements.
_BUFFERS, _MANY_BUFFERS, _MANY = 40_000, 250_000, 3_000_000
_CONFIGURATION: Final = """
[Database]
DatabaseFile = db/virtuoso.db
ErrorLogFile = db/virtuoso.log
LockFile = db/virtuoso.lck
TransactionFile = db/virtuoso.trx
xa_persistent_file = db/virtuoso.pxa
ErrorLogLevel = 7
FileExtend = 200
MaxCheckpointRemap = 2000
TempStorage = TempDatabase
[TempDatabase]
DatabaseFile = db/virtuoso-temp.db
TransactionFile = db/virtuoso-temp.trx
MaxCheckpointRemap = 2000
[Parameters]
ServerPort = {host}:{sql}
DisableUnixSocket = 1
MaxClientConnections = 20
CheckpointInterval = 60
DirsAllowed = {folder}, {data}
CaseMode = 2
MaxMemPoolSize = 200000000
MaxQueryMem = 2G
VectorSize = 1000
MaxVectorSize = 1000000
ThreadsPerQuery = 4
AsyncQueueMaxThreads = 10
NumberOfBuffers = {buffers}
MaxDirtyBuffers = {dirty}
[HTTPServer]
ServerPort = {host}:{http}
ServerRoot = vsp
ServerThreads = 20
MaxKeepAlives = 20
KeepAliveTimeout = 60
EnabledDavVSP = 0
[URIQA]
DefaultHost = {host}:{http}
[SPARQL]
ResultSetMaxRows = 2000000
MaxQueryExecutionTime = 60
"""


def missing() -> str | None:
    """Why it cannot take part on this machine; None where it can."""
    lacking = [name for name in (SERVER, CLIENT) if shutil.which(name) is None]
    return f"{' and '.join(lacking)} not found (Debian: virtuoso-opensource-7)" if lacking else None


@contextmanager
def virtuoso(folder: Path, nquads: Path, statements: int) -> Iterator[Server]:
    """Start it on a graph, which is loaded first where it is not yet. Raises RuntimeError, OSError."""
    loaded = folder / "loaded"
    if not loaded.is_file():
        _load(folder, nquads, statements)
    http = _configure(folder, nquads, statements)[1]
    path = f"/sparql?{urlencode({'default-graph-uri': _CANONICAL})}"
    with running(VIRTUOSO, [SERVER, "+configfile", "virtuoso.ini", "+foreground"], http, path, folder=folder) as server:
        yield server


def _configure(folder: Path, nquads: Path, statements: int) -> tuple[int, int]:
    buffers = _MANY_BUFFERS if statements > _MANY else _BUFFERS
    sql, http = free_port(), free_port()
    text = _CONFIGURATION.format(
        host=LOOPBACK, sql=sql, http=http, folder=folder, data=nquads.parent, buffers=buffers, dirty=buffers * 3 // 4
    )
    (folder / "virtuoso.ini").write_text(text, encoding="utf-8")
    (folder / "db" / "virtuoso.lck").unlink(missing_ok=True)
    return sql, http


def _load(folder: Path, nquads: Path, statements: int) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    for name in ("db", "vsp"):
        (folder / name).mkdir(parents=True)
    _configure(folder, nquads, statements)
    # Sets the password and exits; it says that it was terminated.
    subprocess.run(
        [SERVER, "+configfile", "virtuoso.ini", "+foreground", "+wait", "+pwdold", "dba", "+pwddba", _SECRET],
        cwd=folder, capture_output=True, timeout=120, check=False,
    )  # fmt: skip
    sql, http = _configure(folder, nquads, statements)
    say(f"  {VIRTUOSO}: load {statements:,} statements")
    began = time.monotonic()
    with running(VIRTUOSO, [SERVER, "+configfile", "virtuoso.ini", "+foreground"], http, "/sparql", folder=folder):
        script = (
            f"ld_dir('{nquads.parent}', '{nquads.name}', '{_CANONICAL}');\n"
            "rdf_loader_run();\ncheckpoint;\n"
            "SELECT ll_error FROM DB.DBA.LOAD_LIST WHERE ll_error IS NOT NULL;\n"
        )
        done = subprocess.run(
            [CLIENT, f"{LOOPBACK}:{sql}", "dba", _SECRET, "VERBOSE=OFF", "BANNER=OFF", "ERRORS=STDOUT"],
            input=script, text=True, capture_output=True, timeout=3600, check=False,
        )  # fmt: skip
    if done.returncode or "Error" in done.stdout:
        raise RuntimeError(f"{VIRTUOSO}: loading failed: {(done.stdout + done.stderr).strip()[-400:]}")
    (folder / "loaded").write_text(f"{time.monotonic() - began:.1f}\n", encoding="utf-8")
    say(f"  {VIRTUOSO}: loaded in {time.monotonic() - began:.0f} s")
