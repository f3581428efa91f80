"""Stand-ins on the loopback for the outside services: for trying the bot, its benchmarks and its tests, with no account."""
