"""What people do to elements of blocks: which option they take, what they fill in, and how the app is told of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.stand_ins.slack.blocks import elements_of
from bot.stand_ins.slack.world import Object, View

Value = str | Sequence[str] | None
Values = Mapping[str, Mapping[str, Value]]

_CHOSEN = {
    "users_select": "selected_user",
    "conversations_select": "selected_conversation",
    "channels_select": "selected_channel",
    "datepicker": "selected_date",
    "timepicker": "selected_time",
}


def found(blocks: list[Object], action_id: str) -> tuple[Object, Object]:
    """The block and the element with an action id; raises ValueError where there is none."""
    known = []
    for block, element in elements_of(blocks):
        if element["action_id"] == action_id:
            return block, element
        known.append(element["action_id"])
    raise ValueError(f"There is nothing with the action id {action_id!r} to press: there are {', '.join(known) or 'none'}.")


def pressed(block: Object, element: Object, value: Value, ts: str) -> Object:
    """An entry of `actions`."""
    told: Object = {"type": element["type"], "action_id": element["action_id"], "block_id": block["block_id"], "action_ts": ts}
    told |= {name: element[name] for name in ("text", "style", "placeholder") if name in element}
    return told | filled(element, value)


def filled(element: Object, value: Value) -> Object:
    """What an element holds after somebody chose or wrote something: values of options are named, texts given."""
    kind = element["type"]
    if kind == "button":
        return {"value": element["value"]} if "value" in element else {}
    if kind in _CHOSEN:
        return {_CHOSEN[kind]: value}
    if kind in {"static_select", "radio_buttons", "overflow"}:
        return {"selected_option": _option(element, value) if value is not None else element.get("initial_option")}
    if kind in {"checkboxes", "multi_static_select"}:
        wanted = [value] if isinstance(value, str) else value
        chosen = element.get("initial_options", []) if wanted is None else [_option(element, each) for each in wanted]
        return {"selected_options": chosen}
    return {"value": element.get("initial_value") if value is None else value}


def form(view: View, values: Values) -> dict[str, dict[str, Object]]:
    """The state of a view filled in; raises ValueError for what is not there, or must be filled in and is not."""
    state: dict[str, dict[str, Object]] = {}
    left = {(block, action) for block, actions in values.items() for action in actions}
    for block, element in elements_of(view.payload["blocks"]):
        place = (block["block_id"], element["action_id"])
        left.discard(place)
        if element["type"] in {"button", "overflow"}:
            continue
        value = values.get(place[0], {}).get(place[1])
        held = filled(element, value)
        if block["type"] == "input" and not block.get("optional") and not any(held.values()):
            raise ValueError(f"{place[1]!r} in {place[0]!r} must be filled in before Slack lets anybody submit it.")
        state.setdefault(place[0], {})[place[1]] = {"type": element["type"], **held}
    if left:
        raise ValueError(f"This view has no such fields: {', '.join(sorted(f'{block}/{action}' for block, action in left))}.")
    return state


def _option(element: Object, value: Value) -> Object:
    for option in element.get("options", []):
        if option.get("value") == value:
            return dict(option)
    known = ", ".join(str(option.get("value")) for option in element.get("options", []))
    raise ValueError(f"There is no option {value!r} to choose: there are {known}.")
