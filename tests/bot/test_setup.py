"""What is pasted at Discord and Slack: printed by the command line, and the same in README.md."""

import base64
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from bot.cli import main
from bot.commands.setup import application_of
from bot.platforms.on_discord.commands import invite
from bot.platforms.on_slack.setup import manifest
from bot.settings import SlackSettings

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
APPLICATION = "123456789012345678"


def setup(*arguments: str) -> Result:
    """What a command prints."""
    return CliRunner().invoke(main, ["setup", *arguments])


def test_readme_holds_the_link_and_the_manifest_as_the_bot_needs_them() -> None:
    assert invite("YOUR_APPLICATION_ID") in README
    assert manifest(SlackSettings()) in README


def test_the_link_is_for_the_application_that_is_named_or_whose_token_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    assert invite(APPLICATION) in setup("discord", APPLICATION).stdout
    token = base64.b64encode(APPLICATION.encode()).decode().rstrip("=") + ".abcdef.something"
    monkeypatch.setenv("DEEPHYPEBOT_DISCORD__TOKEN", token)
    found = setup("discord")
    assert invite(APPLICATION) in found.stdout
    assert "message-content intent" in found.stdout
    assert token not in found.output


@pytest.mark.parametrize("application", ["", "12", "five", "1" * 30, "١" * 18])
def test_what_is_no_application_is_refused_with_the_remedy(application: str) -> None:
    found = setup("discord", application)
    assert (found.exit_code, found.stdout) == (2, "")
    assert "Application ID" in found.stderr


@given(token=st.text(max_size=60))
def test_any_token_gives_an_application_or_none(token: str) -> None:
    assert application_of(token).isascii()


def test_the_manifest_is_for_the_mode_that_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    assert setup("slack").stdout == manifest(SlackSettings()) + "\n"
    assert "mode" in setup("slack", "--address", "https://bot.example.org").stderr
    monkeypatch.setenv("DEEPHYPEBOT_SLACK__MODE", "http")
    assert "--address" in setup("slack").stderr
    assert "https://bot.example.org/slack/events" in setup("slack", "--address", "https://bot.example.org/").stdout
