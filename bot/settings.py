"""The sections of the settings and the kinds of values in them, each with its default and what it is for."""

from __future__ import annotations

import re
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, ValidationInfo

# The title of each kind of value is what a fault says it must be.
_PRINTABLE = r"^[^\x00-\x1f\x7f]*$"
Text = Annotated[str, Field(max_length=4096, pattern=_PRINTABLE, title="one line of at most 4096 characters")]
Name = Annotated[str, Field(min_length=1, max_length=64, pattern=_PRINTABLE, title="a name of 1 to 64 characters")]
Device = Annotated[Literal["auto", "cpu", "cuda"], Field(title="auto, cpu or cuda")]


def _number(value: object) -> object:
    """Let no `true` pass for 1."""
    if isinstance(value, bool):
        raise ValueError("no number")  # pydantic reports only these
    return value


_NUMBER = BeforeValidator(_number)
Praise = Annotated[float, _NUMBER, Field(ge=0, le=10, allow_inf_nan=False, title="a number from 0 to 10")]
Seconds = Annotated[float, _NUMBER, Field(ge=0.1, le=600, allow_inf_nan=False, title="seconds from 0.1 to 600")]
Remembered = Annotated[int, _NUMBER, Field(ge=0, le=100, title="a whole number from 0 to 100")]
KeepDays = Annotated[int, _NUMBER, Field(ge=0, le=36_500, title="a whole number from 0 to 36500")]
Waiting = Annotated[int, _NUMBER, Field(ge=1, le=1000, title="a whole number from 1 to 1000")]
ServiceSeconds = Annotated[float, _NUMBER, Field(ge=0.1, le=30, allow_inf_nan=False, title="seconds from 0.1 to 30")]
Columns = Annotated[int, _NUMBER, Field(ge=20, le=500, title="a whole number from 20 to 500")]


Base = Annotated[
    str,
    Field(
        max_length=1024,
        pattern=r"^https?://[^\s/?#@\\]+(/[^\s?#@\\]*)?$",
        title="an address that begins with https:// or http://, with no user, query or fragment",
    ),
]
AnyBase = Annotated[
    str,
    Field(
        max_length=1024,
        pattern=r"^(https?://[^\s/?#@\\]+(/[^\s?#@\\]*)?|)$",
        title='an address that begins with https:// or http://, with no user, query or fragment, or ""',
    ),
]
Socket = Annotated[
    str,
    Field(
        max_length=1024,
        pattern=r"^wss?://[^\s/?#@\\]+(/[^\s?#@\\]*)?$",
        title="an address that begins with wss:// or ws://, with no user, query or fragment",
    ),
]
Secret = Annotated[SecretStr, Field(max_length=512, title="one line of at most 512 characters")]
Contact = Annotated[
    str,
    Field(
        max_length=200,
        pattern=r"^([^\s@()<>]+@[^\s@()<>]+|https?://[^\s()<>]+|)$",
        title='an e-mail or web address, or ""',
    ),
]
Country = Annotated[str, Field(pattern=r"^[A-Z]{2}$", title="two capital letters")]

PROVIDERS = (
    *("catalogue", "spotify", "youtube", "reccobeats", "spotify_oembed", "youtube_oembed"),
    *("musicbrainz", "lastfm", "deezer", "itunes"),
)


def _listed(value: object) -> object:
    """Let an environment variable hold a list with commas."""
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


def _each_once(names: tuple[str, ...]) -> tuple[str, ...]:
    if unknown := [name for name in names if name not in PROVIDERS]:
        raise ValueError(f"no provider {unknown[0]}")
    if len(set(names)) < len(names):
        raise ValueError("a provider twice")
    return names


Providers = Annotated[
    tuple[str, ...],
    BeforeValidator(_listed),
    AfterValidator(_each_once),
    Field(title=f"a list of some of {', '.join(PROVIDERS)}, each once"),
]


def _database(url: SecretStr) -> SecretStr:
    if not re.match(r"$|sqlite\+aiosqlite:///|postgresql\+asyncpg://", url.get_secret_value()):
        raise ValueError("no database")
    return url


DatabaseUrl = Annotated[
    SecretStr,
    AfterValidator(_database),
    Field(
        max_length=4096,
        title='"" or an address that begins with sqlite+aiosqlite:/// or postgresql+asyncpg://',
    ),
]


def is_loopback(host: str) -> bool:
    """Whether a host, by name or address, can be reached from this computer only."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def _own_host(host: str, info: ValidationInfo) -> str:
    """Keep the numbers on this computer, unless `public`, which must stand before, says otherwise."""
    if not info.data.get("public", True) and not is_loopback(host):
        raise ValueError("open to others")
    return host


Host = Annotated[
    str,
    AfterValidator(_own_host),
    Field(
        max_length=253,
        pattern=r"^[A-Za-z0-9.:_-]+$",
        title='"127.0.0.1", "::1" or "localhost", or with public = true any address of this computer',
    ),
]
AnyHost = Annotated[
    str, Field(max_length=253, pattern=r"^[A-Za-z0-9.:_-]+$", title="an address of this computer, such as 127.0.0.1 or 0.0.0.0")
]
SlackMode = Annotated[Literal["socket", "http"], Field(title="socket or http")]
Port = Annotated[int, _NUMBER, Field(ge=0, le=65_535, title="a whole number from 0 to 65535")]
Level = Annotated[Literal["debug", "info", "warning", "error"], Field(title="debug, info, warning or error")]
LineFormat = Annotated[Literal["plain", "json"], Field(title="plain or json")]


class Section(BaseModel):
    """One table of the file; unknown keys are faults."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class ModelSettings(Section):
    """Which bundle speaks, and where it runs."""

    bundle: Text = Field(default="", description='Folder of the bundle to speak from; "" is the one that came along.')
    device: Device = Field(default="auto", description='Where the model runs: "auto", "cpu" or "cuda".')

    @property
    def folder(self) -> Path | None:
        """The bundle's folder, None for the one that came along."""
        return expand(self.bundle) if self.bundle else None


class ReplySettings(Section):
    """How replies are made."""

    praise: Praise = Field(default=8.0, description="How warmly to write, from 0 (cool) to 10 (adoring).")
    remembered: Remembered = Field(default=20, description="How many of its last replies the bot tries not to repeat.")
    waiting: Waiting = Field(default=100, description="How many replies may be in the making at once; more are turned away.")
    deadline: Seconds = Field(default=30.0, description="Seconds after which a reply is given up.")


class StoreSettings(Section):
    """Where replies and votes are kept."""

    url: DatabaseUrl = Field(
        default=SecretStr(""), description='Address of the database; "" is a file in your user data folder.'
    )
    keep_days: KeepDays = Field(
        default=0, description="Days after which replies and the votes on them are dropped; 0 keeps them for ever."
    )


class SongsSettings(Section):
    """How a song is found out."""

    online: bool = Field(
        default=True,
        title="true or false",
        description="Whether to ask outside services; without them only the sample catalogue is known.",
    )
    providers: Providers = Field(
        default=PROVIDERS,
        description="Who is asked about songs; where two know the same thing, the one named first is believed.",
    )
    service_deadline: ServiceSeconds = Field(default=2.5, description="Seconds after which one service is given up.")
    deadline: ServiceSeconds = Field(default=8.0, description="Seconds after which the search for a song is ended.")
    listen: bool = Field(
        default=False,
        title="true or false",
        description='Whether to listen to a 30 s preview where no service knows the features; needs the extra "listen".',
    )


class SpotifySettings(Section):
    """Spotify: names, albums and ISRCs with a key; titles without one."""

    client_id: Text = Field(default="", description='Id of your app at developer.spotify.com; "" does without.')
    client_secret: Secret = Field(default=SecretStr(""), description="Secret of that app.")
    use_spotify_features: bool = Field(
        default=False,
        title="true or false",
        description="Whether to use its audio features and genres too; only apps from before November 2024 get them.",
    )
    api_base: Base = Field(default="https://api.spotify.com/v1", description="Address of its Web API.")
    accounts_base: Base = Field(default="https://accounts.spotify.com", description="Address that gives tokens.")
    oembed_base: Base = Field(default="https://open.spotify.com", description="Address of its oEmbed service.")
    short_base: AnyBase = Field(
        default="",
        description='Address that follows short links; "" asks the hosts that they name (spotify.link and others).',
    )


class YouTubeSettings(Section):
    """YouTube: titles and channels without a key; durations and categories with one."""

    key: Secret = Field(default=SecretStr(""), description='Key of the YouTube Data API; "" does without.')
    api_base: Base = Field(default="https://www.googleapis.com/youtube/v3", description="Address of its Data API.")
    oembed_base: Base = Field(default="https://www.youtube.com", description="Address of its oEmbed service.")


class ReccoBeatsSettings(Section):
    """ReccoBeats: names and audio features of Spotify's tracks, with no key."""

    api_base: Base = Field(default="https://api.reccobeats.com", description="Address of its API.")


class MusicBrainzSettings(Section):
    """MusicBrainz: genres, with no key but a contact."""

    contact: Contact = Field(
        default="",
        description='Your e-mail or web address, which they require in every request; "" does without them.',
    )
    api_base: Base = Field(default="https://musicbrainz.org/ws/2", description="Address of its API.")


class LastFmSettings(Section):
    """Last.fm: tags, with a key, for non-commercial use."""

    key: Secret = Field(default=SecretStr(""), description='Key of its API; "" does without.')
    api_base: Base = Field(default="https://ws.audioscrobbler.com/2.0", description="Address of its API.")


class DeezerSettings(Section):
    """Deezer: names, tempo, loudness and genres, with no key."""

    api_base: Base = Field(default="https://api.deezer.com", description="Address of its API.")


class ITunesSettings(Section):
    """iTunes: names and a genre, with no key."""

    country: Country = Field(default="US", description="Whose shop is asked.")
    api_base: Base = Field(default="https://itunes.apple.com", description="Address of its search.")


class TerminalSettings(Section):
    """The conversation in the terminal."""

    person: Name = Field(default="me", description="Name under which votes from this terminal are kept.")
    width: Columns = Field(default=100, description="Widest line to print, in columns; a narrower window is respected.")


class DiscordSettings(Section):
    """The bot in Discord."""

    token: Secret = Field(
        default=SecretStr(""), description='Token of your bot at discord.com/developers/applications; "" does without Discord.'
    )
    message_content: bool = Field(
        default=True,
        title="true or false",
        description="Whether to hear links in messages, which needs the message-content intent; all else works without it.",
    )
    api_base: Base = Field(default="https://discord.com/api/v10", description="Address of its interface.")
    gateway: Socket = Field(default="wss://gateway.discord.gg/", description="Address of its gateway.")


class SlackSettings(Section):
    """The bot in Slack."""

    bot_token: Secret = Field(default=SecretStr(""), description="Token of your app in one workspace, which begins with xoxb-.")
    app_token: Secret = Field(
        default=SecretStr(""), description="Token of the app itself, which begins with xapp-, for the mode socket."
    )
    signing_secret: Secret = Field(default=SecretStr(""), description="Secret that signs requests, for the mode http.")
    client_id: Text = Field(
        default="", description="Id of an app that several workspaces install from your address, in place of a bot_token."
    )
    client_secret: Secret = Field(default=SecretStr(""), description="Secret of that app.")
    mode: SlackMode = Field(
        default="socket",
        description='How events come: "socket" needs no address of yours, "http" is for apps that are given away.',
    )
    host: AnyHost = Field(default="127.0.0.1", description='Address to listen on in the mode http; "0.0.0.0" is every one.')
    port: Port = Field(default=3000, description="Port to listen on in the mode http; 0 picks a free one.")
    messages: bool = Field(
        default=False,
        title="true or false",
        description="Whether to hear every message and deletions, which needs more scopes, or only what Slack tells of links.",
    )
    api_base: Base = Field(default="https://slack.com/api/", description="Address of its interface.")

    @property
    def wanted(self) -> bool:
        """Whether the bot is to be in Slack at all."""
        return bool(self.bot_token.get_secret_value() or self.app_token.get_secret_value() or self.client_id)


class HealthSettings(Section):
    """How others see whether the bot is well."""

    enabled: bool = Field(
        default=True,
        title="true or false",
        description="Whether `deephypebot run` answers at /healthz, /livez and /metrics.",
    )
    public: bool = Field(
        default=False,
        title="true or false",
        description="Whether other computers may ask too; nothing secret is told, but there is no password.",
    )
    host: Host = Field(default="127.0.0.1", description='Address to listen on; with public "0.0.0.0" is every one.')
    port: Port = Field(default=9754, description="Port to listen on; 0 picks a free one.")


class LogSettings(Section):
    """What a running bot tells of itself on stderr."""

    level: Level = Field(default="info", description='What is told: "debug", "info", "warning" or "error" and worse.')
    format: LineFormat = Field(default="plain", description='Lines for people ("plain") or for programs ("json").')


def expand(path: str | Path) -> Path:
    """The path with a leading `~` replaced by the home folder, as it stands when there is no such home."""
    try:
        return Path(path).expanduser()
    except RuntimeError:
        return Path(path)
