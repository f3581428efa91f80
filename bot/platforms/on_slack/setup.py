"""How the app is set up on Slack's side: the manifest to paste there, and what is missing here or there."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from bot.settings import SlackSettings

COMMAND = "/hype"
SHORTCUT = "hype_this"
EVENTS_PATH, INSTALL_PATH, REDIRECT_PATH = "/slack/events", "/slack/install", "/slack/oauth_redirect"
# Of whose links Slack tells the app; it lets an app name five.
DOMAINS = ("open.spotify.com", "spotify.link", "youtube.com", "youtu.be", "music.youtube.com")

_SCOPES = ("app_mentions:read", "chat:write", "commands", "im:history", "links:read", "reactions:read", "users:read")
_EVENTS = (
    "app_mention",
    "app_uninstalled",
    "link_shared",
    "message.im",
    "reaction_added",
    "reaction_removed",
    "tokens_revoked",
)
# What it takes to hear every message: also deletions, and whether a reply was posted before the program ended.
_MESSAGE_SCOPES = ("channels:history", "groups:history", "mpim:history")
_MESSAGE_EVENTS = ("message.channels", "message.groups", "message.mpim")


def scopes(messages: bool) -> tuple[str, ...]:
    """What the app must be allowed, with `messages` or without."""
    return tuple(sorted((*_SCOPES, *_MESSAGE_SCOPES))) if messages else _SCOPES


def events(messages: bool) -> tuple[str, ...]:
    """What the app must be told of."""
    return tuple(sorted((*_EVENTS, *_MESSAGE_EVENTS))) if messages else _EVENTS


def manifest(settings: SlackSettings, address: str = "https://bot.example") -> str:
    """The app's manifest as YAML, for "Create an app from a manifest"; with mode "http" it is reached at `address`."""
    http = settings.mode == "http"
    request_url = {"request_url": f"{address}{EVENTS_PATH}"} if http else {}
    command_url = {"url": f"{address}{EVENTS_PATH}"} if http else {}
    redirects = {"redirect_urls": [f"{address}{REDIRECT_PATH}"]} if http else {}
    hint = "link or Artist - Title · again · blend · top · settings · block · privacy · help"
    command = {"command": COMMAND, **command_url, "description": "Say a line or two about a song", "usage_hint": hint}
    shortcut = {"name": "Hype this", "type": "message", "callback_id": SHORTCUT, "description": "Say something about this song"}
    return "\n".join(
        _yaml(
            {
                "display_information": {"name": "deephypebot", "description": "A line or two about the songs people share"},
                "features": {
                    "app_home": {
                        "home_tab_enabled": False,
                        "messages_tab_enabled": True,
                        "messages_tab_read_only_enabled": False,
                    },
                    "bot_user": {"display_name": "deephypebot", "always_online": True},
                    "shortcuts": [shortcut],
                    "slash_commands": [{**command, "should_escape": True}],
                    "unfurl_domains": list(DOMAINS),
                },
                "oauth_config": {**redirects, "scopes": {"bot": list(scopes(settings.messages))}},
                "settings": {
                    "event_subscriptions": {**request_url, "bot_events": list(events(settings.messages))},
                    "interactivity": {"is_enabled": True, **request_url},
                    "org_deploy_enabled": False,
                    "socket_mode_enabled": not http,
                    "token_rotation_enabled": False,
                },
            }
        )
    )


def faults(settings: SlackSettings) -> tuple[str, ...]:
    """What is missing or wrong in [slack], a sentence each, with where to find it."""
    bot, app = settings.bot_token.get_secret_value(), settings.app_token.get_secret_value()
    signing, secret = settings.signing_secret.get_secret_value(), settings.client_secret.get_secret_value()
    socket, several = settings.mode == "socket", bool(settings.client_id)
    wrong = {
        'bot_token in [slack] must begin with "xoxb-": copy it from "OAuth & Permissions" on the app\'s page.': (
            bot and not bot.startswith("xoxb-")
        ),
        'app_token in [slack] must begin with "xapp-": make one with connections:write under "Basic Information".': (
            app and not app.startswith("xapp-")
        ),
        'client_id and client_secret in [slack] go together: copy both from "Basic Information".': several != bool(secret),
        "bot_token in [slack] is for one workspace and client_id for several: leave one of them out.": several and bot,
        'client_id in [slack] needs mode = "http": people install the app through an address of yours.': socket and several,
        'bot_token in [slack] is missing: copy it from "OAuth & Permissions" on the app\'s page.': not (bot or several),
        'app_token in [slack] is missing: make one with connections:write under "Basic Information".': socket and not app,
        'signing_secret in [slack] is missing: copy it from "Basic Information".': not (socket or signing),
    }
    return tuple(sentence for sentence, holds in wrong.items() if holds)


def missing(granted: str, messages: bool) -> tuple[str, ...]:
    """The scopes that a token lacks, of those that are granted with commas between them; none where none are told."""
    names = {name.strip() for name in granted.split(",") if name.strip()}
    return tuple(scope for scope in scopes(messages) if names and scope not in names)


def _yaml(value: dict[str, Any], depth: int = 0) -> Iterator[str]:
    """The lines of objects, lists and plain values; texts as JSON writes them, which is YAML too."""
    indent = "  " * depth
    for key, inner in value.items():
        if isinstance(inner, dict):
            yield f"{indent}{key}:"
            yield from _yaml(inner, depth + 1)
        elif isinstance(inner, list):
            yield f"{indent}{key}:"
            yield from _items(inner, depth + 1)
        else:
            yield f"{indent}{key}: {_plain(inner)}"


def _items(values: Iterable[Any], depth: int) -> Iterator[str]:
    indent = "  " * depth
    for each in values:
        if isinstance(each, dict):
            first, *rest = _yaml(each, depth + 1)
            yield f"{indent}- {first.strip()}"
            yield from rest
        else:
            yield f"{indent}- {_plain(each)}"


def _plain(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
