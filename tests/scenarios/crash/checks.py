"""Whether anything was lost or done twice that evening: what people saw against what the test knows and the bot keeps."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection

from bot.store.health import examine
from tests.scenarios.crash.evening import Evening
from tests.scenarios.crash.people import Pressed, Reacted, Shared
from tests.scenarios.crash.sides import EMOJI, Ours, Room, Side, Sign

AT_ONCE = 1.0  # seconds within which nobody can say what a bot does first
MANY = 3  # links that are claimed only after those that were heard before them
_VOTED: dict[str, Sign | None] = {"Counted as a plus": 1, "Counted as a minus": -1, "Vote withdrawn": None}
_READ_BACK = 200  # replies of a platform whose votes are read back at a start


class Checks:
    """Looks into everything once; `faults` says what is wrong, `counts` what was seen."""

    def __init__(self, evening: Evening) -> None:
        """Look at the evening once it is over; await `look`."""
        self._evening = evening
        self.faults: list[str] = []
        self.counts: Counter[str] = Counter()
        self._ours = {room.id: side.ours(room) for side in evening.sides for room in side.rooms}
        self._again = [(each.id.rpartition(":")[0], each.video, each.answers) for each in evening.known.again]
        posts = evening.ask("SELECT message, reply, state FROM posts WHERE message IS NOT NULL")
        self._posts = {str(message): (reply, state) for message, reply, state in posts}
        votes = evening.ask("SELECT person, reply, vote FROM votes")
        self._votes = {(str(person), str(reply)): vote for person, reply, vote in votes}
        self._states = {str(source): str(state) for source, state in evening.ask("SELECT source, state FROM posts")}
        blind = [ours for side in evening.sides if side.blind for room in side.rooms for ours in self._ours[room.id]]
        # Posted by a bot that died before it could write that down, and later ones could not look for it.
        self._given_up = {ours.id for ours in blind if ours.id not in self._posts}
        drafted = evening.ask("SELECT source FROM posts JOIN drafts ON drafts.post = posts.id")
        self._drafted = {str(row[0]) for row in drafted}

    async def look(self) -> None:
        """Check all."""
        if self._evening.ended != 0:
            self.faults.append(f"the last bot ended with status {self._evening.ended}")
        if "Traceback" in self._evening.log.read_text(encoding="utf-8"):
            self.faults.append("there is a traceback in the log")
        for name, count in self._evening.undone().items():
            self.faults.append(f"at the end {count} posts or drafts are {name}")
        if self._evening.known.silent:
            self.faults.append(f"{self._evening.known.silent} times a living bot told nothing to whoever pressed a button")
        self.faults += (await examine(self._evening.url)).faults
        self._messages()
        for side in self._evening.sides:
            for room in side.rooms:
                self._room(side, room)
            self._reactions(side)
        self._presses()
        self._drafts()

    # Replies.

    def _messages(self) -> None:
        """Every reply that is there is one that the bot knows as sent, and the other way round."""
        there = {each.id: each for ours in self._ours.values() for each in ours}
        carried = Counter(each.carried for each in there.values())
        self.faults += [f"the reply {reply} was posted {count} times" for reply, count in carried.items() if count > 1]
        for message, ours in there.items():
            if message not in self._given_up and self._posts.get(message) != (ours.carried, "sent"):
                self.faults.append(f"{message} is there, but kept is {self._posts.get(message)}")
        self.faults += [f"{message} is kept as sent, but not there" for message in self._posts.keys() - there.keys()]
        self.counts["replies"] = len(there)
        self.counts["replies of which nobody could tell that they were posted"] = len(self._given_up)

    def _room(self, side: Side, room: Room) -> None:
        """Every song that was shared in a room is answered once, unless nobody can have heard of it."""
        groups: dict[str, list[Shared]] = defaultdict(list)
        for each in self._evening.known.shared:
            if each.room is room:
                groups[each.video].append(each)
        for video, group in groups.items():
            answers = [each for each in self._ours[room.id] if each.video == video]
            messages = [each for each in group if each.said]
            commands = len(group) - len(messages)
            again = [each for place, song, each in self._again if song == video and place.endswith(room.id)]
            for message in {each.said.id for each in messages if each.said}:
                if (count := sum(each.answers == message for each in answers)) > 1 + again.count(message):
                    self.faults.append(f"{message} was answered {count} times")
            forgotten = sum(each.id in self._given_up for each in answers)
            if len(answers) > bool(messages) + commands + len(again) + forgotten:
                self.faults.append(f"{video} was answered {len(answers)} times in {room.id}")
            self.counts["links"] += len(messages)
            self.counts["commands"] += commands
            self.counts["commands answered"] += bool(answers) and not messages
            if messages:
                self._song(side, messages, answers)
        if strays := {each.video for each in self._ours[room.id]} - groups.keys():
            self.faults.append(f"nobody has shared {strays} in {room.id}, but it is answered")

    def _song(self, side: Side, messages: Collection[Shared], answers: Collection[Ours]) -> None:
        """Count what became of a song that was shared by messages in one room."""
        self.counts["songs shared in a room"] += 1
        sources = {each.said.id for each in messages if each.said}
        if answers:
            self.counts["songs answered"] += 1
            self.counts["songs answered by a later life"] += any(
                any(shared.at < died < ours.at for died in self._evening.died)
                for shared in messages
                for ours in answers
                if shared.said and ours.answers == shared.said.id
            )
        elif sources & self._drafted:
            self.counts["songs whose draft was not approved"] += 1
        elif (begun := sources & self._states.keys()) and side.blind and {self._states[each] for each in begun} == {"dropped"}:
            self.counts["songs given up, since nobody could look whether they were answered"] += 1
        elif begun:
            self.faults.append(f"{begun} came to nothing: {[self._states[each] for each in begun]}")
        else:
            for each in messages:
                self._unheard(side, each)

    def _unheard(self, side: Side, shared: Shared) -> None:
        """A message that was never claimed must be one of which no bot was told, or only just."""
        assert shared.said
        if why := side.lost(shared.said, shared.video):
            self.counts[why] += 1
        elif side.name == "slack":
            self.faults.append(f"{shared.said.id} was told by Slack and acknowledged, but never answered")
        elif not shared.heard:
            self.counts["links in Discord while no bot was there"] += 1
        else:
            self.counts["links in Discord that a bot heard and did not live to claim"] += 1
            died = next((moment for moment in self._evening.died if moment >= shared.at), float("inf"))
            later = [
                each
                for each in self._evening.known.shared
                if each.side is side and each.said and shared.at < each.at < died and each.said.id in self._states
            ]
            if len(later) >= MANY:
                self.faults.append(f"{shared.said.id} was not claimed, but {len(later)} that the same life heard later were")

    # Votes.

    def _presses(self) -> None:
        """What a person was told of their vote is what is kept, but for presses after that of which they were told nothing."""
        slots: dict[tuple[str, str], list[Pressed]] = defaultdict(list)
        for each in self._evening.known.pressed:
            slots[each.person, each.reply].append(each)
        for slot, presses in slots.items():
            reactions = [each for each in self._evening.known.reacted if (each.person, each.reply) == slot]
            may: set[Sign | None] = {None}
            standing: set[str] = set()
            acts: list[Pressed | Reacted] = [*presses, *reactions]
            for act in sorted(acts, key=lambda act: act.at):
                if isinstance(act, Reacted):
                    standing ^= {act.emoji}
                    may |= {EMOJI[act.emoji] if act.given else None} | _signs(standing)
                    continue
                doubt = self._in_doubt(act, reactions)
                # What stands is read back at the next start, and then counts instead of the button.
                may = self._pressed(slot, act, may | doubt) | _signs(standing) | doubt
            if self._votes.get(slot) not in may:
                self.faults.append(f"the vote of {slot} is {self._votes.get(slot)}, not one of {may}")
            self.counts["votes by button of whom an emoji counted before"] += bool(reactions) and len(may) == 1
        self.counts["presses"] = len(self._evening.known.pressed)

    def _in_doubt(self, press: Pressed, reactions: Collection[Reacted]) -> set[Sign | None]:
        """What a vote may become by reactions that the bot may have heard of only after a press, though they were before it."""
        deaths = [0.0, 0.0, *(died for died in self._evening.died if died < press.at)]
        doubt: set[Sign | None] = set()
        for each in reactions:
            again = deaths[-2] if each.side.name == "slack" else press.at  # Slack tells again what died with a socket
            if not each.noted and min(again, press.at - AT_ONCE) < each.at < press.at + AT_ONCE:
                doubt |= {EMOJI[each.emoji], None}
        return doubt

    def _pressed(self, slot: tuple[str, str], press: Pressed, may: set[Sign | None]) -> set[Sign | None]:
        """What a vote may be after one more press."""
        after: set[Sign | None] = {None if before == press.sign else press.sign for before in may}
        told = press.told()
        votes = [vote for words, vote in _VOTED.items() if words in told]
        if not votes:
            self.counts["presses told something else"] += bool(told)
            return may | after
        self.counts["presses acknowledged"] += 1
        if votes[0] not in after:
            self.faults.append(f"the vote of {slot} was told to be {votes[0]}, but can only be one of {after}")
        return {votes[0]}

    def _reactions(self, side: Side) -> None:
        """What stands on a reply is what is kept."""
        people = [side.person(who) for who in side.people]
        pressed = {(each.person, each.reply) for each in self._evening.known.pressed}
        known = (each for room in side.rooms for each in self._ours[room.id] if each.id not in self._given_up)
        replies = sorted(known, key=lambda each: -each.at)
        for number, ours in enumerate(replies):
            standing = side.standing(ours)
            for person in people:
                signs: set[Sign | None] = {EMOJI[emoji] for emoji in standing.get(person, ())}
                signs = signs or {None}
                self.counts["votes by emoji that stand"] += signs != {None}
                if (vote := self._votes.get((person, ours.carried))) in signs or (person, ours.carried) in pressed:
                    continue
                if number >= _READ_BACK:
                    self.counts["votes by emoji on replies too old to be read back"] += 1
                else:
                    told = [each for each in self._evening.known.reacted if (each.person, each.reply) == (person, ours.carried)]
                    acts = " ".join(f"{'+' if each.given else '-'}{each.emoji}" for each in told)
                    self.faults.append(f"the emoji of {person} on {ours.carried} say {signs}, kept is {vote}, after {acts}")

    # Drafts.

    def _drafts(self) -> None:
        """Every draft was shown once; what was approved was posted once, and nothing else."""
        shown = Counter(each.id for side in self._evening.sides for each in side.ours(side.desk))
        rows = self._evening.ask(
            "SELECT drafts.id, drafts.state, drafts.message, posts.state, posts.message, (SELECT count(*) FROM draft_events "
            "WHERE draft_events.draft = drafts.id AND what IN ('approved', 'edited')), drafts.place "
            "FROM drafts JOIN posts ON posts.id = post"
        )
        states = {str(row[0]): str(row[1]) for row in rows}
        blind = {each.id for side in self._evening.sides if side.blind for each in side.ours(side.desk)}
        strange = set(shown) ^ {row[2] for row in rows}
        if strange - blind:
            self.faults.append(f"drafts are shown by {strange - blind}, or not")
        self.counts["cards of drafts that were shown twice, since nobody could look"] = len(strange & blind)
        for draft, state, _, post, message, decided, place in rows:
            self.counts[f"drafts {state}"] += 1
            whole = (state, post, message is not None, decided)
            given_up = whole == ("dropped", "dropped", False, 1) and str(place).startswith("slack:") and blind
            if not given_up and whole not in {("posted", "sent", True, 1), ("rejected", "dropped", False, 0)}:
                self.faults.append(f"the draft {draft} is {state}, its post {post} as {message}, {decided} times approved")
        for click in self._evening.known.clicked:
            self._told(click.draft, click.told(), states)
        self.counts["clicks on drafts"] = len(self._evening.known.clicked)

    def _told(self, draft: str, told: str, states: dict[str, str]) -> None:
        """What a curator was told is what became of the draft."""
        self.counts["clicks on drafts acknowledged"] += bool(told)
        said = {"and posted.": "posted", "Rejected by a curator": "rejected"}
        for words, state in said.items():
            if words in told and states.get(draft) != state:
                self.faults.append(f'of the draft {draft}, which is {states.get(draft)}, a curator was told: "{told}"')


def _signs(emoji: Collection[str]) -> set[Sign | None]:
    """What emoji say."""
    return {EMOJI[each] for each in emoji}
