"""Explain the champion trial: over many test rows, and for a few chosen ones."""

import logging
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pandas as pd

from tagline.case.config import Case
from tagline.data.parts import Part, read_parts
from tagline.data.prepare import Prepared
from tagline.errors import TaglineError
from tagline.explanation import shapley
from tagline.explanation.agreement import Agreement, Lime
from tagline.explanation.chosen import Chosen, choose_rows
from tagline.explanation.shapley import Explanation
from tagline.report import why
from tagline.report.compose import Reason, Reasons
from tagline.stages.judging import Champion

log = logging.getLogger(__name__)
STRONGEST = 8
ADDITIVE = 1e-3


def explain(case: Case, prepared: Prepared, champion: Champion) -> tuple[Reasons, pd.DataFrame]:
    """Explain a judged trial.

    Parameters
    ----------
    case : Case
        The case.
    prepared : Prepared
        Its rows.
    champion : Champion
        The winning trial.

    Returns
    -------
    reasons : Reasons
        The pictures.
    importance : DataFrame
        ``input``, ``importance`` (mean absolute SHAP value, log-odds).

    Raises
    ------
    TaglineError
        The SHAP values do not add up to the model's answer.
    """
    (test,) = read_parts(prepared, "test", target=case.table.target)
    names = prepared.inputs["names"]
    p = champion.predict(test.X)
    chosen = choose_rows(test.y, p, each=case.explanation.chosen)
    explanation = shapley.explain(
        champion.loaded(),
        test.X,
        names,
        rows=case.explanation.rows,
        always=[each.row for each in chosen],
        seed=case.seed,
    )
    if explanation.additivity > ADDITIVE:
        raise TaglineError(
            f"The SHAP values miss the model's log-odds by {explanation.additivity:.2e}.",
            where="explain",
        )
    importance = explanation.importance()
    strongest = importance["input"].head(case.explanation.dependence)
    groups = prepared.features(case).sources(names)
    log.info(
        f"{len(explanation.rows):,} rows explained; the strongest input is {strongest.iloc[0]}"
    )
    return (
        Reasons(
            sources=why.sources(explanation.by_source(groups)),
            importance=why.importance(explanation),
            beeswarm=why.beeswarm(explanation),
            dependence=tuple(why.dependence(explanation, name) for name in strongest),
            rows=tuple(_rows(case, test, champion, explanation, chosen)),
            additivity=explanation.additivity,
            explained=len(explanation.rows),
        ),
        importance,
    )


def _rows(
    case: Case, test: Part, champion: Champion, explanation: Explanation, chosen: list[Chosen]
) -> Iterator[Reason]:
    lime = Lime(explanation.X, explanation.names, champion.predict, seed=case.seed)
    for each in chosen:
        place = int(np.searchsorted(explanation.rows, each.row))
        agreement = lime.agreement(explanation.X[place], explanation.shap[place])
        name = test.frame[case.table.id].iloc[each.row]
        yield Reason(
            title=f"{each.why.capitalize()}: {name}, answered {each.p:.3f}, was {each.y:g}",
            waterfall=why.waterfall(explanation, place),
            lime=_beside(explanation, place, agreement.weights),
            agreement=_told(agreement, int(np.isnan(explanation.X[place]).sum())),
        )


def _beside(explanation: Explanation, place: int, weights: npt.NDArray[np.float64]) -> pd.DataFrame:
    shap = explanation.shap[place]
    order = np.argsort(-np.abs(shap), kind="stable")[:STRONGEST]
    return pd.DataFrame(
        {
            "input": [explanation.names[i] for i in order],
            "shap": shap[order],
            "lime": weights[order],
        }
    )


def _told(agreement: Agreement, filled: int) -> str:
    return (
        f"LIME names {agreement.top} of SHAP's five strongest inputs, gives "
        f"{agreement.signs:.0%} of those five the same direction, and ranks all inputs alike "
        f"with {agreement.rank:.2f} (Spearman). Its own local model explains "
        f"{agreement.fit:.0%}; {filled} missing inputs got their median for it."
    )
