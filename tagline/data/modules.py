"""Load a case's feature module, or make its like from a table's own columns."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from tagline.case.config import Case
from tagline.columns.field import Field
from tagline.data.features import Features
from tagline.data.overlay import laid_over
from tagline.data.own_code import OwnModule
from tagline.data.plain import plain_features
from tagline.data.streams import with_clean_keys
from tagline.errors import TaglineError
from tagline.paths import look_beside
from tagline.transform.compile_row import try_one_row

REQUIRED = {
    "FIELDS": "fields",
    "HISTORY": "history",
    "load": "load",
    "decisions": "decisions",
    "events": "events",
    "inputs": "inputs",
}
OPTIONAL = {
    "TABLES": "tables",
    "BEHAVIOUR": "behaviour",
    "MONOTONE": "monotone",
    "SOURCES": "sources",
}


def load_features(case: Case, fields: Sequence[Field] | None = None) -> Features:
    """Import a case's feature module, lay it over its table's columns, or take these alone.

    Parameters
    ----------
    case : Case
        The case.
    fields : sequence of Field, optional
        How its fields were read before; else the module, or the table itself, says it.

    Raises
    ------
    TaglineError
        There is no such module, or it lacks something that a feature module offers.
    """
    return with_clean_keys(_loaded(case, fields))


def _loaded(case: Case, fields: Sequence[Field] | None) -> Features:
    if case.features is None:
        return plain_features(case, fields)
    look_beside(str(Path(case.file).resolve().parent))
    parts = (*REQUIRED, *OPTIONAL)
    module = OwnModule(case.features, where=f"{case.file}: features", parts=parts)
    if case.table.source is not None:
        base = replace(plain_features(case, fields), **_optional(module, case.features))
        return _tried(laid_over(case, base, module, as_read=fields is not None), fields)
    missing = [name for name in REQUIRED if not hasattr(module, name)]
    if missing:
        raise TaglineError(
            f"The feature module {case.features!r} lacks {', '.join(missing)}.",
            where=f"{case.file}: features",
            todo='Name the table, source = "rows.csv" under [table], and a module may offer any '
            "of them alone; docs/case.md shows what a feature module offers.",
        )
    offered = Features(
        module=case.features,
        **{part: getattr(module, name) for name, part in REQUIRED.items()},
        **_optional(module, case.features),
    )
    return _tried(offered if fields is None else replace(offered, fields=tuple(fields)), fields)


def _tried(features: Features, fields: Sequence[Field] | None) -> Features:
    """Refuse an input function that one row can not go through, before any table is read."""
    # Of fields of another time nothing is tried: the module may have gone on since.
    if fields is None:
        try_one_row(features.inputs, features.fields, [each.name for each in features.history])
    return features


def _optional(module: OwnModule, named: str) -> dict[str, Any]:
    given = {
        part: getattr(module, name) for name, part in OPTIONAL.items() if hasattr(module, name)
    }
    _expect_directions(given.get("monotone", {}), named)
    return given


def _expect_directions(given: Any, module: str) -> None:
    known = isinstance(given, Mapping)
    wrong = {n: way for n, way in given.items() if way not in (-1, 0, 1)} if known else given
    if wrong or not known:
        raise TaglineError(
            f"MONOTONE says {wrong!r}; it takes an input's name to 1 (the answer never falls as it "
            "rises) or -1 (never rises).",
            where=module,
            todo='Write MONOTONE = {"distance": 1}.',
        )
