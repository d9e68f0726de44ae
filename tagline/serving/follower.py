"""Follow the ledger: load, verify and warm new models beside the old ones, then switch."""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from queue import Empty, SimpleQueue
from typing import TypeVar, cast

from tagline.case.config import Case
from tagline.errors import TaglineError
from tagline.history.snapshot import ENDING
from tagline.lifecycle.entry import Challenger, Deployment
from tagline.prediction_log.maintenance import LogMaintenance
from tagline.prediction_log.records import CHALLENGER, SHADOW
from tagline.serving import metrics
from tagline.serving.routing import Arm, Routing, in_order
from tagline.serving.served import ServedModel, differences, open_history, open_served
from tagline.serving.service import ActiveModel, Service
from tagline.serving.states import Refusal, WorkerStates
from tagline.storage.disk import Disk
from tagline.storage.location import own_store
from tagline.workflows.candidates import making, verified_bundle
from tagline.workflows.servers import EVERY as SAY_EVERY
from tagline.workflows.servers import demanded
from tagline.workflows.standings import ModelRegistry

log = logging.getLogger(__name__)
LOOK_EVERY, LOOK_EVERY_S3 = 0.25, 1.0
AGAIN, OTHERS_AGAIN = 5.0, 60.0
TIDY_EVERY, SELDOM = 60.0, 5.0
T = TypeVar("T")


class Follower:
    """Keeps a worker's models those of the ledger: its champion, challengers and shadows.

    Parameters
    ----------
    service : Service
        Whose model it is.
    standings : ModelRegistry
        What stands.
    states : WorkerStates
        Where it is said which model this worker has.
    """

    def __init__(self, service: Service, standings: ModelRegistry, states: WorkerStates) -> None:
        self.service, self.standings, self.states = service, standings, states
        self._seen, self._once, self._looking = "", Once(), threading.Lock()
        self._again_at = self._history_at = 0.0
        self._refused: dict[Challenger, Refusal] = {}
        self._beside, self._others_at = "", 0.0
        self._told: set[str] = set()
        # Each look at S3 is a request that is paid for.
        self._seldom = 0.0 if isinstance(service.log.store, Disk) else SELDOM
        self._unreached = False

    def look(self) -> None:
        """Look once whether the champion or its history is another, and switch; never raises."""
        # One at a time: nobody else switches, so that neither undoes the other's work.
        if not self._looking.acquire(blocking=False):
            return
        try:
            self._look_at_the_ledger()
            if time.monotonic() >= self._history_at:
                self._history_at = time.monotonic() + self._seldom
                self._once(self._renew_history)
        finally:
            self._looking.release()

    def _look_at_the_ledger(self) -> None:
        try:
            glance = self.standings.ledger.glance()
            waits = self.service.refusal is not None and time.monotonic() >= self._again_at
            waits |= bool(self._refused) and time.monotonic() >= self._others_at
            if glance == self._seen and not waits:
                self._reached()
                return
            now = self.standings.standing()
            self._reached()
        except Exception as lost:
            metrics.UNREACHED.inc()
            if not self._unreached:
                log.error(f"The ledger can not be read, and the model goes on: {lost}")
            self._unreached = True
            return
        self._follow(now.champion)
        self._follow_others(now.challengers)
        self._seen = glance

    def _reached(self) -> None:
        if self._unreached:
            log.info("The ledger can be read again")
        self._unreached = False

    def _follow(self, champion: Deployment | None) -> None:
        now = self.service.current
        if champion is None:
            if now is not None:
                log.warning("There is no champion any more, and nothing is answered")
            elif not self._seen:
                log.warning(
                    f"There is no champion yet, and nothing is answered until there is: "
                    f"tagline promote --case {self.standings.case.name}"
                )
            self.service.switch(None)
        elif (now is None or now.served.deployed != champion) and not self._takes(champion):
            return
        self.service.refusal = None
        self._note()

    def _follow_others(self, challengers: Sequence[Challenger]) -> None:
        """Let challengers and shadows answer beside the champion, those that can."""
        routing = self.service.routing
        if routing is None:
            return
        before = {each.served.deployed: each for each in routing.models[1:]}
        beside = routing.champion.served.bundle.digest
        known = beside == self._beside and {*before, *self._refused} == set(challengers)
        if known and (not self._refused or time.monotonic() < self._others_at):
            return
        self._beside, self._refused = beside, {}
        self._others_at = time.monotonic() + OTHERS_AGAIN
        still = {each.run for each in challengers}
        for old in before.values():
            if (run := old.served.deployed.run) not in still:
                log.info(f"{run} answers no more as a {old.arm}")
        arms: list[Arm[ActiveModel]] = []
        for each in challengers:
            model = self._other(each, routing.champion, before.get(each))
            if model is not None:
                arms.append(Arm(each.run, each.share, model))
        self.service.switch(
            replace(
                routing,
                challengers=in_order(arm for arm in arms if arm.share),
                shadows=tuple(arm.model for arm in in_order(arms) if not arm.share),
            )
        )
        self._note()

    def _other(
        self, wanted: Challenger, champion: ActiveModel, model: ActiveModel | None
    ) -> ActiveModel | None:
        """Give a model that may answer beside the champion; as it is, where it does already."""
        try:
            served = model.served if model else self._loaded(wanted)
            _expect_same_schema(champion.served, served)
        except Exception as wrong:
            why = str(wrong) or type(wrong).__name__
            if why not in self._told:
                log.error(f"{wanted.run} is refused, and the champion has its share: {why}")
            self._refused[wanted] = Refusal(wanted.since, wanted.bundle, why)
            self._told.add(why)
            return None
        if model is not None:
            return model
        arm = CHALLENGER if wanted.share else SHADOW
        log.info(f"{wanted.run} answers from now on as a {arm} ({wanted.share}%)")
        return self.service.active(served, arm=arm)

    def _note(self) -> None:
        routing = self.service.routing
        others = routing.models[1:] if routing else ()
        arms = [
            {
                "run": each.served.deployed.run,
                "digest": each.served.bundle.digest,
                "entry": each.served.deployed.since,
                "arm": each.arm,
                "share": getattr(each.served.deployed, "share", 0),
            }
            for each in others
        ]
        refusal = self.service.refusal or next(iter(self._refused.values()), None)
        self.states.note(self._deployed(), refusal, arms=arms)

    def _takes(self, champion: Deployment) -> bool:
        begun, old = time.monotonic(), self.service.current
        try:
            served = self._loaded(champion)
            if old is not None:
                _expect_same_schema(old.served, served)
        except Exception as wrong:
            self._refuse(champion, wrong)
            return False
        self._crown(served)
        metrics.SWAPS.labels("taken").inc()
        took = time.monotonic() - begun
        log.info(f"{champion.run} answers from now on (entry {champion.since}, {took:.2f} s)")
        return True

    def _crown(self, served: ServedModel) -> None:
        """Make a model the champion; who was beside the one before is, where it still may be."""
        new, old = self.service.active(served), self.service.routing
        kept = Routing(self.service.case.name, new) if old is None else replace(old, champion=new)
        digest = served.bundle.digest
        self.service.switch(
            replace(
                kept,
                challengers=tuple(
                    arm for arm in kept.challengers if arm.model.served.bundle.digest != digest
                ),
                shadows=tuple(each for each in kept.shadows if each.served.bundle.digest != digest),
            )
        )

    def _loaded(self, champion: Deployment) -> ServedModel:
        limit = self.service.section.load_seconds
        try:
            return within(limit, partial(_ready, champion, self.service.case))
        except TimeoutError:
            raise TaglineError(
                f"It was not ready within {limit:g} seconds.",
                where=f"bundle {champion.bundle[:12]}",
            ) from None

    def _renew_history(self) -> None:
        routing = self.service.routing
        if routing is None:
            return
        renewed = {id(each): self._renewed(each) for each in routing.models}
        if all(renewed[id(each)] is each for each in routing.models):
            return
        arms = routing.challengers
        self.service.switch(
            replace(
                routing,
                champion=renewed[id(routing.champion)],
                challengers=tuple(replace(arm, model=renewed[id(arm.model)]) for arm in arms),
                shadows=tuple(renewed[id(each)] for each in routing.shadows),
            )
        )

    def _renewed(self, model: ActiveModel) -> ActiveModel:
        """Give a model with the newest snapshot of its history."""
        history, store = model.served.history, self.service.log.store
        if history is None:
            return model
        found = model.served.newest_history(store, self.service.case.name)
        short = found.rpartition("/")[2].removesuffix(ENDING)
        if not found or short == history.snapshot.name:
            return model
        try:
            newer = open_history(model.served, store, found, self.service.section)
            newer.warm()
        # One model must not keep the others from their history.
        except Exception as wrong:
            if str(wrong) not in self._told:
                log.error(f"{model.served.deployed.run} keeps its history: {wrong}")
            self._told.add(str(wrong))
            return model
        log.info(f"The history {short} is looked up from now on")
        return self.service.active(newer, arm=model.arm)

    def _refuse(self, champion: Deployment, wrong: Exception) -> None:
        why = str(wrong) or type(wrong).__name__
        known = self.service.refusal
        self.service.refusal = Refusal(champion.since, champion.bundle, why)
        self._again_at = time.monotonic() + AGAIN
        self._note()
        if known is None or known.why != why:
            metrics.SWAPS.labels("refused").inc()
            goes_on = "the old one goes on" if self.service.current else "nothing is answered"
            log.error(f"{champion.run} is refused, and {goes_on}: {why}")

    def _deployed(self) -> Deployment | None:
        return self.service.current.served.deployed if self.service.current else None


class Housekeeping:
    """What a worker does now and then, each beside the others: keys, counts, segments, reports.

    Parameters
    ----------
    service : Service
        Whose.
    maintenance : LogMaintenance
        Puts segments into the store; one worker of all merges and deletes at a time.
    states : WorkerStates
        Says that it is alive.
    """

    def __init__(self, service: Service, maintenance: LogMaintenance, states: WorkerStates) -> None:
        self.service, self.maintenance, self.states = service, maintenance, states
        self._tidy_at = self._say_at = self._ask_at = 0.0
        self._seldom = 0.0 if isinstance(service.log.store, Disk) else SELDOM
        self.work = [
            partial(Once(), each)
            for each in (self._keys, service.count, self._segments, self._report)
        ]

    def _keys(self) -> None:
        if self.service.access.read_again():
            log.info("The keys were read again")

    def _segments(self) -> None:
        asked = self.states.report.asked
        if time.monotonic() >= self._ask_at:
            self._ask_at = time.monotonic() + self._seldom
            asked = demanded(self.service.log)
        is_new = bool(asked) and asked != self.states.report.asked
        rolled = self.service.predictions.roll(at_least=0.0 if is_new else None)
        if rolled or is_new:
            self.maintenance.log.ship()
        if is_new:
            self.states.say(asked=asked)
        # All tables are looked at, of which a year has many: not every second.
        if time.monotonic() >= self._tidy_at:
            self._tidy_at = time.monotonic() + TIDY_EVERY
            self.maintenance.tidy()

    def _report(self) -> None:
        if time.monotonic() >= self._say_at:
            self._say_at = time.monotonic() + SAY_EVERY
            self.states.say(held=self.service.predictions.held)


class Once:
    """Does work and never raises; what fails the same way again and again is told once."""

    def __init__(self) -> None:
        self._told = ""

    def __call__(self, work: Callable[[], None], name: str = "") -> None:
        """Do it."""
        try:
            work()
            self._told = ""
        except Exception as wrong:
            if str(wrong) != self._told:
                name = name or work.__name__.strip("_").replace("_", " ")
                log.error(f"{name} failed and is tried again: {wrong}")
            self._told = str(wrong)


def within(seconds: float, work: Callable[[], T]) -> T:
    """Do something in a thread that nobody waits for longer than some seconds.

    Raises
    ------
    TimeoutError
        It takes longer; it goes on, and ends with the process.
    """
    came: SimpleQueue[tuple[T | None, BaseException | None]] = SimpleQueue()

    def do() -> None:
        try:
            came.put((work(), None))
        except BaseException as wrong:
            came.put((None, wrong))

    threading.Thread(target=do, daemon=True).start()
    try:
        found, wrong = came.get(timeout=seconds)
    except Empty:
        raise TimeoutError(f"not done within {seconds:g} seconds") from None
    if wrong is not None:
        raise wrong
    return cast("T", found)


def every(seconds: float, work: Callable[[], None], stop: threading.Event) -> threading.Thread:
    """Do something again and again, in a thread of its own, until told to stop."""

    def go_on() -> None:
        while not stop.wait(seconds):
            work()

    thread = threading.Thread(target=go_on, daemon=True)
    thread.start()
    return thread


def _ready(champion: Deployment, case: Case) -> ServedModel:
    path = verified_bundle(champion.run, champion.bundle)
    served = open_served(
        champion,
        path,
        facts=making(champion.run),
        store=own_store(),
        case=case.name,
        section=case.serving,
    )
    served.expect_known(case.serving)
    served.warm()
    return served


def _expect_same_schema(old: ServedModel, new: ServedModel) -> None:
    found = differences(old.bundle, new.bundle)
    if found:
        raise TaglineError(
            f"Its schema is another, and callers would fail: {'; '.join(found)}.",
            where=new.bundle.where,
            todo="Start the server again, once callers know.",
        )
