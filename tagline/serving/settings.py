"""How a server is started, handed to its workers by the environment."""

import os
from typing import Any, Self

from tagline.case.section import Section
from tagline.storage.place import LEDGER, STORE, ledger, location

VARIABLE = "TAGLINE_SERVER"
MULTIPROCESS = "PROMETHEUS_MULTIPROC_DIR"


class Settings(Section):
    """What a worker has to know.

    Attributes
    ----------
    case : dict
        The case's whole config.
    states : str
        The folder of what workers share: which model each has, how often each key has asked.
    server, url : str
        The server's name, and where it answers.
    keys : str
        The file of API keys; empty where there is none.
    workers : int
        How many there are.
    access_log : bool
        Whether each request is logged, and not only those that fail.
    parent : int
        The process that looks after the workers; 0 where there is one worker only.
    """

    case: dict[str, Any]
    states: str
    server: str = ""
    url: str = ""
    keys: str = ""
    workers: int = 1
    access_log: bool = False
    parent: int = 0

    @classmethod
    def of_environment(cls) -> Self:
        """Read them."""
        return cls.model_validate_json(os.environ[VARIABLE])

    def to_environment(self) -> None:
        """Leave them for the workers, and where the store is: to find it out costs each 0.3 s."""
        os.environ |= {VARIABLE: self.model_dump_json(), STORE: location(), LEDGER: ledger()}
