"""What a notebook asks of a run, one call each."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from tagline.bundle.load import Bundle
from tagline.errors import Unknown
from tagline.ledger.entry import Challenger, Deployed, Policy
from tagline.ledger.policy import trusted_by
from tagline.ledger.state import State
from tagline.operations.auditing import open_ledger
from tagline.operations.candidates import open_bundle
from tagline.registry.runs import Run, artifact, find


@dataclass(frozen=True)
class Live:
    """A run that answers requests.

    Attributes
    ----------
    deployed : Deployed
        What the ledger says: ``run`` (its pathspec), ``bundle`` (its digest), ``since`` (the
        number of the entry by which it stands).
    policy : Policy
        Who may seal bundles of the case.
    """

    deployed: Deployed
    policy: Policy

    @property
    def share(self) -> int | None:
        """Its share of the traffic in percent; None of the champion, who has the rest."""
        return self.deployed.share if isinstance(self.deployed, Challenger) else None

    @cached_property
    def run(self) -> Run:
        """The Metaflow run."""
        return find(self.deployed.run)

    @cached_property
    def bundle(self) -> Bundle:
        """Its verified bundle, ready to answer."""
        trusted = trusted_by(self.policy)
        return open_bundle(self.deployed.run, self.deployed.bundle, trusted)


def champion(case: str | None = None) -> Live:
    """Give the champion of a case; see `tagline.champion`."""
    state = _state(case)
    found = state.standing.champion
    if found is None:
        raise Unknown(f"The case {state.case!r} has no champion.", todo="tagline promote")
    return Live(found, state.policy or Policy())


def challengers(case: str | None = None) -> list[Live]:
    """Give the challengers of a case; see `tagline.challengers`."""
    state = _state(case)
    return [Live(each, state.policy or Policy()) for each in state.standing.challengers]


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
    found = find(run) if isinstance(run, str) else run
    return artifact(found, "explained").explanation().to_shap()
