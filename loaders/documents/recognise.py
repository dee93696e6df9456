"""Of which kind a document is, by evidence. Too little evidence, or evidence for two kinds, is Unknown."""

from __future__ import annotations

import re
from typing import Final

from loaders.text import NormalisedText

RESOLUTION: Final = "Resolution"
NOTE: Final = "NoteVerbale"
LETTER: Final = "Letter"
UNKNOWN: Final = "Unknown"

#: Marks of each kind; every mark of the first list must be there, and one of the second.
_MARKS: Final = {
    RESOLUTION: (
        (re.compile(r"^The General Assembly,?$", re.M),),
        (
            re.compile(r"^\[?Resolutions? adopted by the General Assembly", re.M | re.I),
            re.compile(r"^(?:A/RES/\S+ ?|\d{1,4}(?:/\d{1,4}| ?\([IVXLC]+\))(?: [A-Z])?\. )", re.M),
            re.compile(r"^\d{1,4}(?:st|nd|rd|th) (?:\(resumed\) )?plenary meeting,?$", re.M),
        ),
    ),
    NOTE: (
        (re.compile(r"(?<!\w)presents? (?:its|his|her|their) compliments to(?!\w)"),),
        (
            re.compile(r"(?<!\w)avails? (?:itself|himself|herself|themselves) of this opportunity"),
            re.compile(r"(?<!\w)ha(?:s|ve) the (?:further )?honou?r"),
        ),
    ),
    LETTER: (
        (re.compile(r"^(?:Your )?(?:Excellenc(?:y|ies)|Dear|Sir|Madam|Mr\. |Ms\. )[^\n]{0,120}[,:]$", re.M),),
        (
            re.compile(
                r"^(?:Yours (?:sincerely|faithfully|truly)|Sincerely(?: yours)?|With (?:my )?best regards)[,.]?$",
                re.M | re.I,
            ),
            re.compile(r"^(?:Please )?accept,? [^\n]{0,80}assurances? of my", re.M | re.I),
            re.compile(r"^\(Signed\) ", re.M),
        ),
    ),
}


def recognise(source: NormalisedText) -> str:
    """Resolution, NoteVerbale, Letter or Unknown.

    A resolution of another organ is Unknown: this project reads the Assembly's.
    """
    found = [
        kind
        for kind, (needed, enough) in _MARKS.items()
        if all(mark.search(source.text) for mark in needed) and any(mark.search(source.text) for mark in enough)
    ]
    return found[0] if len(found) == 1 else UNKNOWN
