"""Cleaning whole documents: mojibake, markup and boilerplate out; English writing about one song or album kept."""

from __future__ import annotations

import html
import re

import ftfy

from export.corpus.documents import Document

# Mojibake that went through a plain-letters step ("Ita€™s") is beyond a library's reach.
_FLATTENED = (
    ("a€oe", '"'),
    ("a€™", "'"),
    ("a€˜", "'"),
    ('a€"', "—"),
    ("a€“", "—"),
    ("a€”", "—"),
    ("a€¦", "…"),
    ("a€", '"'),
)
_TAG = re.compile(r"<(?:/?[a-zA-Z][^<>]{0,300}|!--.{0,500}?--)>", re.DOTALL)
_MARKDOWN_LINK = re.compile(r"!?\[([^\[\]]{0,200})\]\((?:https?:|/)[^()\s]{0,400}\)|\^link\([^()]{0,100}\)")
_ADDRESS = re.compile(r"(?:https?://|www\.)\S+|\S+@\S+\.\S+", re.IGNORECASE)
_EMPHASIS = re.compile(r"(?<!\w)[*_]{1,3}(?=\S)|(?<=\S)[*_]{1,3}(?!\w)|^[#>\s]+", re.MULTILINE)
_INVISIBLE = re.compile(r"[\u0000-\u0008\u000b-\u001f\u007f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufffd]")
_BOILERPLATE = re.compile(
    r"^\W*(?:read more|share this|related|posted (?:by|in|on)|tags?:|filed under|photo(?: credit)?s?\b.{0,5}:|"
    r"comments?\b|"
    r"advertisement|subscribe|sign up|copyright|all rights reserved|buy (?:it|here)|tracklist|track listing|label:|"
    r"for fans of|rating:|listen (?:below|here|to it)|stream (?:it|below)|watch (?:it|below)|facebook|twitter|"
    r"soundcloud|instagram|bandcamp|website|links?:|references|see also|external links|other websites)",
    re.IGNORECASE,
)
_ROUND_UP = re.compile(
    r"\bround[- ]?up|\btop \d+|\bbest (?:of|songs|albums|tracks)|\bweekly\b|\bpicks\b|\bplaylist|\bmixtape monday|"
    r"\bsongs of the|\balbums of the|\bculls the week|\bdeep dive\b|\binterview|\bcompilation|\bvarious artists|"
    r"\b\d+ (?:songs|albums|tracks|bands|artists)|\bnew music\b.*\bweek|\bfestival\b|\bgig guide|\bawards?\b|"
    r"\bgiveaway",
    re.IGNORECASE,
)


def clean(text: str) -> str:
    """Plain text with straight quotes, one paragraph a line; markup, addresses and boilerplate lines gone."""
    for flat, sign in _FLATTENED:
        text = text.replace(flat, sign)
    text = ftfy.fix_text(html.unescape(text), unescape_html=False, uncurl_quotes=True)
    text = _ADDRESS.sub(" ", _MARKDOWN_LINK.sub(r"\1", _TAG.sub(" ", text)))
    text = _INVISIBLE.sub("", _EMPHASIS.sub("", text))
    text = re.sub(r"\s*(?:—|–|(?<!-)--(?!-)|\s-\s)\s*", " — ", text).replace("…", "...")
    text = re.sub(r"\.{4,}", "...", text)
    lines = (" ".join(line.split()) for line in text.splitlines())
    return "\n".join(line for line in lines if line and not _BOILERPLATE.match(line))


def is_single_work(document: Document) -> bool:
    """Whether a document speaks of one song, one album or one artist, and not of a list or an event."""
    named = f"{document.artist} {document.album} {document.title}"
    return not _ROUND_UP.search(named)


def is_english(text: str) -> bool:
    """Whether a document is written in English, told from its first thousand letters."""
    import py3langid  # noqa: PLC0415 - slow to load, and only this stage needs it

    return bool(py3langid.classify(text[:1000])[0] == "en")


_QUOTED = r"[\"'“‘«]\s*(?P<title>[^\"“”«»]{2,80}?)\s*[\"'”’»]"
_HEADLINE = re.compile(
    r"^(?:(?:\W*(?:listen|watch|premiere|video|track|song of the day|new music|stream|mp3|discover)"
    r"\W*(?:::|:|to\b)\s*))?"
    rf"(?P<artist>[^\"“«|]{{2,60}}?)(?:'s)?\s*(?:[-–—|:]+|,)?\s*(?:{_QUOTED}|[-–—|:]+\s*(?P<rest>.{{2,80}}))",
    re.IGNORECASE,
)
_TITLE_TAIL = re.compile(r"\s*(?:\||\[|\(|//|::|feat\.|ft\.).*$", re.IGNORECASE)


def headline(title: str) -> tuple[str, str]:
    """Artist and song in a blog post's headline such as `Mt. Joy - "Silver Lining"`, or two empty strings."""
    found = _HEADLINE.match(title.strip())
    if not found:
        return "", ""
    artist = _TITLE_TAIL.sub("", found["artist"]).strip(" -–—|:,'")
    song = _TITLE_TAIL.sub("", found["title"] or found["rest"] or "").strip(" -–—|:,'\"“”‘’")
    if not artist or not song or len(artist.split()) > 6 or len(song.split()) > 9:
        return "", ""
    return artist, song
