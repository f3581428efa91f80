"""The outside services that the settings allow, wired up; and one sentence on what works with them and what does not."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from importlib.metadata import version

from bot.config import Settings
from bot.links import SHORT_HOSTS
from bot.songs.cache import Cache
from bot.songs.desk import Desk
from bot.songs.listening.listener import Listener
from bot.songs.network.short_links import ShortLinks
from bot.songs.network.web import Web
from bot.songs.providers.base import Ability, Provider
from bot.songs.providers.deezer import DeezerProvider
from bot.songs.providers.itunes import ITunesProvider
from bot.songs.providers.lastfm import LastFmProvider
from bot.songs.providers.musicbrainz import MusicBrainzProvider
from bot.songs.providers.reccobeats import ReccoBeatsProvider
from bot.songs.providers.spotify import SpotifyProvider
from bot.songs.providers.spotify_oembed import SpotifyOembedProvider
from bot.songs.providers.youtube import YouTubeProvider
from bot.songs.providers.youtube_oembed import YouTubeOembedProvider

# Services whose answers depend on more than their address: by whose settings they are told apart in the cache.
_OF_SETTINGS = ("spotify", "itunes")


class Services:
    """Everything that an inquiry works with; make it inside the event loop, end it with `close`."""

    def __init__(
        self,
        settings: Settings,
        cache: Cache,
        *,
        knows_genre: Callable[[str], bool] = lambda _: True,
        vocabulary: str = "",
    ) -> None:
        """Get ready to ask; nothing is asked yet.

        `knows_genre` tells whether the model can make use of a genre, and `vocabulary` that model from others.
        """
        deadline = settings.songs.service_deadline
        agent = f"deephypebot/{version('deephypebot')}"
        self._web = Web(deadline=deadline, agent=agent)
        self.providers = _providers(settings, self._web)
        self.cache = cache
        variants = {name: _digest(getattr(settings, name).model_dump()) for name in _OF_SETTINGS}
        self.desk = Desk(cache, deadline=deadline, variants=variants)
        self._vocabulary = vocabulary
        self._variants = variants
        moved = dict.fromkeys(SHORT_HOSTS, settings.spotify.short_base) if settings.spotify.short_base else None
        self.short_links = ShortLinks(deadline=deadline, agent=agent, bases=moved)
        self.listener = Listener(deadline=deadline, agent=agent) if settings.songs.listen else None
        if self.listener:
            self.listener.prepare()
        self.knows_genre = knows_genre

    @property
    def mark(self) -> str:
        """A short text that changes with who is asked, in which order, and with what is made of it."""
        names = [provider.name for provider in self.providers]
        return _digest([names, self._variants, bool(self.listener), self._vocabulary])

    async def close(self) -> None:
        """Let go of all connections and threads."""
        await self.desk.close()
        for provider in self.providers:
            await provider.close()
        await self.short_links.close()
        if self.listener:
            await self.listener.close()
        await self._web.close()
        await self.cache.close()


def _digest(values: object) -> str:
    """A short text for values, in which secrets are hidden (a key does not change what is answered)."""
    return hashlib.sha256(repr(values).encode()).hexdigest()[:8]


def _providers(settings: Settings, web: Web) -> tuple[Provider, ...]:
    """Those that the settings name and give what they need, in the order of the settings."""
    deadline = settings.songs.service_deadline
    spotify, youtube, lastfm, brainz = settings.spotify, settings.youtube, settings.lastfm, settings.musicbrainz
    made: dict[str, Callable[[], Provider]] = {
        "spotify": lambda: SpotifyProvider(
            spotify.client_id,
            spotify.client_secret,
            api_base=spotify.api_base,
            accounts_base=spotify.accounts_base,
            deadline=deadline,
            use_features=spotify.use_spotify_features,
        ),
        "youtube": lambda: YouTubeProvider(web, youtube.api_base, deadline=deadline, key=youtube.key),
        "spotify_oembed": lambda: SpotifyOembedProvider(web, spotify.oembed_base, deadline=deadline),
        "youtube_oembed": lambda: YouTubeOembedProvider(web, youtube.oembed_base, deadline=deadline),
        "reccobeats": lambda: ReccoBeatsProvider(web, settings.reccobeats.api_base, deadline=deadline),
        "musicbrainz": lambda: MusicBrainzProvider(web, brainz.api_base, deadline=deadline, contact=brainz.contact),
        "lastfm": lambda: LastFmProvider(web, lastfm.api_base, deadline=deadline, key=lastfm.key),
        "deezer": lambda: DeezerProvider(web, settings.deezer.api_base, deadline=deadline),
        "itunes": lambda: ITunesProvider(web, settings.itunes.api_base, deadline=deadline, country=settings.itunes.country),
    }
    return tuple(made[name]() for name in _given(settings))


# --- the mode, in words ------------------------------------------------------------------------------------------

_KEYS = {
    "spotify": "no Spotify key",
    "youtube": "no YouTube key",
    "lastfm": "no Last.fm key",
    "musicbrainz": "no contact for MusicBrainz",
}


def mode(settings: Settings) -> str:
    """Which services are asked for what, in one line that also says which of them lack a key."""
    if not settings.songs.online:
        return "Offline: only the sample catalogue is known."
    given = _given(settings)
    missing = [words for name, words in _KEYS.items() if name in settings.songs.providers and name not in given]
    known = {
        "names": _who(given, "identity"),
        "features": _who(given, "features", but=() if settings.spotify.use_spotify_features else ("spotify",)),
        "genres": _who(given, "genres", but=() if settings.spotify.use_spotify_features else ("spotify",)),
    }
    front = ", ".join(missing)
    told = "; ".join(f"{what} from {who}" if who else f"no {what}" for what, who in known.items())
    line = f"{front}: {told}." if front else f"{told}."
    return line[0].upper() + line[1:]


_CLASSES: dict[str, type[Provider]] = {
    each.name: each
    for each in (
        *(SpotifyProvider, YouTubeProvider, ReccoBeatsProvider, SpotifyOembedProvider, YouTubeOembedProvider),
        *(MusicBrainzProvider, LastFmProvider, DeezerProvider, ITunesProvider),
    )
}


def _given(settings: Settings) -> tuple[str, ...]:
    """The services that the settings name and give what they need."""
    needs = {
        "spotify": settings.spotify.client_id and settings.spotify.client_secret.get_secret_value(),
        "youtube": settings.youtube.key.get_secret_value(),
        "lastfm": settings.lastfm.key.get_secret_value(),
        "musicbrainz": settings.musicbrainz.contact,
    }
    return tuple(name for name in settings.songs.providers if name in _CLASSES and needs.get(name, True))


def _who(given: tuple[str, ...], ability: Ability, but: tuple[str, ...] = ()) -> str:
    names = [_CLASSES[name].label for name in given if ability in _CLASSES[name].abilities and name not in but]
    return f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else "".join(names)
