"""The backlog against a plain dict, with crashes between any two steps."""

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from playlista.records import How, Job, Recognised, Returned, Tier, Vanished
from playlista.store.backlog import BACK_OFF_S
from shelf import Shelf, analysis, signature

NAMES = (b"a", b"b\xff", b"c/\xe9", b"d")
names = st.sampled_from(NAMES)


@dataclass(frozen=True)
class Wish:
    """What the model remembers of one file.

    Attributes:
        number: Of its content: the same number is the same bytes, and the same sound.
        row: The id under which playlists know it.
    """

    number: int
    row: int
    heard: int | None = None  # the content that was heard; a result may be of older bytes
    state: str | None = "ready"  # None: nothing is owed
    upgrade: bool = False
    strikes: int = 0
    kills: int = 0
    alone: bool = False
    present: bool = True
    lost: bool = False

    @property
    def away(self) -> bool:
        return self.lost or not self.present

    @property
    def fresh(self) -> bool:
        return self.state is not None and not self.upgrade

    @property
    def sleeping(self) -> bool:
        return self.state in {"waiting", "incomplete"}


class BacklogMachine(RuleBasedStateMachine):
    @initialize()
    def open(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.shelf = Shelf(Path(self.folder.name) / "playlista.db")
        self.model: dict[bytes, Wish] = {}
        self.held: dict[bytes, Job] = {}
        self.lost: list[Job] = []
        self.numbers = 0
        self.tiers: dict[int, Tier] = {}

    def teardown(self) -> None:
        self.shelf.database.close()
        self.folder.cleanup()

    # --- the disk -------------------------------------------------------------------

    @rule(name=names)
    def land(self, name: bytes) -> None:
        self.numbers += 1
        self._land(name, self.numbers)

    @rule(name=names, other=names)
    def land_the_same(self, name: bytes, other: bytes) -> None:
        if other in self.model:
            self._land(name, self.model[other].number)

    def _land(self, name: bytes, number: int) -> None:
        row = self.shelf.land(name, number).file_id
        heard = self.model[name].heard if name in self.model else None
        self.model[name] = Wish(number, row, heard)
        self._drop(name)

    @rule(name=names)
    def vanish(self, name: bytes) -> None:
        if name in self.model and self.model[name].present:
            self.shelf.tracks.apply([Vanished(self.shelf.known(name).file_id)])
            if not self._move_in(name):
                self.model[name] = replace(self.model[name], present=False, lost=False)
                self._drop(name)

    @rule(name=names)
    def lose(self, name: bytes) -> None:
        if name in self.model and self.model[name].present:
            gone = self.shelf.known(name)
            moves = self._move_in(name)
            assert self.shelf.tracks.lose([gone]) == ([] if moves else [gone])
            if not moves:
                self.model[name] = replace(self.model[name], lost=True)

    @rule()
    def find_all(self) -> None:
        self.shelf.tracks.find_all(self.shelf.root.root_id)
        self.model = {name: replace(wish, lost=False) for name, wish in self.model.items()}

    @rule(name=names)
    def come_back(self, name: bytes) -> None:
        wish = self.model.get(name)
        if wish is not None and not wish.present:
            found = Returned(self.shelf.known(name).file_id, signature(wish.number))
            self.shelf.tracks.apply([found])
            owed = None if wish.state is None else "ready"
            self.model[name] = replace(wish, present=True, lost=False, state=owed)

    # --- the pool -------------------------------------------------------------------

    @rule(name=names)
    def lease(self, name: bytes) -> None:
        offered = {self._name(job): job for job in self.shelf.backlog.ready(99)}
        if name in offered:
            assert self.shelf.backlog.lease(offered[name])
            self.model[name] = replace(self.model[name], state="leased")
            self.held[name] = offered[name]

    @precondition(lambda self: self.held)
    @rule(data=st.data(), tier=st.sampled_from([Tier.QUICK, Tier.FULL]))
    def save(self, data: st.DataObject, tier: Tier) -> None:
        name = data.draw(st.sampled_from(sorted(self.held)))
        number = self.model[name].number
        job = self.held.pop(name)
        assert self.shelf.backlog.save([(job, analysis(f"sound {number}", tier))]) == [job]
        if self.tiers.get(number) is not Tier.FULL:
            self.tiers[number] = tier
        self._hold(name)
        self.lost.append(job)

    @precondition(lambda self: self.held)
    @rule(data=st.data())
    def recognise(self, data: st.DataObject) -> None:
        name = data.draw(st.sampled_from(sorted(self.held)))
        wish, job = self.model[name], self.held.pop(name)
        found = Recognised(How.PACKETS, f"sound {wish.number}")
        kept = self.shelf.backlog.save([(job, found)]) == [job]
        assert kept == (wish.number in self.tiers)
        if kept:
            self._hold(name)
        else:
            self.model[name] = replace(wish, state="ready")
        self.lost.append(job)

    def _hold(self, name: bytes) -> None:
        """Note that a file holds the recording that is its number, and who stands for it."""
        wish = self.model[name]
        done = self.tiers[wish.number] is Tier.FULL
        held = Wish(
            wish.number,
            wish.row,
            wish.number,
            None if done else "ready",
            not done,
            wish.strikes,
            alone=wish.alone and not done,
            lost=wish.lost,
        )
        self.model[name] = held
        if done:
            self._spare_copies(held.number)
        older = [
            (other.row, place)
            for place, other in self.model.items()
            if other.heard == held.heard and other.away and other.row < held.row
        ]
        if older:
            row, place = min(older)
            self.model[name] = replace(held, row=row, lost=False)
            self._leave(place)

    def _spare_copies(self, number: int) -> None:
        for place, wish in self.model.items():
            if wish.heard == number and wish.upgrade:
                self.model[place] = replace(
                    wish, state=None, upgrade=False, strikes=0, kills=0, alone=False
                )
                self._drop(place)

    def _move_in(self, name: bytes) -> bool:
        """Let a file take the place of a younger one that holds its recording, if there is one."""
        wish = self.model[name]
        younger = [
            (other.row, place)
            for place, other in self.model.items()
            if other.heard == wish.heard is not None
            and other.row > wish.row
            and not (other.away or other.fresh)
        ]
        if not younger:
            return False
        _, place = min(younger)
        heir = self.model[place]
        owed = "ready" if heir.state == "leased" else heir.state
        self.model[place] = replace(heir, row=wish.row, state=owed)
        self._drop(place)
        self._leave(name)
        return True

    def _leave(self, name: bytes) -> None:
        self._drop(name)
        del self.model[name]

    @precondition(lambda self: self.held)
    @rule(data=st.data(), how=st.sampled_from(["back", "strike", "kill", "fail", "wait", "cut"]))
    def settle(self, data: st.DataObject, how: str) -> None:
        name = data.draw(st.sampled_from(sorted(self.held)))
        self._settle(self.held[name], how)
        self.lost.append(self.held.pop(name))
        wish = self.model[name]
        changed = {
            "back": replace(wish, state="ready"),
            "strike": replace(
                wish,
                strikes=wish.strikes + 1,
                kills=0,
                alone=True,
                state="failed" if wish.strikes + 1 >= 3 else "ready",
            ),
            "kill": self._killed(wish, 1),
            "fail": replace(wish, kills=0, state="failed"),
            "wait": replace(wish, kills=0, state="waiting"),
            "cut": replace(wish, kills=0, state="incomplete"),
        }[how]
        if changed.state in {"failed", "incomplete"} and not wish.upgrade:
            changed = replace(changed, heard=None)
        self.model[name] = changed

    @precondition(lambda self: self.lost)
    @rule(data=st.data(), how=st.sampled_from(["back", "strike", "kill"]))
    def settle_what_was_lost(self, data: st.DataObject, how: str) -> None:
        job = data.draw(st.sampled_from(self.lost))
        again = self.held.get(self._name(job))
        if again is None or again.generation != job.generation:
            self._settle(job, how)

    @precondition(lambda self: self.lost)
    @rule(data=st.data())
    def save_what_is_outdated(self, data: st.DataObject) -> None:
        job = data.draw(st.sampled_from(self.lost))
        wish = self.model.get(self._name(job))
        if (
            wish is None
            or not wish.present
            or (job.signature, job.file_id) != (signature(wish.number), wish.row)
        ):
            assert self.shelf.backlog.save([(job, analysis("outdated"))]) == []

    # --- time and accidents ---------------------------------------------------------

    @rule()
    def let_a_day_pass(self) -> None:
        self.shelf.clock.sleep(BACK_OFF_S[-1])
        for name, wish in self.model.items():
            if wish.present and wish.sleeping:
                self.model[name] = replace(wish, state="ready")

    @rule()
    def crash(self) -> None:
        self.shelf.restart()
        for name, wish in self.model.items():
            if wish.present and wish.state == "leased":
                self.model[name] = self._killed(wish, int(wish.alone))
            elif wish.present and wish.sleeping and wish.kills < 3:
                self.model[name] = replace(wish, state="ready")
        self.lost += self.held.values()
        self.held.clear()

    # --- what must hold ---------------------------------------------------------------

    @invariant()
    def the_offer_is_what_is_owed(self) -> None:
        offered = {self._name(job): job for job in self.shelf.backlog.ready(99)}
        expected = {
            name: (wish.strikes, wish.alone, wish.upgrade, signature(wish.number))
            for name, wish in self.model.items()
            if not wish.away and wish.state == "ready"
        }
        assert {
            name: (job.strikes, job.alone, job.upgrade, job.signature)
            for name, job in offered.items()
        } == expected

    @invariant()
    def the_states_add_up(self) -> None:
        expected: dict[str, int] = {}
        for wish in self.model.values():
            if wish.present and wish.state is not None:
                expected[wish.state] = expected.get(wish.state, 0) + 1
        assert self.shelf.states() == expected

    @invariant()
    def the_kills_add_up(self) -> None:
        with self.shelf.database.reading() as read:
            (kills,) = read.execute("SELECT coalesce(sum(kills), 0) FROM job").fetchone()
        assert kills == sum(wish.kills for wish in self.model.values())

    @invariant()
    def the_library_is_what_was_heard(self) -> None:
        heard: dict[int, int] = {}
        for wish in self.model.values():
            if wish.present and wish.heard is not None:
                heard[wish.heard] = min(wish.row, heard.get(wish.heard, wish.row))
        assert {track.track_id for track in self.shelf.tracks.library()} == set(heard.values())

    @invariant()
    def every_place_has_its_row(self) -> None:
        known = self.shelf.all_known().values()
        assert {one.relpath: (one.file_id, not one.missing) for one in known} == {
            name: (wish.row, wish.present) for name, wish in self.model.items()
        }

    # --- words ------------------------------------------------------------------------

    def _settle(self, job: Job, how: str) -> None:
        backlog = self.shelf.backlog
        {
            "back": lambda: backlog.give_back(job),
            "strike": lambda: backlog.strike(job, "crashed"),
            "kill": lambda: backlog.killed(job, "SIGKILL"),
            "fail": lambda: backlog.fail(job, "unreadable", "noise"),
            "wait": lambda: backlog.postpone(job, "waiting", "unavailable", "I/O error"),
            "cut": lambda: backlog.postpone(job, "incomplete", "incomplete", "cut off"),
        }[how]()

    def _drop(self, name: bytes) -> None:
        if name in self.held:
            self.lost.append(self.held.pop(name))

    @staticmethod
    def _killed(wish: Wish, times: int) -> Wish:
        kills = wish.kills + times
        return replace(wish, kills=kills, alone=True, state="ready" if kills < 3 else "waiting")

    @staticmethod
    def _name(job: Job) -> bytes:
        return job.path.removeprefix(b"/music/")


BacklogMachine.TestCase.settings = settings(max_examples=40, stateful_step_count=40, deadline=None)
test_the_backlog_behaves_as_its_model_whatever_happens = BacklogMachine.TestCase
