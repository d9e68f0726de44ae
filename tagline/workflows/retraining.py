"""Close the loop: train again, and promote what passes where the case allows it.

Locally the flows run as processes of their own; in production an event starts them.
"""

import json
import logging
import os
import subprocess
import sys
from collections import deque
from collections.abc import Sequence

from tagline import paths
from tagline.case.config import Case
from tagline.errors import TaglineError
from tagline.runs.events import ask_for_promotion, is_deployed
from tagline.runs.lookup import FLOW
from tagline.runs.records import Records
from tagline.storage.files import scratch
from tagline.workflows.candidates import bundle_folder
from tagline.workflows.promotion import NOTHING_NEW, answers_as
from tagline.workflows.standings import ModelRegistry, open_case

log = logging.getLogger(__name__)
LINES = 20


def retrain(case: Case, *, why: str, by: str, promote: bool) -> str:
    """Train again here, and promote the candidate where that is allowed.

    Parameters
    ----------
    case : Case
        The case, as it is to be trained.
    why : str
        What asked for it.
    by : str
        Which run of the monitor.
    promote : bool
        Whether a candidate is promoted without a person.

    Returns
    -------
    str
        What came of it, in a sentence.

    Raises
    ------
    TaglineError
        The training failed; the champion stays.
    """
    chain = f"{why} Found by {by}."
    log.info(f"Training starts: {chain}")
    config = json.dumps(case.to_dict())
    words = ["--config-value", "case", config, "run", "--tag", f"because:{by}", "--why", chain]
    run = f"{FLOW}/{run_flow('train.py', words)}"
    record = Records.here().read(run, case=case.name)
    if record.stage != "candidate":
        return f"{run} did not pass its gates."
    if is_nothing_new(run, record.digest, case):
        return f"{run} is not put forward: {NOTHING_NEW}."
    if not promote:
        return f"{run} waits for a person to promote it."
    try:
        run_flow("promote.py", ["run", "--candidate", run, "--why", f"{chain} Trained by {run}."])
    except TaglineError as refused:
        return f"{run} was not promoted. {refused}"
    champion = open_case(case.name).champion()
    won = champion is not None and champion.run == run
    return f"{run} is {'the champion' if won else 'not the champion'}."


def is_nothing_new(run: str, digest: str, case: Case) -> bool:
    """Tell whether the champion of a case answers every row just as a run's bundle does."""
    champion = ModelRegistry.of(case).champion()
    return champion is not None and answers_as(champion, bundle_folder(run, digest))


def hand_over(run: str, *, standing: str, promote: bool, why: str, new: bool) -> str:
    """Ask for the promotion of what an event had trained, where the case allows it.

    Parameters
    ----------
    run : str
        The finished training run.
    standing : str
        What its gates decided.
    promote : bool
        Whether the case lets a candidate be promoted without a person.
    why : str
        What asked for the training; empty where a person did.
    new : bool
        Whether it answers otherwise than the champion.

    Returns
    -------
    str
        What was done, in a sentence; empty where nothing was to do.
    """
    if not (is_deployed() and why and promote and standing == "candidate"):
        return ""
    if not new:
        return f"It is not put forward: {NOTHING_NEW}."
    ask_for_promotion(run, f"{why} Trained by {run}.")
    return "The event that starts its promotion was sent."


def run_flow(flow: str, words: Sequence[str]) -> str:
    """Run a flow in a process of its own, show its lines as they come, and give its run's id.

    Parameters
    ----------
    flow : str
        The file's name.
    words : sequence of str
        What stands after it on the command line.

    Raises
    ------
    TaglineError
        It failed; ends with its last lines.
    """
    tail: deque[str] = deque(maxlen=LINES)
    with scratch() as folder:
        named = folder / "run"
        with subprocess.Popen(
            [sys.executable, str(paths.flows() / flow), *words, "--run-id-file", str(named)],
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process:
            for line in process.stdout or ():
                tail.append(line.rstrip())
                log.info(tail[-1])
        if process.returncode == 0:
            return named.read_text()
    told = "\n".join(tail)
    raise TaglineError(
        f"flows/{flow} failed, and what stands stays as it is:\n{told}",
        where=f"flows/{flow}",
        todo="Mend what it says, and run it again; nothing has changed.",
    )
