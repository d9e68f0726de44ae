"""What a notebook asks of a run, one call each."""

from dataclasses import dataclass, replace
from functools import cached_property
from html import escape
from pathlib import Path
from typing import Any, Self

import pandas as pd
from pyarrow import ArrowException

from tagline.bundle.load import Bundle
from tagline.bundle.record import RunRecord
from tagline.case.load import check_case
from tagline.data.origins import with_index
from tagline.data.store import storable
from tagline.errors import TaglineError, Unknown
from tagline.evaluation.explained import of_table
from tagline.lifecycle.entry import Challenger, Deployment
from tagline.lifecycle.state import State
from tagline.log import show_log
from tagline.runs.lookup import FLOW, Run, find
from tagline.storage.files import write_whole
from tagline.storage.location import own_store
from tagline.storage.workspace import Workspace
from tagline.workflows import comparing, run_rows
from tagline.workflows.auditing import open_ledger
from tagline.workflows.candidates import open_bundle
from tagline.workflows.comparing import Comparison
from tagline.workflows.new_case import NewCase, begin
from tagline.workflows.retraining import run_flow


@dataclass(frozen=True)
class Live:
    """A run that answers requests.

    Attributes
    ----------
    deployed : Deployment
        What the ledger says: ``run`` (its pathspec), ``bundle`` (its digest), ``since`` (the
        number of the entry by which it stands).
    """

    deployed: Deployment

    @property
    def share(self) -> int | None:
        """Its share of the traffic in percent; None of the champion, who has the rest."""
        return self.deployed.share if isinstance(self.deployed, Challenger) else None

    @cached_property
    def run(self) -> Run:
        """The Metaflow run; what its author has written as its artifacts is opened by Metaflow."""
        return Run(self.deployed.run, _namespace_check=False)

    @property
    def record(self) -> RunRecord:
        """What the run says of itself, signed: plain data."""
        return find(self.deployed.run)

    @cached_property
    def bundle(self) -> Bundle:
        """Its verified bundle, ready to answer."""
        return open_bundle(self.deployed.run, self.deployed.bundle)


@dataclass(frozen=True)
class TrainedRun:
    """A finished training: shown in a notebook, it is its report.

    Attributes
    ----------
    pathspec : str
        Its name.
    """

    pathspec: str

    @cached_property
    def record(self) -> RunRecord:
        """What the run says of itself, signed: plain data."""
        return find(self.pathspec)

    @property
    def metrics(self) -> pd.DataFrame:
        """Its figures on the test rows, with intervals, beside the baselines'."""
        own = pd.DataFrame(self.record.metrics).T[["value", "low", "high"]]
        return own.join(pd.DataFrame(self.record.baselines))

    @property
    def bundle(self) -> Bundle:
        """Its verified bundle, ready to answer."""
        return open_bundle(self.pathspec, self.record.digest)

    @property
    def report(self) -> str:
        """Its page, HTML."""
        name = Workspace(self.record.case).report(self.pathspec)
        found = own_store().read(name)
        if found is None:
            raise TaglineError("Its page is not in the store.", where=self.pathspec)
        return found.decode()

    def _repr_html_(self) -> str:
        # In a frame of its own: a page's style is not the notebook's.
        page = escape(self.report)
        return f'<iframe srcdoc="{page}" style="width: 100%; height: 40rem; border: 0"></iframe>'


@dataclass(frozen=True)
class CaseInNotebook:
    """A case that was made of a frame.

    Attributes
    ----------
    config : Path
        Its config, beside its table: edit it as you like.
    told : tuple of str
        What was found and decided, a sentence each.
    columns : DataFrame
        What each column was taken for.
    """

    config: Path
    told: tuple[str, ...]
    columns: pd.DataFrame

    def train(self) -> TrainedRun:
        """Train it, by flows/train.py in a process of its own, whose lines are shown.

        Raises
        ------
        TaglineError
            The training failed; ends with its last lines.
        """
        show_log(print)
        run = run_flow("train.py", ["--no-pylint", "--config", "case", str(self.config), "run"])
        return TrainedRun(f"{FLOW}/{run}")

    def _repr_html_(self) -> str:
        told = "".join(f"<li>{escape(each)}</li>" for each in self.told)
        return f"{self.columns.to_html(index=False)}<ul>{told}</ul><code>{self.config}</code>"


def new(
    frame: pd.DataFrame,
    *,
    target: str,
    name: str = "mine",
    folder: Path | str = ".",
    again: bool = False,
    **wished: str,
) -> CaseInNotebook:
    """Make a case of a frame; see `tagline.new`."""
    place = Path(folder)
    file, table = place / f"{name}.toml", place / f"{name}.parquet"
    there = next((each for each in (file, table) if each.exists()), None)
    if there is not None and not again:
        raise TaglineError(
            "It is there already.",
            where=str(there),
            todo="again=True writes over; or say another name or folder.",
        )
    place.mkdir(parents=True, exist_ok=True)
    if not isinstance(frame, pd.DataFrame):
        raise TaglineError(f"It takes a pandas frame, and was given {type(frame).__name__}.")
    twice = [name for name in frame.columns if list(frame.columns).count(name) > 1]
    if twice:
        raise TaglineError(f"More than one column is called {twice[0]!r}.", todo="Rename one.")
    before = table.with_name(f".{table.name}.before")
    if table.exists():
        table.replace(before)
    try:
        storable(with_index(frame)).to_parquet(table, index=False)
        begun = begin(NewCase(name, table, target=target, **wished), file=file)
    except (TaglineError, ArrowException) as wrong:
        table.unlink(missing_ok=True)
        if before.exists():
            before.replace(table)
        raise (
            wrong
            if isinstance(wrong, TaglineError)
            else TaglineError(
                f"The frame can not be kept as Parquet: {str(wrong).splitlines()[0]}.",
                todo="Leave the column out, or write what it means as columns.",
            )
        ) from wrong
    write_whole(file, begun.config)
    before.unlink(missing_ok=True)
    left = [f"left out: {column}: {why}" for column, why in begun.excluded.items()]
    shown = [
        (each.name, each.kind or "?", each.missing, each.distinct, "; ".join(each.notes))
        for each in begun.survey.columns
    ]
    heads = ["column", "taken for", "missing", "different", "note"]
    return CaseInNotebook(file, (*begun.told, *left), pd.DataFrame(shown, columns=heads))


@dataclass(frozen=True)
class Model:
    """The model of a finished run.

    Attributes
    ----------
    bundle : Bundle
        Its verified bundle.
    """

    bundle: Bundle

    @classmethod
    def of(cls, run: str | None) -> Self:
        """Open that of a run; of the newest where None."""
        record = find(run)
        return cls(open_bundle(record.run, record.digest))

    def predict(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Answer rows: the answer's columns, on the index of the frame."""
        return run_rows.answered(self.bundle, frame)


def predictions(run: str | None, *, contributions: bool = False) -> pd.DataFrame:
    """Give a run's tuning and test rows; see `tagline.predictions`."""
    return run_rows.predictions(find(run), contributions=contributions)


def matrix(run: str | None, *, part: str = "test") -> pd.DataFrame:
    """Give a run's rows as its model saw them; see `tagline.matrix`."""
    return run_rows.matrix(find(run), part=part)


def compare(a: str | None, b: str | None, *, seeds: int = 0) -> Comparison:
    """Compare two runs; see `tagline.compare`."""
    own = find(a)
    return comparing.compare(own, comparing.other_of(own, b), seeds=seeds)


def champion(case: str | None = None) -> Live:
    """Give the champion of a case; see `tagline.champion`."""
    state = _state(case)
    found = state.standing.champion
    if found is None:
        raise Unknown(f"The case {state.case!r} has no champion.", todo="tagline promote")
    return Live(found)


def challengers(case: str | None = None) -> list[Live]:
    """Give the challengers of a case; see `tagline.challengers`."""
    state = _state(case)
    return [Live(each) for each in state.standing.challengers]


def _state(case: str | None) -> State:
    return open_ledger(case).state()


def shap_explanation(run: Run | str) -> Any:
    """Give the SHAP values that a training run kept, as the library's own object.

    Parameters
    ----------
    run : Run or str
        A Metaflow run, or its pathspec.

    Returns
    -------
    shap.Explanation
        Of the explained test rows: ``values`` and ``base_values`` in log-odds, ``data``,
        ``feature_names``.

    Raises
    ------
    TaglineError
        There is no such run, or it kept none, or they are gone.

    Examples
    --------
    ::

        values = shap_explanation("TrainFlow/1764057019123456")
        shap.plots.beeswarm(values)
        shap.plots.waterfall(values[0])
    """
    record = find(run if isinstance(run, str) else run.pathspec)
    found = of_table(
        run_rows.table_of(record, "explained"), additivity=record.explained["additivity"]
    )
    test, own = run_rows.table_of(record, "test"), check_case(record.config).table.id_column
    return replace(found, ids=test[own].iloc[found.rows].astype("str").tolist()).to_shap()
