"""What people do on the evening, chosen by chance, and what the test knows of it: who shared, voted and decided what."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

from bot.songs.catalogue import Catalogue
from tests.scenarios.crash.sides import EMOJI, Ours, Room, Said, Side, Sign, Told
from tests.scenarios.crash.zygote import Life

LATELY = 6  # replies among which people vote
PATIENCE = 10.0  # seconds after which a living bot that tells nothing is at fault
_BUTTONS: tuple[tuple[Sign, str], ...] = ((1, "up"), (-1, "down"))
VIDEOS = tuple(song.ids["youtube"] for song in Catalogue.load().songs if "youtube" in song.ids)


@dataclass(eq=False)
class Shared:
    """A song that somebody shared: with a message (`said`), or by the command, which told them something."""

    side: Side
    room: Room
    video: str
    heard: bool  # whether a bot was there
    at: float  # seconds since 1970
    said: Said | None = None
    told: Told | None = None


@dataclass(eq=False)
class Pressed:
    """A vote by a button."""

    person: str
    reply: str
    sign: Sign
    told: Told
    at: float


@dataclass(eq=False)
class Reacted:
    """An emoji that was given, or taken back."""

    side: Side
    person: str
    reply: str
    emoji: str
    given: bool
    at: float  # seconds since 1970
    noted: bool = False  # whether the bot had written it down before anything else happened


@dataclass(eq=False)
class Clicked:
    """What a curator did with a draft."""

    draft: str
    what: str
    told: Told


@dataclass
class Known:
    """All that the test knows."""

    shared: list[Shared] = field(default_factory=list)
    pressed: list[Pressed] = field(default_factory=list)
    clicked: list[Clicked] = field(default_factory=list)
    again: list[Ours] = field(default_factory=list)  # replies of which another was wanted
    reacted: list[Reacted] = field(default_factory=list)
    edits: int = 0
    silent: int = 0  # times that a living bot told nothing


class People:
    """Those who are there that evening; whatever they do does not wait for the bot."""

    def __init__(self, sides: list[Side], chance: random.Random) -> None:
        """Be on these platforms."""
        self.known = Known()
        self.life: Life | None = None
        self._sides = sides
        self._chance = chance
        self._fresh = {room.id: self._shuffled() for side in sides for room in side.rooms}
        self._plain: list[tuple[Side, Any, Said]] = []  # messages whose author has yet to add a link
        self._busy: set[str] = set()
        self._doing: set[asyncio.Future[None]] = set()
        self._faults: list[BaseException] = []

    def act(self) -> None:
        """Let somebody do something; raises what went wrong with what they did before."""
        if self._faults:
            raise self._faults[0]
        side, chance = self._chance.choice(self._sides), self._chance
        acts: dict[Callable[[Side], Awaitable[None]], int] = {
            self.share: 30,
            self.react: 22,
            self.press: 18,
            self._curate: 18,
            self._command: 5,
            self._again: 4,
            self._edit: 6,
        }
        self._start(chance.choices([*acts], [*acts.values()])[0](side))

    async def done(self) -> None:
        """Wait until nobody waits for anything."""
        while self._doing:
            await asyncio.wait(self._doing)
        if self._faults:
            raise self._faults[0]

    # What they do.

    async def share(self, side: Side) -> None:
        """Share a song, mostly a new one; some share it only by an edit of what they wrote."""
        who, room = self._chance.choice(side.people), self._chance.choice(side.rooms)
        if self._chance.random() < 0.15:
            said = await side.say(who, room, "what a day")
            self._plain.append((side, who, said))
            return
        used = [each.video for each in self.known.shared if each.room is room]
        video = self._chance.choice(used) if used and self._chance.random() < 0.12 else self._new(room)
        shared = self._shared(side, room, video)
        shared.said = await side.say(who, room, f"listen: https://youtu.be/{video}")

    async def _edit(self, side: Side) -> None:
        """Add a link to a message that had none, or change the words around one."""
        self.known.edits += 1
        mine = [each for each in self._plain if each[0] is side]
        if mine and self._chance.random() < 0.7:
            self._plain.remove(mine[-1])
            said = mine[-1][2]
            shared = self._shared(side, said.room, self._new(said.room))
            shared.said = said
            await side.edit(said, f"oh, the link: https://youtu.be/{shared.video}")
        elif old := [each for each in self.known.shared[-20:] if each.side is side and each.said]:
            each = self._chance.choice(old)
            assert each.said
            await side.edit(each.said, f"please listen: https://youtu.be/{each.video} ({self._chance.random():.3f})")

    async def opens(self, side: Side) -> Shared:
        """The first of them shares the first song, in the first room."""
        room = side.rooms[0]
        shared = self._shared(side, room, self._new(room))
        shared.said = await side.say(side.people[0], room, f"listen: https://youtu.be/{shared.video}")
        return shared

    async def react(self, side: Side) -> None:
        """Give one of the last replies an emoji, or take it back."""
        if ours := self._reply(side):
            await self.reacts(side, self._chance.choice(side.people), ours, self._chance.choice([*EMOJI]))

    async def reacts(self, side: Side, who: Any, ours: Ours, emoji: str) -> Reacted:
        """Let somebody give a reply an emoji, or take it back."""
        at = time.time()
        given = await side.react(who, ours, emoji)
        self.known.reacted.append(Reacted(side, side.person(who), ours.carried, emoji, given, at))
        return self.known.reacted[-1]

    async def press(self, side: Side) -> None:
        """Vote on one of the last replies by a button."""
        if not (ours := self._reply(side)):
            return
        who = self._chance.choice(side.pressers)
        sign, button = self._chance.choice(_BUTTONS)
        await self._alone(f"{ours.carried} {who.id}", self.presses(side, who, ours, sign, button))

    async def presses(self, side: Side, who: Any, ours: Ours, sign: Sign, button: str) -> None:
        """Let somebody press a button, and wait until they are told something."""
        at = time.time()
        told = await side.press(who, ours, button)
        self.known.pressed.append(Pressed(side.person(who), ours.carried, sign, told, at))
        await self._wait(told)

    async def _again(self, side: Side) -> None:
        if ours := self._reply(side):
            self.known.again.append(ours)
            await side.press(self._chance.choice(side.people), ours, "again")

    async def _command(self, side: Side) -> None:
        who, room = self._chance.choice(side.people), self._chance.choice(side.rooms)
        shared = self._shared(side, room, self._new(room))
        shared.told = lambda: ""
        try:
            shared.told = await side.ask(who, room, f"song https://youtu.be/{shared.video}")
        except LookupError:  # there are no commands before the first bot has come
            self.known.shared.remove(shared)

    async def _curate(self, side: Side) -> None:
        """Let a curator, or two at once, decide about a draft that is open."""
        cards = [each for each in side.ours(side.desk) if each.carried]
        if not cards:
            return
        card = self._chance.choice(cards)
        what = self._chance.choices(("approve", "edit", "again", "reject", "twice"), (40, 15, 15, 12, 18))[0]
        if what == "twice":
            for number, who in enumerate(side.curators, 1):
                self._start(self.decides(side, who, card, f"approve.{number}"))
            return
        await self.decides(side, self._chance.choice(side.curators), card, "approve.1" if what == "approve" else what)

    async def decides(self, side: Side, who: Any, card: Ours, what: str) -> None:
        """Let one curator do one thing with a draft, if they are not at something else."""
        await self._alone(side.person(who), self._deciding(side, who, card, what))

    async def _deciding(self, side: Side, who: Any, card: Ours, what: str) -> None:
        told: Told | None
        try:
            if what == "edit":
                text = f"A tune that {self._chance.choice(('glows', 'swings', 'soars', 'lingers'))}."
                told = await side.write(who, card, text, self._over)
            else:
                told = await side.press(who, card, what)
        except (LookupError, ValueError):  # the button is not there: somebody else has decided, or one candidate is all
            return
        if told:
            self.known.clicked.append(Clicked(card.draft, what, told))
            await self._wait(told)

    # Smaller parts.

    def _over(self) -> bool:
        return self.life is None or self.life.over

    def _shared(self, side: Side, room: Room, video: str) -> Shared:
        shared = Shared(side, room, video, side.connected and not self._over(), time.time())
        self.known.shared.append(shared)
        return shared

    def _reply(self, side: Side) -> Ours | None:
        """One of the last replies."""
        replies = [each for room in side.rooms for each in side.ours(room) if each.carried]
        lately = sorted(replies, key=lambda each: each.at)[-LATELY:]
        return self._chance.choice(lately) if lately else None

    def _new(self, room: Room) -> str:
        """A song that was not shared in a room yet, as long as there are any."""
        if not self._fresh[room.id]:
            self._fresh[room.id] = self._shuffled()
        return self._fresh[room.id].pop()

    def _shuffled(self) -> list[str]:
        return self._chance.sample(VIDEOS, len(VIDEOS))

    async def _wait(self, told: Told) -> None:
        """Wait until somebody is told something, or the bot is dead."""
        life, loop = self.life, asyncio.get_running_loop()
        late = loop.time() + PATIENCE
        while not (told() or self._over() or self.life is not life):
            if loop.time() > late:
                self.known.silent += 1
                return
            await asyncio.sleep(0.005)

    async def _alone(self, key: str, work: Coroutine[Any, Any, None]) -> None:
        if key in self._busy:
            work.close()
            return
        self._busy.add(key)
        try:
            await work
        finally:
            self._busy.discard(key)

    def _start(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        self._doing.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Future[None]) -> None:
        self._doing.discard(task)
        if not task.cancelled() and (error := task.exception()):
            self._faults.append(error)
