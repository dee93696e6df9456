"""deploy/Dockerfile, as far as it can be tried without an engine for containers."""

from __future__ import annotations

import fnmatch
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from api.settings import PREFIX, Settings

if TYPE_CHECKING:
    from tests.api.conftest import Server

ROOT = Path(__file__).parents[2]


def steps() -> list[tuple[str, str]]:
    """The instructions, each with its arguments in one line."""
    text = (ROOT / "deploy" / "Dockerfile").read_text(encoding="utf-8")
    text = re.sub(r"^#.*\n", "", text, flags=re.MULTILINE).replace("\\\n", " ")
    found = [line.split(maxsplit=1) for line in text.splitlines() if line.strip()]
    return [(name, " ".join(rest.split())) for name, rest in found]


def sent(path: str) -> bool:
    """Whether .dockerignore lets a path of the checkout through: the last line that fits it decides."""
    shown = True
    for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines():
        if not line or line.startswith("#"):
            continue
        pattern = line.removeprefix("!").removeprefix("**/")
        parts = Path(path).parts
        beginnings = ["/".join(parts[: n + 1]) for n in range(len(parts))] + list(parts)
        if any(fnmatch.fnmatch(beginning, pattern) for beginning in beginnings):
            shown = line.startswith("!")
    return shown


def test_what_is_copied_is_there_and_is_sent() -> None:
    copies = [rest.split()[:-1] for name, rest in steps() if name == "COPY" and not rest.startswith("--from")]
    copied = [source for sources in copies for source in sources]
    for source in copied:
        assert (ROOT / source).exists(), source
        assert sent(source), f".dockerignore keeps {source} back"
    for secret in (".git/config", ".env", ".venv/bin/python", "release/current", "tests/conftest.py", "api/x.pyc"):
        assert not sent(secret), f".dockerignore lets {secret} through"
    # The four packages and the data, whatever else comes to them.
    assert {"ontology", "loaders", "queries", "api", "data"} <= set(copied)


def test_two_stages_and_no_rights() -> None:
    names = [name for name, _ in steps()]
    assert names.count("FROM") == 2
    last = steps()[len(names) - 1 - names[::-1].index("FROM") :]
    (user,) = [rest for name, rest in last if name == "USER"]
    assert user.isdigit(), "a number, so that it can be known for not being root"
    assert int(user) >= 1000
    assert not {"ARG", "ADD", "VOLUME"} & set(names), "no argument could be a secret, nothing comes from an address"
    assert not [rest for _, rest in steps() if "--mount=type=secret" in rest or "curl" in rest or "wget" in rest]
    installed = [rest for name, rest in last if name == "RUN"]
    assert not [rest for rest in installed if "pip" in rest or "venv" in rest or "gcc" in rest]


def test_the_settings_it_makes_are_settings() -> None:
    known = {f"{PREFIX}{name.upper()}" for name in Settings.model_fields}
    text = " ".join(rest for name, rest in steps() if name == "ENV")
    named = set(re.findall(rf"{PREFIX}[A-Z_]+", text))
    assert named
    assert named <= known


def test_the_health_check_tells_a_living_service_from_a_dead_one(server: Server) -> None:
    (check,) = [rest for name, rest in steps() if name == "HEALTHCHECK"]
    program, *arguments = json.loads(check.partition("CMD ")[2])
    assert program == "python3"

    def exits(port: int) -> int:
        environment = {"TREATYGRAPH_PORT": str(port)}
        return subprocess.run([sys.executable, *arguments], env=environment, capture_output=True, timeout=60).returncode

    assert exits(urlsplit(server.address).port or 0) == 0
    assert exits(1) != 0
