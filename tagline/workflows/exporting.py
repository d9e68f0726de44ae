"""A bundle as a folder for others: what answers, and beside it all that its record tells."""

from pathlib import Path

from tagline.bundle.load import Bundle
from tagline.bundle.record import RunRecord
from tagline.bundle.seal import BESIDE as OURS
from tagline.bundle.seal import RECORD
from tagline.bundle.sharing import fetch_bundle
from tagline.errors import TaglineError, Unknown
from tagline.runs.records import Records, name_of
from tagline.storage.files import scratch
from tagline.storage.location import own_store
from tagline.storage.objects import Objects

BESIDE, CARD = "beside/", "card.md"


def export(record: RunRecord, folder: Path) -> Path:
    """Write the bundle of a run as a folder: for MLflow, or for a machine without the store.

    Parameters
    ----------
    record : RunRecord
        Of the run.
    folder : Path
        It is made.

    Raises
    ------
    TaglineError
        There is something of that name, or a part of the bundle is gone.
    """
    if folder.exists():
        raise TaglineError(
            "There is something of that name.",
            where=str(folder),
            todo="Name a folder that is not there yet.",
        )
    store = own_store()
    objects = Objects(store)
    with scratch(folder.absolute().parent) as aside:
        if not fetch_bundle(record.digest, aside, objects):
            raise Unknown(f"The bundle {record.digest[:12]} is gone.", where=store.where)
        made = aside / record.digest
        for name, digest in record.files.items():
            # Whoever signed a record has named its files: only ours are written, and nowhere else.
            if name.startswith(BESIDE) and name.removeprefix(BESIDE) in OURS - {RECORD}:
                (made / name.removeprefix(BESIDE)).write_bytes(objects.get(digest))
        (made / RECORD).write_bytes(store.read(name_of(record.case, record.run)) or b"")
        made.rename(folder)
    return folder


def card_of(run: str, bundle: Bundle) -> str:
    """Give the model card of a run; bundles of earlier versions have it themselves."""
    try:
        digest = Records.here().read(run).files[f"{BESIDE}{CARD}"]
    except Unknown:
        return bundle.read_bytes(CARD).decode()
    return Objects(own_store()).get(digest).decode()
