"""A stand-in for Slack: the Web API, Socket Mode and signed requests for one app, with people who use it."""

from bot.stand_ins.slack.calls import Call
from bot.stand_ins.slack.outbox import Attempt, Delivery
from bot.stand_ins.slack.server import SlackStandIn
from bot.stand_ins.slack.using import Result, Submitted
from bot.stand_ins.slack.world import ALL_EVENTS, ALL_SCOPES, App, Channel, Message, User, View, Workspace

__all__ = [
    "ALL_EVENTS",
    "ALL_SCOPES",
    "App",
    "Attempt",
    "Call",
    "Channel",
    "Delivery",
    "Message",
    "Result",
    "SlackStandIn",
    "Submitted",
    "User",
    "View",
    "Workspace",
]
