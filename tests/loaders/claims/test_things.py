"""The keys of meetings and posts, taken apart."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loaders.things import MeetingKey, listed, treaty_of
from ontology.keys import code, meeting_key, thing

KINDS = ["msp", "rc", "im", "pm", "amendment-conference"]


@pytest.mark.parametrize(
    ("key", "parts"),
    [
        ("ctl-msp-7", ("ctl", "msp", 7)),
        ("ctl-im-2031", ("ctl", "im", 2031)),
        ("treaty-on-quiet-harbours-rc-3", ("treaty-on-quiet-harbours", "rc", 3)),
        ("ctl-amendment-conference-1", ("ctl", "amendment-conference", 1)),
        ("ga-77-plenary-46", ("ga-77", "plenary", 46)),
    ],
)
def test_a_meeting_key_says_treaty_kind_and_number(key: str, parts: tuple[str, str, int]) -> None:
    name = MeetingKey.parse(key)
    assert name is not None
    assert (name.treaty, name.kind, name.number) == parts


@pytest.mark.parametrize("key", ["ctl-rc-1-pm-1", "ctl-msp-7-lamp-viewing", "ctl", "", "ctl-ball-3", "msp-7"])
def test_another_key_says_nothing(key: str) -> None:
    assert MeetingKey.parse(key) is None
    assert treaty_of(key) is None


_code = st.from_regex(r"[a-z]{2,6}(-[a-z]{4,8}){0,3}", fullmatch=True)


@given(_code, st.sampled_from(KINDS), st.integers(1, 9999))
def test_what_is_minted_is_read_back(treaty: str, kind: str, number: int) -> None:
    name = MeetingKey.parse(meeting_key(treaty, kind, number))
    assert name is not None
    assert (name.kind, name.number) == (kind, number)
    assert treaty_of(meeting_key(treaty, kind, number)) == thing("treaty", name.treaty)


def test_a_code_is_not_made_up() -> None:
    assert listed("manner", "in accordance with") == code("manner", "in-accordance-with")
    assert listed("manner", "in spite of") is None
