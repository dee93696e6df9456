"""Document symbols: `A/RES/54/54 B`, `A/RES/2373 (XXII)`, `A/C.1/77/L.40`, `APLC/MSP.19/2021/14`.

The key of a symbol is minted by `ontology.keys.symbol_key`; here a symbol is taken apart, and spelt the official way
or in the ways that people type. Source of the forms: the symbol grammar of the Dag Hammarskjöld Library.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

from ontology.keys import symbol_key

#: No symbol met is longer than 60 characters; longer input is no symbol.
MAX_LENGTH: Final = 120

_ROMAN: Final = r"(?=[IVXLC])(?:C{0,3})(?:XC|XL|L?X{0,3})(?:IX|IV|V?I{0,3})"
_PREFIXED: Final = r"A/RES/|(?:General Assembly )?resolutions? |Res\.? "

_GA_MODERN: Final = re.compile(
    rf"(?P<prefix>{_PREFIXED})?(?P<session>(?:ES-|S-)?\d{{1,3}})/(?P<number>\d{{1,3}})"
    r" ?(?P<letters>[A-Z](?: ?- ?[A-Z])?)?\Z",
    re.IGNORECASE,
)
_GA_ROMAN: Final = re.compile(
    rf"(?P<prefix>{_PREFIXED})?(?P<number>\d{{1,4}})(?: ?(?P<letters>[A-Z](?: ?- ?[A-Z])?))? ?"
    rf"\((?P<session>(?:ES-|S-)?{_ROMAN})\)(?: ?(?P<after>[A-Z]))?\Z",
    re.IGNORECASE,
)
_SC_RESOLUTION: Final = re.compile(r"S/RES/(?P<number>\d{1,4}) ?\((?P<year>\d{4})\)\Z", re.IGNORECASE)
_PART: Final = r"[A-Za-z0-9.*-]+(?: ?\([A-Za-z0-9 .,-]+\))?(?: [A-Z])?"
_GENERAL: Final = re.compile(rf"(?=[^/]*[A-Za-z])[A-Za-z]{{1,10}}(?:/{_PART})+\Z")


@dataclass(frozen=True)
class Symbol:
    """A document symbol in its official spelling, taken apart.

    `organ` is the first part (`A`, `S`, `APLC`). For resolutions of the General Assembly `session` is a number, a
    special session (`S-27`, `ES-11`) or a roman numeral (`XXII`), `number` the number of the resolution and `letters`
    its letter or range of letters; for those of the Security Council `session` is the year. For other documents the
    three are None.
    """

    text: str
    organ: str
    session: str | None = None
    number: int | None = None
    letters: str | None = None

    @property
    def key(self) -> str:
        """The key of the document, as used in IRIs: `a/res/54/54b`."""
        return symbol_key(self.text)

    @property
    def is_resolution(self) -> bool:
        """Whether the symbol is that of a resolution of the General Assembly or the Security Council."""
        return self.number is not None

    @property
    def is_roman(self) -> bool:
        """Whether the session is a roman numeral, as in the symbols before 1976."""
        return self.session is not None and re.fullmatch(r"(?:ES-|S-)?[IVXLC]+", self.session) is not None

    @property
    def short(self) -> str:
        """The symbol as it stands in running text: `54/54 B`, `2373 (XXII)`; the whole symbol for other documents."""
        return self.text.removeprefix("A/RES/").removeprefix("S/RES/") if self.is_resolution else self.text


def parse(text: str) -> Symbol | None:
    """Take a symbol apart, in any usual spelling; None for what is no symbol.

    A bare `77/63` is taken for a resolution of the General Assembly, unless the number is one of a decision
    (from 401 or 501 up in the numbering of decisions): then it could be either, and None is the answer.
    """
    if len(text) > MAX_LENGTH:
        return None
    plain = _plain(text)
    return _modern(plain) or _roman(plain) or _council(plain) or _general(plain)


def official(text: str) -> str | None:
    """The official spelling of a symbol: `resolution 54/54b` gives `A/RES/54/54 B`; None for what is no symbol."""
    symbol = parse(text)
    return None if symbol is None else symbol.text


def spellings(symbol: str | Symbol) -> tuple[str, ...]:
    """The other ways in which people write a symbol, sorted; empty for what is no symbol.

    They serve as hidden labels, so that each of them finds the document. The official spelling is not among them.
    """
    parsed = symbol if isinstance(symbol, Symbol) else parse(symbol)
    if parsed is None:
        return ()
    found = {parsed.text.replace(" ", ""), parsed.text.casefold()}
    if parsed.is_resolution:
        short = parsed.short
        found |= {short, short.replace(" ", ""), f"resolution {short}"}
        if parsed.organ == "A":
            found |= {f"General Assembly resolution {short}", f"Resolution {short}", f"Res. {short}"}
    return tuple(sorted(found - {parsed.text}))


def _plain(text: str) -> str:
    """NFKC, one kind of hyphen and blank, no blanks beside slashes."""
    plain = unicodedata.normalize("NFKC", text).replace("\N{SOFT HYPHEN}", "")
    plain = re.sub(r"[\u2010-\u2015\u2212]", "-", plain)
    plain = re.sub(r"\s+", " ", plain).strip()
    return re.sub(r" ?/ ?", "/", plain)


def _letters(text: str | None) -> str | None:
    return None if text is None else text.upper().replace(" ", "")


def _modern(text: str) -> Symbol | None:
    match = _GA_MODERN.match(text)
    if match is None:
        return None
    session, number = match["session"].upper(), int(match["number"])
    if match["prefix"] is None and number > 400:
        return None
    letters = _letters(match["letters"])
    spelt = f"A/RES/{session}/{number}" + (f" {letters}" if letters else "")
    return Symbol(spelt, "A", session, number, letters)


def _roman(text: str) -> Symbol | None:
    match = _GA_ROMAN.match(text)
    if match is None:
        return None
    letters = _letters(match["letters"] or match["after"])
    session, number = match["session"].upper(), int(match["number"])
    spelt = f"A/RES/{number}" + (f" {letters}" if letters else "") + f" ({session})"
    return Symbol(spelt, "A", session, number, letters)


def _council(text: str) -> Symbol | None:
    match = _SC_RESOLUTION.match(text)
    if match is None:
        return None
    return Symbol(f"S/RES/{int(match['number'])} ({match['year']})", "S", match["year"], int(match["number"]))


def _general(text: str) -> Symbol | None:
    """Any other symbol: an organ and at least one more part, with a digit somewhere; spelt as given."""
    if _GENERAL.match(text) is None or not any(c.isdigit() for c in text):
        return None
    organ = text.partition("/")[0]
    return Symbol(text if any(c.isupper() for c in text) else text.upper(), organ.upper())
