"""Stores that speak SPARQL 1.1: `sparql:https://host/query`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from api.settings import Settings, SettingsError
from queries.endpoint import Login
from queries.engines import ENGINES, Engine
from queries.following import Following
from queries.published import PublishedBackend
from queries.remote import RemoteBackend

if TYPE_CHECKING:
    from loaders.publishing.sparql import SparqlTarget

__all__ = ["backend", "target"]


def backend(settings: Settings, address: str) -> RemoteBackend | Following:
    """What answers from the store at an address."""
    engine, login = _engine(settings), _login(settings)
    if settings.store_release:
        return RemoteBackend(
            address, release=settings.store_release, timeout_s=settings.timeout_s, engine=engine, login=login
        )
    return PublishedBackend(address, timeout_s=settings.timeout_s, engine=engine, login=login)


def target(
    settings: Settings, address: str, *, take_over: bool = False, notice: Callable[[str], None] = lambda _: None
) -> SparqlTarget:
    """Where a release is published to; `address` is that of queries."""
    from loaders.publishing.sparql import SparqlTarget

    engine = _engine(settings)
    update = settings.store_update or engine.update_url(address)
    if not update:
        raise SettingsError(f"setting store_update: the engine {engine.name} has no usual address for updates; name it")
    return SparqlTarget(
        address,
        update,
        settings.store_graphs or engine.graphs_url(address),
        engine=engine,
        login=_login(settings),
        take_over=take_over,
        notice=notice,
    )


def _engine(settings: Settings) -> Engine:
    engine = ENGINES[settings.store_engine]
    return replace(engine, union_parameter=settings.store_union) if settings.store_union else engine


def _login(settings: Settings) -> Login:
    password = settings.store_password.get_secret_value() if settings.store_password else ""
    token = settings.store_token.get_secret_value() if settings.store_token else ""
    needed = {"basic": "store_user", "digest": "store_user", "bearer": "store_token"}.get(settings.store_auth)
    if (needed == "store_user" and not settings.store_user) or (needed == "store_token" and not token):
        raise SettingsError(f"setting {needed}: store_auth {settings.store_auth} needs it; set it in the environment")
    return Login(settings.store_auth, settings.store_user, password, token)
