"""Logs: one line for each record, whatever was logged; no secret in any of them; libraries that keep quiet."""

import asyncio
import io
import json
import logging
import re
import sys
import threading
import time
import warnings
from base64 import b64encode
from collections.abc import Iterator
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, SecretStr

from bot.config import Settings, keys, load
from bot.logs import MASK, SHORTEST, Lines, Secrets, configure, escaped
from bot.settings import LogSettings

SECRET = "s3cr3t-Value/42"  # noqa: S105 - nobody's
DISCORD = "MTAxMTExMTExMTExMTExMTEx.GabcdE.abcdefghijklmnopqrstuvwxyz0123456789AB"
LINE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (DEBUG|INFO|WARNING|ERROR|CRITICAL) +[^ ].*")

secrets = st.text(min_size=SHORTEST, max_size=40)
words = st.from_regex(r"[A-Za-z0-9]{8,40}", fullmatch=True)


class Log:
    """What a configured log has written."""

    def __init__(self, stream: io.StringIO) -> None:
        self._stream = stream

    @property
    def lines(self) -> list[str]:
        return self._stream.getvalue().splitlines()

    @property
    def records(self) -> list[dict[str, str]]:
        return [json.loads(line) for line in self.lines]


@pytest.fixture(params=["plain", "json"])
def log(request: pytest.FixtureRequest) -> Iterator[Log]:
    """A log at level debug that knows one secret, in each format."""
    stream = io.StringIO()
    undo = configure(LogSettings(level="debug", format=request.param), Secrets([SECRET]), stream)
    yield Log(stream)
    undo()


@pytest.fixture
def plain() -> Iterator[Log]:
    """A log for people."""
    stream = io.StringIO()
    undo = configure(LogSettings(), Secrets([SECRET]), stream)
    yield Log(stream)
    undo()


def line_of(message: object, *args: object, known: tuple[str, ...] = (), style: str = "plain", exc: object = None) -> str:
    """The line for one record."""
    info = (type(exc), exc, None) if isinstance(exc, BaseException) else None
    record = logging.LogRecord("bot.x", logging.INFO, __file__, 1, message, args or None, info)
    return Lines(style, Secrets(known)).format(record)


# --- lines ---------------------------------------------------------------------------------------------------------


def test_a_line_tells_when_how_bad_who_and_what(plain: Log) -> None:
    logging.getLogger("bot.songs.desk").info("Deezer answers %s.", "again")
    logging.getLogger("bot.songs.desk").debug("not told")
    (line,) = plain.lines
    assert LINE.fullmatch(line)
    assert line.endswith(" INFO     bot.songs.desk: Deezer answers again.")


def test_times_are_in_utc() -> None:
    record = logging.LogRecord("bot", logging.INFO, __file__, 1, "now", None, None)
    record.created = 1_795_272_000.5
    assert Lines("plain", Secrets()).format(record).startswith("2026-11-21T14:40:00.500Z ")
    assert json.loads(Lines("json", Secrets()).format(record))["at"] == "2026-11-21T14:40:00.500Z"


def test_programs_get_the_same_as_json() -> None:
    stream = io.StringIO()
    undo = configure(LogSettings(format="json"), Secrets(), stream)
    try:
        logging.getLogger("bot.hype").warning("Sigur Rós — “Svefn-g-englar”\nnext")
        try:
            raise ValueError("odd")
        except ValueError:
            logging.getLogger("bot.hype").exception("A fault.")
    finally:
        undo()
    first, second = Log(stream).records
    assert list(first) == ["at", "level", "logger", "message"]
    assert (first["level"], first["logger"]) == ("warning", "bot.hype")
    assert first["message"] == "Sigur Rós — “Svefn-g-englar”\nnext"
    assert second["exception"].startswith("Traceback (most recent call last):\n")
    assert second["exception"].endswith("ValueError: odd")


def test_a_traceback_stands_on_the_same_line(plain: Log) -> None:
    try:
        raise ValueError(f"with {SECRET}\nin it")
    except ValueError:
        logging.getLogger("bot").exception("A fault.", stack_info=True)
    (line,) = plain.lines
    assert "bot: A fault. | Traceback (most recent call last):\\n" in line
    assert "ValueError: with ***\\nin it\\nStack (most recent call last):" in line


@given(st.text(), st.text(), st.text())
def test_whatever_is_logged_makes_one_printable_line(message: str, argument: str, error: str) -> None:
    for style in ("plain", "json"):
        line = line_of("%s and %r", message, argument, style=style, exc=ValueError(error))
        assert line.isprintable()
        assert len(line.splitlines()) == 1
    written = line_of("%s", message)
    assert LINE.fullmatch(written)


@given(st.text())
def test_escapes_touch_only_what_cannot_be_seen(text: str) -> None:
    assert escaped(text).isprintable()
    if text.isprintable():
        assert escaped(text) == text
    elif "\\" not in text and not re.search("[\ud800-\udfff]", text):
        seen = re.sub(
            r"\\(?:x..|u....|U........|[nrt])", lambda found: found[0].encode().decode("unicode_escape"), escaped(text)
        )
        assert seen == text


def test_nobody_forges_a_line(plain: Log) -> None:
    logging.getLogger("bot").info("Song: %s", "x\r\n2026-11-21T00:00:00.000Z ERROR    bot: all is lost\x1b[2K\u2028\u202e\x85")
    (line,) = plain.lines
    assert line.endswith(r"x\r\n2026-11-21T00:00:00.000Z ERROR    bot: all is lost\x1b[2K\u2028\u202e\x85")


@pytest.mark.parametrize(
    ("message", "args", "said"),
    [
        ("%d songs", ("many",), "%d songs (the arguments do not fit: TypeError)"),
        ("%s and %s", ("one",), "%s and %s (the arguments do not fit: TypeError)"),
        (ValueError("as it is"), (), "as it is"),
        (None, (), "None"),
    ],
)
def test_a_fault_in_what_is_logged_costs_only_the_telling(
    message: object, args: tuple[object, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert line_of(message, *args).endswith(said)
    assert capsys.readouterr() == ("", "")


def test_what_cannot_be_shown_is_named() -> None:
    class ShyError(Exception):
        def __str__(self) -> str:
            raise RuntimeError(SECRET)

    assert line_of("%s", ShyError()).endswith("%s (the arguments do not fit: RuntimeError)")
    shown = line_of("Oh.", exc=ShyError())
    assert "ShyError" in shown
    assert SECRET not in shown


def test_a_stream_that_cannot_take_it_is_no_fault(capsys: pytest.CaptureFixture[str]) -> None:
    raw = io.BytesIO()
    narrow = io.TextIOWrapper(raw, encoding="ascii")
    undo = configure(LogSettings(), Secrets(), narrow)
    logging.getLogger("bot").info("Sigur Rós")
    narrow.flush()
    assert raw.getvalue().endswith(b"bot: Sigur R\\xf3s\n")
    narrow.close()
    logging.getLogger("bot").error("nobody hears this %s", SECRET)
    undo()
    assert capsys.readouterr() == ("", "")


def test_long_texts_are_cut_only_when_secrets_are_out_of_them() -> None:
    line = line_of("x" * 16_380 + SECRET + "y" * 100_000, known=(SECRET,))
    assert len(line) < 17_000
    assert SECRET[:5] not in line
    assert re.search(r"x\*\*\*y… \(\d+ more\)$", line)


# --- secrets -------------------------------------------------------------------------------------------------------


@given(secrets, st.text(), st.text())
def test_no_known_secret_survives(secret: str, before: str, after: str) -> None:
    hidden = Secrets([secret]).hide(before + secret + after)
    assert secret not in hidden
    assert MASK in hidden


@given(st.lists(secrets, min_size=1, max_size=5), st.text(), st.data())
def test_nor_does_one_of_several_that_overlap(known: list[str], between: str, data: st.DataObject) -> None:
    parts = data.draw(st.lists(st.sampled_from([*known, *(secret[1:] for secret in known), between]), max_size=8))
    hidden = Secrets(known).hide("".join(parts))
    assert not [secret for secret in known if secret in hidden]


@given(words, st.text(), st.text(), st.sampled_from(["plain", "json"]))
def test_nor_in_any_part_of_a_line(secret: str, before: str, after: str, style: str) -> None:
    text = before + secret + after
    for line in (
        line_of(text.replace("%", "%%"), known=(secret,), style=style),
        line_of("%s", text, known=(secret,), style=style),
        line_of("%r %s", [text], {"of": text}, known=(secret,), style=style),
        line_of("A fault.", known=(secret,), style=style, exc=ValueError(text)),
        line_of(secret, text, known=(secret,), style=style),  # arguments that do not fit
    ):
        assert secret not in line


@given(secrets, st.text(max_size=20))
def test_nor_one_that_is_written_in_another_way(secret: str, text: str) -> None:
    hide = Secrets([secret]).hide
    known = {secret, quote(secret, safe="", errors="surrogatepass"), json.dumps(secret)[1:-1], repr(secret)[1:-1]}
    for form in known:
        hidden = hide(f"{text}{form}{text}")
        assert form not in hidden
    assert quote_plus(secret, errors="surrogatepass") not in hide(f"x={quote_plus(secret, errors='surrogatepass')}&y=1")


@given(st.from_regex(r"[A-Za-z0-9._~+/-]{1,80}=*", fullmatch=True), st.sampled_from(["Bearer", "bearer", "BEARER"]))
def test_nor_any_bearer(token: str, word: str) -> None:
    assert Secrets().hide(f"Authorization: {word} {token}") == f"Authorization: {word} {MASK}"


@given(st.from_regex(r"(xox[abeprs]|xapp)-[0-9]{1,2}-[A-Za-z0-9-]{5,60}", fullmatch=True), st.text(max_size=20))
def test_nor_any_token_of_slack(token: str, text: str) -> None:
    assert token not in Secrets().hide(f"{text}{token}")


@given(
    st.from_regex(r"[A-Za-z0-9_-]{24,28}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27,38}", fullmatch=True),
    st.sampled_from(["", "Bot ", "token is ", "'", '{"x": "', "\n"]),
)
def test_nor_any_token_of_discord(token: str, before: str) -> None:
    assert token not in Secrets().hide(f"{before}{token}")


@given(words, st.sampled_from(["key", "api_key", "apikey", "token", "access_token", "client_secret", "KEY", "bot-token"]))
def test_nor_a_value_in_an_address(value: str, name: str) -> None:
    address = f"https://example.org/v3/videos?part=snippet&{name}={value}&id=1"
    assert Secrets().hide(address) == address.replace(value, MASK)


@pytest.mark.parametrize(
    "text",
    [
        f"Basic {b64encode(b'client-id-of-mine:SECRETSECRET').decode()}",
        "postgresql+asyncpg://me:SECRETSECRET@host:5432/db",
        "https://SECRETSECRET@sentry.example/1",
        'POST {"client_id": "1", "client_secret": "SECRETSECRET"}',
        'POST {\\"client_secret\\": \\"SECRETSECRET\\"}',
        "headers {'Authorization': 'Bot SECRETSECRET'}",
        "POST https://discord.example/api/v10/webhooks/123456789/SECRETSECRET responded with 429",
        "POST https://discord.example/api/v10/interactions/123456789/SECRETSECRET/callback",
        "https://hooks.slack.com/actions/T1/2/SECRETSECRET",
        "wss://wss-primary.slack.example/link/?ticket=SECRETSECRET&app_id=1",
        "GET /slack/oauth_redirect?code=SECRETSECRET&state=SECRETSECRET HTTP/1.1",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJTRUNSRVRTRUNSRVQifQ.SECRETSECRET",
    ],
)
def test_nor_what_looks_like_one_in_what_libraries_say(text: str) -> None:
    hidden = Secrets().hide(text)
    assert "SECRETSECRET" not in hidden
    assert "U0VDUkVU" not in hidden.replace("=", "")
    assert MASK in hidden


@pytest.mark.parametrize(
    "text",
    [
        "Deezer answers again.",
        "MusicBrainz took longer than 2.5 s; going on without it.",
        "How the bot is can be seen at http://127.0.0.1:9754/healthz and http://127.0.0.1:9754/metrics.",
        "The database 'sqlite+aiosqlite:///data/deephypebot.sqlite3' cannot be used.",
        "In 'config.toml' health.host is '0.0.0.0', but must be \"127.0.0.1\".",
        "No YouTube key, no Spotify key: names from ReccoBeats.",
        "https://open.spotify.com/track/4uLU6hMCjMI75M1A2tKUQC",
        "Basic Channel — Monkey Business @ the token",
        "person@example.org left",
    ],
)
def test_plain_sentences_stay_as_they_are(text: str) -> None:
    assert Secrets().hide(text) == text


def test_a_word_of_three_letters_is_no_secret() -> None:
    assert Secrets(["", "a", "key"]).hide("a key") == "a key"


def test_every_secret_of_the_settings_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    given_values = {}
    for (section, key), field in keys():
        if isinstance(field.default, SecretStr):
            address = (section, key) == ("store", "url")
            value = f"hidden-{section}-{key}"
            monkeypatch.setenv(
                f"DEEPHYPEBOT_{section}__{key}".upper(), f"postgresql+asyncpg://me:{value}%2F@h/db" if address else value
            )
            given_values[section, key] = value
    assert len(given_values) >= 4
    known = Secrets.of(load())
    for value in given_values.values():
        assert value not in known.hide(f"It said that {value}/ is wrong.")
    assert "hidden-store-url/" not in known.hide("hidden-store-url/")


def test_secrets_are_found_however_deep_they_stand() -> None:
    class Team(BaseModel):
        token: SecretStr
        others: tuple[SecretStr, ...] = ()
        named: dict[str, SecretStr] = {}

    class Teams(BaseModel):
        teams: list[Team]

    found = Secrets.of(
        Teams(teams=[Team(token=SecretStr("first"), others=(SecretStr("second"),), named={"a": SecretStr("third")})])
    )
    assert found.hide("first second third fourth") == "*** *** *** fourth"


def test_no_secret_of_the_settings_is_there_by_default() -> None:
    assert Secrets.of(Settings()).hide("anything") == "anything"


@pytest.mark.parametrize(
    "hostile",
    [
        *("a", "://", "key=", 'token":"', "eyJ" + "a" * 10 + ".", "abcdefghijklmnopqrstu."),
        *("xoxb-", "bearer ", "/webhooks/1/", "\\", "\x00"),
    ],
)
def test_a_long_text_takes_no_longer_than_it_is(hostile: str) -> None:
    text = hostile * (200_000 // len(hostile))
    began = time.perf_counter()
    Secrets([SECRET]).hide(text)
    assert time.perf_counter() - began < 3  # a tenth of a second; where it grows with the square, hours


# --- who is heard --------------------------------------------------------------------------------------------------


def test_libraries_keep_quiet_whatever_we_tell(log: Log) -> None:
    logging.getLogger("spotipy.client").setLevel(logging.NOTSET)
    for name in (
        *("discord", "discord.http", "discord.gateway", "slack_bolt.AsyncApp", "slack_sdk.web.async_client", "aiohttp.access"),
        *("spotipy.client", "urllib3.connectionpool", "sqlalchemy.engine.Engine", "asyncio", "aiosqlite", "some.library"),
    ):
        logging.getLogger(name).debug("token %s", DISCORD)
        logging.getLogger(name).info("%s", "what somebody wrote")
    assert log.lines == []
    logging.getLogger("discord.http").warning("We are being rate limited.")
    logging.getLogger("bot.hype").debug("told")
    logging.getLogger("inference.bundle").debug("told too")
    assert len(log.lines) == 3


def test_a_bolt_app_takes_the_quiet_level_over(log: Log) -> None:
    from slack_bolt.logger import get_bolt_logger  # noqa: PLC0415 - it copies the levels that it finds when it is called

    class App:
        pass

    get_bolt_logger(App).info("Bolt app is running!")
    assert log.lines == []
    get_bolt_logger(App).warning("heard once")
    assert len(log.lines) == 1


def test_errors_alone_are_told_where_that_is_wished() -> None:
    stream = io.StringIO()
    undo = configure(LogSettings(level="error"), Secrets(), stream)
    logging.getLogger("bot").warning("no")
    logging.getLogger("discord").warning("no")
    logging.getLogger("bot").error("yes")
    undo()
    assert len(Log(stream).lines) == 1


def test_warnings_threads_and_the_end_are_told_in_lines_too(log: Log, capsys: pytest.CaptureFixture[str]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(True)  # catching put Python's own way back
        warnings.warn(f"{SECRET} is old", stacklevel=1)
    logging.captureWarnings(True)

    def fail() -> None:
        raise ValueError(f"{SECRET}\nin a thread")

    thread = threading.Thread(target=fail, name="worker")
    thread.start()
    thread.join()
    try:
        fail()
    except ValueError as error:
        sys.excepthook(type(error), error, error.__traceback__)
    sys.excepthook(KeyboardInterrupt, KeyboardInterrupt(), None)
    assert len(log.lines) == 3
    assert "The thread worker ended, by a fault in it." in log.lines[1]
    assert "The program ends, by a fault in it." in log.lines[2]
    assert SECRET not in "".join(log.lines)
    assert capsys.readouterr() == ("", "")


async def test_what_a_forgotten_task_dies_of_is_told(log: Log) -> None:
    asyncio.get_running_loop().call_exception_handler(
        {"message": "Task exception was never retrieved", "exception": ValueError(SECRET)}
    )
    (line,) = log.lines
    assert "Task exception was never retrieved" in line
    assert SECRET not in line


def test_all_of_it_can_be_undone() -> None:
    root = logging.getLogger()

    def state() -> tuple[object, ...]:
        hooks = (sys.excepthook, threading.excepthook, warnings.showwarning)
        return (*root.handlers, root.level, logging.getLogger("bot").level, logging.getLogger("discord").level, *hooks)

    before = state()
    undo = configure(LogSettings(level="debug"), Secrets(), io.StringIO())
    assert len(root.handlers) == 1
    assert state() != before
    undo()
    assert state() == before
