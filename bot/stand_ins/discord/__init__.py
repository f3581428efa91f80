"""A stand-in for Discord on the loopback, whole enough for a real client to log into and hold conversations with."""

from bot.stand_ins.discord import faults
from bot.stand_ins.discord.interactions import Callback, Interaction, Modal
from bot.stand_ins.discord.rest import Call
from bot.stand_ins.discord.sessions import Close, Intent
from bot.stand_ins.discord.stand_in import TOKEN, DiscordStandIn
from bot.stand_ins.discord.world import Channel, Emoji, Guild, Message, Permission, Role, User

__all__ = [
    "TOKEN",
    "Call",
    "Callback",
    "Channel",
    "Close",
    "DiscordStandIn",
    "Emoji",
    "Guild",
    "Intent",
    "Interaction",
    "Message",
    "Modal",
    "Permission",
    "Role",
    "User",
    "faults",
]
