"""Close the loop: train again, and promote what passes where the case allows it.

Locally the flows run as processes of their own; in production an event starts them.
"""

import logging
import os
import subprocess
import sys
from collections import deque
from collections.abc import Sequence

from tagline import paths
from tagline.errors import TaglineError
from tagline.operations.standings import open_case
from tagline.registry.runs import newest_run, standing

log = logging.getLogger(__name__)
LINES = 20


def retrain(case: str, *, file: str, why: str, by: str, promote: bool) -> str:
    """Train again here, and promote the candidate where that is allowed.

    Parameters
    ----------
    case : str
        The case.
    file : str
        Its config.
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
    before = newest_run(case)
    _run("train.py", ["--config", "case", file, "run", "--tag", f"because:{by}"])
    run = newest_run(case)
    if run is None or (before is not None and run.pathspec == before.pathspec):
        raise TaglineError("The training left no run.", where="flows/train.py")
    if standing(run) != "candidate":
        return f"{run.pathspec} did not pass its gates."
    if not promote:
        return f"{run.pathspec} waits for a person to promote it."
    reason = f"{chain} Trained by {run.pathspec}."
    words = ["run", "--candidate", run.pathspec, "--case-config", file, "--why", reason]
    try:
        _run("promote.py", words)
    except TaglineError as refused:
        return f"{run.pathspec} was not promoted. {refused}"
    champion = open_case(case, config=file).champion()
    won = champion is not None and champion.run == run.pathspec
    return f"{run.pathspec} is {'the champion' if won else 'not the champion'}."


def _run(flow: str, words: Sequence[str]) -> None:
    tail: deque[str] = deque(maxlen=LINES)
    with subprocess.Popen(
        [sys.executable, str(paths.flows() / flow), *words],
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        for line in process.stdout or ():
            tail.append(line.rstrip())
            log.info(tail[-1])
    if process.returncode:
        told = "\n".join(tail)
        raise TaglineError(
            f"flows/{flow} failed, and the champion stays:\n{told}",
            where=f"flows/{flow}",
            todo="Mend what it says, and run it again; nothing has changed.",
        )
