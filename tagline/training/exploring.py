"""A run that ends with its choice: figures of the tuning rows, and the test rows stay closed."""

from html import escape
from typing import TypedDict

import numpy as np

from tagline.case.config import Case
from tagline.data.parts import read_parts
from tagline.data.prepare import Prepared
from tagline.data.training_set import matrix_folder, part_groups
from tagline.metrics.intervals import LEAST_GROUPS, GroupBootstrap
from tagline.metrics.metrics import METRICS
from tagline.models.training_data import read
from tagline.training.choosing import Choice


class Explored(TypedDict):
    """What a run came to before its test rows were looked at.

    Attributes
    ----------
    figures : dict of str to float
        Metrics of the best trial on the rows that tuned, out of fold where folds judged.
    lines : list of str
        The last lines of the run.
    page : str
        The same as HTML.
    """

    figures: dict[str, float]
    lines: list[str]
    page: str


def explored(case: Case, prepared: Prepared, choice: Choice) -> Explored:
    """Say what the best trial comes to on the rows that chose it.

    Parameters
    ----------
    case : Case
        The case.
    prepared : Prepared
        Its rows.
    choice : Choice
        What the search came to.
    """
    best, folder = choice.best_trial, matrix_folder(prepared.matrix, prepared.matrix_files)
    if best.judged:
        (y, given), data = best.judged, read(folder)
        groups = np.concatenate([part_groups(folder, each) for each in ("train", "tune")])
        groups, how = groups[data.judged], f"{len(data.folds)} folds of {len(y):,} rows"
    else:
        (tune,) = read_parts(prepared, "tune", target=case.table.target)
        y, given, groups = tune.y, best.predict(tune.X), tune.group
        how = f"{len(y):,} tuning rows"
    drawn = GroupBootstrap(groups, resamples=case.evaluation.resamples, seed=case.seed)
    found = drawn.figures(y, given, list(case.evaluation.metrics))
    level = case.evaluation.level
    lines = [f"on {how}, which also chose the trial: a little too good, and alike between runs"]
    for name, figure in found.items():
        span = figure.interval(level, least=LEAST_GROUPS)
        between = span.note or f"{span.low:.4f} to {span.high:.4f}"
        lines.append(f"{METRICS[name].title:28}{figure.value:.4f}  {between}")
    lines.append(f"trial {best.trial} ({best.kind}) is best; the test rows were not looked at")
    lines.append("without --explore it is judged by them, and may become a candidate")
    told = "".join(f"<p>{escape(line)}</p>" for line in lines)
    figures = {name: float(figure.value) for name, figure in found.items()}
    return {"figures": figures, "lines": lines, "page": f"<h1>Explored</h1>{told}"}
