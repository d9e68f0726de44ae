"""Why a row is answered as it is: SHAP contributions that add up, and reasons in words."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tagline.case.serving import ServingSection
from tagline.case.tasks import BINARY
from tagline.columns.body import Body
from tagline.evaluation.shapley import of_class
from tagline.serving.answers import Contribution, shapes
from tagline.serving.served import ServedModel


def explained(
    served: ServedModel,
    body: Body,
    *,
    section: ServingSection,
    by_source: bool,
    ids: Sequence[str],
) -> list[Any]:
    """Answer rows, and explain each.

    Parameters
    ----------
    served : ServedModel
        The model.
    body : Body
        The rows.
    section : ServingSection
        What is a refusal, and the words for reasons.
    by_source : bool
        Whether the contributions of one source are added up.
    ids : sequence of str
        The name of each answer.

    Returns
    -------
    list of Struct
        See `tagline.serving.answers.Shapes.explained`.
    """
    bundle, shape = served.bundle, shapes(served.bundle.task).explained
    made, outside = zip(*(served.made(row) for row in body.rows), strict=True)
    # What people are shown is what was made; numbers then take the places of categories.
    shown = [dict(zip(served.single.names, each, strict=True)) for each in made]
    encoded = [served.single.encoded(each) for each in made]
    # The trees' library refuses what is infinite in single precision; its greatest number takes the
    # same way down every tree.
    single = np.finfo(np.float32)
    X = np.clip([numbers for numbers, _ in encoded], single.min, single.max).astype(np.float32)
    shap, bases = served.model.shap_values(X)
    answers = []
    for place, (numbers, unknown) in enumerate(encoded):
        p = served.single.score(numbers)
        answer = bundle.task.decide(p, bundle.rule)
        own, base = shap[place, :, 0], bases[0]
        said = bundle.task.said(np.array([p]), bundle.rule)
        if said is not None:
            (own,), (base,) = of_class(shap[place : place + 1], bases, said)
        by_input = dict(zip(served.single.names, own.tolist(), strict=True))
        sources = bundle.inputs["sources"]
        by_origin = _added(by_input, sources)
        values = _alone(shown[place], sources) if by_source else shown[place]
        answers.append(
            shape(
                ids[place],
                *answer,
                unknown,
                body.missing.get(place, []),
                outside[place],
                base=float(base),
                **{bundle.task.margin: float(base) + math.fsum(by_input.values())},
                contributions=_sorted(by_origin if by_source else by_input, values),
                reasons=_reasons(by_input, by_origin, section)
                if bundle.task.name == BINARY and answer[-1] == section.refused
                else [],
            )
        )
    return answers


def _added(by_input: Mapping[str, float], source_of: Mapping[str, str]) -> dict[str, float]:
    parts: dict[str, list[float]] = {}
    for name, share in by_input.items():
        parts.setdefault(source_of.get(name, name), []).append(share)
    return {source: math.fsum(shares) for source, shares in parts.items()}


def _alone(values: Mapping[str, Any], source_of: Mapping[str, str]) -> dict[str, Any]:
    """Give the values of inputs that are a source alone: several have no value together."""
    counts = Counter(source_of.get(name, name) for name in values)
    return {
        name: value
        for name, value in values.items()
        if source_of.get(name, name) == name and counts[name] == 1
    }


def _sorted(shares: Mapping[str, float], values: Mapping[str, Any]) -> list[Contribution]:
    ordered = sorted(shares.items(), key=lambda each: -abs(each[1]))
    return [Contribution(name, share, _shown(values.get(name))) for name, share in ordered]


def _shown(value: Any) -> Any:
    return None if value == "" or (isinstance(value, float) and not math.isfinite(value)) else value


def _reasons(
    by_input: Mapping[str, float], by_source: Mapping[str, float], section: ServingSection
) -> list[str]:
    # What pushed towards the refusal the most comes first; only what has words can be told.
    towards = 1.0 if section.refused else -1.0
    shares = {**by_source, **by_input}
    told = [name for name in section.reasons if towards * shares.get(name, 0.0) > 0]
    ordered: Sequence[str] = sorted(told, key=lambda name: -towards * shares[name])
    words = dict.fromkeys(section.reasons[name] for name in ordered)
    return list(words)[: section.max_reasons]
