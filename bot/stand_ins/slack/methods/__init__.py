"""The methods of the Web API that this Slack knows."""

from bot.stand_ins.slack.calls import Methods
from bot.stand_ins.slack.methods import accounts, chat, conversations, reactions, views

METHODS: Methods = {
    **accounts.METHODS,
    **chat.METHODS,
    **conversations.METHODS,
    **reactions.METHODS,
    **views.METHODS,
}
