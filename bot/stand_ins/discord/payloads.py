"""The JSON that Discord writes for what there is in the world: every key that a client may count on."""

from __future__ import annotations

import json

from bot.stand_ins.discord.world import (
    DM,
    EVERYTHING,
    SUPPRESS_EMBEDS,
    THREAD,
    Channel,
    Emoji,
    Guild,
    Member,
    Message,
    Payload,
    Permission,
    Role,
    User,
    World,
)

ALL_BITS = (1 << 53) - 1  # as many permissions as there are


def bits(permission: Permission) -> str:
    """Permissions as Discord writes them: a number in a string."""
    return str(ALL_BITS if permission == EVERYTHING else int(permission))


def user(who: User) -> Payload:
    """A user."""
    told = {
        "id": str(who.id),
        "username": who.name,
        "discriminator": "0",
        "global_name": who.name.title(),
        "avatar": None,
        "avatar_decoration_data": None,
        "banner": None,
        "accent_color": None,
        "public_flags": 0,
        "collectibles": None,
        "primary_guild": None,
    }
    return {**told, "bot": True} if who.bot else told


def member(who: Member, world: World, *, whole: bool = True) -> Payload:
    """A member, with the user where `whole`."""
    told = {
        "roles": [str(role.id) for role in who.roles],
        "nick": None,
        "avatar": None,
        "banner": None,
        "joined_at": world.stamp(who.joined_at),
        "premium_since": None,
        "communication_disabled_until": None,
        "deaf": False,
        "mute": False,
        "pending": False,
        "flags": 0,
    }
    return {**told, "user": user(who.user)} if whole else told


def role(one: Role) -> Payload:
    """A role."""
    return {
        "id": str(one.id),
        "name": one.name,
        "description": None,
        "color": 0,
        "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
        "hoist": False,
        "icon": None,
        "unicode_emoji": None,
        "position": one.position,
        "permissions": bits(one.permissions),
        "managed": False,
        "mentionable": False,
        "flags": 0,
    }


def emoji(one: Emoji) -> Payload:
    """An emoji of a reaction."""
    told: Payload = {"id": None if one.id is None else str(one.id), "name": one.name}
    return {**told, "animated": one.animated} if one.id is not None else told


def guild_emoji(one: Emoji) -> Payload:
    """An emoji of a server."""
    return {**emoji(one), "roles": [], "require_colons": True, "managed": False, "available": True}


def channel(one: Channel, world: World) -> Payload:
    """A channel, thread or direct conversation."""
    last = one.last
    told: Payload = {
        "id": str(one.id),
        "type": one.kind,
        "flags": 0,
        "last_message_id": str(last.id) if last else None,
        "last_pin_timestamp": None,
    }
    if one.kind == DM:
        assert one.recipient  # noqa: S101 - every DM has somebody in it
        return {**told, "recipients": [user(one.recipient)]}
    assert one.guild  # noqa: S101 - whatever is no DM belongs to a server
    told |= {"guild_id": str(one.guild.id), "name": one.name, "rate_limit_per_user": 0, "nsfw": one.nsfw}
    if one.kind == THREAD:
        return told | _thread(one, world)
    overwrites = [
        {"id": str(target), "type": int(target not in one.guild.roles), "allow": bits(allow), "deny": bits(deny)}
        for target, (allow, deny) in one.overwrites.items()
    ]
    position = list(one.guild.channels).index(one.id) if one.id in one.guild.channels else 0
    return told | {"position": position, "topic": None, "parent_id": None, "permission_overwrites": overwrites}


def _thread(one: Channel, world: World) -> Payload:
    stamp = world.stamp(one.created_at)
    return {
        "parent_id": str(one.parent.id if one.parent else 0),
        "owner_id": str(one.owner.id if one.owner else world.bot.id),
        "message_count": len(one.messages),
        "total_message_sent": len(one.messages),
        "member_count": 1,
        "thread_metadata": {
            "archived": False,
            "archive_timestamp": stamp,
            "auto_archive_duration": 1440,
            "locked": False,
            "create_timestamp": stamp,
        },
        "member": {"id": str(one.id), "user_id": str(world.bot.id), "join_timestamp": stamp, "flags": 1},
    }


def guild(one: Guild, world: World, *, whole_list: bool = False) -> Payload:
    """A server as GUILD_CREATE tells it; of its members only the bot, or all of them with `whole_list`."""
    seen = [place for place in one.channels.values() if world.bot_may(place, Permission(0))]
    told = one.members.values() if whole_list else [one.members[world.bot.id]]
    return {
        **bare_guild(one),
        "joined_at": world.stamp(one.members[world.bot.id].joined_at),
        "large": False,
        "unavailable": False,
        "member_count": len(one.members),
        "voice_states": [],
        "members": [member(who, world) for who in told],
        "channels": [channel(place, world) for place in one.channels.values() if place.kind != THREAD],
        "threads": [channel(place, world) for place in seen if place.kind == THREAD],
        "presences": [],
        "stage_instances": [],
        "guild_scheduled_events": [],
        "soundboard_sounds": [],
    }


def bare_guild(one: Guild) -> Payload:
    """A server as the REST interface tells it."""
    nothing = ("icon", "splash", "discovery_splash", "afk_channel_id", "application_id", "system_channel_id", "banner")
    more = ("rules_channel_id", "vanity_url_code", "description", "public_updates_channel_id", "safety_alerts_channel_id")
    return {
        **dict.fromkeys((*nothing, *more, "max_presences", "incidents_data"), None),
        "id": str(one.id),
        "name": one.name,
        "owner_id": str(one.owner.id),
        "afk_timeout": 300,
        "verification_level": 0,
        "default_message_notifications": 1,
        "explicit_content_filter": 0,
        "roles": [role(each) for each in one.roles.values()],
        "emojis": [guild_emoji(each) for each in one.emojis.values()],
        "stickers": [],
        "features": [],
        "mfa_level": 0,
        "system_channel_flags": 0,
        "max_members": 500_000,
        "premium_tier": 0,
        "premium_subscription_count": 0,
        "preferred_locale": "en-US",
        "max_video_channel_users": 25,
        "nsfw_level": 0,
        "premium_progress_bar_enabled": False,
    }


def message(one: Message, world: World, *, quoting: bool = True) -> Payload:
    """A message, with the one it replies to where `quoting`."""
    told: Payload = {
        "id": str(one.id),
        "channel_id": str(one.channel.id),
        "author": user(one.author),
        "content": one.content,
        "timestamp": world.stamp(one.at),
        "edited_timestamp": None if one.edited_at is None else world.stamp(one.edited_at),
        "tts": False,
        "mention_everyone": one.pings_everyone,
        "mentions": [user(who) for who in one.pings.values()],
        "mention_roles": [str(each) for each in one.role_pings],
        "attachments": one.attachments,
        "embeds": [] if one.flags & SUPPRESS_EMBEDS else one.embeds,
        "pinned": False,
        "type": one.kind,
        "flags": one.flags,
        "components": one.components,
    }
    if one.reactions:
        told["reactions"] = [
            _reaction(each.emoji, len(each.users), world.bot.id in each.users) for each in one.reactions.values()
        ]
    if one.nonce is not None:
        told["nonce"] = one.nonce
    if one.webhook_id is not None:
        told |= {"webhook_id": str(one.webhook_id), "application_id": str(one.webhook_id)}
    if one.interaction is not None:
        told |= one.interaction.metadata()
    if one.reply_to is not None:
        told["message_reference"] = {
            "type": 0,
            "message_id": str(one.reply_to.id),
            "channel_id": str(one.reply_to.channel.id),
            **_of_guild(one.reply_to.channel),
        }
        if quoting:
            told["referenced_message"] = None if one.reply_to.deleted else message(one.reply_to, world, quoting=False)
    return told


def message_event(one: Message, world: World) -> Payload:
    """A message as the gateway tells it."""
    told = {**message(one, world), "channel_type": one.channel.kind, **_of_guild(one.channel)}
    author = one.channel.guild and one.channel.guild.members.get(one.author.id)
    if author and one.webhook_id is None:
        told["member"] = member(author, world, whole=False)
    return told


def _reaction(of: Emoji, count: int, me: bool) -> Payload:
    return {
        "emoji": emoji(of),
        "count": count,
        "count_details": {"burst": 0, "normal": count},
        "burst_colors": [],
        "me": me,
        "me_burst": False,
        "burst_me": False,
        "burst_count": 0,
    }


def _of_guild(one: Channel) -> Payload:
    return {"guild_id": str(one.guild.id)} if one.guild else {}


def written(payload: Payload | None) -> str:
    """A payload as JSON text, in as few bytes as may be."""
    return json.dumps(payload, separators=(",", ":"))
