"""Somebody who gave a reply two emoji takes one back: the other one counts, on Discord as on Slack."""

from __future__ import annotations

from pathlib import Path

import pytest

from inference.bundle import Bundle
from tests.scenarios.discord_fixtures import fast, live, stage, template, tiny
from tests.scenarios.discord_stage import FIRE, Stage
from tests.scenarios.slack_evening import slack_evening

__all__ = ["fast", "live", "stage", "template", "tiny"]


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.conversation.voting.AGAIN", 0.0)


async def test_one_of_two_emoji_is_taken_back_on_discord(live: Stage) -> None:
    _, reply = await live.shares()
    for emoji in (FIRE, "👎"):
        await live.discord.reacts(live.ben, reply, emoji)
    await live.voted(reply, 0, 1)
    await live.discord.unreacts(live.ben, reply, "👎")
    await live.voted(reply, 1, 0)
    await live.discord.unreacts(live.ben, reply, FIRE)
    await live.voted(reply, 0, 0)


async def test_one_of_two_emoji_is_taken_back_on_slack(tiny: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with slack_evening(tiny, tmp_path, monkeypatch) as at, at.bot():
        _, reply = await at.shared()
        for emoji in ("fire", "-1"):
            await at.slack.reacts(at.ben, reply, emoji)
        await at.counted(-1)
        await at.slack.unreacts(at.ben, reply, "-1")
        await at.counted(1)
