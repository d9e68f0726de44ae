"""The ends of graphs: from a model's margins to the calibrated answer, in double precision."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import spox
import spox.opset.ai.onnx.v21 as op

from tagline.metrics.calibrators import MARGIN, weights_of


def binary(margins: spox.Var, calibrator: Mapping[str, Any]) -> spox.Var:
    """Give the probability of 1, [N], of log-odds, [N, 1]; see `tagline.metrics.calibrators`."""
    margin = op.reshape(margins, op.const(np.array([-1])))
    if calibrator["kind"] == "none":
        return op.sigmoid(margin)
    on_p, on_rest, constant = (op.const(np.float64(each)) for each in weights_of(calibrator))
    kept = op.clip(margin, op.const(np.float64(-MARGIN)), op.const(np.float64(MARGIN)))
    # ln p is -softplus(-margin), and -ln(1 - p) is softplus(margin).
    log_p = op.neg(_softplus(op.neg(kept)))
    calibrated = op.add(op.mul(on_p, log_p), op.mul(on_rest, _softplus(kept)))
    return op.sigmoid(op.add(calibrated, constant))


def _softplus(x: spox.Var) -> spox.Var:
    # The runtime has its own in single precision only; x is clipped, so that exp stays finite.
    return op.log(op.add(op.const(np.float64(1)), op.exp(x)))


def number(margins: spox.Var) -> spox.Var:
    """Give the number, [N], of margins, [N, 1]."""
    return op.reshape(margins, op.const(np.array([-1])))


def classes(margins: spox.Var, calibrator: Mapping[str, Any]) -> spox.Var:
    """Give the probabilities of the classes, [N, k], of margins; see `tagline.metrics`."""
    cooled = op.div(margins, op.const(np.float64(calibrator.get("temperature", 1.0))))
    return op.softmax(cooled, axis=1)
