"""With what verb a paragraph opens, and the force of it.

The phrase is the italic one where the source shows italics; else the longest that the code list `force` and its adverbs
yield. A verb that is in no list is named by its form, without a force.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Final

from ontology.schema import load_schema

_MOST_WORDS: Final = 9
_WORD = re.compile(r"[^\W\d_][\w'\u2019-]*")
_LEAD = re.compile(r"(?:\d{1,3}\.\s*|\([a-z]{1,4}\)\s*)?[\"\u201c\u2018]?\s*")
#: What may follow a known phrase and still belongs to it: `with deep satisfaction`, `once again`, `in particular`.
_TAIL = re.compile(
    r"(?:,? (?:also|further|again|once again|moreover|strongly|urgently|specifically|hereby|explicitly|in particular|"
    r"with (?:(?:deep|great|grave|serious|profound|particular|keen|growing|much|special|strong|utmost) ){0,2}"
    r"(?:satisfaction|appreciation|concern|regret|interest|alarm|gratitude|dismay|approval|respect|sadness)))(?![\w-])"
)
_FORM = re.compile(
    r"(?:(?:Also|Further|Again|Once again|Deeply|Strongly|Gravely|Seriously|Fully|Firmly|Urgently|Particularly|Greatly|"
    r"Highly|Hereby|Profoundly|Solemnly) )?(?:[A-Z]?[a-z]{2,20}(?:s|ing|ed))(?![\w-])"
)


@dataclass(frozen=True, slots=True)
class Opening:
    """The verb phrase of a paragraph: as printed, where, and its force (None: not in the list)."""

    start: int
    end: int
    phrase: str
    force: str | None


def opening(text: str, start: int, end: int, emphasis: tuple[tuple[int, int], ...] = ()) -> Opening | None:
    """The opening of the paragraph in a span; None if it begins with no verb."""
    lead = _LEAD.match(text, start, end)
    begin = lead.end() if lead else start
    shown = next((span for span in emphasis if begin <= span[0] <= begin + 1 and span[1] <= end), None)
    if shown is not None:
        phrase = text[slice(*shown)].strip(" ,")
        if 0 < len(phrase.split()) <= _MOST_WORDS:
            return Opening(shown[0], shown[0] + len(phrase), phrase, force_of(phrase) or None)
    stop = _known_end(text, begin, end)
    if stop is None:
        form = _FORM.match(text, begin, end)
        if form is None:
            return None
        stop = form.end()
    for _ in range(2):
        tail = _TAIL.match(text, stop, end)
        stop = tail.end() if tail else stop
    phrase = " ".join(text[begin:stop].split())
    return Opening(begin, stop, phrase, force_of(phrase) or None)


def force_of(phrase: str) -> str | None:
    """The force of a phrase: of itself, of its longest known beginning, or of its present tense (`agreed to`)."""
    words = _WORD.findall(phrase.casefold().replace("\u2019", "'"))
    verbs = _verbs()
    for count in range(min(len(words), _MOST_WORDS), 0, -1):
        for first in _present(words[0]):
            found = verbs.get(" ".join((first, *words[1:count])))
            if found is not None:
                return found
    for at in range(1, min(len(words), 3)):  # an adverb that the list does not know stands first
        if words[at - 1].endswith("ly") and " ".join(words[at:]) in verbs:
            return verbs[" ".join(words[at:])]
    return None


@cache
def _verbs() -> dict[str, str]:
    return dict(load_schema().verbs)


def _present(verb: str) -> tuple[str, ...]:
    if not verb.endswith("ed"):
        return (verb,)
    return (verb, verb[:-1] + "s", verb[:-2] + "s")


def _known_end(text: str, start: int, end: int) -> int | None:
    """Where the longest known phrase that begins here ends."""
    words: list[tuple[int, int, str]] = []
    stop = None
    for match in _WORD.finditer(text, start, min(end, start + 160)):
        if match.start() != (words[-1][1] + 1 if words else start) and not (words and text[words[-1][1]] == ","):
            break
        words.append((match.start(), match.end(), match[0].casefold().replace("\u2019", "'")))
        if len(words) > _MOST_WORDS:
            break
        if " ".join(word for _, _, word in words) in _verbs():
            stop = match.end()
    return stop


_ACTING = re.compile(r"(?<![\w-])\[?(?P<first>[A-Za-z])\]?(?P<rest>[a-z]{2,15}(?:s|ed)(?: upon)?)(?![\w-])")


def verb_after(text: str, start: int, end: int, forces: frozenset[str] | None = None) -> Opening | None:
    """The first verb of a span that has a force (one of `forces`), in any tense: `requested`, `“[r]equests`."""
    for match in _ACTING.finditer(text, start, end):
        phrase = match["first"] + match["rest"]
        words = (phrase, phrase.removesuffix(" upon"))
        for word in dict.fromkeys(words):
            force = force_of(word)
            if force is not None and (forces is None or force in forces):
                return Opening(match.start(), match.end() - len(phrase) + len(word), word, force)
    return None
