"""The events that Slack tells the app of, each only where the app has subscribed to it and may hear it."""

from __future__ import annotations

import secrets

from bot.stand_ins.slack.outbox import Delivery, Outbox
from bot.stand_ins.slack.shapes import message_object, view_object
from bot.stand_ins.slack.texts import links_to, pinged
from bot.stand_ins.slack.world import Channel, Message, Object, User, View, Workspace, World

_HISTORY = {"channel": "channels", "group": "groups", "im": "im", "mpim": "mpim"}  # as events and scopes name them
_SCOPES = {"link_shared": "links:read", "app_mention": "app_mentions:read"}
_SCOPES |= dict.fromkeys(("reaction_added", "reaction_removed"), "reactions:read")


class Events:
    """Tells the app what happens in the world."""

    def __init__(self, world: World, outbox: Outbox) -> None:
        """Send through the outbox."""
        self._world = world
        self._outbox = outbox

    def posted(self, message: Message, *, client_id: bool = False) -> list[Delivery]:
        """A message has been posted; `client_id` where a person typed it."""
        channel = self._world.channels[message.channel]
        event = self._object(message)
        if client_id:
            event["client_msg_id"] = secrets.token_hex(16)
        if message.subtype == "thread_broadcast" and message.thread_ts in channel.messages:
            event["root"] = message_object(self._world, channel.messages[message.thread_ts])
        sent = self._message_event(channel, event, message.ts)
        sent += self.mentioned(message)
        # Slack tells an app of no links in the messages that it posted itself.
        if message.app_id != self._world.app.id:
            sent += self.linked(message)
        return sent

    def changed(self, message: Message, before: Object) -> list[Delivery]:
        """A message has been edited, unfurled, or has become a gravestone; `before` is how it was."""
        channel = self._world.channels[message.channel]
        event = {"subtype": "message_changed", "message": self._object(message), "previous_message": before, "hidden": True}
        return self._message_event(channel, event, self._world.new_ts())

    def delete(self, message: Message) -> list[Delivery]:
        """Take a message away and tell of it; where it has replies, a gravestone stays and a change is told of instead."""
        channel, before = self._world.channels[message.channel], self._object(message)
        if self._world.take(channel, message):
            return self.changed(channel.messages[message.ts], before)
        if message.ephemeral_for:
            return []
        event = {"subtype": "message_deleted", "deleted_ts": message.ts, "previous_message": before, "hidden": True}
        return self._message_event(channel, event, self._world.new_ts())

    def mentioned(self, message: Message) -> list[Delivery]:
        """Tell of a message that calls the app; in direct messages Slack does not."""
        channel = self._world.channels[message.channel]
        workspace = self._world.workspaces[channel.team]
        if channel.kind == "im" or message.bot_id == workspace.bot_id or f"@{workspace.bot.id}" not in pinged(message.text):
            return []
        event = {**self._object(message), "type": "app_mention", "channel": channel.id, "event_ts": message.ts}
        return self._tell(workspace, event, channel)

    def linked(self, message: Message) -> list[Delivery]:
        """Tell of a message's links to the app's domains, also where the app is no member of the channel."""
        channel = self._world.channels[message.channel]
        links = links_to(self._world.app.domains, message.text)
        if not links:
            return []
        event: Object = {
            "type": "link_shared",
            "channel": channel.id,
            "is_bot_user_member": self._world.workspaces[channel.team].bot.id in channel.members,
            "user": message.user,
            "message_ts": message.ts,
            "unfurl_id": f"{channel.id}.{message.ts}.{secrets.token_hex(32)}",
            "source": "conversations_history",
            "links": links,
            "event_ts": message.ts,
        }
        if message.thread_ts and message.in_thread:
            event["thread_ts"] = message.thread_ts
        return self._tell(self._world.workspaces[channel.team], event, channel)

    def typed(self, user: User, text: str) -> list[Delivery]:
        """Tell of links in a text that somebody has typed and not yet sent."""
        links = links_to(self._world.app.domains, text)
        draft = f"{user.id}-{secrets.token_hex(16)}"
        event: Object = {
            "type": "link_shared",
            "channel": "COMPOSER",
            "is_bot_user_member": True,
            "user": user.id,
            "message_ts": draft,
            "unfurl_id": draft,
            "source": "composer",
            "links": links,
            "event_ts": self._world.new_ts(),
        }
        return self._tell(self._world.workspaces[user.team], event) if links else []

    def reacted(self, user: str, message: Message, name: str, *, added: bool) -> list[Delivery]:
        """A reaction has been given or taken back."""
        channel = self._world.channels[message.channel]
        if not self._inside(channel):
            return []
        event = {
            "type": "reaction_added" if added else "reaction_removed",
            "user": user,
            "reaction": name,
            "item": {"type": "message", "channel": channel.id, "ts": message.ts},
            "item_user": message.user,
            "event_ts": self._world.new_ts(),
        }
        return self._tell(self._world.workspaces[channel.team], event, channel)

    def joined(self, user: str, channel: Channel, inviter: str | None) -> list[Delivery]:
        """Somebody, perhaps the app itself, is in a channel now."""
        if not self._inside(channel):
            return []
        letter = "C" if channel.kind == "channel" else "G"
        event: Object = {"type": "member_joined_channel", "user": user, "channel": channel.id, "channel_type": letter}
        event |= {"team": channel.team, "event_ts": self._world.new_ts()} | ({"inviter": inviter} if inviter else {})
        return self._tell(self._world.workspaces[channel.team], event, channel)

    def opened_home(self, user: User, channel: Channel, tab: str, view: View | None) -> list[Delivery]:
        """Somebody looks at the app's own page."""
        workspace = self._world.workspaces[user.team]
        event: Object = {"type": "app_home_opened", "user": user.id, "channel": channel.id, "tab": tab}
        event["event_ts"] = self._world.new_ts()
        if view:
            event["view"] = view_object(view, workspace)
        return self._tell(workspace, event)

    def revoked(self, workspace: Workspace) -> list[Delivery]:
        """The app's token is worth nothing any more."""
        event = {"type": "tokens_revoked", "tokens": {"oauth": [], "bot": [workspace.bot.id]}}
        return self._tell(workspace, {**event, "event_ts": self._world.new_ts()}, gone=True)

    def uninstalled(self, workspace: Workspace) -> list[Delivery]:
        """The app has been taken out of a workspace."""
        return self._tell(workspace, {"type": "app_uninstalled", "event_ts": self._world.new_ts()}, gone=True)

    def raw(self, workspace: Workspace, event: Object) -> Delivery:
        """Send any object as an event, whatever the app has subscribed to."""
        return self._outbox.send("events_api", self._wrapped(workspace, event, None))

    def _object(self, message: Message) -> Object:
        return message_object(self._world, message)

    def _inside(self, channel: Channel) -> bool:
        return self._world.workspaces[channel.team].bot.id in channel.members

    def _message_event(self, channel: Channel, event: Object, ts: str) -> list[Delivery]:
        """Tell of a message, or of what became of one, where the app is in the channel."""
        workspace, name = self._world.workspaces[channel.team], _HISTORY[channel.kind]
        hears = f"message.{name}" in self._world.app.events and f"{name}:history" in workspace.scopes
        if not hears or not self._inside(channel):
            return []
        whole = {"type": "message", "ts": ts, **event, "channel": channel.id, "channel_type": channel.kind, "event_ts": ts}
        return self._tell(workspace, whole, channel, known=True)

    def _tell(
        self, workspace: Workspace, event: Object, channel: Channel | None = None, *, known: bool = False, gone: bool = False
    ) -> list[Delivery]:
        """Send an event, unless the app has not subscribed to it (`known` where that has been looked at) or lacks its scope.

        `gone` where it is sent although the app is not installed any more.
        """
        kind, scope = str(event["type"]), _SCOPES.get(str(event["type"]))
        if not (known or kind in self._world.app.events) or (workspace.gone and not gone):
            return []
        if scope and scope not in workspace.scopes:
            return []
        return [self._outbox.send("events_api", self._wrapped(workspace, event, channel))]

    def _wrapped(self, workspace: Workspace, event: Object, channel: Channel | None) -> Object:
        authorization = {"enterprise_id": None, "team_id": workspace.id, "user_id": workspace.bot.id, "is_bot": True}
        return {
            "token": self._world.app.verification_token,
            "team_id": workspace.id,
            "context_team_id": workspace.id,
            "context_enterprise_id": None,
            "api_app_id": workspace.app_id,
            "event": event,
            "type": "event_callback",
            "event_id": self._world.new_id("Ev"),
            "event_time": int(self._world.clock()),
            "authorizations": [{**authorization, "is_enterprise_install": False}],
            "is_ext_shared_channel": bool(channel and channel.shared),
            "event_context": f"4-{secrets.token_hex(16)}",
        }
