"""Stores elsewhere: `--store KIND:ADDRESS` to serve from one, `--to KIND:ADDRESS` to publish into one.

One module for each kind, named like it, with two functions: `backend(settings, address)`, a back end that answers and
mostly follows what is published (`queries.following.Following`), and `target(settings, address, take_over, notice)`, a
place to publish into (`loaders.publishing.target.Target`). Both raise QueryError or BuildError with one line.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Any, cast

from api.settings import Settings, SettingsError

if TYPE_CHECKING:
    from loaders.publishing.target import Target
    from queries.backend import Backend

__all__ = ["kinds", "open_backend", "open_target"]


def kinds() -> list[str]:
    """The kinds of store that there are."""
    return sorted(module.name for module in iter_modules(__path__))


def open_backend(settings: Settings) -> Backend:
    """The back end for the setting `store`."""
    module, address = _found("store", settings.store)
    return cast("Backend", module.backend(settings, address))


def open_target(
    settings: Settings, to: str, *, take_over: bool = False, notice: Callable[[str], None] = lambda _: None
) -> Target:
    """The place that `--to` names. `take_over`: go on although another publish holds it. `notice` is told what is
    waited for."""
    module, address = _found("--to", to)
    return cast("Target", module.target(settings, address, take_over=take_over, notice=notice))


def _found(option: str, text: str) -> tuple[Any, str]:
    kind, mark, address = text.partition(":")
    if not mark or not address or kind not in kinds():
        forms = " or ".join(f"{one}:ADDRESS" for one in kinds())
        raise SettingsError(f"{option}: expected {forms}, not {_shown(text)!r}")
    return import_module(f"{__name__}.{kind}"), address


def _shown(text: str) -> str:
    """Never a password that somebody wrote into an address."""
    head, at, tail = text.rpartition("@")
    return (f"{head.partition('//')[0]}//…@{tail}" if at else text)[:200]
