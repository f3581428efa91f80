"""The evening: the bot lives, is killed and lives again, until nobody does anything more and all is quiet."""

from __future__ import annotations

import asyncio
import random
import sqlite3
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from pathlib import Path

from bot.platforms.on_slack.setup import DOMAINS, events, scopes
from bot.stand_ins.discord import DiscordStandIn
from bot.stand_ins.slack import App, SlackStandIn
from bot.store.database import Database
from tests.scenarios.crash.discord_side import DiscordSide
from tests.scenarios.crash.people import Known, People
from tests.scenarios.crash.sides import Ours, Side
from tests.scenarios.crash.slack_side import SlackSide
from tests.scenarios.crash.zygote import KILLED, Life, Zygote

ACTS = (3, 14)  # of people in one life, the least and the most
WORK = (0, 6)  # requests of the bot's that people wait for between two acts, or before a kill
GAP = 0.4  # seconds after which they wait no longer
LATE = 0.03  # seconds between the last of those requests and the kill, at most
STEPS = (40, 6_000)  # of the event loop before a bot kills itself; it is connected after some 600
ROOMS, REVIEWED = 4, 2
STILL = 0.4  # seconds without a request after which nothing seems to be under way
SOON = 60.0  # seconds in which a bot must be connected, and all be quiet at the end

_UNDONE = (
    ("claimed", "SELECT count(*) FROM posts WHERE state = 'claimed'"),
    ("being sent", "SELECT count(*) FROM posts WHERE state = 'sending'"),
    ("not shown", "SELECT count(*) FROM drafts WHERE state = 'open' AND message IS NULL"),
    ("approved", "SELECT count(*) FROM drafts WHERE state IN ('approved', 'edited')"),
)


@dataclass
class Evening:
    """What happened; `left` counts in how many deaths something was left undone."""

    sides: list[Side]
    known: Known
    file: Path
    log: Path
    kills: Counter[str] = field(default_factory=Counter)
    left: Counter[str] = field(default_factory=Counter)
    died: list[float] = field(default_factory=list)  # when each life ended, in seconds since 1970
    told_again: int = 0  # events of Slack's
    ended: int | None = None  # the status with which the last life ended

    @property
    def url(self) -> str:
        """The database's address."""
        return f"sqlite+aiosqlite:///{self.file}"

    @property
    def asked(self) -> int:
        """How many requests the bots have made."""
        return sum(side.asked for side in self.sides)

    def ask(self, query: str) -> list[tuple[object, ...]]:
        """Look into the database, past the bot."""
        with closing(sqlite3.connect(self.file, timeout=10)) as connection:
            return connection.execute(query).fetchall()

    def vote(self, person: str, reply: str) -> object:
        """What is kept as somebody's vote."""
        rows = self.ask("SELECT person, reply, vote FROM votes")
        return next((vote for one, other, vote in rows if (one, other) == (person, reply)), None)

    def undone(self) -> dict[str, int]:
        """What the bot has begun and not ended, by kind."""
        counts = {name: self.ask(query)[0][0] for name, query in _UNDONE}
        return {name: count for name, count in counts.items() if isinstance(count, int) and count}

    def decided(self) -> set[object]:
        """The drafts about which somebody has decided."""
        return {row[0] for row in self.ask("SELECT id FROM drafts WHERE state <> 'open'")}

    def unknown(self) -> int:
        """How many replies are there of which the bot does not know, since it died before it could write that down."""
        known = {row[0] for row in self.ask("SELECT message FROM posts WHERE message IS NOT NULL")}
        there = (each for side in self.sides for room in side.rooms for each in side.ours(room))
        return sum(each.carried != "" and each.id not in known for each in there)


async def play(
    bundle: Path, folder: Path, kills: int, seed: int, tell: Callable[[int], None] = lambda _: None, *, messages: bool = True
) -> Evening:
    """Play an evening with so many kills; `tell` is called after each with its number.

    Without `messages` the app has only those of Slack's scopes that it has by default. Raises TimeoutError, AssertionError.
    """
    chance = random.Random(seed)
    async with _stage(bundle, folder, seed, messages) as (evening, people, zygote):
        await _opening(evening, people, zygote)
        for number in range(1, kills + 1):
            await _life(evening, people, zygote, chance)
            tell(number)
        await _ending(evening, people, zygote)
        return evening


@asynccontextmanager
async def _stage(bundle: Path, folder: Path, seed: int, messages: bool) -> AsyncIterator[tuple[Evening, People, Zygote]]:
    """Both platforms, an empty database, and a zygote."""
    file, log = folder / "evening.sqlite3", folder / "evening.log"
    await (await Database.open(f"sqlite+aiosqlite:///{file}")).close()
    app = App(domains=DOMAINS, events=frozenset(events(messages)), scopes=frozenset(scopes(messages)))
    async with DiscordStandIn() as discord, SlackStandIn(app=app) as slack:
        sides: list[Side] = [DiscordSide(discord, ROOMS, REVIEWED), SlackSide(slack, ROOMS, REVIEWED, messages=messages)]
        people = People(sides, random.Random(-seed))
        settings = {
            "model": {"bundle": str(bundle), "device": "cpu"},
            "store": {"url": f"sqlite+aiosqlite:///{file}"},
            "songs": {"online": False},
            "health": {"port": 0},
            "places": {"cooldown_person": "off", "cooldown_asked": "off"},
            "discord": {"token": discord.token, "api_base": discord.api_base, "gateway": discord.gateway_url},
            "slack": {
                "bot_token": slack.bot_token,
                "app_token": app.app_token,
                "messages": messages,
                "api_base": slack.api_base,
            },
        }
        async with Zygote(settings, log) as zygote:
            yield Evening(sides, people.known, file, log), people, zygote


async def _until(condition: Callable[[], bool], what: str) -> None:
    """Wait until something holds; raises TimeoutError, which says what does not."""
    try:
        async with asyncio.timeout(SOON):
            while not condition():  # noqa: ASYNC110 - nothing tells of what another process does
                await asyncio.sleep(0.005)
    except TimeoutError:
        raise TimeoutError(f"Not within {SOON:g} s: {what}.") from None


async def _born(evening: Evening, people: People, zygote: Zygote, steps: int = 0) -> Life:
    """A new bot, connected to both platforms, or dead already."""
    people.life = life = await zygote.birth(steps)
    await _until(lambda: life.over or all(side.connected for side in evening.sides), "the bot is connected")
    if not life.over:
        for side in evening.sides:
            evening.told_again += await side.welcome()
    return life


async def _opening(evening: Evening, people: People, zygote: Zygote) -> None:
    """In a first life those who manage the places set from chat what is reviewed, and where; then that is killed too."""
    life = await _born(evening, people, zygote)
    for side in evening.sides:
        for room in side.rooms:
            if room.review:
                for words in (f"settings curators_channel {side.desk.id} here", "settings mode review here"):
                    told = await side.ask(side.curators[0], room, words)
                    await _until(lambda told=told: bool(told()), f"what came of {words!r} is told")  # type: ignore[misc]
                    assert "is now" in told().replace("\u200b", ""), told()
        await _second_thoughts(evening, people, side)
    life.kill()
    await _dead(evening, life)


async def _second_thoughts(evening: Evening, people: People, side: Side) -> None:
    """Somebody gives a reply an emoji, takes it back and presses a button, which has to outlive every start from then on."""
    who, room = side.people[0], side.rooms[0]
    await people.opens(side)
    await _until(lambda: bool(side.ours(room)) and not evening.unknown(), f"the first song in {side.name} is answered")
    (ours,) = side.ours(room)
    for vote in (-1, None):
        reacted = await people.reacts(side, who, ours, "👎")
        await _until(lambda vote=vote: evening.vote(side.person(who), ours.carried) == vote, "an emoji is counted")  # type: ignore[misc]
        reacted.noted = True
    await people.presses(side, who, ours, 1, "up")


async def _life(evening: Evening, people: People, zygote: Zygote, chance: random.Random) -> None:
    """One life: people do this and that, and at some moment the bot is killed."""
    how = chance.choice(("step", "moment", "request before", "request after"))
    life = await _born(evening, people, zygote, chance.randint(*STEPS) if how == "step" else 0)
    acts = chance.randint(*ACTS)
    fatal = chance.randrange(acts)
    release: list[Callable[[], None]] = []
    for number in range(acts):
        if life.over:
            break
        if number == fatal and how.startswith("request"):
            side = chance.choice(evening.sides)
            release.append(side.trap(chance.choice(side.traps), life.kill, after=how.endswith("after")))
        people.act()
        await _pass(evening, life, chance.randint(*WORK))
        if number == fatal and how == "moment":
            break
    if not life.over:
        await asyncio.sleep(chance.uniform(0, LATE))
        how = "moment" if not life.over else how  # or neither steps nor requests were as many as that
        life.kill()
    for each in release:
        each()
    await _dead(evening, life)
    evening.kills[how] += 1
    evening.left.update(dict.fromkeys(evening.undone(), 1))
    evening.left["posted, but not written down"] += bool(evening.unknown())
    for _ in range(chance.randrange(3)):  # people do not know that it is dead
        people.act()


async def _pass(evening: Evening, life: Life, requests: int) -> None:
    """Wait until the bot has made so many requests more, is dead, or seems to have nothing to do."""
    before, late = evening.asked, time.monotonic() + GAP
    while not life.over and evening.asked < before + requests and time.monotonic() < late:  # noqa: ASYNC110 - as above
        await asyncio.sleep(0.001)


async def _dead(evening: Evening, life: Life) -> None:
    status = await life.ended
    assert status == KILLED, f"the bot ended by itself, with status {status}: see {evening.log}"
    evening.died.append(life.killed_at)
    await _until(lambda: not any(side.connected for side in evening.sides), "the platforms see that the bot is gone")


async def _ending(evening: Evening, people: People, zygote: Zygote) -> None:
    """A last life, in which curators decide about every draft that is open; when all is quiet, it is told to stop."""
    life = await _born(evening, people, zygote)
    await people.done()
    await _quiet(evening)
    for side in evening.sides:  # all goes on as ever
        for does in (people.share, people.react, people.press):
            await does(side)
    await _quiet(evening)
    while cards := [(side, card) for side in evening.sides for card in side.ours(side.desk) if _asks(evening, side, card)]:
        evening.left["a card that still asks"] += len({card.draft for _, card in cards} & evening.decided())
        for side, card in cards:
            await people.decides(side, side.curators[0], card, "approve.1")
        await _quiet(evening)
    assert not life.over, f"the last bot is gone: see {evening.log}"
    life.stop()
    evening.ended = await life.ended


def _asks(evening: Evening, side: Side, card: Ours) -> bool:
    """Whether a card asks a curator; one of which a bot that cannot look does not know is left as it is."""
    return bool(card.carried) and not (side.blind and card.draft in evening.decided())


async def _quiet(evening: Evening) -> None:
    """Wait until nothing is left to be done, and the bot has asked the platforms for nothing for a while."""
    loop = asyncio.get_running_loop()
    state: list[float] = [-1, 0]

    def still() -> bool:
        if evening.asked != state[0]:
            state[:] = [evening.asked, loop.time()]
        return loop.time() - state[1] > STILL and not (evening.undone() or any(side.waiting for side in evening.sides))

    await _until(still, "all is quiet")
