"""Each step of a flow gets what its case asks for: memory, processors, time, attempts, a card."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from metaflow import FlowMutator, resources, retry, timeout
from metaflow.user_decorators.mutable_flow import MutableFlow

SMALL = 5_000_000  # bytes of a table: its search has ended before anybody looks at a card


class sized_by_the_case(FlowMutator):  # type: ignore[misc]  # noqa: N801 - as decorators are
    """Add what ``[resources]`` of the flow's config ``case`` says, where it does."""

    def mutate(self, mutable_flow: MutableFlow) -> None:
        """Decorate every step."""
        case = dict(mutable_flow.configs)["case"]
        asked = case["resources"]
        size = {"memory": asked["memory_mb"], "cpu": asked["cpus"]}
        given = {name: value for name, value in size.items() if value is not None}
        for name, step in mutable_flow.steps:
            if name == "search" and _is_small(case):
                step.remove_decorator("card")
            if given:
                step.add_decorator(resources, deco_kwargs=given)
            if asked["minutes"] is not None:
                step.add_decorator(timeout, deco_kwargs={"minutes": asked["minutes"]})
            if asked["retries"]:
                step.add_decorator(retry, deco_kwargs={"times": asked["retries"]})


def _is_small(case: Mapping[str, Any]) -> bool:
    if case["features"]:
        return False
    table = Path(case["file"]).parent / case["table"]["source"]
    return bool(table.is_file() and table.stat().st_size <= SMALL)
