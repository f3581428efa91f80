"""A bot on Discord and Slack that is killed again and again on one evening; tests/README.md tells how to play longer ones."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.scenarios.crash.__main__ import report
from tests.scenarios.crash.checks import Checks
from tests.scenarios.crash.evening import play

KILLS, KILLS_OF_THE_BLIND = 8, 4
SEEN = ("replies", "songs answered", "presses acknowledged", "votes by button of whom an emoji counted before")

linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="bots are forked and followed as only Linux can")


@linux
async def test_an_evening_with_sudden_deaths_loses_no_vote_and_says_nothing_twice(made_bundle: Path, tmp_path: Path) -> None:
    evening = await play(made_bundle, tmp_path, KILLS, seed=7)
    checks = Checks(evening)
    await checks.look()
    assert not checks.faults, report(evening, checks)
    # Something has happened: else nothing would be shown.
    assert sum(evening.kills.values()) == KILLS
    for seen in (*SEEN, "votes by emoji that stand", "drafts posted"):
        assert checks.counts[seen], report(evening, checks)
    assert evening.left["claimed"] + evening.left["being sent"], report(evening, checks)


@linux
async def test_without_the_scopes_to_look_for_what_was_posted_nothing_is_said_twice_either(
    made_bundle: Path, tmp_path: Path
) -> None:
    evening = await play(made_bundle, tmp_path, KILLS_OF_THE_BLIND, seed=5, messages=False)
    checks = Checks(evening)
    await checks.look()
    assert not checks.faults, report(evening, checks)
    for seen in SEEN:
        assert checks.counts[seen], report(evening, checks)
