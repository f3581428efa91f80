"""Settings: where they come from, that the example file tells the truth, and how faults are told."""

import json
import subprocess
import sys
import tomllib
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from bot.config import DEFAULT_FILE, keys, load, user_data_folder
from bot.curation.defaults import PlacesSettings
from bot.curation.settings import FIELDS, PlaceSettings
from bot.errors import ConfigError
from bot.settings import expand

EXAMPLE = Path(__file__).parents[2] / "config.example.toml"


@pytest.fixture(autouse=True)
def elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Work in a folder with no config.toml."""
    monkeypatch.chdir(tmp_path)


def write(text: str) -> Path:
    """A settings file of the default name, in the folder of the test."""
    DEFAULT_FILE.write_text(text, encoding="utf-8")
    return DEFAULT_FILE


def faults_of(text: str) -> tuple[str, ...]:
    """The faults that a settings file has."""
    with pytest.raises(ConfigError) as caught:
        load(write(text))
    return caught.value.faults


def plain(value: object) -> object:
    """A default as it stands in a file."""
    if isinstance(value, tuple):
        return list(value)
    return value.get_secret_value() if isinstance(value, SecretStr) else value


def test_the_example_holds_every_key_with_its_default_and_nothing_else() -> None:
    example = tomllib.loads(EXAMPLE.read_text(encoding="utf-8"))
    settings: dict[str, dict[str, object]] = {section: {} for (section, _), _ in keys()}
    for (section, key), field in keys():
        settings[section][key] = plain(field.default)
    assert example == settings
    assert load(EXAMPLE) == load()


def test_every_key_of_the_example_stands_below_its_own_description() -> None:
    lines = EXAMPLE.read_text(encoding="utf-8").splitlines()
    for (section, key), field in keys():
        start = lines.index(f"[{section}]")
        place = next(i for i, line in enumerate(lines) if i > start and line.startswith(f"{key} = "))
        assert lines[place - 1] == f"# {field.description}"


def test_the_environment_wins_over_the_file_and_the_file_over_the_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    write('[reply]\npraise = 3\nremembered = 5\n[model]\ndevice = "cpu"')
    monkeypatch.setenv("DEEPHYPEBOT_REPLY__PRAISE", "9.5")
    settings = load()
    assert (settings.reply.praise, settings.reply.remembered, settings.model.device) == (9.5, 5, "cpu")
    assert settings.reply.waiting == 100


def test_a_named_file_is_read_instead_of_the_default_one(tmp_path: Path) -> None:
    write("[reply]\npraise = 3")
    other = tmp_path / "other.toml"
    other.write_text("[reply]\nremembered = 1")
    assert (load(other).reply.praise, load(other).reply.remembered) == (8.0, 1)


def test_all_faults_are_told_at_once_each_with_place_value_and_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEEPHYPEBOT_TERMINAL__WIDTH", "9")
    monkeypatch.setenv("DEEPHYPEBOT_REPLY__PRIASE", "3")
    faults = faults_of('[model]\ndevice = "tpu"\ndevcie = "cpu"\n[reply]\nremembered = 1.5\n[termnal]\nwidth = 80')
    assert faults == (
        "There is no setting for the environment variable 'DEEPHYPEBOT_REPLY__PRIASE'; did you mean DEEPHYPEBOT_REPLY__PRAISE?",
        "In 'config.toml' model.device is 'tpu', but must be auto, cpu or cuda; the default is 'auto'.",
        "There is no setting for 'model.devcie' in 'config.toml'; did you mean model.device?",
        "In 'config.toml' reply.remembered is 1.5, but must be a whole number from 0 to 100; the default is 20.",
        "The environment variable DEEPHYPEBOT_TERMINAL__WIDTH is '9', but must be a whole number from 20 to 500; "
        "the default is 100.",
        "There is no setting for 'termnal' in 'config.toml'; did you mean terminal?",
    )


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("praise = nan", "nan, but must be a number from 0 to 10"),
        ("praise = inf", "inf, but must be a number"),
        ("praise = -0.1", "-0.1, but must be"),
        ("praise = true", "True, but must be a number"),
        ('praise = "warm"', "'warm', but must be"),
        ("praise = []", "[], but must be"),
        ("waiting = 0", "0, but must be a whole number from 1 to 1000"),
        ("waiting = 99999999999999999999999999", "99999999999999999999999999, but must be"),
        ("deadline = 0", "0, but must be seconds from 0.1 to 600"),
    ],
)
def test_numbers_outside_their_limits_are_refused(line: str, said: str) -> None:
    (fault,) = faults_of(f"[reply]\n{line}")
    assert said in fault


PLACES_TOLD_DIFFERENTLY = {"passive", "adults", "down"}  # the first two as all that is true or false in the file


def test_what_holds_in_every_place_is_told_and_read_as_in_chat() -> None:
    usual = PlaceSettings()
    assert PlacesSettings().defaults(8.0) == usual
    for key, field in PlacesSettings.model_fields.items():
        assert field.description == FIELDS[key].metadata["about"]
        assert field.title == FIELDS[key].metadata["kind"].possible or key in PLACES_TOLD_DIFFERENTLY
        assert usual.with_values({key: field.default}).shown(key) == usual.shown(key)
    given = 'mode = "Off"\npassive = false\ncooldown_person = 30\nwindow = "2d 3h"\nquiet = "22-7 Berlin"\nup = "🔥 :yes:"'
    places = load(write(f"[places]\n{given}")).places
    assert (places.mode, places.cooldown_person, places.quiet) == ("off", "30s", "22:00-07:00 Europe/Berlin")
    place = places.defaults(2.5)
    assert (place.mode, place.passive, place.window, place.up, place.praise) == ("off", False, 183_600, ("🔥", ":yes:"), 2.5)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('mode = "loud"', "places.mode is 'loud', but must be auto, review or off; the default is 'auto'."),
        ("mode = []", "places.mode is [], but must be auto, review or off"),
        ('window = "31d"', "places.window is '31d', but must be a duration up to 30d"),
        ("cooldown_asked = nan", "places.cooldown_asked is nan, but must be a duration"),
        ('quiet = "22-7 Atlantis"', "must be hours and their time zone, such as 22-7 Europe/Berlin"),
        ("passive = 3", "places.passive is 3, but must be true or false"),
        (
            'up = "💤 🔥"',
            "such as 👍 :fire: <:name:id>, or none, and none that is in up; the default is '👎",
        ),
        ('up = "🔥"\ndown = "fire"', "places.down is 'fire', but must be emoji"),
        ('channels = "all"', "There is no setting for 'places.channels'"),
    ],
)
def test_a_fault_in_what_holds_in_every_place_is_told_as_all_others(line: str, said: str) -> None:
    (fault,) = faults_of(f"[places]\n{line}")
    assert said in fault


def test_settings_that_nobody_changed_wait_for_nothing() -> None:
    code = "import sys, bot.config; bot.config.load(); sys.exit('bot.curation.settings' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0  # noqa: S603 - our own code


@pytest.mark.parametrize("bundle", [r"a\u0000b", r"a\nb", "x" * 5000])
def test_a_path_that_can_be_none_is_refused(bundle: str) -> None:
    (fault,) = faults_of(f'[model]\nbundle = "{bundle}"')
    assert "must be one line of at most 4096 characters" in fault
    assert "\x00" not in fault
    assert len(fault) < 300


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"model\n", "line 1, column 6"),
        (b"\xff", "it is not UTF-8 text"),
        (b"#" * 2_000_000, "larger than 1 MiB"),
        (b"a = " + b"[" * 50_000, "cannot be read"),
        (b"model = 3", "'model' must be a section; write it as [model]"),
    ],
)
def test_a_file_that_is_no_settings_file_is_told_in_one_sentence(content: bytes, said: str) -> None:
    DEFAULT_FILE.write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        load()
    (fault,) = caught.value.faults
    assert said in fault
    assert "'config.toml'" in fault


@pytest.mark.parametrize("path", ["missing.toml", "."])
def test_a_named_file_that_cannot_be_opened_is_a_fault(path: str) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        load(Path(path))


def test_a_section_in_the_environment_is_a_fault_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEEPHYPEBOT_MODEL", '{"device": "cpu"}')
    with pytest.raises(ConfigError, match="no setting for the environment variable 'DEEPHYPEBOT_MODEL'"):
        load()


def test_an_address_with_a_password_is_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEEPHYPEBOT_STORE__URL", "postgresql+asyncpg://me:hunter2@host/db")
    settings = load()
    assert settings.store.url.get_secret_value().endswith("hunter2@host/db")
    assert "hunter2" not in repr(settings) + str(settings)
    monkeypatch.setenv("DEEPHYPEBOT_STORE__URL", "mysql://me:hunter2@host/db")
    with pytest.raises(ConfigError) as caught:
        load()
    assert "postgresql+asyncpg://" in str(caught.value)
    assert "hunter2" not in str(caught.value)


@settings(deadline=None)
@given(st.dictionaries(st.text(max_size=8), st.text(max_size=8) | st.integers() | st.floats() | st.booleans()))
def test_no_value_whatsoever_ends_in_anything_but_settings_or_a_fault(section: dict[str, object]) -> None:
    lines = [f"{json.dumps(key)} = {json.dumps(value)}".replace("NaN", "nan") for key, value in section.items()]
    with TemporaryDirectory() as folder:
        file = Path(folder, "any.toml")
        file.write_text("\n".join(["[reply]", *lines]), encoding="utf-8")
        faults: tuple[str, ...] = ()
        try:
            load(file)
        except ConfigError as error:
            faults = error.faults
        assert all(fault.isprintable() for fault in faults)


def test_data_is_kept_where_each_system_keeps_it() -> None:
    assert user_data_folder("linux", {"XDG_DATA_HOME": "/data"}) == Path("/data/deephypebot")
    assert user_data_folder("linux", {}) == Path("~/.local/share/deephypebot")
    assert user_data_folder("darwin", {}) == Path("~/Library/Application Support/deephypebot")
    assert user_data_folder("win32", {"LOCALAPPDATA": "/local"}) == Path("/local/deephypebot")


def test_a_home_folder_is_filled_in_where_there_is_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert expand("~/x") == tmp_path / "x"
    assert expand("~nobody-of-that-name/x") == Path("~nobody-of-that-name/x")
