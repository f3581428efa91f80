"""Commands, buttons, menus and modals of the stand-in for Discord, used on a real discord.py client."""

from __future__ import annotations

import time

import discord
import pytest

from bot.stand_ins.discord import Callback, DiscordStandIn, Permission
from tests.bot.stand_ins.conftest import Place
from tests.bot.stand_ins.small_bot import SmallBot, Votes, point_at, running


async def test_a_slash_command_is_put_off_and_followed_up(place: Place, bot: SmallBot) -> None:
    used = await place.discord.slash(place.ann, place.channel, "hype", "song", {"query": "Halo"})
    answer = await used.answered()
    assert (answer.content, answer.ephemeral, used.callback) == ("hype for Halo", False, Callback.DEFERRED)
    more = await used.followed_up()
    assert (more.content, more.ephemeral) == ("and more", True)
    assert [message.content for message in used.answers] == ["hype for Halo", "and more"]
    assert place.discord.messages(place.channel) == [answer]
    assert used.original is answer
    await place.discord.until(lambda: bot.of("raw_message_edit"))
    edit = bot.of("raw_message_edit")[0]
    assert (edit.cached_message.flags.loading, edit.cached_message.content) == (True, "")
    assert (edit.message.flags.loading, edit.message.content) == (False, "hype for Halo")


async def test_what_is_put_off_for_one_pair_of_eyes_stays_so(place: Place, bot: SmallBot) -> None:
    used = await place.discord.slash(place.ann, place.channel, "hype", "song", {"query": "Halo", "quiet": True})
    answer = await used.answered()
    assert (answer.content, answer.ephemeral) == ("hype for Halo", True)
    assert not place.discord.messages(place.channel)
    await used.followed_up()
    assert not bot.of("message")


async def test_people_and_channels_are_handed_over_as_options(place: Place, bot: SmallBot) -> None:
    used = await place.discord.slash(place.ann, place.channel, "hype", "now", {"who": place.ben, "where": place.channel})
    assert (await used.answered()).content == "ben in music"
    assert used.name == "hype now"
    await place.discord.until(lambda: bot.of("message"))
    assert bot.of("message")[-1].interaction_metadata.user.name == "ann"


async def test_commands_in_groups_and_choices_and_direct_messages(place: Place, bot: SmallBot) -> None:
    deep = await place.discord.slash(place.ann, place.channel, "hype", "deep down", {"mode": "auto", "count": 3})
    assert (await deep.answered()).content == "auto 3"
    direct = await place.discord.slash(place.ann, place.discord.dm(place.ann), "hype", "deep down", {"mode": "off"})
    assert (await direct.answered()).content == "off 1"


@pytest.mark.parametrize(
    ("sub", "options", "words"),
    [
        ("song", {}, "needs"),
        ("song", {"query": "x" * 51}, "1 to 50"),
        ("song", {"query": 7}, "does not take"),
        ("song", {"query": "x", "colour": "red"}, "colour"),
        ("deep down", {"mode": "loud"}, "one of"),
        ("deep down", {"mode": "auto", "count": 10}, "1 to 9"),
        ("nothing", {}, "nothing"),
        (None, {}, "is used with one of"),
    ],
)
async def test_what_discord_would_not_let_a_person_send_is_an_error(
    place: Place, bot: SmallBot, sub: str | None, options: dict[str, object], words: str
) -> None:
    with pytest.raises((LookupError, ValueError), match=words):
        await place.discord.slash(place.ann, place.channel, "hype", sub, options)


async def test_commands_that_are_not_synced_or_not_offered_cannot_be_used(place: Place, bot: SmallBot) -> None:
    with pytest.raises(LookupError, match="has registered no command"):
        await place.discord.slash(place.ann, place.channel, "other")
    place.discord.permits(place.channel, place.ann, deny=Permission.USE_APPLICATION_COMMANDS)
    with pytest.raises(ValueError, match="is not offered to ann"):
        await place.discord.slash(place.ann, place.channel, "hype", "song", {"query": "x"})
    place.discord.permits(place.channel, place.ann, deny=Permission.VIEW_CHANNEL)
    with pytest.raises(ValueError, match="ann does not see"):
        await place.discord.slash(place.ann, place.channel, "hype", "song", {"query": "x"})


async def test_commands_for_those_who_manage_are_offered_to_nobody_else(place: Place, bot: SmallBot) -> None:
    made = await bot.http.upsert_global_command(
        place.discord.bot.id, {"name": "admin", "description": "Settings", "default_member_permissions": "32"}
    )
    with pytest.raises(ValueError, match="is not offered to ann"):
        await place.discord.slash(place.ann, place.channel, "admin")
    place.discord.joins(place.ann, place.guild, place.discord.role(place.guild, "manager", Permission.MANAGE_GUILD))
    await place.discord.slash(place.ann, place.channel, "admin")
    path = f"/applications/{place.discord.bot.id}/commands/{made['id']}"
    await bot.http.request(discord.http.Route("PATCH", path), json={"default_member_permissions": "0"})
    with pytest.raises(ValueError, match="is not offered to ann"):
        await place.discord.slash(place.ann, place.channel, "admin")
    await place.discord.slash(place.discord.world.owner, place.channel, "admin")
    await bot.http.delete_global_command(place.discord.bot.id, int(made["id"]))
    assert {command["name"] for command in place.discord.synced()} == {"hype", "Hype this"}


async def test_options_are_completed(place: Place, bot: SmallBot) -> None:
    used = await place.discord.autocomplete(place.ann, place.channel, "hype", "song", focused="query", value="Ha")
    assert [choice["name"] for choice in await used.offered()] == ["Ha 0", "Ha 1", "Ha 2"]
    with pytest.raises(ValueError, match="completes nothing"):
        await place.discord.autocomplete(place.ann, place.channel, "hype", "deep down", focused="mode", value="a")


async def test_a_message_command_sees_the_message_without_the_content_intent(place: Place) -> None:
    async with running(SmallBot(discord.Intents(guilds=True, messages=True)), place.discord) as bot:
        said = await place.discord.says(place.ann, place.channel, "a secret link")
        used = await place.discord.menu(place.ben, said, "Hype this")
        assert (await used.answered()).content == "this: a secret link"
        assert bot.of("message")[0].content == ""


async def buttons(place: Place, bot: SmallBot) -> discord.Message:
    """A message of the bot with buttons."""
    channel = bot.get_channel(place.channel.id)
    assert isinstance(channel, discord.TextChannel)
    return await channel.send("vote", view=Votes())


async def test_buttons_answer_edit_and_put_off(place: Place, bot: SmallBot) -> None:
    message = place.channel.messages[(await buttons(place, bot)).id]
    up = await place.discord.presses(place.ann, message, "votes:up")
    answer = await up.answered()
    assert (answer.content, answer.ephemeral, answer.reply_to) == ("counted", True, message)
    again = await place.discord.presses(place.ben, message, "again")
    assert await again.responded() is Callback.UPDATE
    assert (message.content, again.answers) == ("once more", [])
    later = await place.discord.presses(place.ann, message, "votes:later")
    await place.discord.until(lambda: message.content == "later it is")
    assert (later.callback, message.components) == (Callback.DEFERRED_UPDATE, [])
    with pytest.raises(LookupError, match="has no"):
        await place.discord.presses(place.ann, message, "votes:up")


async def test_menus_take_one_of_their_values(place: Place, bot: SmallBot) -> None:
    message = place.channel.messages[(await buttons(place, bot)).id]
    chosen = await place.discord.selects(place.ann, message, "votes:mood", ["loud"])
    assert (await chosen.answered()).content == "mood: loud"
    with pytest.raises(ValueError, match="sad"):
        await place.discord.selects(place.ann, message, "votes:mood", ["sad"])
    with pytest.raises(ValueError, match="1 to 1"):
        await place.discord.selects(place.ann, message, "votes:mood", ["calm", "loud"])


async def test_modals_of_both_kinds_are_filled_in(place: Place, bot: SmallBot) -> None:
    message = place.channel.messages[(await buttons(place, bot)).id]
    modal = await (await place.discord.presses(place.ann, message, "votes:tune")).opened()
    assert (modal.title, list(modal.fields)) == ("Tune it", ["words"])
    sent = await place.discord.submits(place.ann, modal, {"words": "softer"})
    assert (await sent.answered()).content == "tuned: softer"
    labelled = await (await place.discord.presses(place.ann, message, "votes:label")).opened()
    await (await place.discord.submits(place.ann, labelled, {"more": "details"})).responded()
    assert message.content == "more: details"
    for values, words in (({"words": ""}, "1?0? to 100"), ({"words": "x" * 101}, "to 100"), ({"other": "x"}, "no input")):
        with pytest.raises(ValueError, match=words):
            await place.discord.submits(place.ann, modal, values)
    with pytest.raises(ValueError, match="was opened for ann"):
        await place.discord.submits(place.ben, modal, {"words": "x"})


async def test_only_the_one_who_is_answered_sees_an_ephemeral_message(place: Place, bot: SmallBot) -> None:
    message = place.channel.messages[(await buttons(place, bot)).id]
    answer = await (await place.discord.presses(place.ann, message, "votes:up")).answered()
    answer.components = message.components
    with pytest.raises(ValueError, match="does not see"):
        await place.discord.presses(place.ben, answer, "votes:up")


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = time.time()

    def __call__(self) -> float:
        return self.now


async def test_answers_come_in_time_and_once(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    async with DiscordStandIn(clock=clock) as stand_in:
        point_at(stand_in, monkeypatch)
        channel = stand_in.channel(stand_in.guild("Listeners"))
        async with running(SmallBot(), stand_in) as bot:

            async def asleep() -> discord.Interaction:
                count = len(bot.of("sleepy"))
                await stand_in.slash(stand_in.world.owner, channel, "hype", "sleepy")
                await stand_in.until(lambda: len(bot.of("sleepy")) > count)
                told = bot.of("sleepy")[-1]
                assert isinstance(told, discord.Interaction)
                return told

            late = await asleep()
            clock.now += 3.1
            with pytest.raises(discord.NotFound) as unknown:
                await late.response.send_message("too late")
            assert unknown.value.code == 10062

            twice = await asleep()
            await twice.response.send_message("first")
            other: discord.InteractionResponse[discord.Client] = discord.InteractionResponse(twice)
            with pytest.raises(discord.HTTPException) as second:
                await other.send_message("second")
            assert (second.value.status, second.value.code) == (400, 40060)
            await (await twice.original_response()).delete()
            with pytest.raises(discord.NotFound) as gone:
                await twice.edit_original_response(content="x")
            assert gone.value.code == 10008

            early = await asleep()
            with pytest.raises(discord.NotFound) as unanswered:
                await early.followup.send("before any answer")
            assert unanswered.value.code == 10015
            await early.response.defer(thinking=True)
            clock.now += 15 * 60 + 0.1
            with pytest.raises(discord.HTTPException) as old:
                await early.followup.send("much too late")
            assert (old.value.status, old.value.code) == (401, 50027)


async def test_an_interaction_that_nobody_hears_is_not_answered(place: Place) -> None:
    async with running(SmallBot(), place.discord) as bot:
        await bot.close()
    used = await place.discord.slash(place.ann, place.channel, "hype", "sleepy")
    with pytest.raises(TimeoutError, match="The last requests"):
        await used.answered(timeout=0.01)
    with pytest.raises(LookupError, match="Nothing has answered"):
        _ = used.answer


async def test_the_bot_knows_what_it_may_do_where_it_is_asked(place: Place, bot: SmallBot) -> None:
    place.discord.permits(place.channel, place.discord.bot, deny=Permission.EMBED_LINKS)
    await place.discord.slash(place.ann, place.channel, "hype", "sleepy")
    await place.discord.until(lambda: bot.of("sleepy"))
    told: discord.Interaction = bot.of("sleepy")[0]
    assert told.app_permissions.send_messages
    assert not told.app_permissions.embed_links
    assert told.permissions.embed_links
    assert told.channel
    assert told.channel.id == place.channel.id
