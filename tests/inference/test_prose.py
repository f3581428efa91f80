"""What is read has its names, capitals and marks in their places, whatever the names hold."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.prose import Names, clean_name, finish

NAMES = Names.of("Nina Simone", "Sinnerman")


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("<title> glows.", "“Sinnerman” glows."),
        ("<artist> glows", "Nina Simone glows."),
        ("<artist>'s piano glows.", "Nina Simone’s piano glows."),
        ("hear <title>'s piano glow!", "Hear “Sinnerman”’s piano glow!"),
        ("it glows , and it doesn't stop .", "It glows, and it doesn’t stop."),
        ("how does it glow? it just does.", "How does it glow? It just does."),
        ("it glows — softly,", "It glows — softly."),
        ('a "warm" glow', "A “warm” glow."),
        ("a dj-led, r&b tinged edm groove", "A DJ-led, R&B tinged EDM groove."),
        ("it is what i'd call latin moog music", "It is what I’d call Latin Moog music."),
        ("rock 'n' roll 'til dawn", "Rock ’n’ roll ’til dawn."),
        ("", "."),
    ],
)
def test_sentences_are_finished(text: str, read: str) -> None:
    assert finish(text, NAMES) == read


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("a organ and an piano", "An organ and a piano."),
        ("it takes a hour, a honest one", "It takes an hour, an honest one."),
        ("an unique and an one-off, a uneasy union", "A unique and a one-off, an uneasy union."),
        ("a edm tune, a mc, an dj, a r&b tune", "An EDM tune, an MC, a DJ, an R&B tune."),
        ("a <artist> song, an <title> moment", "An Adele song, a “Hello” moment."),
        ("an hi-hat", "A hi-hat."),
    ],
)
def test_articles_agree(text: str, read: str) -> None:
    assert finish(text, Names.of("Adele", "Hello")) == read


@pytest.mark.parametrize(
    ("artist", "read"),
    [
        ("U2", "A U2 song by U2’s rules, from U2."),
        ("MGMT", "An MGMT song by MGMT’s rules, from MGMT."),
        ("ABBA", "An ABBA song by ABBA’s rules, from ABBA."),
        ("The Strokes", "A The Strokes song by The Strokes’ rules, from The Strokes."),
        ("deadmau5", "A deadmau5 song by deadmau5’s rules, from deadmau5."),
        ("!!!", "A !!! song by !!!’s rules, from !!!"),
        ("fun.", "A fun. song by fun.’s rules, from fun."),
        ("Guns N' Roses", "A Guns N' Roses song by Guns N' Roses’ rules, from Guns N' Roses."),
        ("808 State", "An 808 State song by 808 State’s rules, from 808 State."),
    ],
)
def test_artists_are_named_as_they_are_written(artist: str, read: str) -> None:
    assert finish("an <artist> song by <artist>'s rules, from <artist>.", Names.of(artist, None)) == read


def test_words_stand_for_a_title_where_there_is_none() -> None:
    blend = Names(instead="this blend")
    assert blend.slots == {"<title>"}
    assert (
        finish("<title>'s drums glow. on the <title>, all is well.", blend)
        == "This blend’s drums glow. On this blend, all is well."
    )


def test_the_article_of_a_name_is_not_said_twice() -> None:
    assert finish("the <artist> glow like the <artist>.", Names.of("The Cure", None)) == "The Cure glow like The Cure."
    assert finish("the <artist> glow.", Names.of("Cure", None)) == "The Cure glow."


@pytest.mark.parametrize(
    ("title", "read"),
    [
        ("What's Up?", "Hear “What's Up?”"),
        ("Help!", "Hear “Help!”"),
        ('"Heroes"', "Hear “Heroes”."),
        ("“Heroes”", "Hear “Heroes”."),
        ('Don\'t "Stop" Now', "Hear “Don't ‘Stop’ Now”."),
        ("<artist>", "Hear “<artist>”."),
        ("\\1 \\g<0>", "Hear “\\1 \\g<0>”."),
        ("<3", "Hear “<3”."),
        ("上を向いて歩こう", "Hear “上を向いて歩こう”."),
    ],
)
def test_titles_stand_in_quotation_marks(title: str, read: str) -> None:
    assert finish("hear <title>.", Names.of("Somebody", title)) == read


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        (None, None),
        ("", None),
        (" \t\n ", None),
        ("\u200b\u202e\ufeff", None),
        ("\u0301\u0301", None),
        ("a\u202eb\x00c\x1b[31md", "ab c [31md"),
        ("two\nlines\u2028three", "two lines three"),
        ("e\u0301", "é"),
        ("z\u0334\u0335\u0336\u0337\u0338\u0339", "z\u0334\u0335\u0336"),
        ("\U0001f468\u200d\U0001f469", "\U0001f468\u200d\U0001f469"),
        ("\ud800x", "x"),
        ("word " * 100, "word " * 14 + "word…"),
    ],
)
def test_names_are_cleaned(raw: str | None, clean: str | None) -> None:
    assert clean_name(raw) == clean


@given(st.text(max_size=300))
def test_no_name_breaks_a_line_or_grows_beyond_its_limit(raw: str) -> None:
    name = clean_name(raw)
    if name is not None:
        assert 0 < len(name) <= 80
        assert name == " ".join(name.split())
        assert not any(unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") for c in name)
        assert clean_name(name) == name


@given(st.text(max_size=60), st.text(max_size=60), st.booleans())
def test_names_stand_whole_in_what_is_read(artist: str, title: str, possessive: bool) -> None:
    names = Names.of(artist, title)
    read = finish(f"<artist>{chr(39) + 's' if possessive else ''} sound makes <title> glow and glow.", names)
    assert (names.artist or "<artist>") in read
    assert read.endswith("glow and glow.")
    if names.title and not set(names.title) & set('"“”'):
        assert f"“{names.title}”" in read


@given(st.text())
def test_any_text_can_be_finished(text: str) -> None:
    assert finish(text, NAMES)[-1] in ".!?…"
