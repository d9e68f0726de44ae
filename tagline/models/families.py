"""The families of models, the simplest first, and how one is loaded again."""

from tagline.errors import TaglineError
from tagline.models.base_rate import BaseRate, Constant
from tagline.models.boosted import Boosted
from tagline.models.linear import Logistic, Ridge
from tagline.models.mean import Mean
from tagline.models.model import Model
from tagline.models.onnx_model import OnnxModel

__all__ = [
    "FAMILIES",
    "BaseRate",
    "Boosted",
    "Constant",
    "Logistic",
    "Mean",
    "Model",
    "OnnxModel",
    "Ridge",
    "load",
]

FAMILIES: dict[str, type[Model]] = {
    each.kind: each for each in (BaseRate, Constant, Logistic, Ridge, Boosted, OnnxModel, Mean)
}


def load(kind: str, content: bytes) -> Model:
    """Make a model from its kind and what its `to_bytes` gave; nothing is unpickled.

    Raises
    ------
    TaglineError
        The kind is unknown, or the content is no such model.

    Examples
    --------
    >>> load("base_rate", b'{"rate": 0.25, "width": 3}').rounds
    0
    """
    if kind not in FAMILIES:
        raise TaglineError(f"There is no kind of model called {kind!r}.")
    try:
        return FAMILIES[kind].from_bytes(content)
    except (ValueError, TypeError) as wrong:
        raise TaglineError(f"This is no {kind} model: {wrong}.") from wrong
