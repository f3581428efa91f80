"""Typed settings: defaults, then a TOML file, then `DEEPHYPEBOT_<SECTION>__<KEY>`; all faults are told at once."""

from __future__ import annotations

import os
import sys
import tomllib
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, EnvSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict

from bot.curation.defaults import PlacesSettings
from bot.errors import ConfigError
from bot.settings import (
    DeezerSettings,
    DiscordSettings,
    HealthSettings,
    ITunesSettings,
    LastFmSettings,
    LogSettings,
    ModelSettings,
    MusicBrainzSettings,
    ReccoBeatsSettings,
    ReplySettings,
    SlackSettings,
    SongsSettings,
    SpotifySettings,
    StoreSettings,
    TerminalSettings,
    YouTubeSettings,
)

PREFIX = "DEEPHYPEBOT_"
DEFAULT_FILE = Path("config.toml")
_MAX_BYTES = 1 << 20


class Settings(BaseSettings):
    """Every setting; make it with `load`, which says in plain words what is wrong."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_nested_delimiter="__",
        enable_decoding=False,
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
    )

    model: ModelSettings = ModelSettings()
    reply: ReplySettings = ReplySettings()
    places: PlacesSettings = PlacesSettings()
    store: StoreSettings = StoreSettings()
    songs: SongsSettings = SongsSettings()
    spotify: SpotifySettings = SpotifySettings()
    youtube: YouTubeSettings = YouTubeSettings()
    reccobeats: ReccoBeatsSettings = ReccoBeatsSettings()
    musicbrainz: MusicBrainzSettings = MusicBrainzSettings()
    lastfm: LastFmSettings = LastFmSettings()
    deezer: DeezerSettings = DeezerSettings()
    itunes: ITunesSettings = ITunesSettings()
    terminal: TerminalSettings = TerminalSettings()
    discord: DiscordSettings = DiscordSettings()
    slack: SlackSettings = SlackSettings()
    health: HealthSettings = HealthSettings()
    log: LogSettings = LogSettings()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Put the environment above what is given (the file); unknown variables are left to `load` to report."""
        if isinstance(env_settings, EnvSettingsSource):
            known = {_variable(key) for key, _ in keys()}
            env_settings.env_vars = {k: v for k, v in env_settings.env_vars.items() if k.upper() in known}
        return env_settings, init_settings


def keys() -> Iterator[tuple[tuple[str, str], FieldInfo]]:
    """Every setting as ((section, key), field), in the order of the example file."""
    for section, field in Settings.model_fields.items():
        for key, inner in type(field.default).model_fields.items():
            yield (section, key), inner


def load(file: Path | None = None) -> Settings:
    """Read the settings from `file`, else from ./config.toml if there is one, and from the environment.

    Raises ConfigError with every fault; each names the place, the key, the value and the remedy, never a secret.
    """
    path = file if file is not None else DEFAULT_FILE if DEFAULT_FILE.is_file() else None
    given = _read(path) if path else {}
    faults = list(_unknown_variables())
    try:
        settings = Settings(**given)
    except ValidationError as error:
        faults += [_fault(str(path), found["loc"], found["type"], given) for found in error.errors()]
    if faults:
        raise ConfigError(faults)
    return settings


def user_data_folder(platform: str = sys.platform, environ: Mapping[str, str] = os.environ) -> Path:
    """The folder in which this system keeps a program's data for one user, `~` not yet expanded."""
    if platform == "darwin":
        base = Path("~/Library/Application Support")
    elif platform == "win32":
        base = Path(environ.get("LOCALAPPDATA") or "~/AppData/Local")
    else:
        base = Path(environ.get("XDG_DATA_HOME") or "~/.local/share")
    return base / "deephypebot"


def _read(path: Path) -> dict[str, Any]:
    """The file as nested dictionaries; raise ConfigError when it cannot be read."""
    name = repr(str(path))
    try:
        with path.open("rb") as file:
            raw = file.read(_MAX_BYTES + 1)
        if len(raw) > _MAX_BYTES:
            raise ConfigError([f"{name} is larger than 1 MiB, too large for settings; give the right file."])
        return tomllib.loads(raw.decode())
    except (OSError, ValueError, RecursionError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        if isinstance(error, UnicodeDecodeError):
            reason = "it is not UTF-8 text"
        remedy = "see config.example.toml for a file that works"
        raise ConfigError([f"The settings in {name} cannot be read ({reason}); {remedy}."]) from None


def _variable(key: tuple[str, ...]) -> str:
    return PREFIX + "__".join(key).upper()


def _unknown_variables() -> Iterator[str]:
    known = [_variable(key) for key, _ in keys()]
    for name in sorted(os.environ):
        if name.upper().startswith(PREFIX) and name.upper() not in known:
            yield _unknown(f"the environment variable {name[:100]!r}", name.upper(), known)


def _unknown(what: str, name: str, known: list[str]) -> str:
    close = get_close_matches(name, known, n=1, cutoff=0.6)
    hint = f"did you mean {close[0]}?" if close else f"known are {', '.join(known)}."
    return f"There is no setting for {what}; {hint}"


def _fault(path: str, loc: tuple[int | str, ...], kind: str, given: Mapping[str, Any]) -> str:
    """One sentence on one fault that pydantic found at `loc`."""
    key = tuple(str(part) for part in loc)
    fields = dict(keys())
    if kind == "extra_forbidden":
        places = [".".join(k) for k, _ in keys()] if len(key) > 1 else list(Settings.model_fields)
        return _unknown(f"{'.'.join(key)[:100]!r} in {path!r}", ".".join(key), places)
    field = fields.get((key[0], key[1])) if len(key) > 1 else None
    if field is None:
        return f"In {path!r} {key[0]!r} must be a section; write it as [{key[0]}] with its keys below."
    default = field.default
    variable = next((name for name in os.environ if name.upper() == _variable(key[:2])), None)
    place = f"The environment variable {variable}" if variable else f"In {path!r} {'.'.join(key[:2])}"
    if isinstance(default, SecretStr):
        return f"{place} must be {field.title} (its value is not shown)."
    value = repr(os.environ[variable] if variable else given.get(key[0], {}).get(key[1], default))
    return f"{place} is {value[:80]}, but must be {field.title}; the default is {default!r}."
