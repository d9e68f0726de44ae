"""What Tagline logs, shown to a person as plain lines."""

import logging
import sys
from collections.abc import Callable

NAME = "tagline"


class Lines(logging.Handler):
    """Hands each message on as one line.

    Parameters
    ----------
    show : callable
        Takes a line.
    """

    def __init__(self, show: Callable[[str], object]) -> None:
        super().__init__()
        self.show = show

    def emit(self, record: logging.LogRecord) -> None:
        """Show one message."""
        self.show(record.getMessage())


def show_log(show: Callable[[str], object] | None = None) -> None:
    """Show what Tagline logs from now on; the last call counts.

    Parameters
    ----------
    show : callable, optional
        Takes a line; standard output where None.

    Examples
    --------
    >>> show_log()
    >>> logging.getLogger("tagline.data").info("4 tables")
    4 tables
    """
    logger = logging.getLogger(NAME)
    # Each step of a flow asks for it; two handlers would say everything twice.
    for handler in [each for each in logger.handlers if isinstance(each, Lines)]:
        logger.removeHandler(handler)
    logger.addHandler(Lines(show or _print))
    logger.setLevel(logging.INFO)


def _print(line: str) -> None:
    # Looked up anew: Metaflow and tests put another stream in its place.
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
