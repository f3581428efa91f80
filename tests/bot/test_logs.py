"""Logs: one line for each record, whatever was logged, and libraries that keep quiet."""

import asyncio
import io
import json
import logging
import re
import sys
import threading
import warnings
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.logs import Lines, Secrets, configure, escaped
from bot.settings import LogSettings
from tests.bot.logged import SECRET, line_of

DISCORD = "MTAxMTExMTExMTExMTExMTEx.GabcdE.abcdefghijklmnopqrstuvwxyz0123456789AB"
LINE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (DEBUG|INFO|WARNING|ERROR|CRITICAL) +[^ ].*")


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
