"""Close the loop: train again, and promote what passes where the case allows it.

Locally the flows run as processes of their own; in production an event starts them.
"""

import logging
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tagline import paths
from tagline.errors import TaglineError
from tagline.operations.standings import open_case
from tagline.registry.runs import newest_run

log = logging.getLogger(__name__)
LINES = 20


@dataclass(frozen=True)
class Retrained:
    """What came of a training that the monitor asked for.

    Attributes
    ----------
    run : str
        The training run; empty where an event was sent, or none was found.
    standing : str
        What its gates decided, or what it is for now.
    said : str
        What happened, in a sentence.
    """

    run: str
    standing: str
    said: str


def retrain(case: str, *, file: str, why: str, by: str, promote: bool) -> Retrained:
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
    standing = next((tag for tag in run.user_tags if tag in ("candidate", "rejected")), "")
    if standing != "candidate":
        return Retrained(run.pathspec, standing, f"{run.pathspec} did not pass its gates.")
    if not promote:
        return Retrained(
            run.pathspec, standing, f"{run.pathspec} waits for a person to promote it."
        )
    reason = f"{chain} Trained by {run.pathspec}."
    words = ["run", "--candidate", run.pathspec, "--case-config", file, "--why", reason]
    try:
        _run("promote.py", words)
    except TaglineError as refused:
        return Retrained(run.pathspec, standing, f"{run.pathspec} was not promoted. {refused}")
    champion = open_case(case, config=Path(file)).champion()
    won = champion is not None and champion.run == run.pathspec
    said = f"{run.pathspec} is the champion." if won else f"{run.pathspec} is not the champion."
    return Retrained(run.pathspec, "champion" if won else standing, said)


def _run(flow: str, words: Sequence[str]) -> None:
    done = subprocess.run(
        [sys.executable, str(paths.flows() / flow), *words],
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    for line in done.stdout.splitlines():
        log.info(line)
    if done.returncode:
        tail = "\n".join(done.stdout.splitlines()[-LINES:])
        raise TaglineError(
            f"flows/{flow} failed, and the champion stays:\n{tail}",
            where=f"flows/{flow}",
            todo="Mend what it says, and run it again; nothing has changed.",
        )
