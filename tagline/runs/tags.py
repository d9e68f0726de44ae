"""Tags show what the ledger says, and are repaired from it."""

import random
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress

from metaflow import Run
from metaflow.exception import MetaflowTaggingError

from tagline.errors import TaglineError
from tagline.lifecycle.chain import Ledger
from tagline.lifecycle.state import State
from tagline.lifecycle.transitions import Wrong
from tagline.runs.lookup import STANDINGS, all_runs, looked_at
from tagline.runs.records import Records, RunFacts
from tagline.storage.place import LEDGER, STORE

OWN = ("case:", "bundle:")
LIVE = {"champion", "challenger"}
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
        _expect_some(state)
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


def _expect_some(state: State) -> None:
    """Refuse to undo what stands by a ledger in which nothing does: it may be another's."""
    if state.number:
        return
    crowned = [each for each in wrong(state) if LIVE & set(each.shown)]
    if crowned:
        raise TaglineError(
            f"{crowned[0].run} is tagged {' and '.join(crowned[0].standings)}, and this ledger has "
            "no entry: it is not the one by which it stands.",
            where=f"case {state.case}",
            todo=f"Set {STORE} or {LEDGER} to where it was promoted; or, if nobody ever did, take "
            "the tag away.",
        )


def wrong(state: State) -> Iterator[Wrong]:
    """Find every run of the case whose tags do not agree with the ledger and its own record."""
    records = Records.here()
    known = {each.run: each for each in records.of(state.case)}
    begun = records.beginnings(state.case)
    for run in all_runs():
        facts = known.get(run.pathspec)
        if facts is not None:
            stands = expected(facts, state)
            shown = tuple(sorted(filter(_is_ours, run.user_tags), key=_order))
            if shown != stands:
                yield Wrong(facts.run, shown, stands)
        elif run.pathspec in begun:
            # Nothing stands of a run that has no record, whatever somebody has tagged it with.
            shown = tuple(tag for tag in STANDINGS if tag in run.user_tags)
            if shown:
                yield Wrong(run.pathspec, shown, ())


def expected(facts: RunFacts, state: State) -> tuple[str, ...]:
    """Give the tags that a run should bear."""
    _, *others = facts.tags
    return (state.standing_of(facts.run) or facts.standing, *others)


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
