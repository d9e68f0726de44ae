"""Where Tagline keeps what is too big for an artifact: tables, bundles, reports."""

import hashlib
import os
from contextlib import suppress
from pathlib import Path

LEDGER, STORE = "TAGLINE_LEDGER", "TAGLINE_STORE"


def home() -> Path:
    """Give the folder of Tagline's own files.

    Returns
    -------
    Path
        ``$TAGLINE_HOME`` where that is set, else ``.tagline`` beside the ``.metaflow``
        that Metaflow itself uses from the current directory.
    """
    named = os.environ.get("TAGLINE_HOME")
    if named:
        return Path(named).expanduser().absolute()
    return _metaflow_root() / ".tagline"


def tables() -> Path:
    """Give the folder of content-addressed tables."""
    return _made("tables")


def bundles() -> Path:
    """Give the folder of sealed bundles, each named by its digest."""
    return _made("bundles")


def ledger() -> str:
    """Say where the ledgers are: ``$TAGLINE_LEDGER``, else beside the rest of the store."""
    return os.environ.get(LEDGER) or f"{store().rstrip('/')}/ledger"


def store() -> str:
    """Say where the one store is: ``$TAGLINE_STORE``, a folder or ``s3://bucket/prefix``."""
    named = os.environ.get(STORE, "")
    if not named or "://" in named:
        return named or str(home())
    return str(Path(named).expanduser().absolute())


def seen() -> Path:
    """Give the folder where this machine remembers how far it has seen each ledger."""
    return home() / "seen"


def servers() -> Path:
    """Give the folder where running servers say that they run."""
    return _made("servers")


def log_of(case: str) -> Path:
    """Give the folder of what was answered for a case, and of what came true."""
    return _made(f"log/{case}")


def pseudonym_key() -> Path:
    """Give the file of the key by which logs hide who is meant."""
    return home() / "pseudonym.key"


def api_keys() -> Path:
    """Give the file of API keys, where no other is named."""
    return home() / "keys.json"


def snapshots(case: str) -> Path:
    """Give the folder of the history snapshots of a case."""
    return _made(f"snapshots/{case}")


def schedule(case: str) -> Path:
    """Give the folder of what a machine ran for a case, and when."""
    return _made(f"schedule/{case}")


def monitored(case: str) -> Path:
    """Give the file of what the monitor of a case found last."""
    return _made(f"monitoring/{case}") / "latest.json"


def flows() -> Path:
    """Give the folder of the flows."""
    return Path(__file__).resolve().parents[1] / "flows"


def reports() -> Path:
    """Give the folder of HTML reports, one a run."""
    return _made("reports")


def report_of(run: str) -> Path:
    """Give the page of a run, by its pathspec."""
    return reports() / f"{run.rpartition('/')[2]}.html"


def scoring_lock(place: str) -> Path:
    """Give the file that a batch holds while it writes answers to a place."""
    return _made("locks") / f"{hashlib.sha256(place.encode()).hexdigest()[:20]}.lock"


def cache() -> Path:
    """Give the folder of what was fetched from the store and is no run's table."""
    return _made("cache")


def _made(name: str) -> Path:
    folder = home() / name
    # In a place that can only be read, whoever wants to write is told so then.
    with suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
    return folder


def _metaflow_root() -> Path:
    set_root = os.environ.get("METAFLOW_DATASTORE_SYSROOT_LOCAL")
    if set_root:
        return Path(set_root).absolute()
    here = Path.cwd()
    return next(
        (folder for folder in (here, *here.parents) if (folder / ".metaflow").is_dir()), here
    )
