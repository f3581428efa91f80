"""What was cut off or could not be done is done later, once, and as it was heard; what nobody can tell is left alone."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.links import find_links
from bot.platforms.outlet import Heard, Place
from bot.store.tables import KeptPost
from tests.bot.conversation.chat import Chat
from tests.bot.conversation.evening import AHA, PLACE, RICK, Evening, asker

CALLED_OFF = "Whether a reply was posted cannot be told"
THREAD = Place("discord", "1", "777")
UNTIL_LATER = "I will remove it as soon as that can be done."


async def killed_after_claiming(evening: Evening, heard: Heard) -> None:
    """Let somebody be heard, end the program as soon as that is claimed, and start it again."""
    claimed, never = asyncio.Event(), asyncio.Event()

    async def look_up(query: object) -> object:
        claimed.set()
        return await never.wait()

    evening.hype.look_up = look_up  # type: ignore[method-assign, assignment] # the moment at which the program ends
    hearing = asyncio.create_task(evening.bot.answering.heard(heard))
    await claimed.wait()
    await evening.bot.close(0)
    await asyncio.gather(hearing, return_exceptions=True)
    evening.start()


async def posts_of(evening: Evening, message: str = "m1") -> list[KeptPost]:
    return await evening.context.posts.of_source(message)


async def states_of(evening: Evening, message: str = "m1") -> list[str]:
    return [post.state for post in await posts_of(evening, message)]


# --- what was claimed ------------------------------------------------------------------------------------------


async def test_who_asked_is_answered_after_a_restart_as_having_asked(evening: Evening) -> None:
    await evening.context.change_setting(PLACE.scope, "passive", "off", "x")
    heard = Heard("m1", PLACE, "discord:ann", find_links(RICK, "discord"), asked=True, thread="t9")
    await killed_after_claiming(evening, heard)
    await evening.bot.resume("discord")
    assert [(each.answering, each.thread) for each in evening.chat.said("10")] == [("m1", "t9")]
    (post,) = await posts_of(evening)
    assert (post.author, post.person, post.asked) == ("discord:ann", "discord:ann", True)


async def test_in_a_thread_the_settings_of_its_channel_hold_after_a_restart(evening: Evening) -> None:
    await evening.context.change_setting(PLACE.scope, "curators_channel", "<#99>", "x")
    await evening.context.change_setting(str(PLACE), "mode", "review", "x")
    heard = Heard("m1", THREAD, "discord:ann", find_links(RICK, "discord"), parent="10")
    await killed_after_claiming(evening, heard)
    await evening.bot.resume("discord")
    assert evening.chat.said("777") == []
    assert [each.card.kind for each in evening.chat.said("99")] == ["draft"]


@pytest.mark.parametrize("who", ["ann", "ben"])
async def test_who_has_opted_out_meanwhile_is_not_answered(evening: Evening, who: str) -> None:
    heard = Heard("m1", PLACE, "discord:ann", find_links(RICK, "discord"))
    await killed_after_claiming(evening, heard)
    async with evening.database.session() as session:
        (post,) = await posts_of(evening)
        post.author = "discord:ben"
        await session.merge(post)
    await evening.context.wishes.opt_out(f"discord:{who}", evening.context.at())
    await evening.bot.resume("discord")
    assert evening.chat.messages == []
    assert await states_of(evening) == ["dropped"]


async def test_asking_takes_over_what_was_passed_over_once(evening: Evening) -> None:
    await evening.says(RICK)
    await evening.says(RICK, message="m2")  # said lately
    assert await states_of(evening, "m2") == ["dropped"]
    for _ in range(2):
        await evening.says(RICK, message="m2", asked=True)
    assert [each.answering for each in evening.chat.said("10")] == ["m1", "m2"]
    await evening.bot.answering.gone("m2")
    await evening.says(RICK, message="m2", asked=True)
    assert [each.answering for each in evening.chat.said("10")] == ["m1"]


async def test_each_link_of_a_message_has_a_fate_of_its_own(evening: Evening) -> None:
    evening.chat.refuse("post", "limited")
    told = await evening.says(f"{RICK} {AHA}", asked=True)
    assert told == "The chat refuses: limited."
    assert [each.card.title for each in evening.chat.said("10")] == ["a-ha — Take On Me"]
    evening.chat.open.clear()
    evening.chat.posting.clear()
    saying = asyncio.create_task(evening.says(f"{RICK} {AHA}", message="m2", asked=True))
    await evening.chat.posting.wait()
    assert sorted(await states_of(evening, "m2")) == ["claimed", "sending"]  # a sudden end now would cost neither
    evening.chat.open.set()
    await saying
    assert len(evening.chat.said("10")) == 3


async def test_an_edit_adds_links_without_waiting_but_not_for_ever(evening: Evening) -> None:
    evening.defaults = replace(evening.defaults, cooldown_person=10)
    evening.start()
    links = [f"https://youtu.be/{number:011}" for number in range(5)]
    await evening.says(links[0], asked=True)
    for number in range(2, 6):
        evening.now += timedelta(seconds=1)
        assert await evening.says(" ".join(links[:number]), edited=True, asked=number > 3) == ""
    assert len(evening.chat.said("10")) == 3


# --- what was perhaps posted -----------------------------------------------------------------------------------


async def test_what_was_posted_long_ago_without_our_learning_of_it_is_ours_all_the_same(evening: Evening) -> None:
    evening.chat.refuse("post", "down", after=True)
    await evening.says(RICK)
    evening.now += timedelta(seconds=1)
    evening.chat.refuse("post", "down")
    await evening.says(AHA, message="m2")
    evening.now += timedelta(minutes=11)
    evening.start()
    evening.chat.refuse("find", "down")
    await evening.bot.resume("discord")
    assert (await states_of(evening), await states_of(evening, "m2")) == (["sending"], ["dropped"])
    await evening.bot.resume("discord")
    assert (await states_of(evening), await states_of(evening, "m2")) == (["sent"], ["dropped"])
    assert len(evening.chat.messages) == 1


async def test_where_nobody_can_tell_a_reply_is_not_posted_again(evening: Evening, caplog: pytest.LogCaptureFixture) -> None:
    evening.chat.forgets_nonces = True
    evening.chat.refuse("post", "down", after=True)
    evening.chat.refuse("find", "forbidden", times=9)
    await evening.says(RICK)
    for _ in range(3):
        await evening.bot.tidy()
    assert len(evening.chat.messages) == 1
    assert await states_of(evening) == ["dropped"]
    assert sum(CALLED_OFF in each.message for each in caplog.records) == 1


@pytest.mark.parametrize(("reason", "certain"), [("limited", None), ("down", True)])
async def test_what_was_surely_not_posted_is_posted_without_looking(evening: Evening, reason: str, certain: bool) -> None:
    evening.chat.refuse("post", reason, certain=certain)  # type: ignore[arg-type] # one of two words
    evening.chat.refuse("find", "forbidden", times=9)
    await evening.says(RICK)
    await evening.bot.tidy()
    assert await states_of(evening) == ["sent"]
    assert len(evening.chat.messages) == 1


async def test_what_was_perhaps_posted_through_an_interaction_does_not_go_another_way(evening: Evening) -> None:
    via = Chat()
    via.refuse("post", "down", after=True)
    assert await evening.bot.answering.song(asker(), RICK, via) == "The chat refuses: down."
    assert evening.chat.messages == []
    assert len(via.messages) == 1


# --- what is to go ---------------------------------------------------------------------------------------------


async def test_the_author_of_the_message_removes_what_another_asked_for(evening: Evening) -> None:
    on_a_message = replace(asker("ben", answering="m1"), author="discord:ann")
    await evening.bot.answering.song(on_a_message, RICK)
    reply = evening.chat.messages[0].card.reply
    assert (await evening.bot.answering.remove(asker("cat"), reply, moderates=False)).startswith("Only whoever shared")
    assert await evening.bot.answering.remove(asker("ann"), reply, moderates=False) == "Removed."


async def test_a_reply_is_said_to_be_removed_once_it_is(evening: Evening) -> None:
    await evening.says(RICK)
    reply = evening.chat.messages[0].card.reply
    evening.chat.refuse("remove", "forbidden")
    assert await evening.bot.answering.remove(asker(), reply, moderates=False) == "The chat refuses: forbidden."
    assert await states_of(evening) == ["sent"]
    evening.chat.refuse("remove", "down", times=2)
    assert await evening.bot.answering.remove(asker(), reply, moderates=False) == UNTIL_LATER
    evening.start()
    for _ in range(2):
        assert len(evening.chat.said("10")) == 1
        await evening.bot.tidy()
    assert evening.chat.said("10") == []
    assert await states_of(evening) == ["removed"]
    assert await evening.bot.answering.remove(asker(), reply, moderates=False) == "Removed."


async def test_a_reply_to_a_deleted_message_goes_as_soon_as_it_can(evening: Evening) -> None:
    await evening.says(RICK)
    evening.chat.refuse("remove", "limited")
    evening.chat.refuse("post", "down", after=True)
    await evening.says(AHA, message="m2")
    await evening.bot.answering.gone("m1", "m2")
    assert len(evening.chat.said("10")) == 1  # only that of which it was known where it is could not be removed
    await evening.bot.tidy()
    assert evening.chat.said("10") == []
    assert (await states_of(evening), await states_of(evening, "m2")) == (["removed"], ["removed"])


# --- by itself -------------------------------------------------------------------------------------------------


async def test_a_conversation_tidies_up_by_itself_until_it_is_closed(evening: Evening, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.conversation.conversation.TIDY_EVERY", 0.001)
    evening.chat.refuse("post", "limited")
    await evening.says(RICK)
    evening.chat.posting.clear()
    for _ in range(2):  # an adapter that is loaded anew does so again
        evening.bot.attach("discord", evening.chat)
    await evening.chat.posting.wait()
    await evening.bot.close()
    assert await states_of(evening) == ["sent"]
    tasks = [task for task in asyncio.all_tasks() if "tidy" in str(task.get_coro())]
    assert tasks == []


async def test_typing_is_shown_only_for_what_is_answered(evening: Evening, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.conversation.making._PATIENCE", 0)
    await evening.says(RICK)
    assert evening.chat.typed == [PLACE]
    looked_up = evening.hype.look_up

    async def slowly(query: str) -> object:
        for _ in range(5):
            await asyncio.sleep(0)
        return await looked_up(query)

    monkeypatch.setattr(evening.hype, "look_up", slowly)
    await evening.says(RICK, message="m2")  # said lately
    assert evening.chat.typed == [PLACE]
    await evening.says(RICK, message="m3", asked=True)
    assert evening.chat.typed == [PLACE] * 2
