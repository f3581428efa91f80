"""Finds one song out, step by step: link → names → the same song elsewhere → genres and features, each from somebody."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from typing import Protocol

from bot.errors import LeftAloneError, ServiceError
from bot.links import Link
from bot.songs.cache import FACTS, FAILED
from bot.songs.desk import Call, Desk, Outcome, Step
from bot.songs.listening.listener import Listener
from bot.songs.matching.match import match, same_kind, same_recording
from bot.songs.matching.versions import split_version
from bot.songs.network.short_links import ShortLinks
from bot.songs.providers.base import Found, Provider
from bot.songs.query import NameQuery, Query, decline, mark_of, song_of_link, song_of_names
from bot.songs.song import AudioFeatures, Song
from bot.songs.titles.parser import VideoTitle, readings

SOURCE_VIDEO = "video's title"
SOURCE_LISTENING = "preview, listened to"

_SURE = 0.6  # confidence from which a title is believed to name a song that no service knows
_TRIED_READINGS = 2  # of a video's title that services are asked about
_GRACE = 0.15  # seconds for which a service that may be waiting for its turn is waited for when all is known without it
_NOT_WAITED_FOR = "was not waited for, since all was known without it"
_DESCRIBED = frozenset({"features", "genres"})


class Tools(Protocol):
    """What an inquiry works with."""

    desk: Desk
    providers: tuple[Provider, ...]
    short_links: ShortLinks
    listener: Listener | None
    knows_genre: Callable[[str], bool]


class Inquiry:
    """One song being found out; `song` and `calls` hold what is known so far, whenever it is ended."""

    def __init__(self, tools: Tools, query: Query) -> None:
        """Begin with what the query itself tells."""
        self._tools = tools
        self._query = query
        self._preview: str | None = None
        self._told: set[str] = set()  # providers that have said all they know of the song
        self._facts: list[tuple[int, Song, str]] = []  # genres and features: place of the provider, what it said, label
        self._names = song_of_link(query) if isinstance(query, Link) else song_of_names(query)
        self._finished = False
        self.calls: list[Call] = []

    @property
    def worth(self) -> float:
        """For how many seconds what was found out is believed: as long as the least certain answer."""
        return min((call.worth for call in self.calls), default=FAILED) if self._finished else FAILED

    @property
    def song(self) -> Song:
        """All that is known so far; genres and features are believed in the order of the providers in the settings."""
        song = self._names
        for _, facts, source in sorted(self._facts, key=lambda fact: fact[0]):
            song = song.with_found(facts, source)
        return song

    async def run(self) -> None:
        """Find out whatever can be; raises DeclinedError where a short link leads to something declined."""
        if isinstance(self._query, Link):
            link = await self._long(self._query)
            if link is None:
                return
            await self._identify(link)
        else:
            await self._look_up(self._query)
        if self.song.kind != "video" and (self.song.artists or self.song.title):
            await self._describe()
        self._finished = True

    # --- who it is ---------------------------------------------------------------------------------------------

    async def _long(self, link: Link) -> Link | None:
        """The link itself, or what a short one leads to; None where that cannot be found out."""
        if link.kind != "short_link":
            return link
        target = await self._tools.desk.follow(self._tools.short_links, link, self.calls)
        if target is not None:
            decline(target)
            self._names = song_of_link(target)
        return target

    async def _identify(self, link: Link) -> None:
        """Ask all who know such links, and the scarce ones only where something is still open."""
        able = [p for p in self._tools.providers if "identity" in p.abilities and (link.service, link.kind) in p.links]
        for scarce in (False, True):
            asked = [provider for provider in able if provider.scarce is scarce]
            answers = await self._side_by_side(asked, "identify", link.url, lambda p: _maybe(p.identify(link)))
            videos = [found for _, found in answers if found.video]
            for provider, found in answers:
                if found.video is None:
                    self._add(provider, found)
            if videos and not self.song.artists:
                await self._watch(videos)
            if self.song.kind == "video" or (self.song.artists and (self.song.title or self.song.kind == "artist")):
                return

    async def _watch(self, videos: Sequence[Found]) -> None:
        """Read the song off a video's title, and let services that know music decide among the readings."""
        video = videos[0].video
        if video is None:
            return
        says = next((found.video.is_music for found in videos if found.video and found.video.is_music is not None), None)
        duration = next((found.song.duration for found in videos if found.song.duration), None)
        guesses = readings(video.title, video.author)
        music = [guess for guess in guesses if guess.is_music]
        if says is False and guesses[0].confidence < _SURE:
            music = []
        for reading in [reading for reading in music if reading.song][:_TRIED_READINGS]:
            if await self._check(reading, duration):
                return
        guess = music[0] if music and (guesses[0].is_music or says) else None
        vague = guess is None or (guess.confidence < _SURE and not guess.version and not guess.featuring)
        if guess is None or (vague and says is not True and self._all_answered("search")):
            self._names = replace(self._names, kind="video")
            self._take(Song(title=video.title, duration=duration), SOURCE_VIDEO)
        else:
            self._take(_song_of(guess, duration), SOURCE_VIDEO)

    async def _check(self, guess: VideoTitle, duration: float | None) -> bool:
        """Whether some service knows the song that a title was read as; takes what it says of it."""
        wanted = _song_of(guess, duration)
        if not wanted.artists or not wanted.title:
            return False
        found = await self._best(wanted, NameQuery(title=wanted.title, artist=wanted.artists[0]))
        if found:
            self._take(Song(version=wanted.version), SOURCE_VIDEO)
        return found

    async def _look_up(self, query: NameQuery) -> None:
        """Find a song by the names that a person gave, artist and title in whichever order."""
        if query.artist is None:
            await self._best(Song(title=query.title), query)
            return
        for names in (query, NameQuery(title=query.artist, artist=query.title)):
            if await self._best(song_of_names(names), names):
                return

    async def _best(self, wanted: Song, query: NameQuery) -> bool:
        """Search everywhere for a song; takes the best match, and what others say of the same recording."""
        able = [provider for provider in self._tools.providers if "search" in provider.abilities]
        for scarce in (False, True):
            asked = [provider for provider in able if provider.scarce is scarce]
            about = mark_of(query)
            offers = await self._side_by_side(asked, "search", about, lambda p: p.search(query))
            matched = match(wanted, [found for _, found in offers])
            if matched is None:
                continue
            names = matched.found.song
            self._names = replace(self._names, title=None, artists=(), sources=_without_names(self._names))
            # The best first, so that its names are taken; then whoever offered the same recording.
            chosen = [(provider, found) for provider, found in offers if found is matched.found]
            if not matched.same_recording:
                version = wanted.version or split_version(wanted.title or "")[1]
                only = Song(title=names.title, artists=names.artists, version=version)
                self._take(only, chosen[0][0].label)
                return True
            alike = [
                (provider, found)
                for provider, found in offers
                if found is not matched.found and same_recording(names, found.song) and same_kind(wanted, found.song)
            ]
            for provider, found in chosen + alike:
                if provider.name not in self._told:
                    self._add(provider, found)
                    self._told |= set() if provider.details else {provider.name}
            return True
        return False

    # --- what it is like ---------------------------------------------------------------------------------------

    async def _describe(self) -> None:
        """Ask all who know genres and features, side by side; where the ISRC is missing, first those who can give it."""
        able = [p for p in self._tools.providers if p.abilities & _DESCRIBED and p.name not in self._told]
        about = _about(self.song)
        if "isrc" not in self.song.ids and self.song.kind == "track":
            first = [p for p in able if p.details and "search" in p.abilities and not p.scarce]
            await self._describe_by(first, about)
            able = [provider for provider in able if provider not in first]
        await self._describe_by(able, about)
        if self._tools.listener and self._preview and self.song.features.tempo is None:
            await self._listen(self._tools.listener, self._preview)

    async def _describe_by(self, providers: Sequence[Provider], about: str) -> None:
        """Ask side by side; who is scarce may have to wait for its turn, and is not waited for once all is known."""
        song = self.song
        providers = [provider for provider in providers if provider.can_describe(song)]
        said: dict[Provider, tuple[Found, ...]] = {}

        async def ask(provider: Provider) -> None:
            said[provider] = await self._one(provider, "describe", about, lambda: _maybe(provider.describe(song)))

        tasks = {provider: asyncio.ensure_future(ask(provider)) for provider in providers}
        try:
            await asyncio.gather(*(task for provider, task in tasks.items() if not provider.scarce))
            scarce = [task for provider, task in tasks.items() if provider.scarce]
            if scarce:
                songs = [song, *(each.song for answers in said.values() for each in answers)]
                known = any(each.genres for each in songs) and (
                    song.kind != "track" or any(each.features.known() for each in songs)
                )
                await asyncio.wait(scarce, timeout=_GRACE if known else None)
        finally:
            # Whatever ends this, what was said by then counts, in the order of the settings.
            late = [provider.label for provider, task in tasks.items() if not task.done()]
            self.calls += [Call(label, "describe", "left alone", 0.0, detail=_NOT_WAITED_FOR) for label in late]
            for task in tasks.values():
                task.cancel()
            await asyncio.gather(*tasks.values(), return_exceptions=True)
            for provider in providers:
                for each in said.get(provider, ()):
                    same = song.kind != "track" or not each.song.title or same_kind(song, each.song)
                    self._add(provider, each if same else Found(song=Song(genres=each.song.genres)))

    async def _listen(self, listener: Listener, preview: str) -> None:
        """Measure a preview; whatever goes wrong with it is no more than one thing less known."""
        began = time.perf_counter()
        outcome: Outcome = "unknown"
        heard, detail = None, ""
        try:
            heard = await listener.hear(preview)
        except ServiceError as error:
            outcome, detail = ("left alone" if isinstance(error, LeftAloneError) else "failed"), str(error)
        if heard:
            outcome = "found"
            self._facts.append((len(self._tools.providers), Song(features=heard), SOURCE_LISTENING))
        ms = round((time.perf_counter() - began) * 1000, 1)
        worth = FAILED if detail else FACTS
        self.calls.append(Call(listener.label, "listen", outcome, ms, detail=detail, worth=worth))

    # --- taking it down ----------------------------------------------------------------------------------------

    async def _side_by_side(
        self, providers: Sequence[Provider], step: Step, about: str, call: Callable[[Provider], Awaitable[Iterable[Found]]]
    ) -> list[tuple[Provider, Found]]:
        """What each of the providers says, in their order."""

        answers = await asyncio.gather(*(self._one(p, step, about, partial(call, p)) for p in providers))
        return [(provider, found) for provider, answer in zip(providers, answers, strict=True) for found in answer]

    async def _one(
        self, provider: Provider, step: Step, about: str, call: Callable[[], Awaitable[Iterable[Found]]]
    ) -> tuple[Found, ...]:
        return await self._tools.desk.ask(provider, step, about, call, self.calls)

    def _add(self, provider: Provider, found: Found) -> None:
        """Take what a provider said; of what it calls genres only what is known to be one."""
        said = found.song
        genres = tuple(genre for genre in said.genres if self._tools.knows_genre(genre))
        place = self._tools.providers.index(provider)
        self._facts.append((place, Song(genres=genres, features=said.features), provider.label))
        self._take(replace(said, genres=(), features=AudioFeatures()), provider.label)
        if self._preview is None and found.preview and self._tools.listener and self._tools.listener.can_hear(found.preview):
            self._preview = found.preview

    def _take(self, found: Song, source: str) -> None:
        self._names = self._names.with_found(found, source)

    def _all_answered(self, step: Step) -> bool:
        """Whether services were asked in a step, and each of them answered; of scarce ones that is not expected."""
        plenty = {provider.label for provider in self._tools.providers if not provider.scarce}
        outcomes = [call.outcome for call in self.calls if call.step == step and call.service in plenty]
        return bool(outcomes) and all(outcome in {"found", "unknown"} for outcome in outcomes)


async def _maybe(answer: Awaitable[Found | None]) -> tuple[Found, ...]:
    found = await answer
    return () if found is None else (found,)


def _song_of(guess: VideoTitle, duration: float | None) -> Song:
    artists = (guess.artist, *guess.featuring) if guess.artist else ()
    return Song(title=guess.song, version=guess.version, artists=artists, duration=duration)


def _without_names(song: Song) -> dict[str, str]:
    return {name: source for name, source in song.sources.items() if name not in {"title", "artists"}}


def _about(song: Song) -> str:
    """What tells a song from all others, for as long as its description is kept."""
    ids = [song.ids.get(service, "") for service in ("isrc", "spotify", "deezer")]
    names = NameQuery(title=f"{song.title or ''} {song.version or ''}", artist=" ".join(song.artists[:1]))
    return f"{song.kind}:{'|'.join(ids) if any(ids) else mark_of(names)}"
