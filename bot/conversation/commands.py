"""What people ask for besides songs: settings, blocks, their own data, the best of a place, how a reply came about."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any, Literal

from bot import texts
from bot.conversation import held, telling
from bot.conversation.context import Context
from bot.conversation.delivery import song_of
from bot.conversation.explaining import why
from bot.conversation.held import Held, Where
from bot.conversation.telling import command, everywhere, this_community
from bot.conversation.voting import RECENT
from bot.curation.blocks import KINDS, BlockKind, Blocks
from bot.curation.settings import for_whole_community, key_of, typed
from bot.errors import HypeError, InputError
from bot.platforms.outlet import Asker, Card, Place
from bot.songs.song import clean_text
from bot.store.posts import Liked
from bot.store.tables import stamp

Private = Literal["out", "in", "show", "erase"]

TOP = 5  # replies that are shown as the best
_WEEK = timedelta(days=7)
_MOST_LIKED, _AT_ONCE = 1_000, 50  # replies among which the best that may be shown are looked for

_log = logging.getLogger(__name__)


class Commands:
    """Does what is asked for; every method gives what the asker alone is to read, and never raises."""

    def __init__(self, context: Context) -> None:
        """Work with these parts."""
        self._context = context

    # What adapters call.

    async def settings(self, asker: Asker, key: str = "", value: str = "", here: bool = False) -> str:
        """All settings; with a key what it is; with a value too it is set, "default" undoes it; `here` for this channel only.

        Everybody may look. Only those who manage the community may set, also where what is set cannot be read.
        """
        return await _told(self._settings(asker, key, value, here))

    async def block(self, asker: Asker, kind: str, text: str) -> str:
        """Keep quiet about a word or an artist in this community; for curators."""
        return await _told(self._block(asker, kind, text))

    async def unblock(self, asker: Asker, kind: str, text: str) -> str:
        """Take a block back; for curators."""
        return await _told(self._unblock(asker, kind, text))

    async def blocked(self, asker: Asker) -> str:
        """What is blocked in this community; for curators."""
        return await _told(self._blocked(asker))

    async def reset(self, asker: Asker) -> str:
        """Forget what the votes of this community have taught; for those who manage it."""
        return await _told(self._reset(asker))

    async def privacy(self, asker: Asker, what: Private) -> str:
        """Never answer the asker again ("out"), do ("in"), "show" what is kept of them, or "erase" it."""
        return await _told(self._privacy(asker, what))

    async def top(self, asker: Asker, ever: bool) -> Card:
        """The best-liked replies of this community in channels that the asker sees, of the last seven days or of all.

        Where the platform does not tell what they see, of this channel alone; of channels for adults only in one of those.
        """
        text = await _told(self._top(asker, ever))
        return Card(kind="notice", title="", url="", text=text, footer="", reply="")

    async def why(self, asker: Asker, reply: str) -> str:
        """What was known for a reply of this community and how it was chosen; "" is the last one in this place."""
        return await _told(self._why(asker, reply))

    def help(self, platform: str) -> str:
        """How the bot is used there."""
        return telling.HELP.get(platform, texts.HELP)

    # Settings.

    async def _settings(self, asker: Asker, key: str, value: str, here: bool) -> str:
        if not key.strip():
            return held.listed(await self._held(asker), asker)
        name = key_of(key)
        if not value.strip():
            return held.explained((await self._held(asker))[name], asker)
        if not _manages(asker):
            return f"Only those who manage {this_community(asker)} can change its settings."
        if here and for_whole_community(name):
            return f"{name} concerns all of {this_community(asker)} and cannot be set for one channel: set it for all of it."
        held.check_platform(name, value, asker)
        kept = typed(name, value)
        held.readable(await self._held(asker)).changed(name, value)  # refuses what does not go with the others
        await self._context.change_setting(str(asker.place) if here else asker.place.scope, name, kept, asker.person)
        return held.changed(await self._held(asker), name, kept, asker, here=here)

    async def _held(self, asker: Asker) -> Mapping[str, Held]:
        """What is set in a place, and where."""
        place, wishes = asker.place, self._context.wishes
        layers: list[tuple[Where, Mapping[str, Any]]] = [("here", await wishes.settings(str(place)))]
        if asker.parent and asker.parent != place.channel:
            layers.append(("channel", await wishes.settings(str(Place(place.platform, place.community, asker.parent)))))
        layers.append(("community", await wishes.settings(place.scope)))
        return held.held_in(self._context.defaults, layers)

    # Blocks.

    async def _block(self, asker: Asker, kind: str, text: str) -> str:
        await self._check_curates(asker)
        name, scope = _kind_of(kind), asker.place.scope
        before = await self._context.blocks(scope)
        after = before.added(name, text)
        new = set(after.listed(name)).difference(before.listed(name))
        if not new:
            return f'The {name} "{clean_text(text, 40)}" is blocked already.'
        entry = new.pop()
        await self._context.wishes.block(scope, name, entry, asker.person, self._context.at())
        self._context.blocks_changed(scope)
        if name == "artist":
            return f'From now on I keep quiet about songs by "{entry}" {everywhere(asker)}.'
        return (
            f'From now on I do not say "{entry}" {everywhere(asker)}, and keep quiet about songs that have it in their names.'
        )

    async def _unblock(self, asker: Asker, kind: str, text: str) -> str:
        await self._check_curates(asker)
        name, scope = _kind_of(kind), asker.place.scope
        listed = (await self._context.wishes.blocks(scope)).get(name, [])
        # Looked for one by one, since this is the remedy where they cannot be read together.
        found = [entry for entry in listed if entry == text or _same(name, entry, text)]
        for entry in found:
            await self._context.wishes.unblock(scope, name, entry)
        self._context.blocks_changed(scope)
        if not found:
            return f'The {name} "{clean_text(text[:200], 40)}" is not blocked: {command(asker, "blocked")} lists all that are.'
        return f'The {name} "{found[0]}" is no longer blocked.'

    async def _blocked(self, asker: Asker) -> str:
        await self._check_curates(asker)
        blocks = await self._context.blocks(asker.place.scope)
        return telling.blocked(blocks.listed("word"), blocks.listed("artist"), asker)

    async def _check_curates(self, asker: Asker) -> None:
        """Raise InputError for whoever is no curator of the whole community; those of one channel decide there alone."""
        if _manages(asker):
            return
        settings = await self._context.settings(replace(asker.place, channel=""))
        if not settings.curated_by(asker.roles):
            naming = command(asker, "settings curators")
            raise InputError(f"Only curators can do that: those who manage this place say who they are with {naming}.")

    # What was learnt.

    async def _reset(self, asker: Asker) -> str:
        if not _manages(asker):
            return f"Only those who manage {this_community(asker)} can do that."
        await self._context.learner.reset(asker.place.scope)
        return (
            f"I have forgotten what the votes {everywhere(asker)} have taught me. They still count for the best replies, "
            "and new votes teach me anew."
        )

    # People's own data.

    async def _privacy(self, asker: Asker, what: str) -> str:
        person = asker.person
        if what == "out":
            await self._context.wishes.opt_out(person, self._context.at())
            return (
                "From now on I never answer songs that you share or ask for, in any channel. Votes that you cast still count, "
                f"and what I keep about you stays until {command(asker, 'privacy erase')}. "
                f"{command(asker, 'privacy in')} lets me answer you again."
            )
        if what == "in":
            await self._context.wishes.opt_in(person)
            return "I answer the songs that you share, like everybody else's."
        if what == "show":
            return telling.kept_of(await self._context.privacy.show(person), asker)
        if what == "erase":
            return await self._erase(asker)
        raise InputError(f'Privacy is one of out, in, show and erase, not "{clean_text(what[:200], 40)}".')

    async def _erase(self, asker: Asker) -> str:
        dropped = await self._context.privacy.erase(asker.person, self._context.at())
        self._context.learner.changed_everywhere()
        told = (
            f"I dropped your votes and took your name off all else: {telling.number(dropped, 'entry', 'entries')} in all. "
            "My replies stay without a word on who asked for them, so only those who moderate can remove them now."
            if dropped
            else "I kept nothing about you that could be erased."
        )
        told += (
            f" So that reactions of yours that still stand on my messages do not count anew, I keep for {RECENT.days} days a "
            "fingerprint of your id, but not the id."
        )
        if await self._context.wishes.opted_out(asker.person):
            told += f" Your wish not to be answered stays too: {command(asker, 'privacy in')} takes it back."
        return told

    # Replies.

    async def _top(self, asker: Asker, ever: bool) -> str:
        liked = await self._liked(asker, "" if ever else stamp(self._context.clock() - _WEEK))
        if not liked:
            return telling.no_best(asker, ever=ever)
        when = "ever" if ever else "the last seven days"
        best = [
            telling.best(number, song_of(each.reply.song).line, each.reply.text, each.tally.up, each.tally.down)
            for number, each in enumerate(liked, 1)
        ]
        return "\n\n".join([f"What was liked best {telling.seen(asker)}, {when}:", *best])

    async def _liked(self, asker: Asker, since: str) -> list[Liked]:
        """The best that the asker may see; of what was blocked since nothing."""
        place, sees = asker.place, asker.sees
        blocks = await self._context.blocks(place.scope)
        own = {str(place), str(replace(place, channel=asker.parent or place.channel))}  # a thread's channel is open to it
        liked: list[Liked] = []
        for skip in range(0, _MOST_LIKED, _AT_ONCE):
            some = await self._context.posts.top(
                place.scope, since, _AT_ONCE, skip=skip, places=() if sees else sorted(own), nsfw=asker.nsfw
            )
            for each in some:
                seen = each.post.place in own or (sees is not None and sees(Place.read(each.post.place).channel))
                if seen and _may_be_shown(each, blocks):
                    liked.append(each)
            if len(liked) >= TOP or len(some) < _AT_ONCE:
                break
        return liked[:TOP]

    async def _why(self, asker: Asker, reply: str) -> str:
        posts = self._context.posts
        post = await (posts.of_reply(reply) if reply else posts.last(str(asker.place)))
        if post is None and not reply:
            return texts.NOTHING_YET
        kept = await self._context.replies.get(post.reply) if post and post.reply else None
        if post is None or kept is None or kept.scope != asker.place.scope:
            return texts.NO_SUCH_REPLY
        draft = await self._context.drafts.of_post(post.id)
        correction = await self._context.learner.correction(kept.scope)
        return why(kept, correction, await self._context.votes.tally(kept.id), draft)


async def _told(work: Awaitable[str]) -> str:
    """What the work tells; what goes wrong is told too."""
    try:
        return await work
    except InputError as error:
        return str(error)
    except HypeError as error:
        _log.warning("A command could not be carried out: %s", error)
        return str(error)
    except Exception:  # a fault of ours: the platform's task must go on, and the operator must see it
        _log.exception("A command could not be carried out.")
        return texts.FAULT


def _manages(asker: Asker) -> bool:
    """Whether somebody may decide for a community; in a private conversation everybody may."""
    return asker.manages or not asker.place.community


def _kind_of(kind: str) -> BlockKind:
    """The kind of block that a person means; raises InputError for none."""
    meant = kind.strip().casefold().removesuffix("s")
    for each in KINDS:
        if each == meant:
            return each
    raise InputError(f'I can block a word or an artist, but no "{clean_text(kind[:200], 40)}".')


def _same(kind: BlockKind, entry: str, text: str) -> bool:
    """Whether a person means this entry, however they write it."""
    try:
        return Blocks().added(kind, entry) == Blocks().added(kind, entry).added(kind, text)
    except InputError:
        return False


def _may_be_shown(liked: Liked, blocks: Blocks) -> bool:
    """Whether nothing of a reply has been blocked since."""
    return not (blocks.blocked_song(song_of(liked.reply.song)) or blocks.blocked_in(liked.reply.text))
