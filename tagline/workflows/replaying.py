"""Replay the past under policies: what each step of the flow does."""

import ast
import hashlib
import json
import logging
from collections.abc import Iterator
from dataclasses import asdict
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from tagline import paths
from tagline.backtest.compare import Summary, summary
from tagline.backtest.policy import Policy, read_policies
from tagline.backtest.timeline import TimelineRef, get_timeline, put_timeline
from tagline.backtest.walk import Walk
from tagline.case.config import Case
from tagline.paths import look_beside
from tagline.storage.location import own_store
from tagline.storage.mirror import fetch, push
from tagline.storage.workspace import Workspace

log = logging.getLogger(__name__)
PACKAGE = Path(__file__).resolve().parents[1]
SETTINGS = ("seed", "table", "split", "contract", "inputs", "search", "evaluation", "monitoring")


def begin(case: Case, policies: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Compute the past once, and read the policies.

    Returns
    -------
    past : dict
        For `walk`.
    policies : list of dict
        One a task.
    """
    found = read_policies(case, policies)
    past = put_timeline(case)
    return asdict(past), [
        {"name": each.name, "title": each.title, "retraining": each.retraining.model_dump()}
        for each in found
    ]


def walk(
    case: Case, past: dict[str, Any], policy: dict[str, Any]
) -> tuple[Summary, list[dict[str, Any]]]:
    """Live through the past under one policy.

    Returns
    -------
    summary : Summary
        In all.
    months : list of dict
        ``month``, ``rows``, ``outcomes``, ``excess`` and the figures.
    """
    ref = TimelineRef(**past)
    timeline = get_timeline(case, ref)
    retraining = type(case.retraining)(**policy["retraining"])
    name = _name(case, ref)
    store, kept = own_store(), f"{Workspace(case.name).replays}/{name[:12]}"
    folder = paths.cache() / "replay" / f"{case.name}-{name[:12]}"
    fetch(store, kept, folder)
    lived = Policy(policy["name"], policy["title"], retraining)
    months = []
    for month in Walk(timeline, lived, folder=folder, name=name).months():
        months.append(month)
        push(store, kept, folder, without=("tables",))
    told = [
        {
            "policy": policy["name"],
            "month": each.month,
            "rows": each.rows,
            "outcomes": each.outcomes,
            "excess": each.excess,
            **each.figures,
        }
        for each in months
    ]
    return summary(timeline, policy["name"], policy["title"], months), told


def _name(case: Case, ref: TimelineRef) -> str:
    """Name a replay by all that its months depend on but the policy: data, settings, code."""
    digest = hashlib.sha256(ref.name.encode())
    settings = case.to_dict()
    settings["replay"].pop("until")  # a longer stretch begins with the same months
    for part in (*SETTINGS, "replay"):
        digest.update(json.dumps(settings[part], sort_keys=True).encode())
    for path in sorted(PACKAGE.rglob("*.py")):
        if path.relative_to(PACKAGE).parts[0] not in ("cli", "serving", "report", "operations"):
            digest.update(_code(path))
    for path in feature_files(case):
        digest.update(_code(path))
    return digest.hexdigest()


def feature_files(case: Case) -> list[Path]:
    """Give the files of a case's own modules, and of what they import of their own packages."""
    look_beside(str(case.beside(".")))
    packages = {each.partition(".")[0] for each in case.modules}
    found: dict[str, Path] = {}
    waiting = list(case.modules)
    while waiting:
        name = waiting.pop()
        spec = None if name in found else find_spec(name)
        if spec is None or spec.origin is None:
            continue
        found[name] = Path(spec.origin)
        imported = list(_imported(found[name]))
        waiting += [each for each in imported if each.partition(".")[0] in packages]
    return [found[name] for name in sorted(found)]


def _imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module


def _code(path: Path) -> bytes:
    # Comments and spaces are no code: months that were computed without them still hold.
    return ast.dump(ast.parse(path.read_bytes())).encode()
