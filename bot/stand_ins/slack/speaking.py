"""What people do with messages: say, edit, delete, react, join; the app is told of each as Slack tells it."""

from __future__ import annotations

from collections.abc import Sequence

from bot.stand_ins.slack.methods import reactions
from bot.stand_ins.slack.outbox import Delivery
from bot.stand_ins.slack.shapes import message_object
from bot.stand_ins.slack.stage import Stage, possible, there
from bot.stand_ins.slack.texts import as_kept, links_in, rich
from bot.stand_ins.slack.world import Channel, Message, Object, User, Workspace


class Speaking(Stage):
    """Verbs about messages; each returns at once, before the app has heard of it."""

    async def says(
        self,
        user: User | str,
        channel: Channel | str,
        text: str,
        *,
        thread: Message | None = None,
        broadcast: bool = False,
        subtype: str | None = None,
        files: Sequence[Object] = (),
        kept: bool = False,
    ) -> Message:
        """Post what somebody typed; with `kept` the text is taken as Slack keeps it, already escaped.

        A bot's message gets a bot id of another app. `files` make it a "file_share", `broadcast` a "thread_broadcast".
        """
        author, where = self.user(user), self.channel(channel)
        self._enter(author, where)
        if where.archived:
            raise ValueError(f"#{where.name} is archived: nobody can say anything there.")
        written = text if kept else as_kept(text)
        message = Message(self.world.new_ts(), where.id, author.team, author.id, written, subtype=subtype)
        message.thread_ts = (thread.thread_ts or thread.ts) if thread else None
        message.files = [*files]
        if author.is_bot:
            message.bot_id, message.app_id = f"B{author.id[1:]}", "A0ANOTHER"
        else:
            message.blocks = rich(written)
        if not subtype:
            message.subtype = "file_share" if files else "thread_broadcast" if thread and broadcast else None
        self.world.put(where, message)
        self.events.posted(message, client_id=not author.is_bot)
        return message

    async def edits(self, message: Message, text: str) -> Message:
        """Change a message to what its author has typed now; of links that were not there before link_shared tells."""
        before, links = message_object(self.world, there(message)), links_in(message.text)
        message.text = as_kept(text)
        message.blocks = rich(message.text)
        message.edited = self.world.new_ts()
        self.events.changed(message, before)
        if {*links_in(message.text)} - {*links}:
            self.events.linked(message)
        return message

    async def unfurls(self, message: Message) -> Message:
        """Let Slack add previews of a message's links, which is told as a change of the same text."""
        before = message_object(self.world, there(message))
        message.attachments = [
            {"id": number, "from_url": url, "original_url": url, "fallback": "A preview", "title": "A preview"}
            for number, url in enumerate(links_in(message.text), 1)
        ]
        self.events.changed(message, before)
        return message

    async def deletes(self, message: Message) -> None:
        """Delete a message; where it has replies a gravestone stays, and the app is told of a change, not of a deletion."""
        self.events.delete(there(message))

    async def reacts(self, user: User | str, message: Message, name: str) -> Delivery | None:
        """Give a reaction by its name ("+1", "fire"); the delivery is None where the app is not told."""
        giver = self._reacting(user, message)
        with possible():
            kept = reactions.add(message, giver.id, name)
        return next(iter(self.events.reacted(giver.id, message, kept, added=True)), None)

    async def unreacts(self, user: User | str, message: Message, name: str) -> Delivery | None:
        """Take a reaction back."""
        giver = self._reacting(user, message)
        with possible():
            kept = reactions.remove(message, giver.id, name)
        return next(iter(self.events.reacted(giver.id, message, kept, added=False)), None)

    async def types(self, user: User | str, text: str) -> list[Delivery]:
        """Type without sending: the app hears of its domains' links from the composer."""
        return self.events.typed(self.user(user), as_kept(text))

    async def joins(self, user: User | str, channel: Channel | str, *, inviter: User | None = None) -> list[Delivery]:
        """Come into a channel; `slack.bot` may, too."""
        who, where = self.user(user), self.channel(channel)
        where.members.add(who.id)
        return self.events.joined(who.id, where, inviter.id if inviter else None)

    async def leaves(self, user: User | str, channel: Channel | str) -> None:
        """Go out of a channel, of which the app hears nothing."""
        self.channel(channel).members.discard(self.user(user).id)

    async def opens_home(self, user: User | str, tab: str = "home") -> list[Delivery]:
        """Look at the app's own page."""
        who = self.user(user)
        workspace = self.world.workspaces[who.team]
        channel = self.world.dm(who.team, {who.id, workspace.bot.id})
        return self.events.opened_home(who, channel, tab, self.world.home(who.id))

    async def uninstalls(self, workspace: Workspace | None = None) -> list[Delivery]:
        """Take the app out of a workspace: its token is inactive, and two events tell of it."""
        left = workspace or self.workspace
        left.gone = "account_inactive"
        return self.events.revoked(left) + self.events.uninstalled(left)

    async def revokes(self, workspace: Workspace | None = None) -> list[Delivery]:
        """Take back only the app's token."""
        left = workspace or self.workspace
        left.gone = "token_revoked"
        return self.events.revoked(left)

    def _reacting(self, user: User | str, message: Message) -> User:
        who = self.user(user)
        if there(message).ephemeral_for:
            raise ValueError("Nobody can react to a message that only one person sees.")
        self._enter(who, self.world.channels[message.channel])
        return who
