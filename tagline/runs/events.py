"""Events of a deployed workflow: what starts a flow on Argo Workflows."""

import os

from metaflow.integrations import ArgoEvent

RETRAIN, PROMOTE = "tagline.retrain", "tagline.promote"


def is_deployed() -> bool:
    """Tell whether this runs on Argo Workflows; Metaflow sets the variable in each of its tasks."""
    return bool(os.environ.get("ARGO_WORKFLOW_TEMPLATE"))


def ask_for_training(case: str, why: str) -> None:
    """Publish the event that flows/train.py waits for where it is deployed.

    Raises
    ------
    MetaflowException
        It could not be sent: an alarm that nobody hears is worse than a failed run.
    """
    ArgoEvent(f"{RETRAIN}.{case}").publish(payload={"case": case, "why": why}, ignore_errors=False)


def ask_for_promotion(candidate: str, why: str) -> None:
    """Publish the event that flows/promote.py waits for where it is deployed.

    Raises
    ------
    MetaflowException
        It could not be sent.
    """
    ArgoEvent(PROMOTE).publish(payload={"candidate": candidate, "why": why}, ignore_errors=False)
