"""How a reply came about, in plain words: what was known of the song, how the reply was chosen, what votes have changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from math import isfinite
from typing import Any

from bot import texts
from bot.conversation.delivery import EDITED, song_of
from bot.conversation.telling import MOST, number, song_line
from bot.curation.learning import Correction
from bot.curation.tastes import TASTES
from bot.platforms.cards import fitted
from bot.songs.song import Song
from bot.store.tables import KeptDraft, KeptReply
from bot.store.votes import Tally
from inference.ranking import Weights

# What a candidate that was rejected did, by the name of the gate that stopped it.
REJECTED: Mapping[str, str] = {
    "slot": "left a gap where a name belongs",
    "too short": "had too few words",
    "too long": "had too many words",
    "address": "held a number, an address or a mention",
    "unbalanced": "opened a bracket or a quotation without an end",
    "repeats": "said the same thing twice",
    "blocked": "held a crude word",
    "person": "spoke of somebody who was not introduced",
    "claim": "claimed a fact that I cannot know",
    "voice": "spoke of singing where nobody sings",
    "genre": "named a genre that is not the song's",
    "mismatch": "went against how the song measures",
    "incoherent": "had broken grammar",
    "non-word": "held a word that nobody uses",
    "novelty": "repeated eight words in a row of what I learnt from",
    "unfinished": "did not come to an end",
    "duplicate": "said the same as another one",
}
# What a score says of a sentence that has more of it than is usual, and less.
SCORES: Mapping[str, tuple[str, str]] = {
    "human": ("it sounds written by people", "it sounds written by a machine"),
    "sense": ("it is a whole sentence", "it seems broken"),
    "fit": ("it fits this song alone", "it would fit any song"),
    "agreement": ("it agrees with how the song measures", "it goes against how the song measures"),
    "descriptive": ("it tells of the sound", "it tells little of the sound"),
    "fluency": ("its English is ordinary", "its English is unusual"),
    "weakest": ("none of its words surprises", "some of its words surprise"),
    "likelihood": ("it says what was to be expected", "it says what was not to be expected"),
    "repetition": ("no word comes twice", "words come twice"),
    "coinage": ("it makes no new compounds", "it makes new compounds"),
    "length": ("its length is good", "it is very short or very long"),
    "slot": ("it names the song or the artist", "it names neither the song nor the artist"),
}
_USUAL = {name: taste.usual for name, taste in TASTES.items()}
_USUAL["slot"] = _USUAL["artist"] + _USUAL["title"]  # since hardly a sentence names both
_MOST_REASONS, _MOST_POINTS, _MOST_LEARNT = 5, 4, 4
_FELT = 0.1  # points that are worth telling
_LIKES = "this place likes "  # as `Correction.explained` begins its lines
_MOST_KNOWN, _MOST_LINE = 620, 380  # characters of all facts, and of any other paragraph


def why(reply: KeptReply, correction: Correction, tally: Tally, draft: KeptDraft | None = None) -> str:
    """How a reply came about, in at most MOST characters; `draft` is what curators chose it from."""
    song = song_of(reply.song)
    paragraphs = [
        fitted(f"{song_line(song.line)}\n{_knew(song, reply.text)}", _MOST_KNOWN),
        *(fitted(each, _MOST_LINE) for each in (_made(reply, draft), _rejected(reply), _points(reply, draft))),
        fitted(_learnt(correction, reply.scores), _MOST_LINE),
        f"This reply has {number(tally.up, 'vote')} for it and {tally.down} against it.",
    ]
    return fitted("\n".join(each for each in paragraphs if each), MOST)


def _knew(song: Song, text: str) -> str:
    """What was known of the song, a line for each source, and what was not."""
    told: dict[str, list[str]] = {}
    for what, value, source in texts.facts(song):
        if not (what == "ISRC" or what.endswith(" id")):  # no person can read these
            told.setdefault(source, []).append(f"{what} {value}")
    lines = [
        f"From {texts.named(source) if source else 'what you shared'}: {'; '.join(each)}." for source, each in told.items()
    ]
    return "\n".join([*lines, *_not_known(song, text)]) or "I knew everything but that is not kept."


def _not_known(song: Song, text: str) -> list[str]:
    """What was not known, in a sentence each; names that a person typed were known, but are not kept."""
    names = {"artist", "title"} & set(song.unknown)
    if names and ("<artist>" in text or "<title>" in text or not song.ids):
        others = [each for each in song.unknown if each not in names]
        return [f"I did not know its {texts.joined(others, 'or')}."] if others else []
    return [texts.unknown(song)] if texts.unknown(song) else []


def _made(reply: KeptReply, draft: KeptDraft | None) -> str:
    """What wrote it, and with which settings."""
    bundle, praise = reply.bundle, reply.conditions.get("praise")
    warmly = f" and praise {praise:g} of 10" if isinstance(praise, int | float) else ""
    name = " ".join(str(bundle[key]) for key in ("name", "version") if bundle.get(key)) or "whose name was not kept"
    told = f"My model ({name}) wrote candidates with seed {reply.seed}{warmly}."
    if EDITED in bundle:
        return f"{told} A curator then put it into other words."
    if draft is None:
        return told
    return f"{told} A curator chose this one of {number(len(draft.candidates), 'candidate')}."


def _rejected(reply: KeptReply) -> str:
    """Which candidates were rejected."""
    if reply.rejected is None:
        return "How many others were rejected was not kept."
    counts = {name: count for name, count in reply.rejected.items() if type(count) is int and count > 0}
    if not counts:
        return "None of the others had to be rejected."
    common = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    listed = [f"{count} {REJECTED.get(name, f'failed at {name}')}" for name, count in common[:_MOST_REASONS]]
    if left := sum(count for _, count in common[_MOST_REASONS:]):
        listed.append(f"{left} had other faults")
    return f"I rejected {sum(counts.values())} of them: {texts.joined(listed, 'and')}."


def _points(reply: KeptReply, draft: KeptDraft | None) -> str:
    """What counted for it and against it, held against what is usual among candidates; nothing for a curator's own words."""
    if EDITED in reply.bundle:
        return ""
    points = {
        name: weight * (value - _USUAL[name])
        for name, weight in asdict(Weights()).items()
        if (value := _number(reply.scores.get(name))) is not None
    }
    ordered = sorted(points.items(), key=lambda item: (-abs(item[1]), item[0]))
    good = [f"{SCORES[name][0]} (+{worth:.1f})" for name, worth in ordered if worth >= _FELT][:_MOST_POINTS]
    bad = [f"{SCORES[name][1]} (−{-worth:.1f})" for name, worth in ordered if worth <= -_FELT][:_MOST_POINTS]
    told = ["Of the rest this one had the most points."] if points and draft is None else []
    told += [f"What counted for it: {texts.joined(good, 'and')}."] if good else []
    told += [f"What counted against it: {texts.joined(bad, 'and')}."] if bad else []
    return " ".join(told)


def _learnt(correction: Correction, scores: Mapping[str, Any]) -> str:
    """What the votes of this community have changed, in general and for this reply."""
    if not correction.votes:
        return "Votes have not changed what I choose here yet."
    told = f"I have learnt from {number(correction.votes, 'vote')} by {number(correction.people, 'person', 'people')} here"
    parted = [line.rpartition(": ") for line in correction.explained()[:_MOST_LEARNT]]
    lines = [f"{what.removeprefix(_LIKES)} ({worth})" for what, _, worth in parted]
    told += f" that this place likes {texts.joined(lines, 'and')}." if lines else ", but that changes hardly anything so far."
    added = _number(scores.get("community"))
    if added is not None and abs(added) >= _FELT:
        told += f" That gave this reply {added:+.1f} points.".replace("-", "−")
    return told


def _number(value: object) -> float | None:
    """A finite number; None for anything else that a database may hold."""
    return float(value) if type(value) in {int, float} and isfinite(value) else None  # type: ignore[arg-type] # a number by then
