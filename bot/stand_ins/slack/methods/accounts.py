"""auth.*, oauth.*, apps.*, users.*, bots.* and team.*: who is who, and how the app gets in and out."""

from __future__ import annotations

from bot.stand_ins.slack.calls import Asking, Method, Methods, Refusal, next_cursor
from bot.stand_ins.slack.shapes import user_object
from bot.stand_ins.slack.world import Object


def _test(asking: Asking) -> Object:
    workspace = asking.workspace
    return {
        "url": f"https://{workspace.name}.slack.com/",
        "team": workspace.name,
        "user": workspace.bot.name,
        "team_id": workspace.id,
        "user_id": workspace.bot.id,
        "bot_id": workspace.bot_id,
        "is_enterprise_install": False,
    }


def _revoke(asking: Asking) -> Object:
    if asking.call.flag("test"):
        return {"revoked": False}
    asking.workspace.gone = "token_revoked"
    asking.events.revoked(asking.workspace)
    return {"revoked": True}


def _access(asking: Asking) -> Object:
    """Give a token for a code, once."""
    call, world = asking.call, asking.world
    if call.client_id != world.app.client_id:
        raise Refusal("invalid_client_id")
    if call.client_secret != world.app.client_secret:
        raise Refusal("bad_client_secret")
    grant = world.codes.pop(call.text("code"), None)
    if grant is None:
        raise Refusal("invalid_code")
    if grant.redirect_uri and call.text("redirect_uri") not in {"", grant.redirect_uri}:
        raise Refusal("bad_redirect_uri")
    workspace = world.workspaces[grant.workspace]
    if workspace.gone:
        workspace.bot_token, workspace.gone = world.new_token(), ""
    workspace.scopes = world.app.scopes
    return {
        "app_id": workspace.app_id,
        "authed_user": {"id": grant.user},
        "scope": ",".join(sorted(workspace.scopes)),
        "token_type": "bot",
        "access_token": workspace.bot_token,
        "bot_user_id": workspace.bot.id,
        "team": {"id": workspace.id, "name": workspace.name},
        "enterprise": None,
        "is_enterprise_install": False,
    }


def _team(asking: Asking) -> Object:
    workspace = asking.workspace
    url = f"https://{workspace.name}.slack.com/"
    return {"team": {"id": workspace.id, "name": workspace.name, "domain": workspace.name, "url": url, "icon": {}}}


def _user(asking: Asking) -> Object:
    user = asking.world.users.get(asking.call.text("user"))
    if user is None or user.team != asking.workspace.id:
        raise Refusal("user_not_found")
    return {"user": user_object(user)}


def _users(asking: Asking) -> Object:
    people = [user for user in asking.world.users.values() if user.team == asking.workspace.id]
    start, size = asking.call.page()
    members = [user_object(user) for user in people[start : start + size]]
    return {"members": members, "cache_ts": int(asking.world.clock()), **next_cursor(start, size, len(people))}


def _bot(asking: Asking) -> Object:
    workspace = asking.workspace
    if asking.call.text("bot") not in {"", workspace.bot_id}:
        raise Refusal("bot_not_found")
    told = {"id": workspace.bot_id, "app_id": workspace.app_id, "user_id": workspace.bot.id, "name": workspace.bot.name}
    return {"bot": {**told, "deleted": False, "updated": 1_700_000_000, "icons": {}}}


METHODS: Methods = {
    "auth.test": Method(_test),
    "auth.revoke": Method(_revoke),
    "oauth.v2.access": Method(_access, token="none"),  # noqa: S106 - which kind it wants
    "team.info": Method(_team, "team:read"),
    "users.info": Method(_user, "users:read"),
    "users.list": Method(_users, "users:read"),
    "bots.info": Method(_bot, "users:read"),
}
