"""Each step of a flow gets what its case asks for: memory, processors, time, attempts, cards."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from metaflow import FlowMutator, resources, retry, timeout
from metaflow.user_decorators.mutable_flow import MutableFlow

SMALL = 5_000_000  # bytes of a table's file: its search ends before anybody looks at a card
CARDS = ("progress", "leaderboard")  # the report has both, when it is done


class sized_by_the_case(FlowMutator):  # type: ignore[misc]  # noqa: N801 - as decorators are
    """Add what ``[resources]`` of the flow's config ``case`` says, where it does."""

    def mutate(self, mutable_flow: MutableFlow) -> None:
        """Decorate every step."""
        case = dict(mutable_flow.configs)["case"]
        asked = case["resources"]
        size = {"memory": asked["memory_mb"], "cpu": asked["cpus"]}
        given = {name: value for name, value in size.items() if value is not None}
        for name, step in mutable_flow.steps:
            if name in ("search", "choose") and _is_small(case):
                for card in CARDS:
                    step.remove_decorator("card", deco_kwargs={"type": "blank", "id": card})
            if given:
                step.add_decorator(resources, deco_kwargs=given)
            if asked["minutes"] is not None:
                step.add_decorator(timeout, deco_kwargs={"minutes": asked["minutes"]})
            if asked["retries"]:
                step.add_decorator(retry, deco_kwargs={"times": asked["retries"]})


def _is_small(case: Mapping[str, Any]) -> bool:
    source = case["table"]["source"]
    file = Path(case["file"]).parent / source if source and not case["features"] else None
    return file is not None and file.is_file() and file.stat().st_size <= SMALL
