"""What is registered with Discord: whether the commands have changed, and the link that invites the bot."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

MENU = "Hype this"

# What the bot has to be allowed; it needs nothing else, so it asks for nothing else.
_VIEW_CHANNEL, _SEND_MESSAGES, _EMBED_LINKS = 1 << 10, 1 << 11, 1 << 14
_READ_MESSAGE_HISTORY, _SEND_MESSAGES_IN_THREADS = 1 << 16, 1 << 38
PERMISSIONS = _VIEW_CHANNEL | _SEND_MESSAGES | _EMBED_LINKS | _READ_MESSAGE_HISTORY | _SEND_MESSAGES_IN_THREADS

# What of a command was decided here; Discord adds ids, versions and empty fields of its own.
_OURS = (
    *("name", "description", "options", "choices", "required", "autocomplete", "value", "nsfw", "contexts"),
    *("integration_types", "default_member_permissions", "min_value", "max_value", "min_length", "max_length"),
    *("channel_types", "name_localizations", "description_localizations"),
)
_ENTRY_POINT = 4  # a kind of command that Discord itself makes


def invite(application: int | str) -> str:
    """The link that adds an application's bot to a server with the permissions it needs, ready to paste."""
    return (
        f"https://discord.com/oauth2/authorize?client_id={application}"
        f"&scope=bot+applications.commands&permissions={PERMISSIONS}"
    )


def same(wanted: Iterable[Mapping[str, Any]], present: Iterable[Mapping[str, Any]]) -> bool:
    """Whether these commands are registered already, as Discord tells them."""
    return _all(wanted) == _all(each for each in present if each.get("type") != _ENTRY_POINT)


def _all(commands: Iterable[Mapping[str, Any]]) -> dict[tuple[str, int], dict[str, Any]]:
    return {(str(each.get("name")), int(each.get("type") or 1)): _plain(each) for each in commands}


def _plain(part: Any) -> Any:
    """A part of a command without what is empty or was added: None, False and [] mean the same as nothing."""
    if isinstance(part, Mapping):
        kept = {key: _plain(part[key]) for key in _OURS if part.get(key) not in (None, False, [], {}, "")}
        for key in ("contexts", "integration_types"):
            if isinstance(kept.get(key), list):
                kept[key] = sorted(kept[key])
        return {"type": part.get("type", 1), **kept}
    return [_plain(each) for each in part] if isinstance(part, list | tuple) else part
