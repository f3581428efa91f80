"""What people do with the app: slash commands, buttons, shortcuts and modals, each with what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from bot.stand_ins.slack import elements
from bot.stand_ins.slack.calls import Refusal
from bot.stand_ins.slack.methods import views
from bot.stand_ins.slack.outbox import Delivery
from bot.stand_ins.slack.responding import show
from bot.stand_ins.slack.shapes import message_object, view_object
from bot.stand_ins.slack.stage import Stage
from bot.stand_ins.slack.world import Channel, Message, Object, ResponseUrl, Trigger, User, View

_SPOKEN = {"im": "directmessage", "group": "privategroup", "mpim": "mpdm"}


@dataclass(eq=False)
class Result:
    """What somebody saw at once: `shown` is a message that came with the acknowledgement; `later` came afterwards.

    `fault` is what Slack tells them where there was none: "operation_timeout" or "dispatch_failed".
    """

    delivery: Delivery
    fault: str
    response_url: ResponseUrl | None
    shown: Message | None = None

    @property
    def acked(self) -> bool:
        """Whether the app has acknowledged it, in time or not."""
        return self.delivery.acked

    @property
    def seconds(self) -> float | None:
        """Until it did."""
        return self.delivery.seconds

    @property
    def later(self) -> list[Message]:
        """What the app has sent to the response URL so far."""
        return self.response_url.posted if self.response_url else []


@dataclass(eq=False)
class Submitted:
    """What became of a submitted view: `errors` by block, `view` the one that is seen now (None where all are closed)."""

    delivery: Delivery
    fault: str
    errors: dict[str, str] = field(default_factory=dict)
    view: View | None = None


class Using(Stage):
    """Verbs about the app; each waits until it has answered, or Slack would have stopped to wait."""

    async def slash(self, user: User | str, channel: Channel | str, command: str, text: str = "") -> Result:
        """Type a slash command; `text` is sent as typed, not escaped, as Slack does unless an app asks otherwise."""
        who, where = self.user(user), self.channel(channel)
        self._enter(who, where)
        workspace = self.world.workspaces[where.team]
        url = self.world.response_url(who, where)
        payload = {
            "token": self.world.app.verification_token,
            "team_id": workspace.id,
            "team_domain": workspace.name,
            "channel_id": where.id,
            "channel_name": _SPOKEN.get(where.kind, where.name),
            "user_id": who.id,
            "user_name": who.name,
            "command": command,
            "text": text,
            "api_app_id": workspace.app_id,
            "is_enterprise_install": "false",
            "response_url": self._address(url),
            "trigger_id": self.world.trigger(who),
        }
        delivery = self.outbox.send("slash_commands", payload)
        fault = await self._fault(delivery)
        shown = None
        if not fault and (delivery.answer.get("text") or delivery.answer.get("blocks")):
            shown = show(self.world, self.events, url, delivery.answer)
        return Result(delivery, fault, url, shown)

    async def presses(
        self,
        user: User | str,
        on: Message | View,
        action_id: str,
        value: elements.Value = None,
        *,
        seen: Sequence[Object] | None = None,
    ) -> Result:
        """Press a button, or choose the option `value`; `seen` are the blocks as they were when the person last looked."""
        who, blocks = self.user(user), [*seen] if seen is not None else self._blocks(on)
        block, element = elements.found(blocks, action_id)
        url = None
        payload = self._interaction("block_actions", who, on.id if isinstance(on, View) else None)
        payload["actions"] = [elements.pressed(block, element, value, self.world.new_ts())]
        payload["state"] = {"values": on.values if isinstance(on, View) else {}}
        if isinstance(on, View):
            payload["container"] = {"type": "view", "view_id": on.id}
            payload["view"] = view_object(on, self.world.workspaces[on.team])
        else:
            where = self.world.channels[on.channel]
            self._enter(who, where)
            url = self.world.response_url(who, where, on)
            payload |= self._place(where, on) | {"response_url": self._address(url)}
        delivery = self.outbox.send("interactive", payload)
        return Result(delivery, await self._fault(delivery), url)

    async def shortcut(self, user: User | str, message: Message | None, callback_id: str) -> Result:
        """Use a shortcut on a message, or a global one on nothing."""
        who = self.user(user)
        payload = self._interaction("message_action" if message else "shortcut", who, None)
        payload |= {"callback_id": callback_id, "action_ts": self.world.new_ts()}
        url = None
        if message:
            where = self.world.channels[message.channel]
            self._enter(who, where)
            url = self.world.response_url(who, where, message)
            payload |= {"channel": {"id": where.id, "name": where.name}, "response_url": self._address(url)}
            payload |= {"message": message_object(self.world, message), "message_ts": message.ts}
        delivery = self.outbox.send("interactive", payload)
        return Result(delivery, await self._fault(delivery), url)

    async def submits(self, user: User | str, view: View, values: elements.Values | None = None) -> Submitted:
        """Fill in {block id: {action id: text or option}} and submit; raises ValueError where Slack would not let them."""
        who = self.user(user)
        self._looking(who, view)
        view.values = elements.form(view, values or {})
        payload = self._interaction("view_submission", who, view.id)
        payload |= {"view": view_object(view, self.world.workspaces[view.team]), "response_urls": []}
        delivery = self.outbox.send("interactive", payload)
        fault = await self._fault(delivery)
        if fault:
            return Submitted(delivery, fault, view=view)
        return self._after(view, delivery)

    async def closes(self, user: User | str, view: View, *, everything: bool = False) -> Delivery | None:
        """Close a view, or `everything` of its stack; the app hears of it where the view asked for that."""
        who = self.user(user)
        self._looking(who, view)
        payload = self._interaction("view_closed", who, None)
        payload |= {"view": view_object(view, self.world.workspaces[view.team]), "is_cleared": everything}
        self._shut(view, everything=everything)
        if not view.payload.get("notify_on_close"):
            return None
        delivery = self.outbox.send("interactive", payload)
        await self.outbox.wait(delivery)
        return delivery

    def view_of(self, user: User | str) -> View | None:
        """The modal that somebody sees."""
        who = self.user(user)
        modals = (view for view in self.world.views.values() if view.user == who.id and view.payload["type"] == "modal")
        return next((view for view in reversed([*modals]) if view.open), None)

    def _after(self, view: View, delivery: Delivery) -> Submitted:
        """Do what the app has answered to a submission."""
        answer, action = delivery.answer, delivery.answer.get("response_action")
        try:
            match action:
                case "errors":
                    errors = answer.get("errors")
                    return Submitted(delivery, "", dict(errors) if isinstance(errors, dict) else {}, view)
                case "update":
                    views.replaced(view, views.checked(answer.get("view")))
                    return Submitted(delivery, "", view=view)
                case "push":
                    trigger = Trigger(view.user, view.team, self.world.clock(), view=view.id)
                    return Submitted(delivery, "", view=views.opened(self.world, trigger, views.checked(answer.get("view"))))
        except Refusal as refusal:
            return Submitted(delivery, str(refusal), view=view)
        self._shut(view, everything=action == "clear")
        return Submitted(delivery, "", view=self.view_of(view.user))

    def _shut(self, view: View, *, everything: bool) -> None:
        view.open = False
        if everything:
            for other in self.world.views.values():
                other.open = other.open and other.root != view.root

    @staticmethod
    def _looking(who: User, view: View) -> None:
        if not view.open or view.user != who.id:
            raise ValueError(f"{who.name} does not have this view open: take the one of view_of.")

    async def _fault(self, delivery: Delivery) -> str:
        """Wait for the answer; empty where there is one."""
        in_time = await self.outbox.wait(delivery)
        attempt = delivery.attempts[-1]
        if attempt.acked and in_time:
            return ""
        return "operation_timeout" if not in_time or attempt.fault == "http_timeout" else "dispatch_failed"

    def _address(self, url: ResponseUrl) -> str:
        return f"{self.base}/response/{url.team}/{url.token}"

    @staticmethod
    def _blocks(on: Message | View) -> list[Object]:
        if isinstance(on, View):
            return list(on.payload["blocks"]) if on.open else []
        return [] if on.deleted else on.blocks

    def _interaction(self, kind: str, who: User, view: str | None) -> Object:
        workspace = self.world.workspaces[who.team]
        return {
            "type": kind,
            "token": self.world.app.verification_token,
            "team": {"id": workspace.id, "domain": workspace.name},
            "enterprise": None,
            "is_enterprise_install": False,
            "user": {"id": who.id, "username": who.name, "name": who.name, "team_id": who.team},
            "api_app_id": workspace.app_id,
            "trigger_id": self.world.trigger(who, view),
        }

    def _place(self, where: Channel, message: Message) -> Object:
        """Where a pressed element was; of a message for one person the app is not told its content."""
        alone = message.ephemeral_for is not None
        container: Object = {"type": "message", "message_ts": message.ts, "channel_id": where.id, "is_ephemeral": alone}
        if message.thread_ts:
            container["thread_ts"] = message.thread_ts
        told: Object = {"container": container, "channel": {"id": where.id, "name": _SPOKEN.get(where.kind, where.name)}}
        return told if alone else {**told, "message": message_object(self.world, message)}
