"""MusicBrainz: names and genres by ISRC, by link and by search, with no key but a contact; one request a second.

After https://musicbrainz.org/doc/MusicBrainz_API (lookups, searches, rate limiting). Genres are CC BY-NC-SA.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from http import HTTPStatus
from importlib.metadata import version
from typing import Any, ClassVar, Unpack

from bot.errors import LimitedError, RefusedError
from bot.links import Kind, Link, Service
from bot.songs.matching.names import fold, plain_name, similarity
from bot.songs.network.web import Web, refuse
from bot.songs.providers.base import (
    MAX_CANDIDATES,
    Ability,
    Found,
    Options,
    Shape,
    WebProvider,
    at,
    list_at,
    number_at,
    seconds_at,
    text_at,
)
from bot.songs.query import NameQuery
from bot.songs.song import Song

MAX_GENRES = 8

_PAUSE = 5.0  # seconds for which they are left alone after "too fast" with no Retry-After
_MAX_NAME = 200  # characters of a name in a search
_LIMIT = str(MAX_CANDIDATES)  # results of a search

# What comes with a thing; artists in a credit bring their genres too. Plain tags are left out: those that are genres
# come as genres. Only searches give tags alone.
_CREDITED = "artist-credits genres"
_ISRC = f"{_CREDITED} isrcs"  # with an ISRC, release groups are refused
_RECORDING = f"{_ISRC} releases release-groups"
_RELATIONS: Mapping[Kind, str] = {
    "track": "recording-rels",
    "video": "recording-rels",
    "album": "release-rels release-group-rels",
    "artist": "artist-rels",
}

# What there always is in a look-up by id.
_TITLED: Shape = {"id": str, "title": str}
_SHAPES: Mapping[str, Shape] = {
    "url": {"id": str, "resource": str, "relations": list},
    "isrc": {"isrc": str, "recordings": list},
    "artist": {"id": str, "name": str},
    "recording": _TITLED,
    "release": _TITLED,
    "release-group": _TITLED,
}

_MBID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")
_ISRC_FORM = re.compile(r"[A-Z]{2}[A-Z0-9]{3}[0-9]{7}")
_NO_CONTACT = re.compile(r"[^!-'*-~]|[()]")  # whatever is no visible ASCII, and the brackets around a contact
_OTHER_RECORDING = re.compile(
    r"\b(?:live|remix|mix|acoustic|demo|instrumental|karaoke|cover|session|edit|unplugged|rehearsal|a ?cappella)\b",
    re.IGNORECASE,
)


class MusicBrainzProvider(WebProvider):
    """Slow by their rules, so asked for names only where others left something open."""

    name: ClassVar[str] = "musicbrainz"
    label: ClassVar[str] = "MusicBrainz"
    limit: ClassVar[tuple[int, float] | None] = (1, 1.1)  # they allow one a second, and count by their own clock
    abilities: ClassVar[frozenset[Ability]] = frozenset({"identity", "search", "genres"})
    links: ClassVar[frozenset[tuple[Service, Kind]]] = frozenset(
        {("spotify", "track"), ("spotify", "album"), ("spotify", "artist"), ("youtube", "video")}
    )
    scarce: ClassVar[bool] = True
    details: ClassVar[bool] = True

    def __init__(self, web: Web, base: str, *, contact: str, **options: Unpack[Options]) -> None:
        """Say with every request who asks: `contact` is the operator's e-mail or web address.

        `jitter` and `clock` are as everywhere.
        """
        super().__init__(web, base, **options)
        self._agent = {"User-Agent": f"deephypebot/{version('deephypebot')} ( {_NO_CONTACT.sub('', contact)[:200]} )"}

    async def identify(self, link: Link) -> Found | None:
        """The recording, album or artist that they have linked to a Spotify or YouTube address."""
        began = self._clock()
        answer = await self._look_up("url", {"resource": link.url, "inc": _RELATIONS[link.kind]})
        for relation in list_at(answer, "relations"):
            for what, path, inc, read in _LINKED:
                if mbid := _id(thing := at(relation, what)):
                    # The link itself tells the names of things, but not whose they are.
                    more = await self._then(began, f"{path}/{mbid}", {"inc": inc}) if inc else None
                    return _found(read(more or thing))
        return None

    async def search(self, query: NameQuery) -> Sequence[Found]:
        """Recordings by title and artist, music videos last; a title alone may hold the artist too."""
        entries = _recordings(await self._look_up("recording", _by_names(query.title, query.artist)))
        return [Found(song=song) for entry in entries[:MAX_CANDIDATES] if (song := _recording(entry, tags=False))]

    async def describe(self, song: Song) -> Found | None:
        """Genres, and whatever names and ids come along; at most two requests, the second only where it fits.

        A track's genres are its own, else its album's (where two requests were made), else its artist's.
        """
        began = self._clock()
        if not self.can_describe(song):
            return None
        if song.kind == "album":
            return _found(await self._describe_album(song, began))
        if song.kind == "artist":
            return _found(await self._describe_artist(song, began))
        return _found(await self._describe_track(song, began))

    def can_describe(self, song: Song) -> bool:
        """By an id of theirs, a track also by its ISRC, an artist by name; else by title and artist."""
        if song.kind == "artist":
            return bool(_known_id(song, "musicbrainz_artist") or song.artists)
        by_id = _known_id(song, "musicbrainz_album") if song.kind == "album" else _known_id(song, "musicbrainz") or _isrc(song)
        return bool(by_id or (song.title and song.artists))

    # --- one kind each -----------------------------------------------------------------------------------------

    async def _describe_track(self, song: Song, began: float) -> Song | None:
        if mbid := _known_id(song, "musicbrainz"):
            return _recording(await self._look_up(f"recording/{mbid}", {"inc": _RECORDING}))
        names = _by_names(plain_name(song.title), song.artists[0]) if song.title and song.artists else None
        if isrc := _isrc(song):
            answer = await self._look_up(f"isrc/{isrc}", {"inc": _ISRC})
            if entry := _likeliest(song, list_at(answer, "recordings"), certain=True):
                described = _recording(entry)
                if described and described.genres:
                    return described
                return _recording(await self._then(began, f"recording/{_id(entry)}", {"inc": _RECORDING})) or described
            answer = names and await self._then(began, "recording", names)
            return _recording(_likeliest(song, _recordings(answer)))
        entry = names and _likeliest(song, _recordings(await self._look_up("recording", names)))
        if not entry:
            return None
        return _recording(await self._then(began, f"recording/{_id(entry)}", {"inc": _RECORDING})) or _recording(entry)

    async def _describe_album(self, song: Song, began: float) -> Song | None:
        if mbid := _known_id(song, "musicbrainz_album"):
            return _album(await self._look_up(f"release-group/{mbid}", {"inc": _CREDITED}))
        query = f"releasegroup:{_quoted(plain_name(song.title or ''))} AND artist:{_quoted(song.artists[0])}"
        answer = await self._look_up("release-group", {"query": query, "limit": _LIMIT})
        entry = _likeliest(song, list_at(answer, "release-groups"))
        return entry and (_album(await self._then(began, f"release-group/{_id(entry)}", {"inc": _CREDITED})) or _album(entry))

    async def _describe_artist(self, song: Song, began: float) -> Song | None:
        if mbid := _known_id(song, "musicbrainz_artist"):
            return _artist(await self._look_up(f"artist/{mbid}", {"inc": "genres"}))
        answer = await self._look_up("artist", {"query": f"artist:{_quoted(song.artists[0])}", "limit": _LIMIT})
        entries = [entry for entry in list_at(answer, "artists") if _id(entry)]
        entry = next((entry for entry in entries if _same(song.artists[0], text_at(entry, "name"))), None)
        return entry and (_artist(await self._then(began, f"artist/{_id(entry)}", {"inc": "genres"})) or _artist(entry))

    # --- asking ------------------------------------------------------------------------------------------------

    async def _look_up(self, path: str, params: Mapping[str, str], patience: float | None = None) -> dict[str, Any] | None:
        params = {**params, "fmt": "json"}
        searching = "query" in params
        shape = {f"{path}s": list} if searching else _SHAPES[path.partition("/")[0]]
        return await self._ask(
            path,
            params,
            shape=shape,
            endpoint="search" if searching else "",
            missing=() if searching else (404,),
            headers=self._agent,
            patience=patience,
        )

    async def _then(self, began: float, path: str, params: Mapping[str, str]) -> dict[str, Any] | None:
        """A second look-up, where there is time for it."""
        return await self._second(began, lambda patience: self._look_up(path, params, patience))

    def _refuse(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        """They say "too fast" with 503, and 403 to whoever does not tell who asks."""
        if status == HTTPStatus.SERVICE_UNAVAILABLE and b"rate limit" in body and "Retry-After" not in headers:
            raise LimitedError("was asked too fast", _PAUSE)
        if status == HTTPStatus.FORBIDDEN:
            raise RefusedError(
                f"answered with status {status}: make `contact` in [musicbrainz] your e-mail or web address, "
                "which they require in every request",
                whole=True,
            )
        refuse(status, headers, body)


# --- reading answers -------------------------------------------------------------------------------------------


def _recording(entry: Any, *, tags: bool = True) -> Song | None:
    """The song that a recording is; None where it has not even a title. `tags` says whether plain tags may be genres."""
    title = text_at(entry, "title")
    if not title:
        return None
    album = _first_release(entry)
    groups = [at(release, "release-group") for release in ([album] if album else [])]
    note = text_at(entry, "disambiguation")
    ids = {"musicbrainz": _id(entry), "isrc": next(filter(_ISRC_FORM.fullmatch, _texts(entry, "isrcs")), None)}
    return Song(
        title=title,
        version=note if note and _OTHER_RECORDING.search(note) else None,
        artists=_credited(entry),
        album=text_at(album, "title"),
        duration=seconds_at(entry, "length", unit=0.001),
        ids={name: value for name, value in ids.items() if value},
        genres=_genres([entry, *groups, *_credited_artists(entry)], tags=tags),
    )


def _release(entry: Any) -> Song | None:
    """The album that a release is an edition of; where nothing is told of that, the edition."""
    edition = _album(entry)
    album = _album(at(entry, "release-group"))
    if album is None:
        return edition and replace(edition, ids={})  # the id of an edition is no album's
    return edition and replace(album, artists=album.artists or edition.artists, genres=album.genres or edition.genres)


def _album(entry: Any) -> Song | None:
    """The album that a release group is."""
    title = text_at(entry, "title")
    if not title:
        return None
    ids = {"musicbrainz_album": mbid} if (mbid := _id(entry)) else {}
    genres = _genres([entry, *_credited_artists(entry)])
    return Song(kind="album", title=title, artists=_credited(entry), ids=ids, genres=genres)


def _artist(entry: Any) -> Song | None:
    name = text_at(entry, "name")
    if not name:
        return None
    ids = {"musicbrainz_artist": mbid} if (mbid := _id(entry)) else {}
    return Song(kind="artist", artists=(name,), ids=ids, genres=_genres([entry]))


def _found(song: Song | None) -> Found | None:
    return Found(song=song) if song else None


def _genres(sources: Iterable[Any], *, tags: bool = True) -> tuple[str, ...]:
    """The genres of the first that has any, else the tags of the first that has any; by votes, without those voted down."""
    sources = list(sources)
    for kind in ("genres", "tags")[: 2 if tags else 1]:
        for source in sources:
            votes: dict[str, float] = {}
            for entry in list_at(source, kind):
                name, count = text_at(entry, "name"), number_at(entry, "count")
                if name and count is not None and count > 0:
                    votes[name] = max(votes.get(name, 0), count)
            if votes:
                return tuple(sorted(votes, key=lambda name: (-votes[name], name)))[:MAX_GENRES]
    return ()


def _recordings(answer: Any) -> list[Any]:
    """The recordings that an answer lists, those that are music videos last."""
    return sorted(list_at(answer, "recordings"), key=lambda entry: at(entry, "video") is True)


def _likeliest(song: Song, entries: Iterable[Any], *, certain: bool = False) -> Any:
    """The entry with this song's title and artist, else, where they are `certain` to be it, the first; None for none."""
    usable = [entry for entry in entries if _id(entry) and text_at(entry, "title")]
    for entry in usable:
        fits = _same(song.title or "", text_at(entry, "title"))
        if fits and any(_same(song.artists[0], artist) for artist in _credited(entry) if song.artists):
            return entry
    return usable[0] if usable and certain else None


def _same(one: str, other: str | None) -> bool:
    return similarity(fold(plain_name(one)), fold(plain_name(other or ""))) > 0


def _credited(entry: Any) -> tuple[str, ...]:
    """The artists of something, under the names that stand on it."""
    credits_ = list_at(entry, "artist-credit")
    return tuple(name for each in credits_ if (name := text_at(each, "name") or text_at(each, "artist", "name")))


def _credited_artists(entry: Any) -> list[Any]:
    return [at(each, "artist") for each in list_at(entry, "artist-credit")]


def _first_release(entry: Any) -> Any:
    """The release that is likeliest to be "the album": an official one, an album rather than a single or a compilation."""

    def rank(release: Any) -> tuple[bool, bool, bool, str]:
        group = at(release, "release-group")
        return (
            text_at(release, "status") not in {"Official", None},
            bool(list_at(group, "secondary-types")),
            text_at(group, "primary-type") != "Album",
            text_at(release, "date") or "9999",
        )

    releases = [release for release in list_at(entry, "releases") if text_at(release, "title")]
    return min(releases, key=rank, default=None)


def _texts(entry: Any, name: str) -> list[str]:
    return [text for place in range(len(list_at(entry, name))) if (text := text_at(entry, name, place))]


def _id(entry: Any) -> str | None:
    mbid = text_at(entry, "id")
    return mbid if mbid and _MBID.fullmatch(mbid) else None


def _known_id(song: Song, name: str) -> str | None:
    mbid = song.ids.get(name, "")
    return mbid if _MBID.fullmatch(mbid) else None


def _isrc(song: Song) -> str:
    """The ISRC, "" for none."""
    isrc = song.ids.get("isrc", "").upper().replace("-", "")
    return isrc if _ISRC_FORM.fullmatch(isrc) else ""


def _by_names(title: str, artist: str | None) -> dict[str, str]:
    """What asks the search for recordings of that name; a title alone may hold the artist too."""
    if artist:
        wanted = {"query": f"recording:{_quoted(title)} AND artist:{_quoted(artist)}"}
    else:
        wanted = {"query": title[:_MAX_NAME], "dismax": "true"}  # takes words as people type them, with no syntax
    return {**wanted, "limit": _LIMIT}


def _quoted(name: str) -> str:
    """A name as a phrase for Lucene, in which only the backslash and the quotation mark mean anything."""
    return '"' + re.sub(r'(["\\])', r"\\\1", name[:_MAX_NAME]) + '"'


# What a link may lead to: its name in a relation, where to look it up, with what, and how to read it.
_LINKED: tuple[tuple[str, str, str, Callable[[Any], Song | None]], ...] = (
    ("recording", "recording", _RECORDING, _recording),
    ("release", "release", f"{_CREDITED} release-groups", _release),
    ("release_group", "release-group", _CREDITED, _album),
    ("artist", "artist", "", _artist),
)
