"""Plays an evening with many kills and tells what came of it: python -m tests.scenarios.crash --kills 100 --seed 1."""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from pathlib import Path

from inference.bundle import shipped
from tests.scenarios.crash.checks import Checks
from tests.scenarios.crash.evening import Evening, play


def report(evening: Evening, checks: Checks) -> str:
    """What happened, a line each, and what is wrong."""
    kills = ", ".join(f"{count} at a {how}" for how, count in sorted(evening.kills.items()))
    left = ", ".join(f"{name} {count}" for name, count in sorted(evening.left.items()))
    lines = [
        f"killed {sum(evening.kills.values())} times: {kills}",
        f"left undone by so many deaths: {left}",
        f"events that Slack told again: {evening.told_again}",
        *(f"{name}: {count}" for name, count in sorted(checks.counts.items())),
        *(f"WRONG: {fault}" for fault in checks.faults),
    ]
    return "\n".join(lines)


async def _main(kills: int, seed: int, bundle: Path, folder: Path, *, messages: bool) -> int:
    began = time.monotonic()

    def tell(number: int) -> None:
        end = "\n" if number == kills else ""
        print(f"\r{number} of {kills} kills, {time.monotonic() - began:.0f} s", end=end, file=sys.stderr, flush=True)

    evening = await play(bundle, folder, kills, seed, tell, messages=messages)
    checks = Checks(evening)
    await checks.look()
    print(report(evening, checks))
    print("Something was lost or done twice." if checks.faults else "Nothing was lost, nothing done twice.")
    return bool(checks.faults)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.scenarios.crash", description=__doc__)
    parser.add_argument("--kills", type=int, default=100, help="how many times the bot is killed (100)")
    parser.add_argument("--seed", type=int, default=1, help="what chance begins with (1)")
    parser.add_argument("--bundle", type=Path, default=shipped(), help="the bundle that speaks (the one that ships)")
    parser.add_argument("--keep", type=Path, help="an empty folder for the database and the bot's log, which stay there")
    parser.add_argument("--few-scopes", action="store_true", help="in Slack only the scopes that the app has by default")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder, messages = chosen.keep or Path(temporary), not chosen.few_scopes
        sys.exit(asyncio.run(_main(chosen.kills, chosen.seed, chosen.bundle, folder, messages=messages)))
