"""What every part of the bot may take note of; here nothing is done with it, for commands and tests without numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:  # whoever takes no note of anything needs none of them
    from bot.hype import Answer
    from bot.songs.resolver import LookUp

PlatformState = Literal["connecting", "up", "down"]
Step = Literal["lookup", "generate"]


class Health:
    """Takes note of nothing.

    Every method may be called from any thread, never raises and never waits. On the one that counts (`Numbers`), what is
    told of every message takes less than 2 µs. Names (of platforms, modes, reasons, gates) are few and fixed; ids of
    people, channels or songs are none, and are counted as "other".
    """

    def heard(self, platform: str, links: int = 0) -> None:
        """A message was heard on a platform, with so many links to songs in it."""

    def posted(self, platform: str, mode: str, seconds: float) -> None:
        """A reply was sent so many seconds after what it answers came in; `mode` is "auto", "review" or "asked"."""

    def refused(self, reason: str) -> None:
        """A reply was not made or not sent: by which rule, or by which `OutletError.reason`."""

    def rejected(self, gates: Mapping[str, int]) -> None:
        """So many candidates were rejected by each gate, as `Answer.rejected` says."""

    def voted(self, sign: int | None) -> None:
        """A person's vote is now +1, -1 or withdrawn (None)."""

    def timed(self, step: Step, seconds: float) -> None:
        """Looking a song up, or making the text, took so many seconds."""

    def answered(self, answer: Answer) -> None:
        """A text was made: takes note of its two steps and of the candidates that were rejected for it."""

    def looked_up(self, found: LookUp) -> None:
        """A song was looked up: takes note of what was remembered and what had to be asked for."""

    def platform(
        self, name: str, state: PlatformState, detail: str = "", latency: float | Callable[[], float] | None = None
    ) -> None:
        """A platform's connection is now in a state; `detail` is a sentence for the operator, with nobody's data in it.

        `latency` is the seconds to the platform and back, or what tells them whenever somebody looks, from the event loop.
        """

    def degraded(self, mode: str, detail: str) -> None:
        """Something does not work until `mended`: its name, and a sentence for the operator."""

    def mended(self, mode: str) -> None:
        """It works again, or works as it ought to since the start."""

    def speaks(self, bundle: Mapping[str, str]) -> None:
        """This bundle (name, version, device) speaks now."""
