"""What the Slack adapter is made of that needs no library of Slack's."""
