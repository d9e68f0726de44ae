"""The families of models, the simplest first, and how one is loaded again."""

from tagline.errors import TaglineError
from tagline.models.base_rate import BaseRate
from tagline.models.boosted import Boosted
from tagline.models.linear import Logistic
from tagline.models.mean import Mean
from tagline.models.model import Model
from tagline.models.onnx_model import OnnxModel

__all__ = ["FAMILIES", "BaseRate", "Boosted", "Logistic", "Mean", "Model", "OnnxModel", "load"]

FAMILIES: dict[str, type[Model]] = {
    each.kind: each for each in (BaseRate, Logistic, Boosted, OnnxModel, Mean)
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
