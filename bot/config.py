"""Typed settings: defaults, then a TOML file, then `DEEPHYPEBOT_<SECTION>__<KEY>`; all faults are told at once."""

from __future__ import annotations

import os
import re
import sys
import tomllib
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, EnvSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict

from bot.errors import ConfigError

PREFIX = "DEEPHYPEBOT_"
DEFAULT_FILE = Path("config.toml")
_MAX_BYTES = 1 << 20

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
Waiting = Annotated[int, _NUMBER, Field(ge=1, le=1000, title="a whole number from 1 to 1000")]
Columns = Annotated[int, _NUMBER, Field(ge=20, le=500, title="a whole number from 20 to 500")]


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


class _Section(BaseModel):
    """One table of the file; unknown keys are faults."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class ModelSettings(_Section):
    """Which bundle speaks, and where it runs."""

    bundle: Text = Field(default="", description='Folder of the bundle to speak from; "" is the one that came along.')
    device: Device = Field(default="auto", description='Where the model runs: "auto", "cpu" or "cuda".')

    @property
    def folder(self) -> Path | None:
        """The bundle's folder, None for the one that came along."""
        return expand(self.bundle) if self.bundle else None


class ReplySettings(_Section):
    """How replies are made."""

    praise: Praise = Field(default=8.0, description="How warmly to write, from 0 (cool) to 10 (adoring).")
    remembered: Remembered = Field(default=20, description="How many of its last replies the bot tries not to repeat.")
    waiting: Waiting = Field(default=16, description="How many replies may be in the making at once; more are turned away.")
    deadline: Seconds = Field(default=30.0, description="Seconds after which a reply is given up.")


class StoreSettings(_Section):
    """Where replies and votes are kept."""

    url: DatabaseUrl = Field(
        default=SecretStr(""), description='Address of the database; "" is a file in your user data folder.'
    )


class TerminalSettings(_Section):
    """The conversation in the terminal."""

    person: Name = Field(default="me", description="Name under which votes from this terminal are kept.")
    width: Columns = Field(default=100, description="Widest line to print, in columns; a narrower window is respected.")


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
    store: StoreSettings = StoreSettings()
    terminal: TerminalSettings = TerminalSettings()

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


def expand(path: str | Path) -> Path:
    """The path with a leading `~` replaced by the home folder, as it stands when there is no such home."""
    try:
        return Path(path).expanduser()
    except RuntimeError:
        return Path(path)


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
    value = repr(os.environ[variable] if variable else given[key[0]][key[1]])
    return f"{place} is {value[:80]}, but must be {field.title}; the default is {default!r}."
