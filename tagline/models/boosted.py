"""Boosted trees: XGBoost's, answering alike from memory, from bytes and from an ONNX graph."""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from tagline.case.search import SearchSection
from tagline.metrics.calibrators import sigmoid
from tagline.models.lean import import_xgboost
from tagline.models.model import Fit, Floats, Margins
from tagline.models.training_data import TrainingData

_TREES_AT_ONCE = 32
SCALE = "tagline.scale"  # the attribute that keeps it
LOGISTIC = "binary:logistic"

if TYPE_CHECKING:
    import xgboost
    from onnx import ModelProto


@dataclass(frozen=True)
class Boosted:
    """Boosted trees, kept as XGBoost's own UBJ; every stored tree counts.

    Leaves are added in double precision, here in runs of a few trees and so in the graph:
    hundreds of additions in single precision would part the two by more than 1e-6.
    """

    ubj: bytes
    threads: int = 1
    kind: ClassVar[str] = "boosted"
    file: ClassVar[str] = "booster.ubj"
    tuned: ClassVar[bool] = True

    @classmethod
    def fitting(cls, data: TrainingData, section: SearchSection) -> Fit:
        """Cut the training rows into bins, once for all fits."""
        from tagline.models.boosting import Trees  # noqa: PLC0415 - XGBoost, and only who fits

        return Trees(data, section)

    @classmethod
    def average(cls, models: Sequence[Self]) -> Self:
        """Average log-odds: all trees of all models, each leaf weighing its part.

        The result is one ensemble like any other, so that its graph and its SHAP values are too.

        Parameters
        ----------
        models : sequence of Boosted
            Fitted on the same inputs; at least one.
        """
        documents = [json.loads(model.booster.save_raw("json")) for model in models]
        whole = documents[0]
        own = whole["learner"]["learner_model_param"]
        own["base_score"] = models[0]._written(np.mean([model._bases for model in models], axis=0))
        forests = [each["learner"]["gradient_booster"]["model"] for each in documents]
        forest, width = forests[0], models[0].width
        trees = [tree for each in documents for tree in _trees(each, share=1 / len(models))]
        forest["tree_info"] = [number for each in forests for number in each["tree_info"]]
        forest["trees"] = [{**tree, "id": number} for number, tree in enumerate(trees)]
        forest["iteration_indptr"] = list(range(0, len(trees) + 1, width))
        forest["gbtree_model_param"]["num_trees"] = str(len(trees))
        merged = import_xgboost().Booster(
            {"nthread": 1}, model_file=bytearray(json.dumps(whole).encode())
        )
        return cls(bytes(merged.save_raw("ubj")))

    @cached_property
    def booster(self) -> "xgboost.Booster":
        """The trees, as XGBoost has them; inputs have no names."""
        # Whoever only serves, or asks for a name, needs no XGBoost: half a second, 60 MB.
        found: xgboost.Booster = import_xgboost().Booster(
            {"nthread": self.threads}, model_file=bytearray(self.ubj)
        )
        return found

    @property
    def rounds(self) -> int:
        """The number of its trees."""
        return int(self.booster.num_boosted_rounds())

    def with_all_cores(self) -> Self:
        """Give the same model, answering with all cores: rows do not depend on each other."""
        return replace(self, threads=os.cpu_count() or 1)

    def margins(self, X: Floats) -> Margins:
        """Give the margins of each row of ``X`` (float32 [n, p]): float64 [n, w]."""
        rows, width = np.ascontiguousarray(X, dtype=np.float32), self.width
        margin = np.tile(self._bases, (len(rows), 1))
        last = self.rounds
        # Within a run of trees XGBoost adds in single precision; between runs, we in double.
        for first in range(0, last, _TREES_AT_ONCE):
            margin += self.booster.inplace_predict(
                rows,
                iteration_range=(first, min(last, first + _TREES_AT_ONCE)),
                predict_type="margin",
                base_margin=np.zeros((len(rows), width), dtype=np.float32),
            ).reshape(len(rows), width)
        middle, spread = self._scale
        return margin * spread + middle

    def shap_values(self, X: npt.NDArray[np.float32]) -> tuple[Margins, Margins]:
        """Give each input's share of each margin (float64 [n, p, w]), and what all start from [w].

        Exact path-dependent TreeSHAP (Lundberg et al., 2020, algorithm 2).
        """
        found = self.booster.predict(import_xgboost().DMatrix(X), pred_contribs=True)
        parts = found.reshape(len(X), self.width, -1).astype(np.float64)
        middle, spread = self._scale
        return parts[:, :, :-1].transpose(0, 2, 1) * spread, parts[0, :, -1] * spread + middle

    def onnx(self) -> "ModelProto":
        """Give the graph from "X" (float32 [N, p]) to margins (float64 [N, w])."""
        from tagline.models import graphs  # noqa: PLC0415 - only who writes a graph

        if not self._splits:
            inputs = self.booster.num_features()
            (margins,) = self.margins(np.zeros((1, inputs), np.float32))
            return graphs.of_constant(margins.tolist(), width=inputs)
        return graphs.of_trees(self.booster, width=self.width, scale=self._scale)

    @cached_property
    def _splits(self) -> bool:
        return any("[" in tree for tree in self.booster.get_dump())

    @property
    def width(self) -> int:
        """How many margins a row has."""
        return max(1, int(self._learner["learner_model_param"]["num_class"]))

    @cached_property
    def _learner(self) -> Mapping[str, Any]:
        learner: dict[str, Any] = json.loads(self.booster.save_config())["learner"]
        return learner

    @cached_property
    def _bases(self) -> Margins:
        said = self._learner["learner_model_param"]["base_score"].strip("[]").split(",")
        base = np.array([float(each) for each in said])
        if self._learner["objective"]["name"] == LOGISTIC:
            base = np.log(base) - np.log1p(-base)
        return np.broadcast_to(base, self.width)

    def _written(self, bases: Margins) -> str:
        logistic = self._learner["objective"]["name"] == LOGISTIC
        return f"[{','.join(f'{each:.9E}' for each in (sigmoid(bases) if logistic else bases))}]"

    @cached_property
    def _scale(self) -> tuple[float, float]:
        """What its sums are multiplied by and then moved by: trees of numbers learn them scaled."""
        said = self.booster.attr(SCALE)
        middle, spread = json.loads(said) if said else (0.0, 1.0)
        return middle, spread

    def to_bytes(self) -> bytes:
        """Give what `from_bytes` makes the model from again: UBJ."""
        return self.ubj

    @classmethod
    def from_bytes(cls, content: bytes) -> Self:
        """Make the model from what `to_bytes` gave."""
        model = cls(content)
        if model.rounds == 0:
            raise ValueError("it has no trees")
        return model


def _trees(document: Mapping[str, Any], *, share: float) -> Iterator[dict[str, Any]]:
    for tree in document["learner"]["gradient_booster"]["model"]["trees"]:
        leaf = np.asarray(tree["left_children"]) == -1
        conditions = np.asarray(tree["split_conditions"], dtype=np.float64)
        scaled = np.where(leaf, conditions * share, conditions)
        weights = np.asarray(tree["base_weights"], dtype=np.float64) * share
        yield tree | {"split_conditions": scaled.tolist(), "base_weights": weights.tolist()}
