"""Lists that come in pages: `limit`, `cursor` and the `Link` header (RFC 8288)."""

from __future__ import annotations

from urllib.parse import urlencode

from starlette.requests import Request

from api.problems import Problem
from api.settings import Settings

__all__ = ["next_link", "one_of", "positive", "text_of", "window"]

_LONGEST = 500


def text_of(request: Request, name: str) -> str | None:
    """A parameter of the address; None when it is absent or empty.

    Raises:
        Problem: `bad-request` when it is given twice or too long.
    """
    values = [value for value in request.query_params.getlist(name) if value.strip()]
    if len(values) > 1:
        raise Problem("bad-request", f"{name}: given {len(values)} times; give it once")
    if values and len(values[0]) > _LONGEST:
        raise Problem("bad-request", f"{name}: at most {_LONGEST} characters")
    return values[0].strip() if values else None


def positive(request: Request, name: str, default: int, most: int, least: int = 1) -> int:
    """A whole number of the address between `least` and `most`.

    Raises:
        Problem: `bad-request`, which names the parameter.
    """
    text = text_of(request, name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) < 10 and least <= int(text) <= most):
        raise Problem("bad-request", f"{name}: expected a whole number from {least} to {most}, not {text[:40]!r}")
    return int(text)


def one_of(request: Request, name: str, known: tuple[str, ...], default: str | None = None) -> str | None:
    """A word of the address out of a list.

    Raises:
        Problem: `bad-request`, which tells the list.
    """
    text = text_of(request, name)
    if text is not None and text not in known:
        raise Problem("bad-request", f"{name}: expected one of {', '.join(known)}, not {text[:40]!r}")
    return text or default


def window(request: Request, settings: Settings) -> tuple[int, int]:
    """Where the page of a list starts and how many entries it has."""
    limit = positive(request, "limit", min(settings.page_limit, settings.max_page_limit), settings.max_page_limit)
    return positive(request, "cursor", 0, 999_999_999, least=0), limit


def next_link(request: Request, cursor: str | None) -> dict[str, str]:
    """The `Link` header to the next page; none at the end."""
    if cursor is None:
        return {}
    fields = [(name, value) for name, value in request.query_params.multi_items() if name != "cursor"]
    root = str(request.scope.get("root_path", "")).rstrip("/")
    path = request.url.path.removeprefix(root)
    return {"link": f'<{root}{path}?{urlencode([*fields, ("cursor", cursor)])}>; rel="next"'}
