"""The words around a commentary: what stands in place of names that are not kept."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.texts import without_slots


@pytest.mark.parametrize(
    ("kept", "read"),
    [
        ("<artist> sings.", "This artist sings."),
        (
            "On “<title>”, the <artist>’s voice rises. “<title>”’s hook stays.",
            "On this song, this artist’s voice rises. This song’s hook stays.",
        ),
        ("<artist>’ drums, by <Artist>.", "This artist’s drums, by this artist."),
        ("The “<title>” groove; a <artist>-like tune", "This song groove; this artist-like tune"),
        ("Wait… <title>! “<title> and more”", "Wait… This song! “This song and more”"),
        ("Nothing to put in, <b>", "Nothing to put in, <b>"),
    ],
)
def test_names_that_were_not_kept_are_read_as_what_they_stand_for(kept: str, read: str) -> None:
    assert without_slots(kept) == read


@given(st.lists(st.sampled_from(["<title>", "<artist>", "“", "”", "’", "s", " ", "the ", "<", ">", "."])).map("".join))
def test_no_slot_is_left(text: str) -> None:
    once = without_slots(text)
    assert not {"<title>", "<artist>"} & {once[i : i + n] for n in (7, 8) for i in range(len(once))}
    assert without_slots(once) == once
