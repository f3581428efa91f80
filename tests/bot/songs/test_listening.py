"""Listening to previews of a server in a program beside the bot: which are fetched, and what faults come of it."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
import pytest_asyncio
from aiohttp import web

from bot.errors import LeftAloneError, LimitedError, ServiceError, UnavailableError
from bot.songs.listening.ear import WAITING, Ear
from bot.songs.listening.listener import Listener
from bot.songs.song import AudioFeatures
from bot.stand_ins import faults
from bot.stand_ins.base import Handler, StandIn
from tests.bot.songs.sounds import M4A, drums, file

HOST = "cdnt-preview.dzcdn.net"
PREVIEW = f"https://{HOST}/api/1/1/0/0/0/preview.mp3?hdnea=exp=1~hmac=0"

# --- previews from a server -----------------------------------------------------------------------------------------

in_one_loop = pytest.mark.asyncio(loop_scope="module")  # so that one program serves many tests, as it does many songs


class Previews(StandIn):
    """Answers with one file, or with a fault."""

    audio = b""

    def routes(self) -> dict[str, Handler]:
        return {"/{path:.*}": self._answer}

    async def _answer(self, _: web.Request) -> web.StreamResponse:
        return web.Response(body=self.audio, content_type="audio/mpeg")


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def shared() -> AsyncIterator[Previews]:
    async with Previews() as server:
        server.audio = file(drums(128, 6), "MP3")
        yield server


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def listener(shared: Previews) -> AsyncIterator[Listener]:
    """One for many tests; whoever is first waits for its program, the very first time on a computer up to a minute."""
    listener = Listener(deadline=90, agent="deephypebot/test", bases={HOST: shared.base})
    yield listener
    await listener.close()


@pytest.fixture
def server(shared: Previews) -> Previews:
    shared.asked.clear()
    shared.fault = None
    return shared


@asynccontextmanager
async def listening(server: Previews, deadline: float = 10) -> AsyncIterator[Listener]:
    listener = Listener(deadline=deadline, agent="deephypebot/test", bases={HOST: server.base})
    try:
        yield listener
    finally:
        await listener.close()


@in_one_loop
async def test_a_preview_is_heard_and_the_event_loop_is_not_held_up(listener: Listener, server: Previews) -> None:
    """From the program's start on. What other programs of this computer do must not count, so it is the bot's own time."""
    worst, seen = 0.0, time.process_time()

    async def tick() -> None:
        nonlocal worst, seen
        while True:
            await asyncio.sleep(0.002)
            now = time.process_time()
            worst, seen = max(worst, now - seen), now

    ticking = asyncio.create_task(tick())
    heard = await listener.hear(PREVIEW)
    ticking.cancel()
    assert heard is not None
    assert heard.tempo == pytest.approx(128, rel=0.01)
    assert set(heard.known()) == {"tempo", "loudness", "brightness"}
    assert worst < 0.05
    assert [asked.headers["User-Agent"] for asked in server.asked] == ["deephypebot/test"]


@in_one_loop
@pytest.mark.parametrize(
    "preview",
    [
        "",
        "preview.mp3",
        PREVIEW.replace("https", "http"),
        PREVIEW.replace(HOST, "evil.example"),
        PREVIEW.replace(HOST, f"{HOST}.evil.example"),
        PREVIEW.replace(HOST, "evildzcdn.net"),
        PREVIEW.replace(HOST, f"{HOST}:8080"),
        PREVIEW.replace(HOST, f"me@{HOST}"),
        PREVIEW.replace(HOST, "127.0.0.1"),
        PREVIEW + "\r\nX-Evil: 1",
        PREVIEW + "y" * 3000,
        "https://audio-ssl.itunes.apple.com/itunes-assets/AudioPreview/mzaf_1.plus.aac.p.m4a",  # AAC
        "https://a1.mzstatic.com/preview.M4A?x=1",
        "file:///etc/passwd",
    ],
)
async def test_other_addresses_are_not_fetched(listener: Listener, server: Previews, preview: str) -> None:
    assert not listener.can_hear(preview)
    assert await listener.hear(preview) is None
    assert not server.asked


@in_one_loop
@pytest.mark.parametrize("address", ["https://e-cdns-preview-a.dzcdn.net/x-1.mp3", "https://a1.mzstatic.com/a.mp3", PREVIEW])
async def test_previews_of_the_known_services_can_be_heard(listener: Listener, address: str) -> None:
    assert listener.can_hear(address)


def served(body: bytes) -> Handler:
    async def answer(_: web.Request) -> web.StreamResponse:
        return web.Response(body=body)

    return answer


@in_one_loop
@pytest.mark.parametrize("fault", [faults.status(404), faults.status(410), served(b"<html>"), served(M4A), served(b"")])
async def test_where_there_is_no_music_nothing_is_heard(listener: Listener, server: Previews, fault: Handler) -> None:
    server.fault = fault
    assert await listener.hear(PREVIEW) is None


@in_one_loop
@pytest.mark.parametrize(
    ("fault", "error", "words"),
    [
        (faults.status(403), UnavailableError, "answered with status 403"),
        (faults.status(500), UnavailableError, "answered with status 500"),
        (faults.too_often("90"), LimitedError, r"was asked too often \(status 429\)"),
        (faults.redirect("https://127.0.0.1/"), UnavailableError, r"answered with a redirect \(status 302\), .*"),
        (faults.huge, UnavailableError, "was given more than 2048 KiB"),
        (faults.closed, UnavailableError, "broke the connection off"),
        (faults.truncated, UnavailableError, "broke the connection off"),
    ],
)
async def test_faults_are_one_sentence(server: Previews, fault: Handler, error: type[ServiceError], words: str) -> None:
    server.fault = fault
    async with listening(server) as listener:
        with pytest.raises(error, match=f"^{words}$"):
            await listener.hear(PREVIEW)


# --- the program ----------------------------------------------------------------------------------------------------


@in_one_loop
async def test_a_slow_server_ends_at_the_deadline(server: Previews) -> None:
    server.fault = faults.slow_body
    async with listening(server, deadline=0.2) as listener:
        with pytest.raises(UnavailableError, match=r"^took longer than 0\.2 s$"):
            await listener.hear(PREVIEW)


@in_one_loop
async def test_while_the_program_starts_others_go_on_without_it(server: Previews) -> None:
    """That is nobody's failure, so that it does not count as one, and closing meanwhile leaves nothing behind."""
    others = own_children()
    async with listening(server, deadline=0.1) as listener:
        for _ in range(5):
            with pytest.raises(LeftAloneError, match=r"^is still being made ready"):
                await listener.hear(PREVIEW)
        assert len(own_children() - others) == 1
    assert own_children() == others
    with pytest.raises(UnavailableError, match="is no longer"):
        await listener.hear(PREVIEW)


@in_one_loop
async def test_one_is_measured_at_a_time_and_few_may_wait(listener: Listener, server: Previews) -> None:
    """Whoever gives up waiting ends nothing; a program that dies is told of once and started again."""
    program = own_children()
    answers = await asyncio.gather(*(listener.hear(PREVIEW) for _ in range(WAITING + 3)), return_exceptions=True)
    heard = [answer for answer in answers if isinstance(answer, AudioFeatures)]
    assert len(heard) == WAITING + 1
    assert [type(answer) for answer in answers if not isinstance(answer, AudioFeatures)] == [LeftAloneError] * 2
    assert all(answer == heard[0] for answer in heard)

    tasks = [asyncio.create_task(listener.hear(PREVIEW)) for _ in range(3)]
    _, others = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for other in others:  # the next one is being measured by now
        other.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    assert others
    assert await listener.hear(PREVIEW) == heard[0]
    assert own_children() == program

    for child in program:
        os.kill(child, signal.SIGKILL)
    with pytest.raises(UnavailableError, match=r"^broke off$"):
        await listener.hear(PREVIEW)
    assert await listener.hear(PREVIEW) == heard[0]


def own_children() -> set[int]:
    """The programs that this one has started and that still run."""
    children: set[int] = set()
    for thread in Path("/proc/self/task").iterdir():
        with suppress(FileNotFoundError):  # a thread that has ended meanwhile
            children |= {int(child) for child in (thread / "children").read_text().split()}
    return children


@in_one_loop
async def test_the_program_learns_no_secret(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """It says what it sees of its surroundings, in place of a library that does not load."""
    (tmp_path / "soundfile.py").write_text("import os\nraise ImportError(' '.join(sorted(os.environ))[:250])")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("DEEPHYPEBOT_DISCORD__TOKEN", "a secret")
    monkeypatch.setenv("OTHER_TOKEN", "another")
    ear = Ear()
    with pytest.raises(
        UnavailableError, match=r"^cannot load its libraries \(ImportError: .*PYTHONPATH.*install .* anew$"
    ) as told:
        await ear.ready(60)
    await ear.close()
    assert "TOKEN" not in str(told.value)


@in_one_loop
async def test_where_nothing_compiled_can_be_kept_the_remedy_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    fault = "cannot cache function 'x': no locator available for file 'y'"
    (tmp_path / "soundfile.py").write_text(f"raise RuntimeError({fault!r})")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    ear = Ear()
    with pytest.raises(UnavailableError, match="set NUMBA_CACHE_DIR to a folder that the bot may write to"):
        await ear.ready(60)
    await ear.close()


def test_the_extra_is_told_of_where_it_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Listener.available() is None
    monkeypatch.setitem(sys.modules, "librosa", None)  # as if it were not installed
    told = Listener.available()
    assert told is not None
    assert told.startswith('Listening to previews needs librosa: run pip install "deephypebot[listen]"')
