"""What every test may use: the tiny real bundle, databases of both kinds, no settings from outside; and where it runs."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from xdist.scheduler import LoadScopeScheduling

from tests import postgres
from tests.inference.conftest import made_bundle, sentences

__all__ = ["made_bundle", "sentences"]

WORKSHOP = "tests/export/"

# A slow machine makes no test wrong, and CI tries the same examples every time.
settings.register_profile("patient", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("patient")


class Processes(LoadScopeScheduling):  # type: ignore[misc]  # xdist ships no types
    """Hands whole files to the processes of pytest, and the whole workshop to one, which makes its tiny run once."""

    def _split_scope(self, nodeid: str) -> str:
        return WORKSHOP if nodeid.startswith(WORKSHOP) else nodeid.partition("::")[0]


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> Processes:
    """Divide the tests so that what files share is not made twice."""
    return Processes(config, log)


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """All tests run in several processes; some files or folders in one, which starts sooner."""
    # More than three would only wait for the one with the workshop, which has nearly half of the work.
    return min(os.cpu_count() or 1, 3) if config.args == config.getini("testpaths") else 0


@pytest.fixture(autouse=True)
def no_settings_from_outside(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Keep the environment's settings, the user's own data folder and the network out of the tests."""
    for name in os.environ:
        if name.upper().startswith("DEEPHYPEBOT_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("DEEPHYPEBOT_SONGS__ONLINE", "false")


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[postgres.Server]:
    """A PostgreSQL server for all tests; without one they are skipped, but in CI they fail."""
    programs = postgres.programs()
    if programs is None:
        (pytest.fail if "CI" in os.environ else pytest.skip)(postgres.MISSING)
    server = postgres.Server.start(programs)
    yield server
    server.stop()


@pytest.fixture
def postgres_url(postgres_server: postgres.Server) -> Iterator[str]:
    """The address of an empty PostgreSQL database."""
    url = postgres_server.make()
    yield url
    postgres_server.give_back(url)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database: a test that takes it runs on each kind."""
    if request.param == "sqlite":
        return f"sqlite+aiosqlite:///{tmp_path}/bot.sqlite3"
    url: str = request.getfixturevalue("postgres_url")
    return url
