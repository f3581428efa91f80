"""The crash test: a scripted evening in Discord and Slack, in which the bot is killed at random moments."""
