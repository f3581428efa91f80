"""`python -m bot` is the command `deephypebot`."""

from bot.cli import main

main(prog_name="deephypebot")
