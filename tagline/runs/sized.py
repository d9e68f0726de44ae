"""Each step of a flow gets what its case asks for: memory, processors, time, attempts."""

from metaflow import FlowMutator, resources, retry, timeout
from metaflow.user_decorators.mutable_flow import MutableFlow


class sized_by_the_case(FlowMutator):  # type: ignore[misc]  # noqa: N801 - as decorators are
    """Add what ``[resources]`` of the flow's config ``case`` says, where it does."""

    def mutate(self, mutable_flow: MutableFlow) -> None:
        """Decorate every step."""
        asked = dict(mutable_flow.configs)["case"]["resources"]
        size = {"memory": asked["memory_mb"], "cpu": asked["cpus"]}
        given = {name: value for name, value in size.items() if value is not None}
        for _, step in mutable_flow.steps:
            if given:
                step.add_decorator(resources, deco_kwargs=given)
            if asked["minutes"] is not None:
                step.add_decorator(timeout, deco_kwargs={"minutes": asked["minutes"]})
            if asked["retries"]:
                step.add_decorator(retry, deco_kwargs={"times": asked["retries"]})
