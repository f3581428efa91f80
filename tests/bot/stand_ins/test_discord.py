"""The stand-in for Discord, spoken to by a real discord.py client: messages, reactions, channels, rights and limits."""

from __future__ import annotations

import io
from typing import Any

import discord
import pytest

from bot.stand_ins.discord import DiscordStandIn, Intent, Permission
from tests.bot.stand_ins.conftest import Place
from tests.bot.stand_ins.small_bot import SmallBot, point_at, running


def text_channel(bot: SmallBot, place: Place) -> discord.TextChannel:
    """The channel as the bot knows it."""
    channel = bot.get_channel(place.channel.id)
    assert isinstance(channel, discord.TextChannel)
    return channel


async def test_a_bot_logs_in_and_learns_of_its_servers(place: Place, bot: SmallBot) -> None:
    assert bot.user
    assert bot.user.id == place.discord.bot.id
    assert [guild.name for guild in bot.guilds] == ["Listeners"]
    assert text_channel(bot, place).permissions_for(bot.guilds[0].me).send_messages
    assert place.discord.connected
    assert {command["name"] for command in place.discord.synced()} == {"hype", "Hype this"}
    assert bot.application
    assert bot.application.flags.gateway_message_content_limited


async def test_commands_can_be_fetched_and_are_what_was_synced(place: Place, bot: SmallBot) -> None:
    fetched = await bot.tree.fetch_commands()
    assert {command.name: command.id for command in fetched} == {one["name"]: int(one["id"]) for one in place.discord.synced()}
    again = await bot.tree.sync()
    assert {command.id for command in again} == {command.id for command in fetched}
    guild = discord.Object(place.guild.id)
    bot.tree.copy_global_to(guild=guild)
    await bot.tree.sync(guild=guild)
    assert len(place.discord.synced(place.guild)) == 2
    await (await bot.tree.fetch_commands(guild=guild))[0].delete()
    assert len(place.discord.synced(place.guild)) == 1


async def test_a_message_is_heard_and_answered_with_a_reply(place: Place, bot: SmallBot) -> None:
    said = await place.discord.says(place.ann, place.channel, "listen to this")
    await place.discord.until(lambda: bot.of("message"))
    heard: discord.Message = bot.of("message")[0]
    assert (heard.content, heard.author.name, heard.id) == ("listen to this", "ann", said.id)
    assert isinstance(heard.author, discord.Member)
    await heard.reply("nice", embed=discord.Embed(title="A song", description="It hums."))
    (reply,) = place.discord.replies(said)
    assert (reply.content, reply.embeds[0]["title"], reply.author) == ("nice", "A song", place.discord.bot)
    assert not reply.pings  # AllowedMentions.none()
    await place.discord.until(lambda: len(bot.of("message")) == 2)
    own: discord.Message = bot.of("message")[1]
    assert own.reference
    assert isinstance(own.reference.resolved, discord.Message)
    assert own.reference.resolved.content == "listen to this"


async def test_a_mention_pings_only_as_far_as_it_may(place: Place, bot: SmallBot) -> None:
    channel = text_channel(bot, place)
    said = await place.discord.says(place.ann, place.channel, "hey")
    target = await channel.fetch_message(said.id)
    text = f"@everyone {place.ann.mention} {place.ben.mention}"
    quiet = await channel.send(text)
    loud = await target.reply(
        text, allowed_mentions=discord.AllowedMentions(users=[discord.Object(place.ben.id)], replied_user=True)
    )
    assert not place.channel.messages[quiet.id].pings
    assert list(place.channel.messages[loud.id].pings.values()) == [place.ben, place.ann]
    assert not place.channel.messages[loud.id].pings_everyone


async def test_edits_unfurled_links_and_deletions_are_heard(place: Place, bot: SmallBot) -> None:
    says, until = place.discord.says, place.discord.until
    first, second, third = [await says(place.ann, place.channel, f"number {number}") for number in range(3)]
    await place.discord.unfurls(first, {"title": "A song", "url": "https://open.spotify.com/track/x"})
    await until(lambda: bot.of("raw_message_edit"))
    unfurled = bot.of("raw_message_edit")[0].message
    assert (unfurled.edited_at, unfurled.embeds[0].title) == (None, "A song")
    await place.discord.edits(first, "number one")
    await until(lambda: len(bot.of("raw_message_edit")) == 2)
    edited = bot.of("raw_message_edit")[1].message
    assert edited.content == "number one"
    assert edited.edited_at
    await place.discord.deletes(first)
    await place.discord.deletes([second, third])
    await until(lambda: bot.of("raw_bulk_message_delete"))
    assert bot.of("raw_message_delete")[0].message_id == first.id
    assert bot.of("raw_bulk_message_delete")[0].message_ids == {second.id, third.id}
    assert not place.discord.messages(place.channel)


async def test_a_bot_edits_and_deletes_its_messages_and_hides_the_embeds_of_others(place: Place, bot: SmallBot) -> None:
    channel = text_channel(bot, place)
    sent = await channel.send("first")
    await sent.edit(content="second", embed=discord.Embed(title="x"))
    kept = place.channel.messages[sent.id]
    assert (kept.content, kept.embeds[0]["title"]) == ("second", "x")
    assert kept.edited_at
    await sent.edit(suppress=True)
    assert kept.embeds
    assert not kept.seen_embeds
    await sent.delete()
    assert kept.deleted
    theirs = await channel.fetch_message((await place.discord.says(place.ann, place.channel, "hers")).id)
    with pytest.raises(discord.Forbidden) as refusal:
        await theirs.edit(content="mine")
    assert refusal.value.code == 50005
    with pytest.raises(discord.Forbidden):
        await theirs.delete()
    manager = place.discord.role(place.guild, "manager", Permission.MANAGE_MESSAGES)
    place.discord.joins(place.discord.bot, place.guild, manager)
    await theirs.edit(suppress=True)
    assert place.channel.messages[theirs.id].flags == 4
    await theirs.delete()


async def test_the_same_nonce_sends_once(place: Place, bot: SmallBot) -> None:
    channel = text_channel(bot, place)
    first, second = await channel.send("once", nonce="n-1"), await channel.send("once", nonce="n-1")
    assert first.id == second.id
    assert len(place.discord.messages(place.channel)) == 1
    await channel.send("twice", nonce="n-2")
    assert len(place.discord.messages(place.channel)) == 2


async def test_a_reply_to_what_is_gone_is_refused_or_sent_alone(place: Place, bot: SmallBot) -> None:
    channel = text_channel(bot, place)
    gone = await place.discord.says(place.ann, place.channel, "soon gone")
    await place.discord.deletes(gone)
    reference = discord.MessageReference(message_id=gone.id, channel_id=place.channel.id)
    with pytest.raises(discord.HTTPException) as refusal:
        await channel.send("too late", reference=reference)
    assert (refusal.value.status, refusal.value.code) == (400, 50035)
    assert "Unknown message" in str(refusal.value)
    reference.fail_if_not_exists = False
    sent = await channel.send("alone", reference=reference)
    assert place.channel.messages[sent.id].reply_to is None
    with pytest.raises(discord.NotFound) as missing:
        await channel.fetch_message(gone.id)
    assert missing.value.code == 10008


def embed(**parts: Any) -> dict[str, Any]:
    """A message with one embed."""
    return {"embed": discord.Embed(**parts)}


@pytest.mark.parametrize(
    ("sent", "where"),
    [
        ({"content": "x" * 2001}, "content"),
        (embed(title="x" * 257), "embeds.0.title"),
        (embed(description="x" * 4097), "embeds.0.description"),
        ({"embed": discord.Embed(title="x").set_footer(text="x" * 2049)}, "embeds.0.footer.text"),
        ({"embed": discord.Embed(title="x").add_field(name="x" * 257, value="x")}, "embeds.0.fields.0.name"),
        ({"embed": discord.Embed(title="x").add_field(name="x", value="x" * 1025)}, "embeds.0.fields.0.value"),
        ({"embed": discord.Embed(title="x", url="spotify:track:1")}, "embeds.0.url"),
        ({"embeds": [discord.Embed(description="x" * 3001), discord.Embed(description="y" * 3000)]}, "embeds"),
        ({"content": "x", "nonce": "n" * 26}, "nonce"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_what_passes_a_limit_is_refused_by_name(place: Place, bot: SmallBot, sent: dict[str, Any], where: str) -> None:
    with pytest.raises(discord.HTTPException) as refusal:
        await text_channel(bot, place).send(**sent)
    assert (refusal.value.status, refusal.value.code) == (400, 50035)
    assert f"In {where}:" in str(refusal.value)


async def test_what_is_just_within_the_limits_is_taken(place: Place, bot: SmallBot) -> None:
    channel = text_channel(bot, place)
    await channel.send("x" * 2000)
    full = discord.Embed(title="t" * 256, description="d" * 4096).set_footer(text="f" * 1648)
    await channel.send(embed=full)
    with pytest.raises(discord.HTTPException) as refusal:
        await channel.send(embed=full.add_field(name="x", value="y"))
    assert "6000" in str(refusal.value)
    with pytest.raises(discord.HTTPException) as empty:
        await channel.send("  ")
    assert empty.value.code == 50006


async def test_components_have_limits_of_their_own(place: Place, bot: SmallBot) -> None:
    channel = place.channel.id
    button = {"type": 2, "style": 1, "label": "x", "custom_id": "x"}
    rows = [{"type": 1, "components": [{**button, "custom_id": str(number)}]} for number in range(6)]
    wrong: list[tuple[Any, str]] = [
        (rows, "components"),
        ([{"type": 1, "components": [{**button, "custom_id": "x" * 101}]}], "components.0.components.0.custom_id"),
        ([{"type": 1, "components": [button, button]}], "components.0.components.1.custom_id"),
        ([{"type": 1, "components": [{**button, "custom_id": str(n)} for n in range(6)]}], "components.0.components"),
        ([{"type": 1, "components": [{**button, "label": "x" * 81}]}], "components.0.components.0.label"),
        ([{"type": 2, "style": 1}], "components.0.type"),
    ]
    for components, where in wrong:
        route = discord.http.Route("POST", "/channels/{channel_id}/messages", channel_id=channel)
        with pytest.raises(discord.HTTPException) as refusal:
            await bot.http.request(route, json={"content": "x", "components": components})
        assert f"In {where}:" in str(refusal.value)


async def test_reactions_are_heard_in_all_five_ways(place: Place, bot: SmallBot) -> None:
    heart = place.discord.emoji(place.guild, "hyped")
    sent = await text_channel(bot, place).send("vote")
    message = place.channel.messages[sent.id]
    for user in (place.ann, place.ben):
        assert await place.discord.reacts(user, message, "🔥")
        assert await place.discord.reacts(user, message, heart)
    assert not await place.discord.reacts(place.ann, message, "🔥")
    await place.discord.unreacts(place.ann, message, "🔥")
    await place.discord.clears(message, heart)
    await place.discord.clears(message)
    await place.discord.until(lambda: bot.of("raw_reaction_clear"))
    added = bot.of("raw_reaction_add")
    assert [(str(one.emoji), one.user_id) for one in added[::2]] == [("🔥", place.ann.id), ("🔥", place.ben.id)]
    assert added[1].emoji.id == heart.id
    assert {one.message_author_id for one in added} == {place.discord.bot.id}
    assert added[0].member.name == "ann"
    (removed,) = bot.of("raw_reaction_remove")
    assert (removed.user_id, removed.message_author_id) == (place.ann.id, None)
    assert bot.of("raw_reaction_clear_emoji")[0].emoji.name == "hyped"
    assert bot.of("raw_reaction_clear")[0].message_id == sent.id
    assert not message.reactions


async def test_a_bot_reacts_and_reads_who_reacted(place: Place, bot: SmallBot) -> None:
    said = await place.discord.says(place.ann, place.channel, "a link")
    target = await text_channel(bot, place).fetch_message(said.id)
    heart = place.discord.emoji(place.guild, "hyped")
    await target.add_reaction("👍")
    await target.add_reaction(discord.PartialEmoji(name="hyped", id=heart.id))
    people = [place.discord.user(f"listener{number}") for number in range(230)]
    for user in people:
        await place.discord.reacts(user, said, "👍")
    fresh = await target.fetch()
    assert (fresh.reactions[0].count, fresh.reactions[0].me, fresh.reactions[1].count) == (231, True, 1)
    users = sorted([user.id async for user in fresh.reactions[0].users()])
    assert users == sorted({place.discord.bot.id, *(user.id for user in people)})
    assert len(place.discord.asked("GET", "/channels/*/messages/*/reactions/👍")) == 3
    await target.remove_reaction("👍", bot.user or discord.Object(0))
    assert place.discord.bot.id not in said.reactions["👍"].users
    with pytest.raises(discord.HTTPException) as refusal:
        await target.add_reaction("nonsense")
    assert refusal.value.code == 10014


async def test_history_can_be_read_back(place: Place, bot: SmallBot) -> None:
    said = [await place.discord.says(place.ann, place.channel, str(number)) for number in range(120)]
    channel = text_channel(bot, place)
    assert [message.content async for message in channel.history(limit=110)] == [str(number) for number in range(119, 9, -1)]
    after = [message.content async for message in channel.history(after=discord.Object(said[117].id))]
    assert after == ["118", "119"]
    around = [message.content async for message in channel.history(limit=3, around=discord.Object(said[50].id))]
    assert sorted(around) == ["49", "50", "51"]


async def test_missing_rights_are_refused_each_with_its_own_code(place: Place, bot: SmallBot) -> None:
    channel, me = text_channel(bot, place), place.discord.bot
    said = await place.discord.says(place.ann, place.channel, "hear me")
    target = await channel.fetch_message(said.id)

    async def refused(lost: Permission, doing: Any) -> int:
        place.discord.permits(place.channel, me, deny=lost)
        with pytest.raises(discord.Forbidden) as refusal:
            await doing
        return refusal.value.code

    assert await refused(Permission.SEND_MESSAGES, channel.send("x")) == 50013
    assert await refused(Permission.EMBED_LINKS, channel.send(embed=discord.Embed(title="x"))) == 50013
    assert await refused(Permission.ATTACH_FILES, channel.send(file=discord.File(io.BytesIO(b"x"), "x.txt"))) == 50013
    assert await refused(Permission.ADD_REACTIONS, target.add_reaction("🔥")) == 50013
    assert await refused(Permission.READ_MESSAGE_HISTORY, target.reply("x")) == 160002
    assert await refused(Permission.CREATE_PUBLIC_THREADS, target.create_thread(name="x")) == 50013
    assert await refused(Permission.VIEW_CHANNEL, channel.send("x")) == 50001
    heard = len(bot.heard)
    await place.discord.says(place.ann, place.channel, "behind its back")
    place.discord.permits(place.channel, me)
    await channel.send("back")
    await place.discord.until(lambda: "back" in [message.content for message in bot.of("message")])
    assert "behind its back" not in [message.content for message in bot.of("message")]
    assert len(bot.heard) > heard


async def test_threads_and_direct_messages_and_typing(place: Place, bot: SmallBot) -> None:
    said = await place.discord.says(place.ann, place.channel, "a link")
    target = await text_channel(bot, place).fetch_message(said.id)
    thread = await target.create_thread(name="about it")
    assert thread.id == said.id
    async with thread.typing():
        await thread.send("inside")
    there = place.discord.world.channels[thread.id]
    assert there.last
    assert there.last.content == "inside"
    assert [user for user, _ in there.typing] == [place.discord.bot]
    user = await bot.fetch_user(place.ben.id)
    await user.send("psst")
    direct = place.discord.dm(place.ben)
    assert [message.content for message in place.discord.messages(direct)] == ["psst"]
    await place.discord.says(place.ben, direct, "what?")
    await place.discord.until(lambda: "what?" in [message.content for message in bot.of("message")])
    assert bot.of("message")[-1].guild is None
    shy = place.discord.user("shy", place.guild, accepts_dms=False)
    with pytest.raises(discord.Forbidden) as refusal:
        await (await bot.fetch_user(shy.id)).send("psst")
    assert refusal.value.code == 50007
    await place.discord.types(place.ann, place.channel)
    await place.discord.until(lambda: bot.of("raw_typing"))


async def test_channels_servers_and_members_come_and_go(place: Place, bot: SmallBot) -> None:
    side = place.discord.channel(place.guild, "side", nsfw=True)
    await place.discord.until(lambda: bot.get_channel(side.id))
    seen = bot.get_channel(side.id)
    assert isinstance(seen, discord.TextChannel)
    assert seen.is_nsfw()
    await place.discord.deletes(side)
    await place.discord.until(lambda: bot.of("guild_channel_delete"))
    with pytest.raises(discord.NotFound) as missing:
        await bot.fetch_channel(side.id)
    assert missing.value.code == 10003
    other = place.discord.guild("Others", members=[place.ann])
    await place.discord.until(lambda: bot.of("guild_join"))
    fetched = await bot.guilds[1].fetch_member(place.ann.id)
    assert fetched.name == "ann"
    with pytest.raises(discord.NotFound):
        await bot.guilds[1].fetch_member(place.ben.id)
    place.discord.leaves(place.discord.bot, other)
    await place.discord.until(lambda: bot.of("guild_remove"))
    assert len(bot.guilds) == 1


async def test_without_the_content_intent_only_what_is_meant_for_the_bot_is_told(place: Place) -> None:
    intents = discord.Intents(guilds=True, messages=True)
    async with running(SmallBot(intents), place.discord) as bot:
        own = place.channel.messages[(await text_channel(bot, place).send("mine", embed=discord.Embed(title="x"))).id]
        says = place.discord.says
        await says(place.ann, place.channel, "secret")
        await says(place.ann, place.channel, f"hey {place.discord.bot.mention}")
        await says(place.ann, place.channel, "to you", reply_to=own)
        await says(place.ann, place.channel, "past you", reply_to=own, ping=False)
        await says(place.ann, place.discord.dm(place.ann), "between us")
        await place.discord.until(lambda: len(bot.of("message")) == 6)
        told = [message.content for message in bot.of("message")]
        assert told == ["mine", "", f"hey {place.discord.bot.mention}", "to you", "", "between us"]
        assert bot.of("message")[0].embeds


async def test_intents_that_were_not_asked_for_bring_no_events(place: Place) -> None:
    async with running(SmallBot(discord.Intents(guilds=True, messages=True)), place.discord) as bot:
        said = await place.discord.says(place.ann, place.channel, "x")
        await place.discord.reacts(place.ann, said, "🔥")
        await place.discord.types(place.ann, place.channel)
        await place.discord.deletes(said)
        await place.discord.until(lambda: bot.of("raw_message_delete"))
        assert not bot.of("raw_reaction_add")
        assert not bot.of("raw_typing")


async def test_with_the_members_intent_all_members_are_known(place: Place) -> None:
    async with running(SmallBot(discord.Intents(guilds=True, members=True)), place.discord) as bot:
        assert {member.name for member in bot.guilds[0].members} == {"ann", "ben", "hype", "owner"}
        cat = place.discord.user("cat", place.guild)
        await place.discord.until(lambda: bot.of("member_join"))
        place.discord.leaves(cat, place.guild)
        await place.discord.until(lambda: bot.of("member_remove"))


async def test_servers_go_to_the_shard_that_serves_them(monkeypatch: pytest.MonkeyPatch) -> None:
    async with DiscordStandIn(shards=2, privileged=Intent.MESSAGE_CONTENT) as stand_in:
        guilds = [stand_in.guild(f"number {number}") for number in range(4)]
        channels = [stand_in.channel(guild) for guild in guilds]
        point_at(stand_in, monkeypatch)
        async with running(SmallBot(), stand_in) as bot:
            assert [guild.shard_id for guild in sorted(bot.guilds, key=lambda guild: guild.id)] == [0, 1, 0, 1]
            assert [one["shard"] for one in stand_in.gateway.identified] == [[0, 2], [1, 2]]
            for channel in channels:
                await stand_in.says(stand_in.world.owner, channel, channel.name)
            await stand_in.until(lambda: len(bot.of("message")) == 4)
