"""Tags show what the ledger says, and are repaired from it."""

import random
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress

from metaflow import Run
from metaflow.exception import MetaflowNotFound, MetaflowTaggingError

from tagline.errors import TaglineError
from tagline.ledger.chain import Ledger
from tagline.ledger.state import State
from tagline.registry.facts import RunFacts, runs_with_facts
from tagline.registry.runs import STANDINGS, is_ours, looked_at, trained_case
from tagline.standing.transitions import Wrong

OWN = ("case:", "bundle:")
ROUNDS = 200
LONGEST_PAUSE = 0.05


class Tags:
    """The standing tags of the training runs of one case."""

    def show(self, ledger: Ledger, state: State) -> Sequence[Wrong]:
        """Make the tags agree with the ledger, and look again until they do.

        Tags are not atomic, not even those of one run (Netflix/metaflow#2293): whoever writes
        one reads it again, and the ledger too, so that the last one to look leaves them right.
        A new champion is tagged before the old one is untagged: nobody finds none.

        Returns
        -------
        sequence of Wrong
            What was repaired.

        Raises
        ------
        TaglineError
            They do not stay as they are written.
        """
        repaired: dict[str, Wrong] = {}
        for _ in range(ROUNDS):
            found = sorted(wrong(state), key=_crowns_first)
            if not found:
                return tuple(repaired.values())
            for each in found:
                _retag(each)
                repaired.setdefault(each.run, each)
            time.sleep(random.uniform(0, LONGEST_PAUSE))  # noqa: S311 - only to be out of step
            state = ledger.state()
        raise TaglineError(
            f"The tags do not stay as they are written: {'; '.join(map(str, repaired.values()))}.",
            where=f"case {ledger.case}",
            todo="Run `tagline reconcile` when nobody else changes tags.",
        )


def wrong(state: State) -> Iterator[Wrong]:
    """Find every run of the case whose tags do not agree with the ledger and its own artifacts."""
    for run, facts in runs_with_facts():
        if facts is None:
            # Nothing stands of a run that has not finished, whatever somebody has tagged it with.
            shown = tuple(tag for tag in STANDINGS if tag in run.user_tags)
            ends = any(tag.startswith("bundle:") for tag in run.user_tags)  # it registers itself
            if shown and not ends and is_ours(run) and trained_case(run) == state.case:
                yield Wrong(run.pathspec, shown, ())
            continue
        if facts.case != state.case:
            continue
        stands = expected(facts, state)
        shown = tuple(sorted(filter(_is_ours, run.user_tags), key=_order))
        if shown != stands:
            yield Wrong(facts.run, shown, stands)


def expected(facts: RunFacts, state: State) -> tuple[str, ...]:
    """Give the tags that a run should bear."""
    _, *others = facts.tags
    return (state.standing_of(facts.run) or facts.standing, *others)


def gone(pathspec: str) -> bool:
    """Tell whether a run is no longer there."""
    try:
        Run(pathspec, _namespace_check=False)
    except MetaflowNotFound:
        return True
    return False


def _is_ours(tag: str) -> bool:
    return tag in STANDINGS or tag.startswith(OWN)


def _order(tag: str) -> tuple[int, str]:
    return (0 if tag in STANDINGS else 1 + OWN.index(f"{tag.partition(':')[0]}:"), tag)


def _crowns_first(each: Wrong) -> tuple[bool, str]:
    return ("champion" not in each.stands, each.run)


def _retag(each: Wrong) -> None:
    others = [tag for tag in each.shown if tag not in each.stands]
    lacking = [tag for tag in each.stands if tag not in each.shown]
    # Others who change the same tags make this fail; then it is looked at once more.
    try:
        with suppress(MetaflowTaggingError):
            Run(each.run, _namespace_check=False).replace_tags(others, lacking)
    except Exception as wrong:
        # Metaflow hides what the disk said behind a fault of its own.
        said = wrong.__context__ if isinstance(wrong.__context__, OSError) else wrong
        raise TaglineError(
            f"The tags of {each.run} can not be changed: {said}.",
            where=looked_at(),
            todo="The ledger stands; `tagline reconcile` makes the tags agree once they can be.",
        ) from wrong
