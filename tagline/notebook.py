"""What a notebook asks of a run, one call each."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from tagline.bundle.load import Bundle
from tagline.bundle.record import RunRecord
from tagline.data.store import get_table
from tagline.errors import Unknown
from tagline.evaluation.explained import of_table
from tagline.lifecycle.entry import Challenger, Deployment
from tagline.lifecycle.state import State
from tagline.runs.lookup import Run, find
from tagline.workflows.auditing import open_ledger
from tagline.workflows.candidates import open_bundle


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
    table = get_table({"sha256": record.tables["explained"]["sha256"], "rows": 0})
    return of_table(table, additivity=record.explained["additivity"]).to_shap()
