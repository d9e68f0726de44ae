"""What the search for a model may try, and how much it may spend."""

import re
from itertools import pairwise
from typing import Annotated, Any, Literal, TypeVar, get_args

from pydantic import AfterValidator, Field, model_validator

from tagline.case.section import Section

Baseline = Literal["base_rate", "logistic", "constant", "ridge"]
SIMPLE = get_args(Baseline)
BOOSTED = "boosted"
NO_GRAPH = {
    "booster": "only gbtree has a graph that answers as it does",
    "multi_strategy": "trees of several outputs have no graph",
    "num_parallel_tree": "forests of trees can not be averaged",
    "learning_rate": "write search.learning_rates",
}


T = TypeVar("T")


def _family(name: str) -> str:
    if name not in (BOOSTED, *SIMPLE) and not re.fullmatch(r"[\w.]+:\w+", name):
        known = ", ".join((BOOSTED, *SIMPLE))
        raise ValueError(f"{name!r} is no family: there are {known}, and your own as module:Name")
    return name


def _rising(bounds: tuple[float, float]) -> tuple[float, float]:
    if bounds[0] > bounds[1]:
        raise ValueError(f"the range runs from {bounds[0]} down to {bounds[1]}")
    return bounds


def _falling(rates: tuple[float, ...]) -> tuple[float, ...]:
    if any(coarse <= fine for coarse, fine in pairwise(rates)):
        raise ValueError("the learning rates must fall from coarse to fine")
    return rates


def _distinct(names: tuple[T, ...]) -> tuple[T, ...]:
    if len(set(names)) < len(names):
        raise ValueError("one is named twice")
    return names


LEAF_WEIGHTS = (1.0, 200.0)
FamilyName = Annotated[str, AfterValidator(_family)]
Rate = Annotated[float, Field(gt=0, le=1)]
NotNegative = Annotated[float, Field(ge=0)]
Depths = Annotated[
    tuple[Annotated[int, Field(ge=1, le=16)], Annotated[int, Field(ge=1, le=16)]],
    AfterValidator(_rising),
]
Rates = Annotated[tuple[Rate, Rate], AfterValidator(_rising)]
Weights = Annotated[tuple[NotNegative, NotNegative], AfterValidator(_rising)]


def leaf_weights(rows: int | None) -> tuple[float, float]:
    """Give the least and the greatest least weight of a leaf for so many rows that train."""
    least, most = LEAF_WEIGHTS
    if rows is None:
        return LEAF_WEIGHTS
    # A leaf of 200 is all of a small table; below 5 nothing is gained by less.
    return min(least, max(0.05, rows / 20_000)), min(most, max(5.0, rows / 100))


class SpaceSection(Section):
    """From which value to which each parameter of the boosted trees is drawn."""

    max_depth: Depths = Field(default=(4, 8), description="Depth of a tree; whole numbers, evenly.")
    min_child_weight: Weights | None = Field(
        default=None,
        description="Least weight of a leaf; drawn evenly in its logarithm. Where left out, from 1 "
        "to 200; of few rows that train, less: from a 20,000th of them to a hundredth.",
    )
    subsample: Rates = Field(default=(0.6, 1.0), description="Share of rows that a tree sees.")
    colsample_bytree: Rates = Field(
        default=(0.3, 1.0), description="Share of inputs that a tree sees."
    )
    reg_lambda: Weights = Field(
        default=(0.5, 30.0), description="L2 penalty of a leaf; drawn evenly in its logarithm."
    )
    gamma: Weights = Field(default=(0.0, 2.0), description="Least gain of a split.")

    def bounds(self, rows: int | None = None) -> dict[str, tuple[float, float]]:
        """Give from which value to which each is drawn, for so many rows that train."""
        given = dict(self)
        if self.min_child_weight is None:
            given["min_child_weight"] = leaf_weights(rows)
        return given


class FixedSection(Section):
    """Parameters of the boosted trees that are not drawn, as XGBoost calls them."""

    max_depth: Annotated[int, Field(ge=1, le=16)] | None = Field(
        default=None, description="Depth of a tree."
    )
    min_child_weight: NotNegative | None = Field(
        default=None, description="Least weight of a leaf."
    )
    subsample: Rate | None = Field(default=None, description="Share of rows that a tree sees.")
    colsample_bytree: Rate | None = Field(
        default=None, description="Share of inputs that a tree sees."
    )
    colsample_bylevel: Rate | None = Field(
        default=None, description="Share of those that a level of a tree sees."
    )
    colsample_bynode: Rate | None = Field(
        default=None, description="Share of those that a split sees."
    )
    reg_lambda: NotNegative | None = Field(default=None, description="L2 penalty of a leaf.")
    reg_alpha: NotNegative | None = Field(default=None, description="L1 penalty of a leaf.")
    gamma: NotNegative | None = Field(default=None, description="Least gain of a split.")
    max_delta_step: NotNegative | None = Field(
        default=None, description="Most that a leaf may say; 0 is no limit."
    )
    scale_pos_weight: Annotated[float, Field(gt=0)] | None = Field(
        default=None, description="Weight of rows that are 1; calibration undoes what it moves."
    )
    grow_policy: Literal["depthwise", "lossguide"] | None = Field(
        default=None, description="Whether trees grow by levels, or where they win most."
    )
    max_leaves: Annotated[int, Field(ge=0)] | None = Field(
        default=None, description="Most leaves of a tree; 0 is no limit."
    )

    @model_validator(mode="before")
    @classmethod
    def _has_a_graph(cls, given: Any) -> Any:
        for name, why in NO_GRAPH.items():
            if isinstance(given, dict) and name in given:
                raise ValueError(f"{name} can not be set: {why}")
        return given

    def set(self) -> dict[str, Any]:
        """Give those that are set."""
        return {name: value for name, value in self if value is not None}


class SearchSection(Section):
    """How the model is searched for."""

    families: Annotated[tuple[FamilyName, ...], AfterValidator(_distinct)] = Field(
        default=("boosted",),
        description="What is tried: boosted, a simple model by its name, or a family of one's own "
        "by its import path, `module:Name` (docs/families.md).",
    )
    trials: Annotated[int, Field(ge=0)] = Field(
        default=16, description="Models that start, over all brackets and families with parameters."
    )
    brackets: Annotated[int, Field(ge=1)] = Field(
        default=2,
        description="Parts that the trials are dealt to; each halves its own, in a task of its own "
        "where the table is not small.",
    )
    metric: Literal["roc_auc", "log_loss", "rmse", "mae"] = Field(
        default="log_loss", description="Figure on the tuning rows that stops, halves and chooses."
    )
    learning_rates: Annotated[tuple[Rate, ...], Field(min_length=1), AfterValidator(_falling)] = (
        Field(default=(0.3, 0.1), description="Fidelities of the halving, coarse to fine.")
    )
    eta: Annotated[float, Field(gt=1)] = Field(
        default=3.0, description="One trial in so many goes on to the next learning rate."
    )
    max_rounds: Annotated[int, Field(ge=1)] = Field(
        default=3000, description="Most trees of a model."
    )
    early_stopping_rounds: Annotated[int, Field(ge=1)] = Field(
        default=30, description="Trees without a better figure, at the finest rate, that stop."
    )
    average: Annotated[int, Field(ge=1)] = Field(
        default=4,
        description="Most of the best models whose margins are averaged, of each family in turn; "
        "the tuning rows say how many. Where folds judge, the linear model joins them; 1 averages "
        "nothing.",
    )
    folds: Annotated[int, Field(ge=1, le=20)] | None = Field(
        default=None,
        description="Folds of whole groups, in the order of time where there is one, that judge "
        "trials by rows which they have not learned from; 1 judges by the tuning rows alone. Where "
        "left out, 5 with up to 10,000 rows that train or tune and half a million values, else 1.",
    )
    max_bin: Annotated[int, Field(ge=2, le=256)] = Field(
        default=256, description="Most distinct values of an input that the trees tell apart."
    )
    threads: Annotated[int, Field(ge=1)] = Field(
        default=1, description="Threads of one task; the same figures whatever the number."
    )
    interactions: tuple[Annotated[tuple[str, ...], Field(min_length=1)], ...] = Field(
        default=(),
        description="Groups of inputs: only those of one group may be in one branch of a boosted "
        "tree. An input that no group names stands alone.",
    )
    budget: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = Field(
        default=None,
        description="No fit begins once the fits so far have cost as much: rows times trees of "
        "each, added up; an even part for each bracket.",
    )
    max_seconds: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = Field(
        default=None,
        description="No fit of a bracket begins after so many CPU seconds. How many each trial "
        "made is recorded, and `tagline reproduce` makes as many.",
    )
    fits: dict[str, Annotated[int, Field(ge=0)]] = Field(
        default_factory=dict,
        description="Trial to how many fits it makes at the most; what a reproduction sets.",
    )
    baselines: Annotated[tuple[Baseline, ...], AfterValidator(_distinct)] = Field(
        default=("base_rate", "logistic"), description="Simple models that compete as trials."
    )
    space: SpaceSection = SpaceSection()
    fixed: FixedSection = FixedSection()

    @model_validator(mode="after")
    def _has_trials(self) -> "SearchSection":
        if not self.simple and not (self.trials and self.tuned):
            raise ValueError("there is nothing to try: trials is 0 and baselines is empty")
        if 0 < self.trials < len(self.tuned):
            raise ValueError(
                f"trials is {self.trials}, and {len(self.tuned)} families ask for one each"
            )
        if self.interactions and BOOSTED not in self.families:
            raise ValueError("interactions are of boosted trees, and families does not name them")
        if self.fixed.set() and BOOSTED not in self.families:
            raise ValueError("fixed is of boosted trees, and families does not name them")
        return self

    @property
    def tuned(self) -> tuple[str, ...]:
        """The families that a search draws parameters for."""
        return tuple(name for name in self.families if name not in SIMPLE)

    @property
    def simple(self) -> tuple[str, ...]:
        """The simple models that compete: baselines, and rivals that are none."""
        return tuple(dict.fromkeys([*self.baselines, *(n for n in self.families if n in SIMPLE)]))

    @property
    def compared(self) -> tuple[str, ...]:
        """The baselines that a gate compares with: a rival in the search is not one, too."""
        return tuple(name for name in self.baselines if name not in self.families)
