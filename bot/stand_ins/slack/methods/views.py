"""views.*: modals and the app's home."""

from __future__ import annotations

import json
from typing import Any

from bot.stand_ins.slack.blocks import faults_of_view, with_ids
from bot.stand_ins.slack.calls import Asking, Method, Methods, Refusal
from bot.stand_ins.slack.shapes import view_object
from bot.stand_ins.slack.world import Object, Trigger, View, World

TRIGGER_LIFE = 3.0  # seconds
MAX_STACK = 3  # views on each other
MAX_VIEW = 250_000  # bytes


def checked(payload: Any) -> Object:
    """A view with every id filled in; raises Refusal where Slack would not show it."""
    faults = faults_of_view(payload)
    if faults:
        told = {"messages": [f"[ERROR] {fault}" for fault in faults]}
        raise Refusal("invalid_arguments", response_metadata=told)
    if len(json.dumps(payload)) > MAX_VIEW:
        raise Refusal("view_too_large")
    return {**payload, "blocks": with_ids(payload["blocks"])}


def opened(world: World, trigger: Trigger, payload: Object) -> View:
    """A view that somebody sees from now on, on top of the one that the trigger came from."""
    below = world.views.get(trigger.view or "")
    if below and depth(world, below) >= MAX_STACK:
        raise Refusal("push_limit_reached")
    view_id = world.new_id("V")
    view = View(view_id, trigger.team, trigger.user, payload, below.root if below else view_id, below.id if below else None)
    world.views[view_id] = view
    return view


def replaced(view: View, payload: Object) -> None:
    """Show something else in a view; what was filled in stays where the block and the element stay."""
    view.payload, view.version = payload, view.version + 1
    blocks = {block["block_id"] for block in payload["blocks"]}
    view.values = {block: values for block, values in view.values.items() if block in blocks}


def depth(world: World, view: View) -> int:
    """How many views lie on each other, this one on top."""
    below = world.views.get(view.previous or "")
    return 1 + (depth(world, below) if below else 0)


def _open(asking: Asking) -> Object:
    trigger = _exchanged(asking)
    trigger.view = None
    return _shown(asking, opened(asking.world, trigger, _payload(asking)))


def _push(asking: Asking) -> Object:
    trigger = _exchanged(asking)
    if trigger.view is None:
        raise Refusal("not_found")
    return _shown(asking, opened(asking.world, trigger, _payload(asking)))


def _update(asking: Asking) -> Object:
    call, views = asking.call, asking.world.views
    external = call.text("external_id")
    by_name = (each for each in views.values() if external and each.payload.get("external_id") == external)
    view = views.get(call.text("view_id")) or next(by_name, None)
    if view is None or not view.open or view.team != asking.workspace.id:
        raise Refusal("not_found")
    if call.text("hash") not in {"", view.hash}:
        raise Refusal("hash_conflict")
    replaced(view, _payload(asking))
    return _shown(asking, view)


def _publish(asking: Asking) -> Object:
    """Show the app's home to one person."""
    user = asking.call.text("user_id")
    if user not in asking.world.users:
        raise Refusal("user_not_found")
    payload = _payload(asking)
    home = asking.world.home(user)
    if home is None:
        home = opened(asking.world, Trigger(user, asking.workspace.id, 0.0), payload)
    else:
        replaced(home, payload)
    return _shown(asking, home)


def _exchanged(asking: Asking) -> Trigger:
    """Use up the trigger of a call."""
    trigger = asking.world.triggers.get(asking.call.text("trigger_id"))
    if trigger is None or trigger.team != asking.workspace.id:
        raise Refusal("invalid_trigger_id")
    if trigger.used:
        raise Refusal("exchanged_trigger_id")
    if asking.world.clock() - trigger.at > TRIGGER_LIFE:
        raise Refusal("expired_trigger_id")
    _payload(asking)  # a view that cannot be shown uses up no trigger
    trigger.used = True
    return trigger


def _payload(asking: Asking) -> Object:
    return checked(asking.call.parsed("view", "invalid_json"))


def _shown(asking: Asking, view: View) -> Object:
    return {"view": view_object(view, asking.workspace)}


METHODS: Methods = {
    "views.open": Method(_open),
    "views.push": Method(_push),
    "views.update": Method(_update),
    "views.publish": Method(_publish),
}
