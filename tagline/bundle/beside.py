"""What is told of a bundle and answers nothing: model card, MLflow's file, its making."""

import math
from collections.abc import Mapping
from typing import Any

from tagline.bundle.card import card, card_html
from tagline.bundle.mlmodel import mlmodel
from tagline.bundle.seal import PROVENANCE
from tagline.canonical import as_json
from tagline.columns.field import Field
from tagline.tasks.tasks import task_of


def beside(facts: Mapping[str, Any], inputs: Mapping[str, Any]) -> dict[str, bytes]:
    """Write what an exported bundle has beside the files that answer.

    Parameters
    ----------
    facts : mapping
        As for `tagline.bundle.card.card`.
    inputs : mapping
        The bundle's own ``inputs.json``.

    Returns
    -------
    dict of str to bytes
        File name to content.
    """
    provenance, title = facts["provenance"], facts["case"]["title"]
    written = card(facts)
    return {
        "card.md": written.encode(),
        "card.html": card_html(written, title=title).encode(),
        "MLmodel": mlmodel(
            [Field.from_dict(each) for each in inputs["fields"]],
            inputs["history"],
            task=task_of(inputs.get("task", "binary")),
            run=provenance["run"],
            created=provenance["created"],
            python=provenance["python"],
        ),
        PROVENANCE: as_json(told(facts)),
    }


def told(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Give what whoever watches a model later has to know of its making.

    Returns
    -------
    dict
        ``run``, ``created``, ``case`` (its config), ``periods``, ``metrics`` (of the test rows;
        what is undefined is left out), ``accounting`` (where every row went), and what it was
        made of.
    """
    figures = {name: each["value"] for name, each in facts["metrics"].items()}
    known = {n: v for n, v in figures.items() if v is not None and math.isfinite(v)}
    return {
        **facts["provenance"],
        "case": facts["case"],
        "periods": facts["periods"],
        "metrics": known,
        "accounting": facts["accounting"],
    }
