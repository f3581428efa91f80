"""A conversation over a real database and the tiny model for each test."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.store.database import Database
from inference.bundle import Bundle
from tests.bot.conversation.evening import Evening


@pytest.fixture(scope="module")
def tiny(made_bundle: Path) -> Bundle:
    """The tiny bundle, opened."""
    return Bundle.open(made_bundle, device="cpu", threads=1)


@pytest.fixture
async def evening(tiny: Bundle, tmp_path: Path) -> AsyncIterator[Evening]:
    """A conversation that waits for no other writer of its database."""
    database = await Database.open(f"sqlite+aiosqlite:///{tmp_path}/bot.sqlite3", patience=0.01)
    made = Evening(tiny, database)
    yield made
    await made.bot.close()
    await made.hype.close()
    await database.close()
