"""The steps of a promotion, each of which a flow shows on a card."""

import logging
import time
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tagline.errors import TaglineError
from tagline.lifecycle import entries, rules
from tagline.lifecycle.entry import Deployment
from tagline.lifecycle.policy import of_gates
from tagline.lifecycle.request import Conflict
from tagline.lifecycle.rules import Candidate, Refused
from tagline.runs.lookup import find
from tagline.runs.tags import Tags
from tagline.workflows.candidates import (
    answer_alike,
    bundle_folder,
    newest_candidate,
    open_bundle,
    verified_bundle,
)
from tagline.workflows.servers import confirmation
from tagline.workflows.smoke import smoke as answer_in_a_fresh_process
from tagline.workflows.standings import ModelRegistry, open_case, open_run

log = logging.getLogger(__name__)
MINUTE = 60.0
LOOK_EVERY = 1.0
NOTHING_NEW = "the champion answers every row just so: nothing is new"
NO_SERVER = "none is running; one that starts takes what stands"


@dataclass(frozen=True)
class Plan:
    """What is to be promoted, plain enough for an artifact.

    Attributes
    ----------
    run, case, digest : str
        The run, its case, and its bundle's digest.
    config : str
        A config to go by instead of the newest run's; empty where there is none.
    against : dict or None
        The champion that it has to keep up with.
    why : str
        The reason.
    alike : bool
        Whether the champion answers every row just so.
    """

    run: str
    case: str
    digest: str
    config: str
    against: dict[str, Any] | None
    why: str
    alike: bool = False

    def facts(self) -> dict[str, Any]:
        """Give it for a card."""
        champion = self.against["run"] if self.against else "none"
        found = {"run": self.run, "bundle": self.digest, "champion now": champion, "why": self.why}
        return found | ({"note": NOTHING_NEW} if self.alike else {})

    def standings(self) -> ModelRegistry:
        """Open the case's standings."""
        return open_case(self.case, config=self.config)

    def to_dict(self) -> dict[str, Any]:
        """Give it as plain data, for an artifact."""
        return asdict(self)

    def candidate(self) -> Candidate:
        """Look at the run again."""
        found = self.standings().candidate(find(self.run))
        if found.bundle != self.digest:
            raise Refused(
                f"Its record names the bundle {found.bundle[:12]} now, and what was looked at is "
                f"{self.digest[:12]}.",
                where=self.run,
            )
        return found

    def folder(self) -> Path:
        """Give the bundle's folder, verified: what was planned is what is promoted."""
        return verified_bundle(self.run, self.digest)

    def recording(self) -> AbstractContextManager[None]:
        """Record a refusal that is raised inside."""
        return self.standings().transitions(self.why).recording("promote", self.run, self.digest)

    def champion(self) -> Deployment | None:
        """Give the champion that it has to keep up with."""
        return None if self.against is None else Deployment.model_validate(self.against)


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
    name = run or newest_candidate(open_case(case, config=file).state()).run
    standings, found = open_run(name, case=case or None, config=file)
    own, champion = standings.candidate(found), standings.champion()
    transitions = standings.transitions(why)
    if champion is None or champion.run != own.run:
        # Else it may be an earlier promotion that is to be finished.
        transitions.expect("promote", own)
    with transitions.recording("promote", own.run, own.bundle):
        return planned(own, against=champion, why=why, config=config)


def planned(own: Candidate, *, against: Deployment | None, why: str, config: str = "") -> Plan:
    """Verify a run's bundle, and give the plan of its promotion."""
    bundle = verified_bundle(own.run, own.bundle)
    return Plan(
        run=own.run,
        case=own.case,
        digest=own.bundle,
        config=str(Path(config).absolute()) if config else "",
        against=None if against is None else against.model_dump(mode="json"),
        why=why,
        alike=against is not None and answers_as(against, bundle),
    )


def answers_as(champion: Deployment, bundle: Path) -> bool:
    """Tell whether a champion answers every row just as a bundle does."""
    try:
        return answer_alike(bundle, bundle_folder(champion.run, champion.bundle))
    except (TaglineError, OSError, ValueError):
        return False  # the champion's bundle is gone or damaged, which the gates say


def recheck(plan: Plan) -> list[dict[str, Any]]:
    """Give the gates as they are now; see `tagline.training.promoting.recheck`.

    Raises
    ------
    Refused
        The champion is lost, and no reason was given to promote another without a comparison.
    """
    # Only this step of a promotion loads what answers and evaluates.
    from tagline.training import promoting  # noqa: PLC0415

    standings, champion, lost = plan.standings(), None, ""
    try:
        against = plan.champion()
        champion = standings.bundle(against) if against else None
    except TaglineError as gone:
        lost = f"the champion's bundle can not be used. {gone}"
        if not plan.why.strip():
            raise Refused(
                f"It can not be compared: {lost}",
                todo="To promote it all the same, give the reason: --why 'the reason'.",
            ) from gone
    own = open_bundle(plan.run, plan.digest)
    return promoting.recheck(standings.case, own, champion, lost=lost).gates


def expect_gates(plan: Plan, gates: Sequence[Mapping[str, Any]]) -> None:
    """Refuse a run that fails a gate, before anyone is asked to approve it."""
    with plan.recording():
        rules.refuse(of_gates(gates), where=plan.run, gates=gates)


def smoke(plan: Plan) -> dict[str, Any]:
    """Let a fresh process answer; see `tagline.workflows.smoke.smoke`."""
    with plan.recording():
        return answer_in_a_fresh_process(plan.folder())


def looked_at(plan: Plan) -> list[dict[str, Any]]:
    """Give the gates as they are now, of a bundle that a fresh process can use.

    Raises
    ------
    Refused
        It can not, or as `recheck`.
    """
    gates = recheck(plan)
    if all(gate["passed"] for gate in gates):
        smoke(plan)
    return gates


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
        policy = standings.policy()
        given = standings.state().approvals_of(own.run, own.bundle)
        try:
            rules.expect_approvals(policy, own, given)
        except Refused as lacking:
            if time.monotonic() >= until or _stands(standings, plan):
                break
            log.info(str(lacking))
            time.sleep(LOOK_EVERY)
        else:
            break
    if not _stands(standings, plan):
        with plan.recording():
            rules.expect_approvals(policy, own, given)
    names = [each.who for each in rules.counted(policy, own, given)]
    return {"asked": policy.approvals, "given by": ", ".join(names) or "nobody"}


def promote(plan: Plan, *, gates: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Change the standing; see `tagline.lifecycle.transitions.Transitions.promote`.

    A run that is the champion already is left as it is: a flow that was killed goes on from there.
    """
    standings = plan.standings()
    if _stands(standings, plan):
        Tags().show(standings.ledger, standings.state())
        champion = standings.champion()
        entry = standings.ledger.entry(champion.since if champion else 0)
    else:
        entry = (
            standings.transitions(plan.why)
            .apply(
                entries.promotion,
                candidate=plan.candidate(),
                against=plan.champion(),
                verify=standings.verify,
                gates=lambda: gates,
            )
            .entry
        )
    return {"champion": entry.run, "entry": entry.number, "by": entry.who, "at": entry.at}


def confirm(plan: Plan, *, entry: int, minutes: float = 0.0) -> list[str]:
    """See that every running server has the champion, or take back what one refuses.

    Parameters
    ----------
    plan : Plan
        What was promoted.
    entry : int
        The entry that did it; no other is taken back.
    minutes : float
        How long to wait at least; see `tagline.workflows.servers.confirmation`.

    Returns
    -------
    list of str
        Which server has it and which not yet, a line each.

    Raises
    ------
    TaglineError
        A server refuses it: the champion before stands again, or what stands instead, is said.
        Or somebody has changed the champion meanwhile.
    """
    standings = plan.standings()

    def overtaken() -> bool:
        champion = standings.champion()
        return champion is None or champion.since != entry

    found = confirmation(plan.case, entry, seconds=minutes * MINUTE, stop=overtaken)
    if overtaken():
        raise _overtaken(standings, plan)
    if not found.refusing:
        return found.lines() or [NO_SERVER]
    servers = "; ".join(found.refusing)
    raise TaglineError(
        f"It is refused by {servers}.",
        where=plan.run,
        todo=_taken_back(standings, plan, servers, entry=entry),
    )


def followed(standings: ModelRegistry, entry: int) -> list[str]:
    """Say which running servers answer by an entry, and which not yet or never, a line each."""

    def overtaken() -> bool:
        champion = standings.champion()
        return champion is None or champion.since != entry

    found = confirmation(standings.case.name, entry, seconds=0.0, stop=overtaken)
    return found.lines() or [NO_SERVER]


def _taken_back(standings: ModelRegistry, plan: Plan, servers: str, *, entry: int) -> str:
    """Take back one's own promotion, where it is still the last word; say what stands."""
    why = f"taken back: it is refused by {servers}"
    champion = standings.champion()
    if champion is None or champion.since != entry:
        raise _overtaken(standings, plan)
    try:
        done = standings.transitions(why).apply(
            entries.rollback, to=None, against=champion, verify=standings.verify
        )
    except Conflict:
        raise _overtaken(standings, plan) from None
    except Refused as refused:
        return (
            f"It could not be taken back, and stands: {refused.what} Mend the servers, or promote "
            "another run; a server that starts takes what stands."
        )
    return (
        f"It was taken back: {done.entry.run} is the champion again. When the servers are mended, "
        f"`tagline restore {plan.run}` makes it a candidate again."
    )


def _overtaken(standings: ModelRegistry, plan: Plan) -> TaglineError:
    champion = standings.champion()
    if champion is None:
        return TaglineError("Nothing is the champion any more.", where=plan.run)
    by = standings.ledger.entry(champion.since)
    return TaglineError(
        f"While servers were asked, {by.who} made {champion.run} the champion "
        f"(entry {by.number}, {by.act}). Nothing was taken back: that is theirs.",
        where=plan.run,
        todo="Look at `tagline status`, and do it again if it still should be.",
    )


def _stands(standings: ModelRegistry, plan: Plan) -> bool:
    champion = standings.champion()
    return champion is not None and (champion.run, champion.bundle) == (plan.run, plan.digest)
