"""The limits of Block Kit: what Slack refuses in blocks and views, in the words in which it does."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import Any

from bot.stand_ins.slack.world import Object

MAX_BLOCKS = 50  # of a message
MAX_VIEW_BLOCKS = 100
_MAX_BLOCK_ID = 255
_TEXTS = ("plain_text", "mrkdwn")
_PLAIN = ("plain_text",)

# The fields of each element that are texts in objects, with the most characters that each may have.
_LABELS: dict[str, dict[str, int]] = {
    "button": {"text": 75},
    "static_select": {"placeholder": 150},
    "multi_static_select": {"placeholder": 150},
    "plain_text_input": {"placeholder": 150},
}
# The most options of each element, and which of their values may be how long.
_OPTIONS = {"static_select": 100, "multi_static_select": 100, "overflow": 5, "checkboxes": 10, "radio_buttons": 10}
_ELEMENTS = {
    *_OPTIONS,
    *("button", "image", "plain_text_input", "datepicker", "timepicker", "number_input", "url_text_input"),
    *("users_select", "conversations_select", "channels_select", "external_select", "email_text_input"),
}
_LAYOUTS = {"section", "context", "actions", "header", "divider", "image", "input", "rich_text", "markdown"}


def faults_of_blocks(blocks: Any, most: int = MAX_BLOCKS) -> list[str]:
    """Everything that is wrong with a list of blocks, none where Slack would take it; nothing is too odd to be looked at."""
    if not isinstance(blocks, list):
        return ["must be an array [json-pointer:/blocks]"]
    if len(blocks) > most:
        return [f"no more than {most} items allowed [json-pointer:/blocks]"]
    found: list[str] = []
    seen: set[str] = set()
    for number, block in enumerate(blocks):
        found += _block(block, f"/blocks/{number}")
        block_id = block.get("block_id") if isinstance(block, dict) else None
        if isinstance(block_id, str):
            if block_id in seen:
                found.append(f"`block_id` {block_id} already exists [json-pointer:/blocks/{number}/block_id]")
            seen.add(block_id)
    return found


def faults_of_view(view: Any) -> list[str]:
    """Everything that is wrong with a modal or a home."""
    if not isinstance(view, dict) or view.get("type") not in ("modal", "home"):
        return ["must be a valid view [json-pointer:/view]"]
    found = faults_of_blocks(view.get("blocks"), MAX_VIEW_BLOCKS)
    if view["type"] == "modal":
        found += _text(view.get("title"), "/title", 24, _PLAIN)
        for name in ("submit", "close"):
            if view.get(name) is not None:
                found += _text(view[name], f"/{name}", 24, _PLAIN)
        blocks = view.get("blocks")
        asks = isinstance(blocks, list) and any(isinstance(each, dict) and each.get("type") == "input" for each in blocks)
        if asks and view.get("submit") is None:
            found.append("missing required field: submit [json-pointer:/submit]")
    return [*found, *_lengths(view, "", private_metadata=3000, callback_id=255, external_id=255)]


def with_ids(blocks: list[Object]) -> list[Object]:
    """Copies of the blocks in which each has a block id, and each element an action id, as Slack fills them in."""
    numbers = count(1)
    filled = []
    for block in blocks:
        copy = {**block, "block_id": block.get("block_id") or f"b{next(numbers)}"}
        for name in ("element", "accessory"):
            if isinstance(copy.get(name), dict):
                copy[name] = _with_action(copy[name], next(numbers))
        if copy.get("type") == "actions":
            copy["elements"] = [_with_action(element, next(numbers)) for element in copy["elements"]]
        filled.append(copy)
    return filled


def elements_of(blocks: list[Object]) -> Iterator[tuple[Object, Object]]:
    """Each block with each element in it that somebody can press or fill in."""
    for block in blocks:
        inside = [block.get("accessory"), block.get("element")]
        if block.get("type") == "actions":
            inside += block.get("elements", [])
        yield from ((block, element) for element in inside if isinstance(element, dict) and "action_id" in element)


def texts_of(blocks: list[Object]) -> Iterator[str]:
    """Every text in some blocks that Slack reads as its own markup."""
    for block in blocks:
        lists = [value for value in (block.get("fields"), block.get("elements")) if isinstance(value, list)]
        for each in (block, block.get("text"), *(each for value in lists for each in value)):
            if isinstance(each, dict) and each.get("type") in ("mrkdwn", "markdown"):
                yield str(each.get("text", ""))


def _with_action(element: Object, number: int) -> Object:
    return element if element.get("type") == "image" else {**element, "action_id": element.get("action_id") or f"a{number}"}


def _block(block: Any, at: str) -> list[str]:
    if not isinstance(block, dict):
        return [f"must be an object [json-pointer:{at}]"]
    kind = block.get("type")
    if not isinstance(kind, str) or kind not in _LAYOUTS:
        return [f"unsupported type: {str(kind)[:40]} [json-pointer:{at}/type]"]
    found = [*_lengths(block, at, block_id=_MAX_BLOCK_ID)]
    match kind:
        case "section":
            found += _section(block, at)
        case "header":
            found += _text(block.get("text"), f"{at}/text", 150, _PLAIN)
        case "context":
            found += _several(block.get("elements"), f"{at}/elements", 10, _in_context)
        case "actions":
            found += _several(block.get("elements"), f"{at}/elements", 25, _element)
            found += _twice(block.get("elements"), f"{at}/elements")
        case "input":
            found += _text(block.get("label"), f"{at}/label", 2000, _PLAIN)
            found += _element(block.get("element"), f"{at}/element")
        case "image":
            found += _image(block, at)
        case "markdown":
            found += [*_lengths(block, at, text=12_000)]
    return found


def _section(block: Object, at: str) -> list[str]:
    found: list[str] = []
    if block.get("text") is None and not block.get("fields"):
        found.append(f"missing required field: text [json-pointer:{at}]")
    if block.get("text") is not None:
        found += _text(block["text"], f"{at}/text", 3000)
    if block.get("fields") is not None:
        found += _several(block["fields"], f"{at}/fields", 10, lambda field, where: _text(field, where, 2000))
    if block.get("accessory") is not None:
        found += _element(block["accessory"], f"{at}/accessory")
    return found


def _in_context(element: Any, at: str) -> list[str]:
    if isinstance(element, dict) and element.get("type") == "image":
        return _image(element, at)
    return _text(element, at, 3000)


def _image(image: Object, at: str) -> list[str]:
    missing = [name for name in ("image_url", "alt_text") if not isinstance(image.get(name), str)]
    found = [f"missing required field: {name} [json-pointer:{at}]" for name in missing]
    return [*found, *_lengths(image, at, image_url=3000, alt_text=2000)]


def _element(element: Any, at: str) -> list[str]:
    kind = element.get("type") if isinstance(element, dict) else None
    if not isinstance(kind, str) or kind not in _ELEMENTS:
        return [f"unsupported type: {str(kind)[:40]} [json-pointer:{at}/type]"]
    if kind == "image":
        return _image(element, at)
    found = [*_lengths(element, at, action_id=255, url=3000)]
    if kind == "button":
        found += [*_lengths(element, at, value=2000)]
        if element.get("style") not in (None, "primary", "danger"):
            found.append(f"must be one of: primary, danger [json-pointer:{at}/style]")
    for name, most in _LABELS.get(kind, {}).items():
        if name == "text" or element.get(name) is not None:
            found += _text(element.get(name), f"{at}/{name}", most, _PLAIN)
    if kind in _OPTIONS:
        found += _several(element.get("options"), f"{at}/options", _OPTIONS[kind], _option)
    return found


def _option(option: Any, at: str) -> list[str]:
    if not isinstance(option, dict):
        return [f"must be an object [json-pointer:{at}]"]
    return [*_text(option.get("text"), f"{at}/text", 75), *_lengths(option, at, value=150)]


def _several(values: Any, at: str, most: int, check: Any) -> list[str]:
    """What is wrong with a list of at least one and at most so many."""
    if not isinstance(values, list):
        return [f"must be an array [json-pointer:{at}]"]
    if not values:
        return [f"no less than 1 items allowed [json-pointer:{at}]"]
    if len(values) > most:
        return [f"no more than {most} items allowed [json-pointer:{at}]"]
    return [fault for number, value in enumerate(values) for fault in check(value, f"{at}/{number}")]


def _twice(elements: Any, at: str) -> list[str]:
    """Action ids that occur more than once in a block."""
    ids = [each.get("action_id") for each in elements if isinstance(each, dict)] if isinstance(elements, list) else []
    named = [each for each in ids if isinstance(each, str)]
    return [f"`action_id` {each} already exists [json-pointer:{at}]" for each in {*named} if named.count(each) > 1]


def _text(text: Any, at: str, most: int, kinds: tuple[str, ...] = _TEXTS) -> list[str]:
    """What is wrong with an object that holds a text."""
    if not isinstance(text, dict):
        return [f"missing required field: text [json-pointer:{at}]"]
    if text.get("type") not in kinds:
        return [f"unsupported type: {str(text.get('type'))[:40]} [json-pointer:{at}/type]"]
    value = text.get("text")
    if not isinstance(value, str):
        return [f"missing required field: text [json-pointer:{at}]"]
    if not value:
        return [f"must be more than 0 characters [json-pointer:{at}/text]"]
    return [*_lengths(text, at, text=most)]


def _lengths(holder: Object, at: str, **most: int) -> Iterator[str]:
    """The fields that are no texts, or too long."""
    for name, limit in most.items():
        value = holder.get(name)
        if value is not None and not isinstance(value, str):
            yield f"must be a string [json-pointer:{at}/{name}]"
        elif value is not None and len(value) > limit:
            yield f"must be less than {limit + 1} characters [json-pointer:{at}/{name}]"
