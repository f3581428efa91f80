"""Answering: what is heard and asked becomes one reply each, whatever fails, and whenever the program ends."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.errors import ClosingError
from bot.links import Link, find_links
from bot.platforms.outlet import Heard, Place
from bot.songs.resolver import Resolver
from bot.store.tables import KeptPost
from tests.bot.conversation.chat import Chat
from tests.bot.conversation.evening import AHA, CALM, PLACE, RICK, Evening, asker

ASK_ME = 'Which song? Send me a Spotify or YouTube link, or "Artist - Title".'


def everything_in(folder: Path) -> bytes:
    """All bytes of all files in a folder."""
    return b"".join(file.read_bytes() for file in folder.iterdir())


async def test_a_link_is_answered_with_a_card_of_its_song(evening: Evening) -> None:
    assert await evening.says(f"listen to this {RICK}") == ""
    (shown,) = evening.chat.said("10")
    assert shown.card.title == "Rick Astley — Never Gonna Give You Up"
    assert shown.card.url == "https://www.youtube.com/watch?v=dQw4w9WgXcQ"
    assert shown.card.text
    assert shown.card.footer == "dance pop, new wave pop, europop · high energy · 113 BPM · machine-written"
    assert shown.card.buttons == ("up", "down", "again", "why", "remove")
    assert shown.answering == "m1"


async def test_what_is_no_song_and_what_bots_say_is_passed_over(evening: Evening) -> None:
    await evening.says("good evening")
    for author in ("bot", "self"):
        heard = Heard("m2", PLACE, "discord:bob", find_links(RICK, "discord"), author=author)  # type: ignore[arg-type] # of two kinds
        await evening.bot.answering.heard(heard)
    assert evening.chat.messages == []


async def test_a_message_is_answered_once_and_an_edit_that_adds_a_link_once_more(evening: Evening) -> None:
    await evening.says(RICK)
    await evening.says(RICK)
    await evening.says(f"{RICK} and {AHA}", edited=True)
    await evening.says(f"{RICK} and {AHA}!", edited=True)
    assert [each.card.title for each in evening.chat.said("10")] == [
        "Rick Astley — Never Gonna Give You Up",
        "a-ha — Take On Me",
    ]


async def test_the_same_song_is_answered_again_elsewhere_later_or_when_asked_for(evening: Evening) -> None:
    await evening.says(RICK)
    await evening.says(RICK, message="m2")
    await evening.says("spotify:track:4uLU6hMCjMI75M1A2tKUQC", message="m3")  # the same song by another link
    assert len(evening.chat.said("10")) == 1
    await evening.says(RICK, message="m4", place=Place("discord", "1", "11"))
    assert len(evening.chat.said("11")) == 1
    await evening.says(RICK, message="m5", asked=True)
    assert len(evening.chat.said("10")) == 2
    evening.now += timedelta(hours=25)
    await evening.says(RICK, message="m6")
    assert len(evening.chat.said("10")) == 3


async def test_the_same_song_by_two_people_at_once_is_answered_once(evening: Evening) -> None:
    await asyncio.gather(*(evening.says(RICK, person=f"p{n}", message=f"m{n}") for n in range(4)))
    assert len(evening.chat.messages) == 1


async def test_who_asks_by_name_is_answered_and_nothing_of_it_is_kept(evening: Evening, tmp_path: Path) -> None:
    await evening.says("Wilhelmina - my Secretive song", asked=True)
    assert evening.chat.said("10")[0].card.title == "Wilhelmina — my Secretive song"
    assert b"ecretive" not in everything_in(tmp_path)
    private = Place("discord", "", "12")
    for number, small_talk in enumerate(["  ", "thank you", "you are great"]):
        assert await evening.says(small_talk, asked=True, message=f"t{number}", place=private) == ASK_ME


async def test_a_channel_is_not_filled_with_what_the_bot_cannot_do(evening: Evening) -> None:
    told = [await evening.says("thank you", asked=True, message=f"t{number}") for number in range(3)]
    assert told == [ASK_ME, "", ""]
    assert await evening.says("thank you", asked=True, message="t4", person="ben") == ASK_ME
    evening.now += timedelta(minutes=10)
    assert await evening.says("thank you", asked=True, message="t5") == ASK_ME
    await evening.context.change_setting(PLACE.scope, "mode", "off", "x")
    assert await evening.says(RICK, asked=True, message="t6", person="cat") == ""
    assert "switched off" in await evening.bot.answering.song(asker("cat"), RICK)


async def test_what_is_no_song_is_told_to_whoever_asked_and_the_other_links_are_answered(evening: Evening) -> None:
    playlist = "https://open.spotify.com/playlist/37i9dQZF1DXcBWIGoYBM5M"
    assert await evening.says(playlist) == ""
    told = await evening.says(f"{playlist} {RICK}", message="m2", asked=True)
    assert told.startswith("A playlist holds many songs")
    assert len(evening.chat.messages) == 1


async def test_a_long_list_of_links_is_answered_in_part_and_that_is_told(evening: Evening) -> None:
    text = " ".join(f"https://youtu.be/{number:011}" for number in range(5))
    assert await evening.says(text, asked=True) == "I took the first 3 of 5 links: send the others again."
    assert len(evening.chat.messages) == 3


async def test_a_cooldown_is_not_used_up_by_what_came_to_nothing(evening: Evening) -> None:
    evening.defaults = replace(CALM, cooldown_person=60)
    evening.start()
    await evening.says("https://open.spotify.com/playlist/37i9dQZF1DXcBWIGoYBM5M")
    await evening.says(RICK, message="m2")
    await evening.says(AHA, message="m3")
    assert len(evening.chat.messages) == 1


async def test_a_command_is_answered_once_however_often_it_is_delivered(evening: Evening) -> None:
    for _ in range(2):
        assert await evening.bot.answering.song(asker(), RICK) == ""
    assert len(evening.chat.messages) == 1
    assert evening.chat.messages[0].answering == ""


async def test_a_menu_answers_a_message_that_was_answered_before(evening: Evening) -> None:
    await evening.says(RICK)
    await evening.bot.answering.song(asker("ben", answering="m1"), f"look: {RICK}")
    assert [each.answering for each in evening.chat.messages] == ["m1", "m1"]
    await evening.bot.answering.gone("m1")
    assert evening.chat.said("10") == []


async def test_an_answer_through_an_interaction_goes_another_way_where_that_has_ended(evening: Evening) -> None:
    via = Chat()
    via.refuse("post", "gone")
    await evening.bot.answering.song(asker(), RICK, via)
    await evening.bot.answering.song(asker(key="discord:interaction:2"), AHA, via)
    assert [each.card.title for each in evening.chat.messages] == ["Rick Astley — Never Gonna Give You Up"]
    assert [each.card.title for each in via.messages] == ["a-ha — Take On Me"]


async def test_again_says_something_else_about_the_same_song(evening: Evening) -> None:
    assert await evening.bot.answering.again(asker()) == "That reply is not here any more: share the song again."
    await evening.says(RICK)
    await evening.bot.answering.again(asker(key="k:2"))
    reply = evening.chat.messages[0].card.reply
    await evening.bot.answering.again(asker(key="k:3"), reply)
    shown = evening.chat.said("10")
    assert [each.card.title for each in shown] == ["Rick Astley — Never Gonna Give You Up"] * 3
    assert len({each.card.text for each in shown}) == 3
    assert [each.answering for each in shown] == ["m1"] * 3
    elsewhere = asker(key="k:4", place=Place("discord", "2", "20"))
    assert (await evening.bot.answering.again(elsewhere, reply)).startswith("That reply is not here")


async def test_whoever_shared_it_and_moderators_remove_a_reply(evening: Evening) -> None:
    await evening.says(RICK)
    await evening.says(AHA, message="m2")
    first, second = (each.card.reply for each in evening.chat.messages)
    assert (await evening.bot.answering.remove(asker("ben"), first, moderates=False)).startswith("Only whoever shared")
    assert await evening.bot.answering.remove(asker("ann"), first, moderates=False) == "Removed."
    assert await evening.bot.answering.remove(asker("ben"), second, moderates=True) == "Removed."
    assert evening.chat.said("10") == []


async def test_a_reply_goes_when_its_message_does_even_while_it_is_on_its_way(evening: Evening) -> None:
    await evening.says(RICK)
    await evening.bot.answering.gone("other", "m1")
    assert evening.chat.said("10") == []
    evening.chat.open.clear()
    evening.chat.posting.clear()
    saying = asyncio.create_task(evening.says(AHA, message="m2"))
    await evening.chat.posting.wait()
    await evening.bot.answering.gone("m2")
    evening.chat.open.set()
    await saying
    assert evening.chat.said("10") == []


async def test_who_opted_out_is_never_answered(evening: Evening) -> None:
    await evening.context.wishes.opt_out("discord:ann", evening.context.at())
    await evening.says(RICK)
    assert await evening.says(RICK, message="m2", asked=True) == ""
    assert "privacy" in await evening.bot.answering.song(asker("ann"), RICK)
    on_a_message = replace(asker("ben", answering="m1"), author="discord:ann")
    assert (await evening.bot.answering.song(on_a_message, RICK)).startswith("Whoever wrote that message")
    assert evening.chat.messages == []


async def test_nobody_gets_another_reply_to_the_message_of_who_has_opted_out(evening: Evening) -> None:
    await evening.says(RICK)
    await evening.context.wishes.opt_out("discord:ann", evening.context.at())
    reply = evening.chat.messages[0].card.reply
    assert (await evening.bot.answering.again(asker("ben"), reply)).startswith("Whoever wrote that message")
    assert len(evening.chat.messages) == 1


async def test_a_blocked_artist_and_replies_with_blocked_words_are_kept_back(evening: Evening) -> None:
    await evening.context.wishes.block("discord:1", "artist", "rick astley", None, evening.context.at())
    await evening.says(RICK)
    assert "blocked" in await evening.says(RICK, message="m2", asked=True)
    assert evening.chat.messages == []


async def test_where_posting_is_forbidden_nothing_is_tried_again(evening: Evening) -> None:
    evening.chat.refuse("post", "forbidden")
    await evening.says(RICK)
    await evening.bot.tidy()
    assert evening.chat.messages == []


async def test_what_could_not_be_posted_is_posted_later_and_once(evening: Evening) -> None:
    evening.chat.refuse("post", "down")
    await evening.says(RICK)
    evening.chat.refuse("post", "down", after=True)  # it is there, but nobody was told
    await evening.says(AHA, message="m2")
    for _ in range(2):
        await evening.bot.tidy()
    assert sorted(each.card.title for each in evening.chat.messages) == [
        "Rick Astley — Never Gonna Give You Up",
        "a-ha — Take On Me",
    ]


async def test_a_program_that_ended_in_between_goes_on_where_it_was(evening: Evening) -> None:
    evening.chat.open.clear()
    saying = asyncio.create_task(evening.says(RICK))
    await evening.chat.posting.wait()
    await evening.bot.close(patience=0.01)
    with pytest.raises(ClosingError):
        await saying
    assert evening.chat.messages == []
    evening.start()
    evening.chat.open.set()
    await evening.bot.resume("discord")
    await evening.bot.resume("discord")
    assert [each.answering for each in evening.chat.messages] == ["m1"]


async def test_several_who_resume_at_once_answer_everything_once(evening: Evening) -> None:
    evening.chat.forgets_nonces = True
    evening.chat.refuse("post", "down", times=2)
    await evening.says(RICK)
    await evening.says(AHA, message="m2")
    for message, link in (("m3", RICK), ("m4", AHA)):  # as if the program had ended as soon as it had claimed them
        (found,) = find_links(link, "plain")
        place = Place("discord", "1", "11")
        at = evening.context.at()
        post = KeptPost(
            id=message, source=message, link=found.url, place=str(place), scope=place.scope, at=at, person="discord:ann"
        )
        assert await evening.context.posts.claim(post)
    evening.start()
    await asyncio.gather(*(evening.bot.resume("discord") for _ in range(3)))
    assert sorted(each.answering for each in evening.chat.messages) == ["m1", "m2", "m3", "m4"]


async def test_what_is_too_old_is_not_taken_up_again(evening: Evening) -> None:
    evening.chat.refuse("post", "down")
    await evening.says(RICK)
    evening.now += timedelta(minutes=11)
    evening.start()
    await evening.bot.resume("discord")
    assert evening.chat.messages == []


async def test_after_closing_nothing_is_taken_on(evening: Evening) -> None:
    await evening.bot.close()
    for number, asked in enumerate((False, True)):
        with pytest.raises(ClosingError, match="about to restart"):
            await evening.says(RICK, message=f"m{number}", asked=asked)
    assert (await evening.bot.answering.song(asker(), RICK)).startswith("I am about to restart")
    assert await evening.says("good evening") == ""


async def test_a_database_that_cannot_be_written_keeps_silent_unless_asked(evening: Evening, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "bot.sqlite3")) as holder:
        holder.execute("BEGIN IMMEDIATE")
        await evening.says(RICK)
        assert evening.chat.messages == []
        told = await evening.says(RICK, message="m2", asked=True)
    assert told == "My memory fails at the moment, so nobody can vote on that reply."
    (shown,) = evening.chat.messages
    assert (shown.card.reply, shown.card.buttons) == ("", ())


async def test_a_video_that_is_no_music_is_answered_only_when_asked_for(evening: Evening) -> None:
    class Videos(Resolver):
        """Knows every link as a video without music."""

        async def look_up(self, query: object) -> object:
            found = await super().look_up(query)  # type: ignore[arg-type] # as it comes
            return replace(found, song=replace(found.song, kind="video", title="How to tie a tie"))

    evening.hype._resolver = Videos(None)
    link = Link("youtube", "video", "00000000000").url
    await evening.says(link)
    assert evening.chat.messages == []
    await evening.says(link, message="m2", asked=True)
    assert "no music" in evening.chat.messages[0].card.footer


async def test_a_blend_is_one_answer_about_two_songs_and_can_be_had_again(evening: Evening) -> None:
    assert await evening.bot.answering.blend(asker(), RICK, f"<{AHA}>") == ""
    (shown,) = evening.chat.messages
    assert shown.card.title == "Rick Astley, a-ha — Never Gonna Give You Up × Take On Me"
    assert shown.card.text
    assert shown.card.url == ""
    await evening.bot.answering.again(asker(key="k:2"), shown.card.reply)
    assert [each.card.title for each in evening.chat.messages] == [shown.card.title] * 2
    evening.now += timedelta(seconds=1)
    assert await evening.bot.answering.blend(asker(key="k:3"), "Wilhelmina - Secret", RICK) == ""
    assert await evening.bot.answering.again(asker(key="k:4")) == (
        "I do not keep what people type, so I no longer know which song that was: ask for it again."
    )
    assert (await evening.bot.answering.blend(asker(key="k:5"), " ", RICK)).startswith("The query is empty")
