"""Ordinal and cardinal numbers in words and digits: `Twenty-first`, `twenty first`, `21st`, `one hundred and third`."""

from __future__ import annotations

import re
from typing import Final

_UNITS: Final = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth")
_TEENS: Final = (
    *("tenth", "eleventh", "twelfth", "thirteenth", "fourteenth", "fifteenth", "sixteenth", "seventeenth"),
    *("eighteenth", "nineteenth"),
)
_TENS: Final = ("twent", "thirt", "fort", "fift", "sixt", "sevent", "eight", "ninet")
_CARDINALS: Final = (
    *("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen"),
    *("fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty"),
)

_BELOW_HUNDRED: Final = (
    {word: number for number, word in enumerate(_UNITS, 1)}
    | {word: number for number, word in enumerate(_TEENS, 10)}
    | {f"{stem}ieth": number * 10 for number, stem in enumerate(_TENS, 2)}
    | {
        f"{stem}y {unit}": tens * 10 + number
        for tens, stem in enumerate(_TENS, 2)
        for number, unit in enumerate(_UNITS, 1)
    }
)
_VALUES: Final = (
    _BELOW_HUNDRED
    | {"hundredth": 100, "one hundredth": 100}
    | {f"one hundred and {word}": 100 + number for word, number in _BELOW_HUNDRED.items()}
)

_WORD = r"(?:{units}|{teens}|(?:{tens})(?:ieth|y[- ](?:{units})))".format(
    units="|".join(_UNITS), teens="|".join(_TEENS), tens="|".join(_TENS)
)

#: An ordinal in any spelling, without groups; to be compiled with IGNORECASE or used inside `(?i:…)`.
ORDINAL: Final = rf"(?i:(?:(?:one )?hundredth|one hundred and {_WORD}|{_WORD}|\d{{1,3}}(?:st|nd|rd|th))(?![\w]))"
#: A whole number in digits or, up to twenty, in words.
CARDINAL: Final = r"(?i:\d{1,3}|" + "|".join(sorted(_CARDINALS, key=len, reverse=True)) + r")(?!\w)"

_DIGITS = re.compile(r"(\d{1,3})(?:st|nd|rd|th)")


def ordinal_value(text: str) -> int | None:
    """`Twenty-first` gives 21; None if the text is no ordinal from 1 to 199 (999 in digits)."""
    plain = " ".join(text.casefold().replace("-", " ").split())
    found = _DIGITS.fullmatch(plain)
    if found:
        return int(found[1]) or None
    return _VALUES.get(plain)


def cardinal_value(text: str) -> int | None:
    """`four` gives 4, `164` gives 164; None for anything else."""
    plain = text.strip().casefold()
    if plain.isascii() and plain.isdigit():
        return int(plain)
    return _CARDINALS.index(plain) + 1 if plain in _CARDINALS else None
