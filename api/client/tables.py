"""Answers as rows: all of them at once (`Table`), or one by one as they arrive (`Rows`)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from importlib import import_module
from typing import Any, Final

from api.client.errors import BrokenAnswer, ServerError
from api.client.values import value_of

__all__ = ["Rows", "Table"]

_JSON: Final = json.JSONDecoder()
_BLANKS: Final = " \t\r\n"
_LONGEST: Final = 64_000_000


class Table(list[dict[str, Any]]):
    """Rows as dictionaries by column, in the order of the answer; `pandas.DataFrame(table)` takes them as they are.

    `columns` are the names of the columns, `release` is the release that answered ("" where the answer does not say).
    """

    def __init__(
        self, rows: Iterable[dict[str, Any]] = (), *, columns: Iterable[str] = (), release: str = "", total: int = 0
    ) -> None:
        super().__init__(rows)
        self.columns: tuple[str, ...] = tuple(columns) or tuple(self[0] if self else ())
        self.release = release
        self.total = total or len(self)

    def to_pandas(self) -> Any:
        """A `pandas.DataFrame` with these columns, also where there are no rows; whole numbers stay whole beside gaps.

        Needs pandas.
        """
        return import_module("pandas").DataFrame(list(self), columns=list(self.columns)).convert_dtypes()


class Rows(Iterator[dict[str, Any]]):
    """Rows that are read while they arrive, in bounded memory. Iterate once, or take `table()`.

    `columns` is known at once. An answer that breaks off raises BrokenAnswer, never ends early: beside the transport's
    own check, the JSON of the results must be closed. Close it (or use `with`) when not all rows are wanted. `terms`
    gives the rows as terms (SPARQL results in JSON) instead of values.
    """

    def __init__(self, text: Iterator[str], close: Callable[[], None]) -> None:
        self._text = text
        self._close = close
        self._held = ""
        self._at = 0
        self._first = True
        self._done = False
        try:
            self.columns, self.boolean = self._head()
        except BaseException:
            close()
            raise

    def __next__(self) -> dict[str, Any]:
        row = self._next()
        return {name: value_of(row.get(name)) for name in self.columns}

    def terms(self) -> Iterator[dict[str, dict[str, str] | None]]:
        """The rows as terms, None where nothing is bound."""
        while True:
            try:
                row = self._next()
            except StopIteration:
                return
            yield {name: row.get(name) for name in self.columns}

    def table(self) -> Table:
        """All rows that are still to come."""
        return Table(self, columns=self.columns)

    def close(self) -> None:
        """Let go of the answer; the service stops the query."""
        self._done = True
        self._close()

    def __enter__(self) -> Rows:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _next(self) -> Mapping[str, dict[str, str]]:
        if self._done:
            raise StopIteration
        if self.boolean is not None:
            self.close()
            datatype = "http://www.w3.org/2001/XMLSchema#boolean"
            return {"answer": {"type": "literal", "value": str(self.boolean).lower(), "datatype": datatype}}
        try:
            row = self._row()
        except BaseException:
            self.close()
            raise
        if row is None:
            self.close()
            raise StopIteration
        return row

    def _head(self) -> tuple[tuple[str, ...], bool | None]:
        """`{"head": {…}, "results": {"bindings": [`, or the whole of an ASK."""
        self._expect("{")
        head: dict[str, Any] = {}
        while True:
            name = self._value()
            self._expect(":")
            if name == "head":
                head = self._value()
            elif name == "boolean":
                truth = bool(self._value())
                self._end("}")
                return ("answer",), truth
            elif name == "results":
                self._expect("{")
                if self._value() != "bindings":
                    raise ServerError("not SPARQL results", "expected bindings")
                self._expect(":")
                self._expect("[")
                return tuple(head.get("vars", ())), None
            else:
                self._value()
            self._expect(",")

    def _row(self) -> Mapping[str, dict[str, str]] | None:
        if self._peek() == "]":
            self._expect("]")
            self._end("}}")
            return None
        if not self._first:
            self._expect(",")
        self._first = False
        row: Mapping[str, dict[str, str]] = self._value()
        return row

    def _end(self, closing: str) -> None:
        for letter in closing:
            self._expect(letter)
        # The transport tells only at its end whether the answer was whole.
        for text in (self._held[self._at :], *self._text):
            if text.strip():
                raise ServerError("not SPARQL results", "there is more after their end")

    def _expect(self, letter: str) -> None:
        found = self._peek()
        if found != letter:
            raise ServerError("not SPARQL results", f"expected {letter!r}, not {found!r}")
        self._at += 1

    def _peek(self) -> str:
        while True:
            while self._at < len(self._held):
                if self._held[self._at] not in _BLANKS:
                    return self._held[self._at]
                self._at += 1
            if not self._more():
                raise BrokenAnswer("the answer broke off", "its JSON ends in the middle")

    def _value(self) -> Any:
        self._peek()
        wanted = 0
        while True:
            try:
                value, end = _JSON.raw_decode(self._held, self._at)
            except ValueError:
                pass
            else:
                self._at = end
                return value
            # Incomplete, so more is read; at least as much again, so that a long value is not read over and over.
            held = len(self._held) - self._at
            if held < wanted:
                raise BrokenAnswer("the answer broke off", "its JSON ends in the middle")
            if held > _LONGEST:
                raise ServerError("not SPARQL results", f"one value has more than {_LONGEST} characters")
            wanted = max(wanted * 2, held + 1)
            while len(self._held) - self._at < wanted and self._more():
                pass

    def _more(self) -> bool:
        """Read on; False at the end."""
        text = next(self._text, "")
        self._held, self._at = self._held[self._at :] + text, 0
        return bool(text)
