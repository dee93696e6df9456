"""Pages: one template environment, one place where an IRI becomes a link.

Everything is escaped by the environment; nothing is marked safe but pictures that we drew ourselves. Pages need no
script and call no other host.
"""

from __future__ import annotations

import asyncio
import re
from functools import cached_property
from hashlib import sha256
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, urlencode, urlsplit

from starlette.requests import Request

from api import links
from ontology.keys import key_of

if TYPE_CHECKING:
    from jinja2 import Environment

__all__ = ["Site"]

STYLE: Final = "style.css"
_LONG: Final = 110


class Site:
    """Renders pages."""

    def __init__(self, *, release: str, version: str) -> None:
        self.style = files("api").joinpath("static", STYLE).read_bytes()
        # The name of the style sheet changes with its content, so that browsers may keep it for ever.
        self.style_name = f"style-{sha256(self.style).hexdigest()[:12]}.css"
        #: The release that is named on the pages.
        self.release = release
        self._version = version

    @cached_property
    def _environment(self) -> Environment:
        """Made for the first page: its library takes a while to load."""
        from jinja2 import Environment, PackageLoader, StrictUndefined

        environment = Environment(
            loader=PackageLoader("api", "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
        )
        environment.globals |= {"version": self._version, "style_name": self.style_name}
        environment.filters |= {
            "compact": links.compact,
            "key": key_of,
            "sentence_case": _sentence_case,
            "words": _words,
            "brief": _brief,
        }
        return environment

    def serve(self, release: str) -> None:
        """Another release is named on the pages from now on."""
        self.release = release

    def render(self, request: Request, template: str, **values: Any) -> str:
        """Render a page. `url` and `href` in the templates know the path under which a proxy publishes us."""
        root: str = request.scope.get("root_path", "").rstrip("/")

        def url(path: str, **parameters: Any) -> str:
            given = {name: value for name, value in parameters.items() if value not in (None, "")}
            return (
                root + quote(path, safe="/~@:!$&'()*+,;=-._#%?") + (f"?{urlencode(given, doseq=True)}" if given else "")
            )

        def href(iri: str) -> str | None:
            found = links.link(iri)
            return root + found if found and found.startswith("/") else found

        page = self._environment.get_template(template)
        return str(page.render({"url": url, "href": href, "path": request.url.path, "release": self.release, **values}))

    async def page(self, request: Request, template: str, **values: Any) -> str:
        """The same in a thread: a page with a thousand rows would hold up the event loop."""
        return await asyncio.to_thread(self.render, request, template, **values)


def _words(name: str) -> str:
    """`endDate` and `end_date` as `end date`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|_", " ", name).lower()


def _brief(label: str) -> str:
    """A citation that is a web address, by its host; any other label, cut when it is very long."""
    if label.startswith(("http://", "https://")):
        try:
            host = urlsplit(label.split(maxsplit=1)[0]).hostname or ""
        except ValueError:
            host = ""
        return host.removeprefix("www.") or label[:60]
    return label if len(label) <= _LONG else f"{label[:_LONG].rsplit(' ', 1)[0]} …"


def _sentence_case(text: str) -> str:
    return text[:1].upper() + text[1:]
