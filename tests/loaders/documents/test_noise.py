"""What extractors do to a page must not change what is read from it."""

import re
import textwrap
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from loaders.documents import extract
from loaders.gazetteer import Gazetteer

SAMPLES = Path(__file__).parent / "samples"
DOCUMENTS = ("resolution", "note_secretary_general", "note_office", "letter")
FURNITURE = {
    "resolution": "\n\n2/3  36-12345\n\f\nImplementation of the Convention on\nthe Prohibition of Tidal Lanterns\n"
    "A/RES/91/17\n\n",
    "note_secretary_general": "\n\nPAGE 2\n\n\f\n",
    "note_office": "\n\n- 2 -\n\n",
    "letter": "\n\n \n2\n\n",
}
PLACES = ("start", "end", "span_start", "span_end", "spans", "entry_into_force_in", "unts_in", "checksum", "name")


def read(text: str) -> dict[str, Any]:
    return extract(text.encode(), name="sample.txt", gazetteer=Gazetteer()).to_json()


def without_places(value: Any, key: str = "") -> Any:
    """The facts alone. `start` and `end` of meetings are dates, those of other items are places."""
    if isinstance(value, dict):
        dates = "span_start" in value
        return {
            name: without_places(member, name)
            for name, member in value.items()
            if name not in PLACES or (dates and name in ("start", "end"))
        }
    return [without_places(member) for member in value] if isinstance(value, list) else value


def wrapped(text: str, name: str) -> str:
    text = re.sub(r"(?<=.{80})\n(?=.)|(?<=^.{80})\n(?=.)", " ", text, flags=re.M)  # what is wrapped already
    return "\n".join(
        textwrap.fill(line, 84, break_on_hyphens=False, break_long_words=False) if len(line) > 84 else line
        for line in text.split("\n")
    )


def cut(text: str, name: str) -> str:
    """A page ends in the middle of every third long paragraph, after a word that is no end of a sentence."""
    out = []
    count = 0
    for paragraph in text.split("\n\n"):
        found = [match for match in re.finditer(r"(?<=[a-z])[ \n](?=[a-z])", paragraph) if 60 < match.start() < 160]
        if len(paragraph) > 170 and found and paragraph[59] != "\n" and len(paragraph.split("\n")[0]) > 60:
            count += 1
            if count % 3 == 1:
                at = found[-1].start()
                out.append(paragraph[:at] + FURNITURE[name] + paragraph[at + 1 :])
                continue
        out.append(paragraph)
    assert count
    return "\n\n".join(out)


def linked(text: str, name: str) -> str:
    text = re.sub(r"(?<![\w/])(\d{2}/\d{1,3})(?![\d/])", r"[\1](#)", text)
    text = re.sub(r"([\w.]+@[\w.]+)", r"[\1](mailto:\1)", text)
    text = re.sub(
        r"^(\d\. )(Urges|Also urges|Further requests|Expresses grave concern|Renews its call upon|Decides)",
        r"\1*\2*",
        text,
        flags=re.M,
    )
    text = re.sub(r"((?:Mon|Fri)day, \d+ \w+ \d{4})", r"**\1**", text)
    return re.sub(r"(Treaty Series)", r"*\1*", text)


def noted(text: str, name: str) -> str:
    """The footnote stands where the page ended: in the middle of a sentence."""
    if "\u00b9 United" not in text:
        return text
    body, note = text.rsplit("\n\n\u00b9", 1)
    at = body.index(" and, pursuant to article 13 (4)")
    return body[:at] + "\n\n\u00b9" + note + "\n" + body[at + 1 :] + "\n"


NOISES: dict[str, Callable[[str, str], str]] = {
    "line ends and byte order mark": lambda text, name: "\ufeff" + text.replace("\n", "\r\n"),
    "non-breaking blanks": lambda text, name: re.sub(r"(?<=\d) (?=[A-Z])", "\u00a0", text).replace(" (", "\u202f("),
    "soft hyphens": lambda text, name: re.sub(r"([a-z]{5})(?=[a-z]{4})", "\\1\u00ad", text),
    "decomposed letters": lambda text, name: unicodedata.normalize("NFD", text),
    "non-breaking hyphens": lambda text, name: re.sub(r"(?<=[a-z])-(?=[a-z])", "\u2011", text),
    "blanks before hyphens": lambda text, name: re.sub(r"(?<=[a-z])-(?=[a-z])", " -", text),
    "trailing and double blanks": lambda text, name: re.sub(r"(?<=[a-z]) (?=[a-z])", "  ", text).replace("\n", "  \n"),
    "hard wraps": wrapped,
    "page break in a sentence": cut,
    "Markdown": linked,
    "footnote in a sentence": noted,
    "all at once": lambda text, name: (
        linked(cut(wrapped(noted(text, name), name) if name == "none" else text, name), name)
        .replace("\n", "\r\n")
        .replace("Prohibition", "Prohi\u00adbition")
    ),
    "wrapped Markdown with footnote": lambda text, name: linked(wrapped(noted(text, name), name), name),
}


@pytest.mark.parametrize("noise", NOISES)
@pytest.mark.parametrize("name", DOCUMENTS)
def test_noise_changes_no_fact(name: str, noise: str) -> None:
    clean = (SAMPLES / f"{name}.txt").read_text(encoding="utf-8")
    noisy = NOISES[noise](clean, name)
    assert without_places(read(noisy)) == without_places(read(clean))


@pytest.mark.parametrize("noise", NOISES)
@pytest.mark.parametrize("name", DOCUMENTS)
def test_spans_still_point_at_the_same_words(name: str, noise: str) -> None:
    clean = (SAMPLES / f"{name}.txt").read_text(encoding="utf-8")
    first = extract(clean, name="a", gazetteer=Gazetteer())
    second = extract(NOISES[noise](clean, name), name="b", gazetteer=Gazetteer())
    for kind in ("resolutions", "provisions", "meetings", "deadlines", "mandates", "people"):
        words = [first.text[item.start : item.end] for item in getattr(first, kind)]
        assert [second.text[item.start : item.end] for item in getattr(second, kind)] == words
