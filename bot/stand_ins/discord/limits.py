"""The limits of messages, buttons, modals and commands, and how Discord says that one is passed (code 50035)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.stand_ins.discord.world import COMPONENTS_V2, Payload, parts

CONTENT, EMBEDS, EMBED_TOTAL, NONCE, ATTACHMENTS = 2000, 10, 6000, 25, 10
ROWS, BUTTONS, OPTIONS, CUSTOM_ID, LABEL = 5, 5, 25, 100, 80
V2_PARTS, V2_TEXT, INPUT = 40, 4000, 4000

_SELECTS = (3, 5, 6, 7, 8)  # as all of these a tuple: what is sent need not be hashable
_EMBED_TEXTS = (
    (("title",), 256),
    (("description",), 4096),
    (("footer", "text"), 2048),
    (("author", "name"), 256),
)
_EMBED_URLS = (
    ("url",),
    ("image", "url"),
    ("thumbnail", "url"),
    ("footer", "icon_url"),
    ("author", "url"),
    ("author", "icon_url"),
)
_COMMAND_NAME = re.compile(r"[-_'\w]{1,32}")


class ApiError(Exception):
    """An answer that is no success: a status, Discord's own code, its words and, for a form, the fields at fault."""

    def __init__(self, status: int, code: int, words: str, errors: Payload | None = None) -> None:
        """Take what is answered."""
        super().__init__(words)
        self.status, self.code, self.words, self.errors = status, code, words, errors


@dataclass
class Form:
    """Collects what is wrong with a form; `done` refuses it where something is."""

    errors: Payload = field(default_factory=dict)

    def wrong(self, where: Sequence[str | int], code: str, words: str) -> None:
        """Note one fault at a place."""
        place = self.errors
        for step in where:
            place = place.setdefault(str(step), {})
        place.setdefault("_errors", []).append({"code": code, "message": words})

    def text(self, where: Sequence[str | int], value: object, most: int, least: int = 0, *, needed: bool = False) -> int:
        """Check a text and give its length; what is missing is wrong only where it is needed."""
        if value is None or (value == "" and not least):
            if needed:
                self.wrong(where, "BASE_TYPE_REQUIRED", "This field is required")
            return 0
        if not isinstance(value, str):
            self.wrong(where, "STRING_TYPE_CONVERT", f'Could not interpret "{value!r:.40}" as string.')
            return 0
        if len(value) > most and not least:
            self.wrong(where, "BASE_TYPE_MAX_LENGTH", f"Must be {most} or fewer in length.")
        elif not least <= len(value) <= most:
            self.wrong(where, "BASE_TYPE_BAD_LENGTH", f"Must be between {least} and {most} in length.")
        return len(value)

    def many(self, where: Sequence[str | int], value: object, most: int, least: int = 0) -> list[Payload]:
        """Check a list of objects and give those that are any."""
        if value is None:
            value = []
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            self.wrong(where, "LIST_TYPE_CONVERT", "Only iterables may be used in a ListType")
            return []
        if len(value) > most and not least:
            self.wrong(where, "BASE_TYPE_MAX_LENGTH", f"Must be {most} or fewer in length.")
        elif not least <= len(value) <= most:
            self.wrong(where, "BASE_TYPE_BAD_LENGTH", f"Must be between {least} and {most} in length.")
        return value

    def done(self) -> None:
        """Raise `ApiError` 400, 50035 where something was wrong."""
        if self.errors:
            raise ApiError(400, 50035, "Invalid Form Body", self.errors)


def snowflake(name: str, value: object, usual: int = 0) -> int:
    """An id that was sent, `usual` where there is none; raises `ApiError` for what is no id."""
    if value is None:
        return usual
    text = str(value)
    if not (text.isascii() and text.isdecimal() and len(text) <= 20):
        form = Form()
        form.wrong([name], "NUMBER_TYPE_COERCE", f'Value "{text:.40}" is not snowflake.')
        form.done()
    return int(text)


def check_message(payload: Payload) -> None:
    """Check content, embeds, components and nonce of a message; raises `ApiError`."""
    form = Form()
    form.text(["content"], payload.get("content"), CONTENT)
    nonce = payload.get("nonce")
    if nonce is not None and len(str(nonce)) > NONCE:
        form.wrong(["nonce"], "NONCE_TYPE_TOO_LONG", f"Nonce must be {NONCE} or fewer in length.")
    total = 0
    embeds = form.many(["embeds"], payload.get("embeds"), EMBEDS)
    for number, embed in enumerate(embeds):
        total += _check_embed(form, number, embed)
    if total > EMBED_TOTAL:
        words = f"Embed size exceeds maximum size of {EMBED_TOTAL}"
        form.wrong(["embeds"], "MAX_EMBED_SIZE_EXCEEDED", words)
    form.many(["attachments"], payload.get("attachments"), ATTACHMENTS)
    _check_mentions(form, payload.get("allowed_mentions"))
    flags = payload.get("flags") or 0
    if not isinstance(flags, int):
        form.wrong(["flags"], "NUMBER_TYPE_COERCE", "Value is not int.")
    elif flags & COMPONENTS_V2:
        _check_v2(form, payload)
    else:
        _check_rows(form, payload.get("components"))
    form.done()


def check_modal(payload: Payload) -> None:
    """Check a modal: title, custom_id, and one to five rows or labels; raises `ApiError`."""
    form = Form()
    form.text(["data", "title"], payload.get("title"), 45, 1, needed=True)
    form.text(["data", "custom_id"], payload.get("custom_id"), CUSTOM_ID, 1, needed=True)
    for number, row in enumerate(form.many(["data", "components"], payload.get("components"), 5, 1)):
        where: list[str | int] = ["data", "components", number]
        if row.get("type") == 18:
            form.text([*where, "label"], row.get("label"), 45, 1, needed=True)
            form.text([*where, "description"], row.get("description"), 100)
        for part in parts([row]):
            if part.get("type") == 4:
                _check_input(form, where, part, labelled=row.get("type") == 18)
    form.done()


def check_choices(choices: object) -> None:
    """Check the answers to an autocompletion: at most 25, with names of at most 100; raises `ApiError`."""
    form = Form()
    for number, choice in enumerate(form.many(["data", "choices"], choices, OPTIONS)):
        form.text(["data", "choices", number, "name"], choice.get("name"), 100, 1, needed=True)
        if isinstance(choice.get("value"), str):
            form.text(["data", "choices", number, "value"], choice["value"], 100)
    form.done()


def check_commands(commands: object) -> list[Payload]:
    """Check a list of commands as the bot registers them; raises `ApiError`."""
    form = Form()
    if not isinstance(commands, list) or not all(isinstance(command, dict) for command in commands):
        form.wrong([], "LIST_TYPE_CONVERT", "Only iterables may be used in a ListType")
        form.done()
        return []
    names = [(command.get("name"), command.get("type") or 1) for command in commands]
    for number, command in enumerate(commands):
        if names.index(names[number]) < number:
            words = "Application command names must be unique"
            form.wrong([number], "APPLICATION_COMMANDS_DUPLICATE_NAME", words)
        _check_command(form, [number], command, chat=(command.get("type") or 1) == 1)
    if sum(kind == 1 for _, kind in names) > 100:
        raise ApiError(400, 30032, "Maximum number of application commands reached (100).")
    form.done()
    return commands


def _check_mentions(form: Form, rules: object) -> None:
    """Check who may be notified: lists of kinds and of ids."""
    if rules is None:
        return
    if not isinstance(rules, dict):
        form.wrong(["allowed_mentions"], "DICT_TYPE_CONVERT", "Only dictionaries may be used in a DictType")
        return
    for name in ("parse", "users", "roles"):
        listed = rules.get(name)
        if listed is not None and not (isinstance(listed, list) and all(isinstance(one, str | int) for one in listed)):
            form.wrong(["allowed_mentions", name], "LIST_TYPE_CONVERT", "Only iterables may be used in a ListType")


def _check_embed(form: Form, number: int, embed: Payload) -> int:
    """Check one embed and give how many characters count."""
    where: list[str | int] = ["embeds", number]
    total = sum(form.text([*where, *path], _at(embed, path), most) for path, most in _EMBED_TEXTS)
    for index, each in enumerate(form.many([*where, "fields"], embed.get("fields"), 25)):
        total += form.text([*where, "fields", index, "name"], each.get("name"), 256, needed=True)
        total += form.text([*where, "fields", index, "value"], each.get("value"), 1024, needed=True)
    for path in _EMBED_URLS:
        url = _at(embed, path)
        if url is None:
            continue
        form.text([*where, *path], url, 2048)
        if not str(url).startswith(("https://", "http://", "attachment://")):
            form.wrong([*where, *path], "URL_TYPE_INVALID_SCHEME", "Scheme must be one of ('http', 'https').")
    colour = embed.get("color")
    if colour is not None and not (isinstance(colour, int) and 0 <= colour <= 0xFFFFFF):
        form.wrong([*where, "color"], "NUMBER_TYPE_MAX", "int value should be less than or equal to 16777215.")
    return total


def _check_rows(form: Form, components: object) -> None:
    """Check the classic components: at most five rows, of at most five buttons or one menu each."""
    seen: set[str] = set()
    for number, row in enumerate(form.many(["components"], components, ROWS)):
        where: list[str | int] = ["components", number]
        if row.get("type") != 1:
            form.wrong([*where, "type"], "UNION_TYPE_CHOICES", 'Value of field "type" must be one of (1,).')
            continue
        inside = form.many([*where, "components"], row.get("components"), BUTTONS, 1)
        if len(inside) > 1 and any(part.get("type") in _SELECTS for part in inside):
            form.wrong(where, "COMPONENT_LAYOUT_WIDTH_EXCEEDED", "The specified component exceeds the maximum width")
        for index, part in enumerate(inside):
            _check_control(form, [*where, "components", index], part, seen)


def _check_v2(form: Form, payload: Payload) -> None:
    """Check a layout of components: no content or embeds beside it, and at most forty parts."""
    for name in ("content", "embeds"):
        if payload.get(name):
            words = f"The '{name}' field cannot be used when using MessageFlags.IS_COMPONENTS_V2"
            form.wrong([name], "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2", words)
    every = list(parts(form.many(["components"], payload.get("components"), V2_PARTS)))
    if len(every) > V2_PARTS:
        form.wrong(["components"], "COMPONENT_MAX_TOTAL_COMPONENTS_EXCEEDED", f"The maximum is {V2_PARTS}")
    if sum(len(str(part.get("content") or "")) for part in every) > V2_TEXT:
        form.wrong(["components"], "COMPONENT_DISPLAYABLE_TEXT_SIZE_EXCEEDED", f"The maximum is {V2_TEXT}")
    seen: set[str] = set()
    for index, part in enumerate(every):
        if part.get("type") in (2, *_SELECTS):
            _check_control(form, ["components", index], part, seen)


def _check_control(form: Form, where: list[str | int], part: Payload, seen: set[str]) -> None:
    """Check a button or a menu."""
    linked = part.get("type") == 2 and part.get("style") == 5
    if not linked:
        form.text([*where, "custom_id"], part.get("custom_id"), CUSTOM_ID, 1, needed=True)
        if str(part.get("custom_id")) in seen:
            form.wrong([*where, "custom_id"], "COMPONENT_CUSTOM_ID_DUPLICATED", "Component custom id cannot be duplicated")
        seen.add(str(part.get("custom_id")))
    if part.get("type") == 2:
        form.text([*where, "label"], part.get("label"), LABEL)
        if part.get("style") not in (1, 2, 3, 4, 5):
            form.wrong([*where, "style"], "BASE_TYPE_CHOICES", "Value must be one of (1, 2, 3, 4, 5, 6).")
        if linked and not str(part.get("url") or "").startswith(("https://", "http://", "discord://")):
            form.wrong([*where, "url"], "BASE_TYPE_REQUIRED", "This field is required")
        if not part.get("label") and not part.get("emoji"):
            form.wrong(where, "BUTTON_COMPONENT_INVALID_LABEL_OR_EMOJI", "A button must have a label or emoji")
    elif part.get("type") in _SELECTS:
        _check_select(form, where, part)
    else:
        form.wrong([*where, "type"], "UNION_TYPE_CHOICES", 'Value of field "type" must be one of (2, 3, 5, 6, 7, 8).')


def _check_select(form: Form, where: list[str | int], part: Payload) -> None:
    form.text([*where, "placeholder"], part.get("placeholder"), 150)
    if part["type"] != 3:
        return
    for index, option in enumerate(form.many([*where, "options"], part.get("options"), OPTIONS, 1)):
        for name, needed in (("label", True), ("value", True), ("description", False)):
            form.text([*where, "options", index, name], option.get(name), 100, int(needed), needed=needed)


def _check_input(form: Form, where: list[str | int], part: Payload, *, labelled: bool) -> None:
    """Check a text input of a modal."""
    form.text([*where, "custom_id"], part.get("custom_id"), CUSTOM_ID, 1, needed=True)
    if not labelled:
        form.text([*where, "label"], part.get("label"), 45, 1, needed=True)
    form.text([*where, "placeholder"], part.get("placeholder"), 100)
    most = part.get("max_length") or INPUT
    if not isinstance(most, int) or not 1 <= most <= INPUT:
        form.wrong([*where, "max_length"], "NUMBER_TYPE_MAX", f"int value should be less than or equal to {INPUT}.")
        most = INPUT
    form.text([*where, "value"], part.get("value"), most)


def _check_command(form: Form, where: list[str | int], command: Payload, *, chat: bool) -> None:
    """Check a command, a group or an option: names, descriptions, and how many of what."""
    name = command.get("name")
    form.text([*where, "name"], name, 32, 1, needed=True)
    if not chat:
        return
    if isinstance(name, str) and (not _COMMAND_NAME.fullmatch(name) or name != name.lower()):
        form.wrong([*where, "name"], "APPLICATION_COMMAND_INVALID_NAME", "Command name is invalid")
    form.text([*where, "description"], command.get("description"), 100, 1, needed=True)
    options = form.many([*where, "options"], command.get("options"), OPTIONS)
    needed = [bool(option.get("required")) for option in options]
    if needed != sorted(needed, reverse=True):
        words = "Required options must be placed before non-required options"
        form.wrong([*where, "options"], "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID", words)
    for index, option in enumerate(options):
        _check_command(form, [*where, "options", index], option, chat=True)
        for number, choice in enumerate(form.many([*where, "options", index, "choices"], option.get("choices"), OPTIONS)):
            form.text([*where, "options", index, "choices", number, "name"], choice.get("name"), 100, 1, needed=True)


def _at(payload: Payload, path: Sequence[str]) -> Any:
    """What lies at a path, or None."""
    value: Any = payload
    for step in path:
        value = value.get(step) if isinstance(value, dict) else None
    return value
