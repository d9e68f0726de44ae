"""A person's mistake inside a step: one sentence in the log instead of a traceback."""

import logging
import os
import sys
from collections.abc import Iterator
from typing import Any

from metaflow import FlowMutator, current, user_step_decorator
from metaflow.exception import MetaflowException
from metaflow.metaflow_config import KUBERNETES_SECRETS
from metaflow.user_decorators.mutable_flow import MutableFlow
from metaflow.util import get_username

from tagline.errors import TaglineError
from tagline.keys import KEY
from tagline.log import show_log
from tagline.models.lean import begin_own_process
from tagline.runs.lookup import FLOW, is_spun, username
from tagline.runs.records import Records

log = logging.getLogger(__name__)


class UserMistake(MetaflowException):
    """What Metaflow prints, without a traceback, when a person has to act."""

    headline = "Tagline stopped"


class user_errors(FlowMutator):  # noqa: N801 - used as a decorator of flows
    """Turn a `TaglineError` of any step into what Metaflow prints as one sentence; show the log."""

    def mutate(self, mutable_flow: MutableFlow) -> None:
        """Wrap every step."""
        for _, each in mutable_flow.steps:
            each.add_decorator(in_sentences)


@user_step_decorator  # type: ignore[untyped-decorator]
def in_sentences(step_name: str, flow: Any, inputs: Any) -> Iterator[None]:  # noqa: ARG001
    """Run a step; note why a training failed."""
    if not _has_families(flow):
        begin_own_process()
    show_log()
    try:
        yield
    except TaglineError as mistake:
        _note(flow, f"{step_name}: {mistake}")
        raise UserMistake(str(mistake)) from mistake
    except Exception as wrong:
        _note(flow, f"{step_name}: {type(wrong).__name__}: {wrong}")
        raise


def _has_families(flow: Any) -> bool:
    """Tell whether a case brings models of its own, which may use whatever of XGBoost they like."""
    case = getattr(flow, "case", "")
    return not isinstance(case, str) and any(":" in name for name in case["search"]["families"])


def ensure_username() -> None:
    """Give Metaflow a user's name where it knows none; refuse what could not work where it goes.

    Metaflow refuses to run as root and where no name is set, as in most containers.
    """
    if {"argo-workflows", "create"} <= set(sys.argv) and not KUBERNETES_SECRETS:
        sys.exit(
            "Tagline: deployed flows sign what they do, and no secret brings them a key.\n"
            f"Make one with {KEY} in it, and name it: METAFLOW_KUBERNETES_SECRETS=NAME "
            "(docs/schedule.md)."
        )
    if get_username() is None:
        os.environ["USERNAME"] = username()


def _note(flow: Any, why: str) -> None:
    """Note that a training has failed, for those who can not open what Metaflow keeps of it."""
    if current.flow_name != FLOW or is_spun():
        return
    run, case = f"{current.flow_name}/{current.run_id}", str(flow.case["name"])
    try:
        Records.here().fail(run=run, case=case, why=why)
    except TaglineError as unkept:
        log.warning(f"That it failed could not be noted: {unkept}")
