"""What everybody on the stage shares: the world, and how people, channels and messages in it are named."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from bot.stand_ins.slack.calls import Refusal
from bot.stand_ins.slack.events import Events
from bot.stand_ins.slack.outbox import Outbox
from bot.stand_ins.slack.world import Channel, Message, User, Workspace, World


class Stage:
    """The base of what people do; a name that stands for nothing raises ValueError."""

    world: World
    events: Events
    outbox: Outbox
    base: str

    @property
    def workspace(self) -> Workspace:
        """The first workspace."""
        return next(iter(self.world.workspaces.values()))

    def channel(self, channel: Channel | str) -> Channel:
        """A channel by its id."""
        found = channel if isinstance(channel, Channel) else self.world.channels.get(channel)
        if found is None:
            raise ValueError(f"There is no channel {channel!r}: make one with add_channel.")
        return found

    def user(self, user: User | str) -> User:
        """Somebody by their id."""
        found = user if isinstance(user, User) else self.world.users.get(user)
        if found is None:
            raise ValueError(f"There is nobody with the id {user!r}: make somebody with add_user.")
        return found

    def _enter(self, user: User, channel: Channel) -> None:
        """Let somebody act in a channel: a public one they join without a word, another they must be in."""
        if user.team != channel.team and not channel.shared:
            raise ValueError(f"{user.name} is not in the workspace of #{channel.name}: take somebody who is.")
        if user.id not in channel.members:
            if channel.private:
                raise ValueError(f"{user.name} is not in #{channel.name}: let them join first.")
            channel.members.add(user.id)


def there(message: Message) -> Message:
    """The message, if it is still there; raises ValueError where it has been deleted."""
    if message.deleted:
        raise ValueError("This message has been deleted: take another one.")
    return message


@contextmanager
def possible() -> Iterator[None]:
    """Turn what Slack would refuse to people, too, into ValueError."""
    try:
        yield
    except Refusal as refusal:
        raise ValueError(f"Slack refuses this to people, too: {refusal}.") from None
