"""Tags show what the ledger says, and are repaired from it."""

import random
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from metaflow import Flow, Run, namespace
from metaflow.exception import MetaflowNotFound, MetaflowTaggingError

from tagline.errors import TaglineError
from tagline.ledger.chain import Ledger
from tagline.ledger.entry import Entry, StandingName
from tagline.registry.runs import FLOW, STANDINGS, artifact

LIVE = ("champion", "challenger")
ROUNDS = 200
LONGEST_PAUSE = 0.05


@dataclass(frozen=True)
class Wrong:
    """A run whose tags say something else than the ledger.

    Attributes
    ----------
    run : str
        Its pathspec.
    shown : tuple of str
        The standings that its tags show.
    stands : str
        What the ledger says.
    """

    run: str
    shown: tuple[str, ...]
    stands: StandingName

    def __str__(self) -> str:
        """Say it in one line."""
        return f"{self.run} was tagged {' and '.join(self.shown) or 'nothing'}: {self.stands}"


class Tags:
    """The standing tags of the training runs of one case."""

    def show(self, ledger: Ledger) -> Sequence[str]:
        """Make the tags agree with the ledger, and look again until they do.

        Tags are not atomic, not even those of one run (Netflix/metaflow#2293): whoever writes
        one reads it again, and the ledger too, so that the last one to look leaves them right.
        A new champion is tagged before the old one is untagged: nobody finds none.

        Returns
        -------
        sequence of str
            What was repaired, a line each.

        Raises
        ------
        TaglineError
            They do not stay as they are written.
        """
        repaired: dict[str, str] = {}
        for _ in range(ROUNDS):
            head = ledger.head()
            found = sorted(wrong(ledger, head), key=_crowns_first)
            if not found:
                return tuple(repaired.values())
            for each in found:
                repaired.setdefault(each.run, str(each))
                _retag(each)
            time.sleep(random.uniform(0, LONGEST_PAUSE))  # noqa: S311 - only to be out of step
        raise TaglineError(
            "The tags do not stay as they are written: " + "; ".join(repaired.values()) + ".",
            where=f"case {ledger.case}",
            todo="Run `tagline reconcile` when nobody else changes tags.",
        )


def wrong(ledger: Ledger, head: Entry | None) -> Iterator[Wrong]:
    """Find the runs whose tags do not agree with the ledger; runs that are gone are left out.

    Looked at are the runs that bear a tag which only the ledger gives, those that stand as
    champion or challenger, and those of the last change.
    """
    if head is None:
        known: Mapping[str, StandingName] = {}
    else:
        known = _expected(head)
    looked_at = {**{run.pathspec: run for run in _tagged(ledger.case)}, **_present(known)}
    for pathspec, run in sorted(looked_at.items()):
        stands = known.get(pathspec) or _elsewhere(ledger, run)
        shown = tuple(name for name in STANDINGS if name in run.user_tags)
        if shown != (stands,):
            yield Wrong(pathspec, shown, stands)


def gone(pathspec: str) -> bool:
    """Tell whether a run is no longer there."""
    return pathspec not in _present({pathspec: "retired"})


def _expected(head: Entry) -> dict[str, StandingName]:
    found: dict[str, StandingName] = {change.run: change.after for change in head.changes}
    found |= {each.run: "challenger" for each in head.standing.challengers}
    if head.standing.champion is not None:
        found[head.standing.champion.run] = "champion"
    return found


def _elsewhere(ledger: Ledger, run: Run) -> StandingName:
    initial_standing: StandingName = artifact(run, "standing")
    return ledger.standings().get(run.pathspec, initial_standing)


def _tagged(case: str) -> Iterator[Run]:
    namespace(None)
    try:
        flow = Flow(FLOW)
    except MetaflowNotFound:
        return
    for tag in LIVE:
        yield from (run for run in flow.runs(tag) if f"case:{case}" in run.user_tags)


def _present(known: Mapping[str, StandingName]) -> dict[str, Run]:
    found = {}
    for pathspec in known:
        try:
            found[pathspec] = Run(pathspec, _namespace_check=False)
        except MetaflowNotFound:
            continue
    return found


def _crowns_first(each: Wrong) -> tuple[bool, str]:
    return (each.stands != "champion", each.run)


def _retag(each: Wrong) -> None:
    others = [name for name in STANDINGS if name != each.stands]
    # Others who change the same tags make this fail; then it is looked at once more.
    with suppress(MetaflowTaggingError):
        Run(each.run, _namespace_check=False).replace_tags(others, [each.stands])
