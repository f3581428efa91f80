"""A small chat in memory that a conversation talks into: it keeps what is posted, and can refuse as platforms do."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Literal

from bot.platforms.outlet import Card, OutletError, Place, Reason

Method = Literal["post", "change", "remove", "find"]


@dataclass
class Shown:
    """A message of the bot's."""

    id: str
    place: Place
    card: Card
    answering: str
    nonce: str
    thread: str = ""
    earlier: list[Card] = field(default_factory=list)  # that it showed before
    removed: bool = False


@dataclass
class _Refusal:
    method: Method
    reason: Reason
    times: int
    channel: str
    after: bool
    certain: bool | None


class Chat:
    """An Outlet: what is posted is in `messages`, in order; nothing of it needs a network or takes time.

    The same nonce does not post twice, as on Discord, unless the chat `forgets_nonces`.
    """

    def __init__(self, platform: str = "discord", *, forgets_nonces: bool = False) -> None:
        """Begin without messages; `forgets_nonces` makes it a platform that posts whatever it is told to."""
        self.platform = platform
        self.forgets_nonces = forgets_nonces
        self.messages: list[Shown] = []
        self.typed: list[Place] = []
        self.open = asyncio.Event()  # while it is cleared, whoever posts waits
        self.open.set()
        self.posting = asyncio.Event()  # set as soon as somebody posts
        self._refusals: list[_Refusal] = []

    # What the conversation calls.

    async def post(self, place: Place, card: Card, *, answering: str = "", nonce: str = "", thread: str = "") -> str:
        self.posting.set()
        await self.open.wait()
        late = self._refuse("post", place.channel)
        shown = None if self.forgets_nonces else self._with_nonce(place, nonce)
        if shown is None:
            shown = Shown(f"{self.platform}:{place.channel}:{len(self.messages) + 1}", place, card, answering, nonce, thread)
            self.messages.append(shown)
        _raise(late)
        return shown.id

    async def change(self, message: str, card: Card) -> None:
        shown = self.there(message)
        late = self._refuse("change", shown.place.channel)
        shown.earlier.append(shown.card)
        shown.card = card
        _raise(late)

    async def remove(self, message: str) -> None:
        shown = self.there(message)
        late = self._refuse("remove", shown.place.channel)
        shown.removed = True
        _raise(late)

    async def typing(self, place: Place) -> None:
        self.typed.append(place)

    async def find(self, place: Place, nonce: str, *, answering: str = "") -> str:
        _raise(self._refuse("find", place.channel))
        found = self._with_nonce(place, nonce)
        return found.id if found else ""

    # What a test does.

    def refuse(
        self,
        method: Method,
        reason: Reason,
        *,
        times: int = 1,
        channel: str = "",
        after: bool = False,
        certain: bool | None = None,
    ) -> None:
        """Refuse the next calls of a method (in one channel, "" in all); with `after` only once it is done.

        The last is what a lost answer looks like: the message is there, and nobody was told. `certain` is as of OutletError.
        """
        self._refusals.append(_Refusal(method, reason, times, channel, after, certain))

    def mend(self) -> None:
        """Refuse nothing any more."""
        self._refusals.clear()

    def said(self, channel: str) -> list[Shown]:
        """The messages in a channel that are still there, oldest first."""
        return [each for each in self.messages if each.place.channel == channel and not each.removed]

    def there(self, message: str) -> Shown:
        """A message that is still there; raises OutletError ("gone") where it is not."""
        for each in self.messages:
            if each.id == message and not each.removed:
                return each
        raise OutletError(f"There is no message {message}.", "gone")

    def _with_nonce(self, place: Place, nonce: str) -> Shown | None:
        return next((each for each in self.said(place.channel) if nonce and each.nonce == nonce), None)

    def _refuse(self, method: Method, channel: str) -> OutletError | None:
        """Refuse now, or return what to raise once it is done."""
        for refusal in self._refusals:
            if refusal.method == method and refusal.times and refusal.channel in {"", channel}:
                refusal.times -= 1
                error = OutletError(f"The chat refuses: {refusal.reason}.", refusal.reason, certain=refusal.certain)
                if refusal.after:
                    return error
                raise error
        return None


def _raise(error: OutletError | None) -> None:
    if error:
        raise error
