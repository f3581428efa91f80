"""A stand-in for Slack with a person, a channel, a clock that stands still, and a client."""

import contextlib
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.stand_ins.slack import Channel, SlackStandIn, User
from tests.bot.stand_ins.slack_app import client_of, without_proxies

NOW = 1_750_000_000.0


class Clock:
    """A clock that goes on when told to."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now


class Place:
    """A stand-in with a person, a channel and a client."""

    def __init__(self, slack: SlackStandIn, clock: Clock, session: aiohttp.ClientSession) -> None:
        self.slack = slack
        self.clock = clock
        self.session = session
        self.client: AsyncWebClient = client_of(slack, session)
        self.client.retry_handlers.clear()
        self.ada: User = slack.add_user("ada")
        self.music: Channel = slack.add_channel("music", [self.ada])

    async def refusal(self, method: str, **arguments: Any) -> str:
        """The error that a call gets."""
        with pytest.raises(SlackApiError) as caught:
            await self.client.api_call(method, json=arguments)
        return str(caught.value.response["error"])


@contextlib.asynccontextmanager
async def slack_place(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Place]:
    """All of it, for one test."""
    without_proxies(monkeypatch)
    clock = Clock()
    async with SlackStandIn(clock=clock) as slack, aiohttp.ClientSession() as session:
        yield Place(slack, clock, session)


def text_block(length: int) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": "x" * length}}


def plain(text: str) -> dict[str, str]:
    return {"type": "plain_text", "text": text}


def button(**more: Any) -> dict[str, Any]:
    return {"type": "button", "text": plain("Go"), **more}


def actions(*elements: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"type": "actions", "elements": [*elements]}]
