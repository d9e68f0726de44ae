"""Which store is in use: what says so, and where it is when nothing does."""

import os
from functools import lru_cache
from pathlib import Path

from tagline.errors import TaglineError

STORE, LEDGER = "TAGLINE_STORE", "TAGLINE_LEDGER"
OWN = "mf.tagline"
NAME_IT = f"Set {STORE} to a folder that all of them reach, or s3://bucket/prefix, for all of them."


def location() -> str:
    """Say where the one store is.

    Returns
    -------
    str
        ``$TAGLINE_STORE``, a folder or ``s3://bucket/prefix``; else ``mf.tagline`` inside the root
        in which Metaflow keeps the runs: the folder that it finds from its settings and the
        current directory, or its place on S3 where the task that runs has its data there, or that
        is the default datastore here.

    Raises
    ------
    TaglineError
        Metaflow's runs are on a service or a cluster and their data on this machine: nothing
        that others can reach is right then.
    """
    named = os.environ.get(STORE, "")
    if named:
        return named.rstrip("/") if "://" in named else str(Path(named).expanduser().absolute())
    from metaflow import current  # noqa: PLC0415 - where the store is named, nobody asks Metaflow

    return _of_metaflow(os.getcwd(), str(current.pathspec or ""))  # noqa: PTH109 - as Metaflow does


def ledger() -> str:
    """Say where the ledgers are: ``$TAGLINE_LEDGER``, else in the store."""
    return os.environ.get(LEDGER) or f"{location()}/ledger"


@lru_cache(maxsize=8)
def _of_metaflow(_: str, task: str) -> str:
    from metaflow.metaflow_config import DEFAULT_METADATA  # noqa: PLC0415

    kind, root = _datastore(task)
    if kind == "s3" and root:
        return f"{root.rstrip('/')}/{OWN}"
    if DEFAULT_METADATA == "service" or os.environ.get("ARGO_WORKFLOW_TEMPLATE"):
        raise TaglineError(
            "Runs are seen by other machines, and what belongs to them would be kept on this one.",
            todo=NAME_IT,
        )
    return str(metaflow_root() / OWN)


def metaflow_root() -> Path:
    """Give Metaflow's own local folder, by its settings, profile and walk up from here."""
    from metaflow.plugins.datastores.local_storage import LocalStorage  # noqa: PLC0415

    found = LocalStorage.get_datastore_root_from_config(lambda *_: None, create_on_absent=False)
    return Path(found or LocalStorage.DATASTORE_DIR).absolute()


def _datastore(task: str) -> tuple[str, str]:
    """Give the kind and the root of the datastore: of the task that runs, else as it is set here.

    Not of somebody's newest run: whoever trains could lead everybody to a ledger of their own.
    """
    from metaflow import Task  # noqa: PLC0415
    from metaflow.exception import MetaflowException  # noqa: PLC0415
    from metaflow.metaflow_config import DATASTORE_SYSROOT_S3, DEFAULT_DATASTORE  # noqa: PLC0415

    if not task:
        return DEFAULT_DATASTORE, DATASTORE_SYSROOT_S3 or ""
    try:
        said = Task(task, _namespace_check=False).metadata_dict
    except MetaflowException:
        said = {}
    own = str(said.get("ds-type", DEFAULT_DATASTORE))
    return own, str(said.get("ds-root", DATASTORE_SYSROOT_S3 or ""))
