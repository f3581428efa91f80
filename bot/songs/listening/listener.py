"""Listens to a song's 30 s preview, where the extra `listen` is installed: tempo, loudness and brightness of it."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from http import HTTPStatus
from types import MappingProxyType

from aiohttp.abc import AbstractResolver
from yarl import URL

from bot.errors import RefusedError, UnavailableError
from bot.songs.listening.ear import Ear
from bot.songs.network.gate import Gate
from bot.songs.network.guarded_web import GuardedWeb
from bot.songs.network.web import beginning, refuse
from bot.songs.song import AudioFeatures

LABEL = "Listening to previews"
MAX_BYTES = 2 << 20  # of a preview; 30 s of MP3 are half a megabyte

_LIBRARIES = ("librosa", "soundfile")
_HOSTS = frozenset({"audio-ssl.itunes.apple.com"})
_DOMAINS = (".dzcdn.net", ".mzstatic.com")
_UNREADABLE = (".m4a", ".aac", ".mp4")  # AAC, which libsndfile cannot decode
_GONE = {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}


class Listener:
    """Fetches previews and measures them in a program beside the bot, so that its event loop is never held up.

    That program takes some 250 MB while it runs. Deezer's previews are MP3 and can be heard; Apple's are AAC and cannot.
    """

    label = LABEL

    def __init__(
        self,
        *,
        deadline: float,
        agent: str,
        bases: Mapping[str, str] | None = None,
        resolver: AbstractResolver | None = None,
        gate: Gate | None = None,
    ) -> None:
        """Give each preview `deadline` seconds to be fetched and as many more to be measured, for its turn included.

        `agent` says who asks. Make it inside the event loop.

        `bases` moves hosts to other addresses for tests and rehearsals, `resolver` looks names up instead of the system.
        """
        self._web = GuardedWeb(
            LABEL,
            _may_reach,
            deadline=deadline,
            agent=agent,
            bases=bases or MappingProxyType({}),
            resolver=resolver,
            gate=gate,
        )
        self._deadline = deadline
        self._ear = Ear()

    @staticmethod
    def available() -> str | None:
        """None where the extra is installed; otherwise the sentence that says what to do."""
        missing = [name for name in _LIBRARIES if importlib.util.find_spec(name) is None]
        if not missing:
            return None
        return (
            f'Listening to previews needs {" and ".join(missing)}: run pip install "deephypebot[listen]", '
            "or set listen = false under [songs]."
        )

    def can_hear(self, preview: str) -> bool:
        """Whether a preview at this address may be fetched and could be decoded; `hear` says None for all others."""
        return self._readable(preview) is not None

    def prepare(self) -> None:
        """Begin to load what listening needs, and return at once; otherwise the first preview has to wait for it."""
        self._ear.prepare()

    async def hear(self, preview: str) -> AudioFeatures | None:
        """Tempo, loudness and brightness of the preview at this address, as far as they are clear (see `hearing`).

        None where nothing is: an address that is not fetched, a preview that is gone, AAC, silence, no music at all.
        Raises ServiceError where it cannot be had now; LeftAloneError while listening is still being made ready.
        """
        url = self._readable(preview)
        if url is None:
            return None
        return await self._web.through_gate("previews", lambda: self._hear(url), deadline=2 * self._deadline)

    async def close(self) -> None:
        """Let go of the connections, and end the program beside."""
        await self._ear.close()
        await self._web.close()

    def _readable(self, preview: str) -> URL | None:
        url = self._web.read(preview)
        return None if url is None or url.path.lower().endswith(_UNREADABLE) else url

    async def _hear(self, url: URL) -> AudioFeatures | None:
        self.prepare()
        audio = await self._fetch(url)
        if not audio:
            return None
        await self._ear.ready(self._deadline)
        heard = AudioFeatures.believable(await self._ear.measure(audio))
        return heard if heard.known() else None

    async def _fetch(self, url: URL) -> bytes | None:
        """The preview's bytes, None where there is none any more."""
        async with self._web.ask("GET", url) as response:
            if response.status in _GONE:
                return None
            if response.status != HTTPStatus.OK:
                try:
                    refuse(response.status, response.headers)
                except RefusedError as error:  # of this address, which has an end to its life, and not of all previews
                    raise UnavailableError(str(error)) from None
            audio = await beginning(response, MAX_BYTES + 1)
        if len(audio) > MAX_BYTES:
            raise UnavailableError(f"was given more than {MAX_BYTES // 1024} KiB")
        return audio


def _may_reach(host: str) -> bool:
    return host in _HOSTS or host.endswith(_DOMAINS)
