"""Many people, threads and closed channels of one server on Discord: who is counted, whose settings hold, who sees what."""

from __future__ import annotations

import asyncio
import time

from bot.stand_ins.discord import Channel, Permission, User
from tests.scenarios.discord_fixtures import fast, live, stage, template, tiny
from tests.scenarios.discord_stage import AHA, FIRE, RICK, Stage, title_of, until

__all__ = ["fast", "live", "stage", "template", "tiny"]

CROWD = 1_000


async def test_a_thousand_reactions_at_once_are_all_counted(live: Stage) -> None:
    _, reply = await live.shares()
    crowd = [live.discord.user(f"fan{number}") for number in range(CROWD)]
    began = time.monotonic()
    await asyncio.gather(
        *(live.discord.reacts(fan, reply, "👎" if number % 4 == 0 else FIRE) for number, fan in enumerate(crowd))
    )

    async def counted() -> bool:
        return sum(await live.votes(reply)) == CROWD

    await until(counted)
    assert await live.votes(reply) == (750, 250)
    assert time.monotonic() - began < 10


async def test_a_thread_goes_by_the_settings_of_its_channel(live: Stage) -> None:
    desk, owner = live.discord.channel(live.guild, "desk"), live.discord.world.owner
    for key, value in (("curators_channel", f"<#{desk.id}>"), ("mode", "review")):
        options = {"key": key, "value": value, "here": True}
        await (await live.discord.slash(owner, live.channel, "hype", "settings", options)).answered()
    thread = live.discord.thread(live.channel, "about Rick")
    said = await live.discord.says(live.ann, thread, RICK)
    await live.discord.until(lambda: live.discord.messages(desk))
    (draft,) = live.discord.messages(desk)
    assert not live.discord.replies(said)
    await live.discord.presses(owner, draft, "Approve 1")
    await live.reply_to(said)


async def test_the_best_are_shown_to_those_alone_who_may_see_them(live: Stage) -> None:
    secret = live.discord.channel(live.guild, "secret")
    live.discord.permits(secret, live.ann, deny=Permission.VIEW_CHANNEL)
    places = (secret, live.discord.thread(secret, "more of it"), live.discord.channel(live.guild, "open"))
    for channel, song in zip(places, (RICK, RICK, AHA), strict=True):
        _, reply = await live.shares(live.ben, song, channel)
        await live.discord.reacts(live.ben, reply, FIRE)
        await live.voted(reply, 1, 0)

    async def best(user: User, channel: Channel) -> tuple[int, int]:
        used = await live.discord.slash(user, channel, "hype", "top")
        answer = await used.answered()
        told = " ".join([answer.content, *(str(each.get("description")) for each in answer.embeds)])
        return told.count("Rick Astley —"), told.count("— Take On Me")

    assert await best(live.ann, live.channel) == (0, 1)
    assert await best(live.ben, live.channel) == (2, 1)


async def test_the_menu_tells_who_wrote_the_message(live: Stage) -> None:
    robot = live.discord.user("robot", live.guild, bot=True)
    for author, kept in ((live.ann, f"discord:{live.ann.id}"), (robot, "")):
        channel = live.discord.channel(live.guild, author.name)
        said = await live.discord.says(author, channel, "a-ha - Take On Me")
        await live.discord.menu(live.ben, said, "Hype this")
        reply = await live.reply_to(said)
        assert title_of(reply) == "a-ha — Take On Me"
        post = await live.context.posts.of_message(f"discord:{channel.id}:{reply.id}")
        assert post
        assert (post.author or "") == kept
