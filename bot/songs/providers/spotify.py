"""Spotify's Web API, through spotipy: who made a song and what it is called; features and genres only where allowed.

Spotify lets nobody train a model with its content, and gives new apps neither audio features nor genres, so it is asked
for names and ids; excerpts of its songs are left where they are.
"""

from __future__ import annotations

import asyncio
import random
import re
import threading
from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Any

import spotipy
from pydantic import SecretStr
from spotipy.cache_handler import MemoryCacheHandler
from spotipy.oauth2 import SpotifyClientCredentials

from bot.errors import LeftAloneError, RefusedError, ServiceError, UnavailableError
from bot.links import Link
from bot.songs.matching.versions import split_version
from bot.songs.network.gate import Gate
from bot.songs.network.threads import AnsweredError, BoundedSession, Threads
from bot.songs.network.web import refuse
from bot.songs.providers.base import Found, Provider, Shape, at, list_at, number_at, seconds_at, shaped, text_at
from bot.songs.query import NameQuery
from bot.songs.song import AudioFeatures, Song

SEARCH_LIMIT = 10  # the most that apps of today may ask for
MAX_NAME = 100  # characters of a name to search for; the whole query may have 250
_MAX_TOKEN_LIFE = 86_400  # seconds; real ones live an hour
_FEATURES = "danceability energy valence acousticness instrumentalness liveness speechiness tempo loudness".split()

_ID = re.compile(r"[0-9A-Za-z]{22}")
_ISRC = re.compile(r"[A-Z]{2}[0-9A-Z]{3}[0-9]{7}")
_THING: Shape = {"id": str, "name": str, "artists": list}  # a track, an album or an artist
_SOUND: Shape = {"id": str, "uri": str, "type": str}  # audio features, whichever of them are told

_TOKEN = re.compile(r"[!-~]{1,4096}")


class _TokenRefusedError(AnsweredError):
    """The answer of the address that gives tokens, where it gave none."""


class _Credentials(SpotifyClientCredentials):  # type: ignore[misc]  # spotipy ships no types
    """The app's id and secret, and the token that they fetch: one for all threads, one request for it at a time."""

    def __init__(self, session: BoundedSession, lock: threading.Lock, **options: Any) -> None:
        super().__init__(requests_session=session, **options)
        self._one_at_a_time = lock
        self._used = ""

    def get_access_token(self, as_dict: bool = False, check_cache: bool = True) -> str:
        """The token, from the cache while it is good."""
        with self._one_at_a_time:
            self._used = super().get_access_token(as_dict=False, check_cache=check_cache)
            return self._used

    def forget(self) -> None:
        """Fetch a new token next time, unless another thread has done so since this one last asked."""
        with self._one_at_a_time:
            if at(self.cache_handler.get_cached_token(), "access_token") == self._used:
                self.cache_handler.save_token_to_cache(None)

    def _request_access_token(self) -> dict[str, Any]:
        try:
            answer = super()._request_access_token()
        except AnsweredError as answered:
            raise _TokenRefusedError(answered.status, answered.headers, answered.body) from None
        except UnicodeEncodeError:
            # No app has such an id or secret; the error holds both.
            raise _TokenRefusedError(HTTPStatus.UNAUTHORIZED, {}, b"") from None
        token, life = at(answer, "access_token"), number_at(answer, "expires_in")
        if not (isinstance(token, str) and _TOKEN.fullmatch(token) and life):
            raise UnavailableError("sent a token that cannot be read")
        return {"access_token": token, "expires_in": min(life, _MAX_TOKEN_LIFE)}


class _Client(spotipy.Spotify):  # type: ignore[misc]  # spotipy ships no types
    """One thread's client."""

    def fetch(self, path: str, **params: Any) -> Any:
        """What stands at a path, None for what is no JSON; a token that is good no more is replaced once.

        The library's own methods would ask for single audio features at the endpoint for many, which is gone.
        """
        try:
            return self._get(path, **params)
        except _TokenRefusedError:
            raise
        except AnsweredError as answered:
            if answered.status != HTTPStatus.UNAUTHORIZED:
                raise
        self.auth_manager.forget()
        return self._get(path, **params)


class SpotifyProvider(Provider):
    """Tracks, albums and artists by link, tracks by name."""

    name = "spotify"
    label = "Spotify"
    abilities = frozenset({"identity", "search"})
    links = frozenset({("spotify", "track"), ("spotify", "album"), ("spotify", "artist")})

    def __init__(
        self,
        client_id: str,
        client_secret: SecretStr,
        *,
        api_base: str = "https://api.spotify.com/v1",
        accounts_base: str = "https://accounts.spotify.com",
        deadline: float,
        use_features: bool = False,
        gate: Gate | None = None,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        """Ask as the app with this id and secret, each time for at most `deadline` seconds in all.

        `use_features` says whether audio features and genres are taken too. `jitter` gives numbers from 0 to 1.
        """
        super().__init__(gate)
        self._deadline = deadline
        self._jitter = jitter
        self._use_features = use_features
        if use_features:
            # Only this one of the providers can do more where its settings say so.
            self.abilities = frozenset({"identity", "search", "features", "genres"})  # type: ignore[misc]
            self.details = True  # type: ignore[misc]
        tokens, lock = MemoryCacheHandler(), threading.Lock()

        def client(session: BoundedSession) -> _Client:
            credentials = _Credentials(
                session,
                lock,
                client_id=client_id,
                client_secret=client_secret.get_secret_value(),
                requests_timeout=deadline,
                cache_handler=tokens,
            )
            credentials.OAUTH_TOKEN_URL = f"{accounts_base.rstrip('/')}/api/token"
            made = _Client(auth_manager=credentials, requests_session=session, requests_timeout=deadline)
            made.prefix = f"{api_base.rstrip('/')}/"
            return made

        self._threads = Threads(client, deadline=deadline, libraries=("spotipy",))

    async def identify(self, link: Link) -> Found | None:
        """The names and ids of a track, an album or an artist."""
        answer = await self._look_up(f"{link.kind}s", link.id)
        if answer is None:
            return None
        if link.kind == "track":
            return self._track(answer, link.id)
        return _album(answer, link.id) if link.kind == "album" else self._artist(answer, link.id)

    async def search(self, query: NameQuery) -> Sequence[Found]:
        """Tracks with such names."""
        title, artist = (_plain(text) for text in (query.title, query.artist or ""))
        asked = f'track:"{title}" artist:"{artist}"' if title and artist else title or artist
        if not asked:
            return ()
        answer = await self._ask("search", "search", shape={"tracks": dict}, q=asked, type="track", limit=SEARCH_LIMIT)
        tracks = list_at(answer, "tracks", "items")[:SEARCH_LIMIT]
        found = (self._track(track, track_id) for track in tracks if (track_id := _id_at(track)))
        return tuple(each for each in found if each)

    async def describe(self, song: Song) -> Found | None:
        """The audio features of a track and the genres of its main artist, as far as this app is given them.

        Raises only where neither can be had for a reason other than that the service does not know it.
        """
        if not self.can_describe(song):
            return None
        parts = await asyncio.gather(self._features(song), self._genres(song), return_exceptions=True)
        features, genres = parts
        if isinstance(features, AudioFeatures) and isinstance(genres, tuple) and not (features.known() or genres):
            return None
        told = Song(
            kind=song.kind,
            features=features if isinstance(features, AudioFeatures) else AudioFeatures(),
            genres=genres if isinstance(genres, tuple) else (),
        )
        if told.features.known() or told.genres:
            return Found(song=told)
        raise next(part for part in parts if isinstance(part, BaseException))

    def can_describe(self, song: Song) -> bool:
        """By an id of theirs, where the settings let it be asked for features and genres."""
        return self._use_features and any(_known_id(song, name) for name in ("spotify", "spotify_album", "spotify_artist"))

    async def close(self) -> None:
        """Let go of the threads and the connections."""
        await self._threads.close()

    async def _features(self, song: Song) -> AudioFeatures:
        """The audio features of a track."""
        track_id = _known_id(song, "spotify")
        if song.kind != "track" or not track_id:
            return AudioFeatures()
        answer = await self._ask(f"audio-features/{track_id}", "audio-features", shape=_SOUND)
        return AudioFeatures.believable({name: number_at(answer, name) for name in _FEATURES})

    async def _genres(self, song: Song) -> tuple[str, ...]:
        """The genres of the main artist; apps of today are told none."""
        artist_id = _known_id(song, "spotify_artist") or await self._main_artist(song)
        return _genres_in(await self._look_up("artists", artist_id)) if artist_id else ()

    async def _main_artist(self, song: Song) -> str | None:
        """The id of the main artist of a track or an album."""
        for name, path in (("spotify", "tracks"), ("spotify_album", "albums")):
            if item_id := _known_id(song, name):
                return _id_at(at(await self._look_up(path, item_id), "artists", 0))
        return None

    def _track(self, answer: Any, track_id: str) -> Found | None:
        """A track as the API tells it; None where it has no name at all."""
        title, version = split_version(text_at(answer, "name") or "")
        isrc = (text_at(answer, "external_ids", "isrc") or "").replace("-", "").upper()
        ids = {"spotify": track_id}
        if _ISRC.fullmatch(isrc):
            ids["isrc"] = isrc
        if self._use_features and (artist_id := _id_at(at(answer, "artists", 0))):
            ids["spotify_artist"] = artist_id
        song = Song(
            title=title,
            version=version,
            artists=_names_in(answer),
            album=text_at(answer, "album", "name"),
            duration=seconds_at(answer, "duration_ms", unit=0.001),
            ids=ids,
        )
        popularity = number_at(answer, "popularity")
        believable = popularity is not None and 0 <= popularity <= 100
        return _if_named(song, popularity=popularity / 100 if popularity is not None and believable else None)

    def _artist(self, answer: Any, artist_id: str) -> Found | None:
        name = text_at(answer, "name")
        genres = _genres_in(answer) if self._use_features else ()
        artists = (name,) if name else ()
        return _if_named(Song(kind="artist", artists=artists, genres=genres, ids={"spotify_artist": artist_id}))

    async def _look_up(self, kind: str, item_id: str) -> Any:
        """The track, album or artist with an id; None where there is none."""
        # An id of the right letters that stands for too large a number gets status 400.
        missing = (HTTPStatus.NOT_FOUND, HTTPStatus.BAD_REQUEST)
        return await self._ask(f"{kind}/{item_id}", kind, shape=_THING, missing=missing)

    async def _ask(self, path: str, endpoint: str, *, shape: Shape, missing: Sequence[int] = (), **params: Any) -> Any:
        """The JSON object at a path, of which `shape` is documented; None where the status is among `missing`."""
        trial = self.gate.check(endpoint)
        try:
            answer = shaped(await self._answer(path, params), shape)
        except AnsweredError as answered:
            if answered.status in missing and not isinstance(answered, _TokenRefusedError):
                self.gate.succeeded(endpoint)
                self.gate.known(endpoint, path, known=False)
                return None
            error = _meaning(answered, endpoint)
            self.gate.failed(endpoint, error)
            raise error from None
        except (LeftAloneError, asyncio.CancelledError):
            self.gate.given_up(trial)
            raise
        except ServiceError as error:
            self.gate.failed(endpoint, error)
            raise
        self.gate.succeeded(endpoint)
        self.gate.known(endpoint, path, known=True)
        return answer

    async def _answer(self, path: str, params: dict[str, Any]) -> Any:
        """The JSON at a path, asked for once more where the service is down for a moment."""
        now = asyncio.get_running_loop().time
        end = now() + self._deadline

        async def once() -> Any:
            answer = await self._threads.run(lambda client: client.fetch(path, **params), within=end - now())
            if answer is None:  # also where it is empty or broken: the library does not tell these apart
                raise UnavailableError("sent an answer that is no JSON")
            return answer

        try:
            return await once()
        except AnsweredError as answered:
            error = _meaning(answered, path)
            pause = 0.1 + 0.2 * self._jitter()
            if not (isinstance(error, UnavailableError) and error.passing) or now() + pause >= end:
                raise
        await asyncio.sleep(pause)
        return await once()


def _meaning(answered: AnsweredError, endpoint: str) -> ServiceError:
    """What a status other than 200 means."""
    if isinstance(answered, _TokenRefusedError) and answered.status in {400, 401, 403}:
        remedy = "check client_id and client_secret in [spotify]"
        return RefusedError(f"does not know this app: {remedy}", whole=True)
    if answered.status == HTTPStatus.FORBIDDEN and b"premium" in answered.body.lower():
        return RefusedError("answers only apps whose owner has Spotify Premium: let the owner subscribe", whole=True)
    if endpoint == "audio-features" and answered.status in {403, 404}:
        remedy = "set use_spotify_features in [spotify] to false"
        return RefusedError(f"gives this app no audio features (status {answered.status}): {remedy}")
    try:
        refuse(answered.status, answered.headers, answered.body)
    except ServiceError as error:
        return error


def _album(answer: Any, album_id: str) -> Found | None:
    title = text_at(answer, "name")
    return _if_named(Song(kind="album", title=title, album=title, artists=_names_in(answer), ids={"spotify_album": album_id}))


def _if_named(song: Song, popularity: float | None = None) -> Found | None:
    """The song as found, None where not even a name is known."""
    return Found(song=song, popularity=popularity) if song.title or song.artists else None


def _names_in(answer: Any) -> tuple[str, ...]:
    """The names of the artists, the main one first."""
    names = (text_at(artist, "name") for artist in list_at(answer, "artists"))
    return tuple(name for name in names if name)


def _genres_in(answer: Any) -> tuple[str, ...]:
    genres = (text_at(genre) for genre in list_at(answer, "genres"))
    return tuple(genre for genre in genres if genre)


def _known_id(song: Song, name: str) -> str:
    """An id of theirs, "" for what is none."""
    known = song.ids.get(name, "")
    return known if _ID.fullmatch(known) else ""


def _id_at(answer: Any) -> str | None:
    """The id of a track or an artist, None where it is none."""
    found = at(answer, "id")
    return found if isinstance(found, str) and _ID.fullmatch(found) else None


def _plain(name: str) -> str:
    """A name without what means something in a query."""
    return " ".join(re.sub(r'[":*]', " ", name)[:MAX_NAME].split())
