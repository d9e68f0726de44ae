"""What a promotion looks at: the gates as they are now, on the newest labels."""

import logging

import numpy as np
import numpy.typing as npt
import pandas as pd

from tagline.bundle.load import Bundle
from tagline.bundle.past import with_own_history
from tagline.case.config import Case
from tagline.case.tasks import NUMBER
from tagline.data.checks import expect_fitting
from tagline.data.holdout import holdout
from tagline.data.modules import load_features
from tagline.errors import TaglineError
from tagline.evaluation import behaviour
from tagline.evaluation.evaluate import Evaluation, evaluate
from tagline.tasks.task import Rule
from tagline.training.evaluating import answered, other_question, worth_of
from tagline.training.held_out import held_out

log = logging.getLogger(__name__)


def _expect_its_question(case: Case, candidate: Bundle) -> None:
    other, classes = other_question(candidate, case), list(case.table.classes)
    if not other and (not classes or candidate.rule["classes"] == classes):
        return
    raise TaglineError(
        "The case asks another question than this run has learned: "
        f"{other or 'table.classes are in another order.'}",
        where=case.file,
        todo="Train again, or promote with the config of the run.",
    )


def recheck(
    case: Case, candidate: Bundle, champion: Bundle | None, *, lost: str = ""
) -> Evaluation:
    """Hold a candidate against its gates again, on the newest labelled decisions.

    They are those after all that either model has learned from, so that neither knows its rows;
    both are judged as they are sealed. Baselines were beaten, or not, in the training run.

    Parameters
    ----------
    case : Case
        The case, with its gates.
    candidate : Bundle
        What might be promoted.
    champion : Bundle or None
        What it has to keep up with.
    lost : str, optional
        Why there is a champion whose bundle can not be opened.

    Raises
    ------
    TaglineError
        There are no such decisions, or the candidate can not read them.
    """
    _expect_its_question(case, candidate)
    features = load_features(case, candidate.fields)
    expect_fitting(case, features)
    untold: list[str] = []

    def new_to_both(read: pd.DataFrame, raw: pd.DataFrame) -> npt.NDArray[np.bool_]:
        # Rows that either has learned from would favour it.
        new = held_out(candidate, read, raw)
        try:
            return new if champion is None else new & held_out(champion, read, raw)
        except TaglineError as wrong:
            untold.append(str(wrong))
            return new

    rows, events = holdout(case, candidate.fields, held_out=new_to_both)

    def seen_by(bundle: Bundle) -> pd.DataFrame:
        return with_own_history(
            bundle,
            rows.raw,
            typed=rows.frame,
            events=events,
            at=case.table.time_column,
            timezone=case.timezone,
        )

    own = seen_by(candidate)
    p = candidate.predict_frame(own)
    theirs, why_not = None, "".join(untold)
    if champion is not None and not untold:
        theirs, why_not = answered(champion, case, lambda: seen_by(champion))
    # In one piece: column by column, pandas warns of a frame in fragments.
    typed = pd.concat([rows.frame, own[list(candidate.history)]], axis=1)
    return evaluate(
        case.evaluation,
        case.gates,
        task=candidate.task,
        y=rows.y,
        p=p,
        groups=rows.group,
        slices=typed,
        baselines={},
        champion=theirs,
        uncompared=why_not,
        lost=lost,
        rule=Rule(candidate.rule),
        tuning=(rows.y, p),
        worth=(worth_of(case, typed), worth_of(case, typed)),
        behaviour_results=behaviour.check(
            features.behaviour,
            typed,
            candidate.predict_frame,
            reads=candidate.reads,
            bounded=case.task != NUMBER,
            classes=candidate.rule.get("classes", ()),
        ),
        seed=case.seed,
    )
