"""The steps of a promotion, each of which a flow shows on a card."""

import logging
import time
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tagline.errors import TaglineError
from tagline.ledger.entry import Deployed
from tagline.operations.candidates import (
    candidate,
    newest_candidate,
    verified_bundle,
    verify_deployed,
)
from tagline.operations.servers import unconfirmed
from tagline.operations.smoke import smoke as answer_in_a_fresh_process
from tagline.operations.standings import Standings, open_case, open_run
from tagline.registry.runs import find
from tagline.standing import rules
from tagline.standing.entries import standing
from tagline.standing.rules import Candidate, Refused

log = logging.getLogger(__name__)
MINUTE = 60.0
LOOK_EVERY = 1.0


@dataclass(frozen=True)
class Plan:
    """What is to be promoted, plain enough for an artifact.

    Attributes
    ----------
    run, case, digest : str
        The run, its case, and its bundle's digest.
    file : str
        The case's config.
    bundle : str
        The bundle's folder.
    against : dict or None
        The champion that it has to keep up with.
    why : str
        The reason.
    """

    run: str
    case: str
    digest: str
    file: str
    bundle: str
    against: dict[str, Any] | None
    why: str

    def facts(self) -> dict[str, Any]:
        """Give it for a card."""
        champion = self.against["run"] if self.against else "none"
        return {"run": self.run, "bundle": self.digest, "champion now": champion, "why": self.why}

    def standings(self) -> Standings:
        """Open the case's standings."""
        return open_case(self.case, config=self.file)

    def candidate(self) -> Candidate:
        """Look at the run again."""
        return candidate(find(self.run))

    def recording(self) -> AbstractContextManager[None]:
        """Record a refusal that is raised inside."""
        return self.standings().transitions(self.why).recording("promote", self.run, self.digest)

    def champion(self) -> Deployed | None:
        """Give the champion that it has to keep up with."""
        return None if self.against is None else Deployed.model_validate(self.against)


def plan(run: str, *, case: str, config: str, why: str) -> Plan:
    """Find what is to be promoted, and verify its bundle.

    Parameters
    ----------
    run : str
        The run; the newest candidate of the case where empty.
    case : str
        The case; the only one that has runs where empty.
    config : str
        The case's config, where it has moved.
    why : str
        The reason.

    Raises
    ------
    TaglineError
        There is no such run, the rules do not allow it, or its bundle is not sound.
    """
    file = Path(config) if config else None
    name = run or newest_candidate(open_case(case, config=file).case.name).pathspec
    standings, found = open_run(name, case=case or None, config=file)
    own, champion, transitions = candidate(found), standings.champion(), standings.transitions(why)
    if champion is None or champion.run != own.run:
        # Else it may be an earlier promotion that is to be finished.
        transitions.expect("promote", own)
    with transitions.recording("promote", own.run, own.bundle):
        bundle = verified_bundle(own.run, own.bundle)
    return Plan(
        run=own.run,
        case=own.case,
        digest=own.bundle,
        file=standings.case.file,
        bundle=str(bundle),
        against=None if champion is None else champion.model_dump(mode="json"),
        why=why,
    )


def recheck(plan: Plan) -> list[dict[str, Any]]:
    """Give the gates as they are now; see `tagline.stages.promoting.recheck`."""
    # Only this step of a promotion loads what answers and evaluates.
    from tagline.bundle.load import Bundle  # noqa: PLC0415
    from tagline.operations.champion import opened  # noqa: PLC0415
    from tagline.stages import promoting  # noqa: PLC0415

    own, champion = Bundle(Path(plan.bundle)), opened(plan.champion())
    return promoting.recheck(plan.standings().case, own, champion).gates


def expect_gates(plan: Plan, gates: Sequence[Mapping[str, Any]]) -> None:
    """Refuse a run that fails a gate, before anyone is asked to approve it."""
    with plan.recording():
        rules.expect_gates(plan.candidate(), gates)


def smoke(plan: Plan) -> dict[str, Any]:
    """Let a fresh process answer; see `tagline.operations.smoke.smoke`."""
    with plan.recording():
        return answer_in_a_fresh_process(Path(plan.bundle))


def wait_for_approvals(plan: Plan, *, minutes: float) -> dict[str, Any]:
    """Wait until enough people have approved.

    Raises
    ------
    Refused
        Too few have when the time is over.
    """
    standings, own = plan.standings(), plan.candidate()
    # Not by the wall clock, which may be set while somebody waits.
    until = time.monotonic() + minutes * MINUTE
    while True:
        given = standing(standings.head()).approvals.get(own.run, ())
        try:
            rules.expect_approvals(standings.case.standing, own, given)
        except Refused as lacking:
            if time.monotonic() >= until:
                with plan.recording():
                    raise
            log.info(str(lacking))
            time.sleep(LOOK_EVERY)
        else:
            asked = standings.case.standing.approvals
            names = [each.who for each in rules.counting(standings.case.standing, own, given)]
            return {"asked": asked, "given by": ", ".join(names) or "nobody"}


def promote(plan: Plan, *, gates: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Change the standing; see `tagline.standing.transitions.Transitions.promote`."""
    done = (
        plan.standings()
        .transitions(plan.why)
        .promote(
            plan.candidate(), against=plan.champion(), verify=verify_deployed, gates=lambda: gates
        )
    )
    entry = done.entry
    return {"champion": entry.run, "entry": entry.number, "by": entry.who, "at": entry.at}


def confirm(plan: Plan, *, minutes: float) -> dict[str, Any]:
    """See that every running server has the champion, or take the promotion back.

    Raises
    ------
    TaglineError
        A server does not have it when the time is over; the champion before stands again.
    """
    late = unconfirmed(plan.case, plan.digest, seconds=max(minutes * MINUTE, 5.0))
    if not late:
        return {"running servers": "all have it"}
    standings = plan.standings()
    servers = ", ".join(late)
    why = f"taken back: these servers did not confirm it: {servers}"
    done = standings.transitions(why).rollback(
        to=None, against=standings.champion(), verify=verify_deployed
    )
    stands = done.entry.run
    raise TaglineError(
        f"These servers do not have it: {servers}.",
        where=plan.run,
        todo=f"It was taken back: {stands} is the champion again.",
    )
