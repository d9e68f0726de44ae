"""Explain the best trial: over many test rows, and for a few chosen ones."""

import logging
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from tagline.case.classes import class_texts
from tagline.case.config import Case
from tagline.data.parts import Part, read_parts
from tagline.data.prepare import Prepared, input_values
from tagline.data.store import put_table
from tagline.errors import TaglineError
from tagline.evaluation import shapley
from tagline.evaluation.agreement import Lime
from tagline.evaluation.chosen import Chosen, choose_rows
from tagline.evaluation.explained import Explained, ExplainedRow, as_table
from tagline.evaluation.shapley import Explanation
from tagline.tasks.tasks import task_of
from tagline.training.choosing import BestTrial

log = logging.getLogger(__name__)
ADDITIVE = 1e-3


def explain(
    case: Case, prepared: Prepared, best_trial: BestTrial, rule: Mapping[str, Any]
) -> tuple[Explained, pd.DataFrame]:
    """Explain a judged trial.

    Parameters
    ----------
    case : Case
        The case.
    prepared : Prepared
        Its rows.
    best_trial : BestTrial
        The winning trial.
    rule : mapping
        What its decisions are made by.

    Returns
    -------
    explained : Explained
        SHAP values by reference, and the chosen rows.
    importance : DataFrame
        ``input``, ``importance`` (mean absolute SHAP value, in units of the margin).

    Raises
    ------
    TaglineError
        The SHAP values do not add up to the model's answer.
    """
    (test,) = read_parts(prepared, "test", target=case.table.target)
    task, given = task_of(case.task), best_trial.predict(test.X)
    (score, *_) = task.scores(given, rule).values()
    wrong = task.wrong(test.y, given)
    chosen = [
        Chosen(each.row, each.why, each.p, each.y, *task.in_words(each.y, given[each.row], rule))
        for each in choose_rows(test.y, score, wrong=wrong, each=case.explanation.chosen)
    ]
    explanation = shapley.explain(
        best_trial.loaded(),
        test.X,
        prepared.inputs["names"],
        rows=case.explanation.rows,
        always=[each.row for each in chosen],
        seed=case.seed,
        scale=task.scale(rule),
        said=task.said(given, rule),
    )
    _expect_additive(explanation)
    explanation = replace(explanation, texts=_texts(case, prepared, test, explanation))
    importance = explanation.importance()
    strongest = importance["input"].head(case.explanation.dependence)
    log.info(
        f"{len(explanation.rows):,} rows explained; the strongest input is {strongest.iloc[0]}"
    )
    explained = Explained(
        values=put_table(as_table(explanation)),
        additivity=explanation.additivity,
        by_source=explanation.by_source(prepared.features(case).source_of(explanation.names)),
        shapes=tuple(strongest),
        rows=tuple(_rows(case, test, best_trial, explanation, chosen)),
        by_class=_by_class(explanation, case),
    )
    return explained, importance


def _texts(
    case: Case, prepared: Prepared, test: Part, explanation: Explanation
) -> dict[str, list[str]]:
    texts, features = tuple(prepared.inputs["encoders"]), prepared.features(case)
    if not texts:
        return {}
    # What is personal is no more in a page than in a log: numbers stand for it.
    hidden, needs = set(case.serving.personal), features.program(texts).needs()
    made = input_values(test.frame.iloc[explanation.rows], features)
    return {name: made[name].tolist() for name in texts if not needs[name] & hidden}


def _by_class(explanation: Explanation, case: Case) -> pd.DataFrame | None:
    if not explanation.by_class.size:
        return None
    table = pd.DataFrame(explanation.by_class, columns=class_texts(case.table.classes))
    return table.assign(input=explanation.names).set_index("input").reset_index()


def _expect_additive(explanation: Explanation) -> None:
    if explanation.additivity > ADDITIVE:
        raise TaglineError(
            f"The SHAP values miss the model's own answer by {explanation.additivity:.2e}.",
            where="explain",
        )


def _rows(
    case: Case, test: Part, best_trial: BestTrial, explanation: Explanation, chosen: list[Chosen]
) -> Iterator[ExplainedRow]:
    lime = None
    if case.explanation.lime:
        lime = Lime(explanation.X, explanation.names, best_trial.predict, seed=case.seed)
    for each in chosen:
        place = int(np.searchsorted(explanation.rows, each.row))
        row = explanation.X[place]
        yield ExplainedRow(
            chosen=each,
            name=str(test.frame[case.table.id_column].iloc[each.row]),
            place=place,
            agreement=lime.agreement(row, explanation.shap[place]) if lime else None,
            missing=int(np.isnan(row).sum()),
        )
