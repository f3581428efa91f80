"""What the Slack adapter is made of; api.py alone needs a library of Slack's."""
