"""What an operator can set: name, default, unit and a sentence for each.

Values come from the command line, then from environment variables `TREATYGRAPH_{NAME}`. An environment variable with
our prefix that no setting knows is an error: a misspelled limit must not be a limit that is silently absent.
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Mapping
from ipaddress import ip_network
from pathlib import Path
from typing import Any, Final, Literal

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from queries.federation.federation import listed_endpoints

__all__ = ["PREFIX", "Settings", "SettingsError", "load_settings"]

PREFIX: Final = "TREATYGRAPH_"
_PATH: Final = re.compile(r"(?:/[A-Za-z0-9._~!$&'()*+,;=:@%-]+)+")


class SettingsError(Exception):
    """A setting is unknown or has a value that it cannot have; the text is one line."""


class Settings(BaseSettings):
    """All settings of the service. Units stand in the names."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="forbid", frozen=True)

    release: Path = Field(
        Path("release"), description="Directory of releases, as written by `treatygraph build --out`."
    )
    data: Path = Field(
        Path("data"), description="Directory of curated data: what `build` reads, whose tables `validate` knows."
    )
    store: str = Field(
        "",
        description="A store elsewhere that is served instead of a release directory: `sparql:https://…`, `fluree:/…`.",
    )
    accept_licence: str = Field(
        "", description="Licence of an optional engine that you accept: `BUSL-1.1` for Fluree; remembered by the store."
    )
    store_engine: Literal["generic", "oxigraph", "virtuoso"] = Field(
        "generic", description="What engine that store is: `generic`, `oxigraph` or `virtuoso`."
    )
    store_update: str = Field("", description="Address that takes updates, for `publish`; else the engine's own.")
    store_graphs: str = Field("", description="Address that takes whole graphs, for `publish`; else the engine's own.")
    store_union: str = Field("", description="Request parameter that widens the default graph by all named graphs.")
    store_release: str = Field(
        "", description="Name of the release in that store, where it was not put there by `publish` and never changes."
    )
    store_auth: Literal["none", "basic", "digest", "bearer"] = Field(
        "none", description="How the store is told who asks: `none`, `basic`, `digest` or `bearer`."
    )
    store_user: str = Field("", description="User for the store; only from the environment.")
    store_password: SecretStr | None = Field(None, description="Password for the store; only from the environment.")
    store_token: SecretStr | None = Field(None, description="Bearer token; only from the environment.")
    cache_dir: Path | None = Field(
        None,
        description="Directory where `validate` keeps what it has read; by default `treatygraph` in the user's caches.",
    )
    host: str = Field("127.0.0.1", min_length=1, description="Address to listen on; `0.0.0.0` for every interface.")
    port: int = Field(8000, ge=0, le=65535, description="Port to listen on; 0 takes a free one.")
    root_path: str = Field("", description="Path under which a reverse proxy publishes the service, such as `/tg`.")
    workers: int = Field(
        4, ge=1, le=256, description="Worker processes that answer queries: how many run at the same time."
    )
    max_memory_mb: int = Field(
        1024, ge=64, le=1_048_576, description="Memory in MiB that one query may take beyond that of the opened store."
    )
    store_memory_mb: int = Field(
        1024,
        ge=0,
        le=1_048_576,
        description="Memory in MiB for a copy of the store that workers share; 0, or a larger store: read from disk.",
    )
    queue_size: int = Field(32, ge=0, le=10_000, description="Queries that may wait for a worker; more are sent away.")
    queue_wait_s: float = Field(2.0, ge=0, le=60, description="Seconds that a query waits for a worker at most.")
    timeout_s: float = Field(60.0, gt=0, le=3600, description="Seconds that one query may take.")
    grace_s: float = Field(
        5.0, ge=0, le=600, description="Seconds that running answers get when the service is stopped."
    )
    watch_s: float = Field(
        1.0, ge=0, le=3600, description="Seconds between two looks for a new release; 0 never looks."
    )
    cache_mb: int = Field(64, ge=0, le=65_536, description="Memory in MiB for answers that are kept; 0 keeps none.")
    compress: bool = Field(True, description="Send text compressed (gzip) to clients that accept it.")
    rate_per_minute: int = Field(
        0, ge=0, description="Requests a minute that one client address may send; 0 sets no limit."
    )
    trusted_proxies: str = Field(
        "", description="Addresses or networks of reverse proxies whose X-Forwarded headers count, with commas."
    )
    federation: str = Field(
        "", description="Addresses of SPARQL endpoints that queries may ask by SERVICE, with commas; none by default."
    )
    access_log: bool = Field(False, description="Write a line of JSON to stderr for each request.")
    operator_token: SecretStr | None = Field(
        None, min_length=16, description="The operator's secret for `/queries`; only from the environment."
    )
    max_query_chars: int = Field(200_000, ge=1, description="Longest query text accepted, in characters.")
    max_upload_bytes: int = Field(10_000_000, ge=1, description="Largest request body accepted, in bytes.")
    max_url_bytes: int = Field(32_000, ge=200, le=60_000, description="Longest path with query string, in bytes.")
    max_head_bytes: int = Field(
        65_536, ge=1024, le=1_048_576, description="Largest head of a request, address included, in bytes."
    )
    max_connections: int = Field(
        1000, ge=1, le=100_000, description="Connections open at the same time; a new one then displaces a waiting one."
    )
    head_s: float = Field(
        10.0, gt=0, le=600, description="Seconds from a connection's opening to a request's whole head."
    )
    body_s: float = Field(60.0, gt=0, le=3600, description="Seconds that the body of a request may take to arrive.")
    stall_s: float = Field(
        30.0, gt=0, le=3600, description="Seconds in which a client must take at least 16 KiB of what waits for it."
    )
    keep_alive_s: float = Field(
        5.0, gt=0, le=3600, description="Seconds that a connection is kept for the next request after an answer."
    )
    page_limit: int = Field(100, ge=1, description="Entries of a list when the client names no `limit`.")
    max_page_limit: int = Field(1000, ge=1, description="Largest `limit` that a client may name.")
    max_table_rows: int = Field(1000, ge=1, description="Rows of a query result shown on a page; downloads hold all.")
    lineage_depth: int = Field(6, ge=1, description="Steps of lineage followed when the client names no `depth`.")
    max_lineage_depth: int = Field(30, ge=1, description="Largest `depth` that a client may name.")
    max_lineage_nodes: int = Field(
        1000, ge=2, description="Things in one lineage answer; beyond it, `truncated` is true."
    )
    debug: bool = Field(False, description="Show the traceback of an unexpected error on stderr.")

    @field_validator("root_path")
    @classmethod
    def _path(cls, value: str) -> str:
        """Without the slash at the end, which most people write."""
        path = value.strip().rstrip("/")
        if path and _PATH.fullmatch(path) is None:
            raise ValueError("expected a path that begins with a slash, such as /tg")
        return path

    @field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, value: str) -> str:
        """A misspelled proxy must not be a proxy that is silently not trusted, nor must everybody be one."""
        for part in filter(None, (part.strip() for part in value.split(","))):
            ip_network(part)
        return value.strip()

    @field_validator("federation")
    @classmethod
    def _endpoints(cls, value: str) -> str:
        """What is no address of an endpoint must not be one that silently never matches."""
        return ",".join(listed_endpoints(value))


def load_settings(environ: Mapping[str, str] | None = None, **given: Any) -> Settings:
    """Read the settings: given values, then the environment, then the defaults.

    Args:
        environ: the environment to check for unknown names; the process's own when absent.
        given: values from the command line; those that are None were not given.

    Raises:
        SettingsError: an unknown `TREATYGRAPH_…` variable or an impossible value.
    """
    known = {f"{PREFIX}{name}".upper() for name in Settings.model_fields}
    for variable in sorted(os.environ if environ is None else environ):
        name = variable.upper()
        if name.startswith(PREFIX) and name not in known:
            close = difflib.get_close_matches(name, sorted(known), n=1)
            hint = f"; did you mean {close[0]}?" if close else ""
            raise SettingsError(f"environment: {variable} is not a setting{hint}")
    try:
        return Settings(**{name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        secret = "SecretStr" in str(getattr(Settings.model_fields.get(name), "annotation", ""))  # no log is to hold it
        given_as = "" if secret else f" (given: {first['input']!r})"
        raise SettingsError(f"setting {name}: {first['msg'].removeprefix('Value error, ')}{given_as}") from None
