"""Move what earlier versions left in ``.tagline`` into the store that is in use."""

import json
import logging
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

from pydantic import BaseModel

from tagline import paths
from tagline.bundle.record import RunRecord
from tagline.bundle.seal import PROVENANCE
from tagline.bundle.sharing import share_bundle
from tagline.bundle.verify import contents
from tagline.case.config import Case
from tagline.case.renamed import in_new_words
from tagline.errors import TaglineError
from tagline.models.trials import records as trials_of
from tagline.prediction_log.log import written
from tagline.prediction_log.tables import rows_of
from tagline.runs.earlier import earlier_runs
from tagline.runs.lookup import tag_store
from tagline.runs.records import Records, now
from tagline.runs.stores import identified
from tagline.storage.contract import Store
from tagline.storage.location import own_store
from tagline.storage.objects import Objects
from tagline.storage.place import metaflow_root
from tagline.storage.workspace import Workspace
from tagline.training.recording import plain

log = logging.getLogger(__name__)
NOTE = "MOVED.txt"
OURS = ("bundles", "ledger", "log", "seen")


@dataclass(frozen=True)
class Move:
    """One kind of thing that is moved.

    Attributes
    ----------
    what : str
        Which.
    count : int
        How many.
    """

    what: str
    count: int


def old_place() -> Path | None:
    """Give the ``.tagline`` of an earlier version beside Metaflow's runs; None without one."""
    found = metaflow_root().parent / ".tagline"
    is_old = any((found / each).is_dir() for each in OURS) and not (found / NOTE).exists()
    return found if is_old and found.absolute() != paths.home() else None


def migrate(old: Path | None = None, *, dry: bool = False) -> list[Move]:
    """Copy what is in an old place into the store, and leave a note there.

    Runs get records, signed with this machine's key: what Metaflow keeps of them is opened for
    that, so that this is for runs that one trusts.

    Parameters
    ----------
    old : Path, optional
        The old place; that beside Metaflow's runs where None.
    dry : bool, optional
        Whether only to count.

    Raises
    ------
    TaglineError
        There is none.
    """
    found = old or old_place()
    if found is None or not found.is_dir():
        raise TaglineError(
            "There is nothing of an earlier version here.", where=str(old or metaflow_root().parent)
        )
    store = own_store()
    _expect_room(found, store)
    done = [*_moved(found, store, dry=dry), _recorded(found, store, dry=dry)]
    if not dry:
        said = f"Moved into {store.where} on {now()}. Nothing here is read any more.\n"
        (found / NOTE).write_text(said)
    return done


def _expect_room(old: Path, store: Store) -> None:
    """Refuse where something else has begun already: two ledgers can not be made one."""
    for path in sorted((old / "ledger").rglob("*.json")):
        name = f"ledger/{path.relative_to(old / 'ledger').as_posix()}"
        there = store.read(name)
        if there is not None and there != path.read_bytes():
            raise TaglineError(
                "The store has entries of its own already, and nothing was moved.",
                where=f"{store.where}/{name}",
                todo="Move into another store ($TAGLINE_STORE), or move that one away.",
            )


def _moved(old: Path, store: Store, *, dry: bool) -> Iterator[Move]:
    objects = Objects(store)
    tables = [*(old / "tables").glob("*.parquet"), *(old / "objects").rglob("[0-9a-f]" * 64)]
    bundles = [each for each in (old / "bundles").glob("[0-9a-f]*") if each.is_dir()]
    ledger = [each for each in (old / "ledger").rglob("*.json") if each.is_file()]
    kept = [*_log(old), *_reports(old)]
    snapshots = [each for each in (old / "snapshots").glob("*/*/[0-9]*") if each.is_dir()]
    segments = list(_segments(old))
    if not dry:
        identified(store)
        for path in tables:
            objects.put_file(path)
        for path in bundles:
            share_bundle(path, objects)
        for path in ledger:
            store.create(f"ledger/{path.relative_to(old / 'ledger').as_posix()}", path.read_bytes())
        for path, name in kept:
            store.create(name, path.read_bytes())
        for path in snapshots:
            _snapshot(path, store)
        for path, name in segments:
            store.create(name, written(list(rows_of(path.read_bytes()))))
        _keys(old)
    yield Move("tables", len(tables))
    yield Move("bundles", len(bundles))
    yield Move("entries of ledgers", len(ledger))
    yield Move("tables of logs, and pages", len(kept))
    yield Move("snapshots of history", len(snapshots))
    yield Move("segments that were open or closed", len(segments))


def _log(old: Path) -> Iterator[tuple[Path, str]]:
    for case in (each for each in (old / "log").glob("*") if each.is_dir()):
        own = Workspace(case.name)
        for kind, folder in (("predictions", own.predictions), ("outcomes", own.outcomes)):
            for path in (case / kind).glob("*.parquet"):
                at = datetime.fromtimestamp(int(path.name.split("-")[0]) / 1e9, UTC)
                yield path, f"{folder}/{at:%Y-%m-%d}/{path.name}"
        for path in (case / "batch").rglob("*"):
            if path.suffix in (".parquet", ".json"):
                yield path, f"{own.batch}/{path.relative_to(case / 'batch').as_posix()}"
    for path in (old / "monitoring").glob("*/latest.json"):
        yield path, Workspace(path.parent.name).watched


def _segments(old: Path) -> Iterator[tuple[Path, str]]:
    """Give what servers had not made tables of yet; none of them may run any more."""
    for case in (each for each in (old / "log").glob("*") if each.is_dir()):
        own = Workspace(case.name)
        for kind, folder in (("predictions", own.predictions), ("outcomes", own.outcomes)):
            for path in [*(case / kind).glob("*.open"), *(case / kind).glob("*.log")]:
                at = datetime.fromtimestamp(int(path.name.split("-")[0]) / 1e9, UTC)
                yield path, f"{folder}/{at:%Y-%m-%d}/{path.stem}.parquet"


def _reports(old: Path) -> Iterator[tuple[Path, str]]:
    for path in (old / "reports").glob("*.html"):
        yield path, f"reports/earlier/{path.name}"


def _snapshot(path: Path, store: Store) -> None:
    content = BytesIO()
    with ZipFile(content, "w") as parts:
        for each in sorted(path.iterdir()):
            parts.write(each, each.name)
    case, declared = path.parts[-3:-1]
    store.create(f"{Workspace(case).snapshots}/{declared}/{path.name}.zip", content.getvalue())


def _keys(old: Path) -> None:
    """Bring what was this machine's own: the key of pseudonyms, which was one for all cases."""
    paths.home().mkdir(parents=True, exist_ok=True)
    for case in (each.name for each in (old / "log").glob("*") if each.is_dir()):
        target = paths.pseudonym_key(case)
        if (old / "pseudonym.key").exists() and not target.exists():
            shutil.copy2(old / "pseudonym.key", target)
    if (old / "keys.json").exists() and not paths.api_keys().exists():
        shutil.copy2(old / "keys.json", paths.api_keys())


def _recorded(old: Path, store: Store, *, dry: bool) -> Move:
    own, count = Records(store), 0
    known = {each.run for case in own.cases() for each in own.of(case)}
    for run, began, found in earlier_runs(known):
        count += 1
        if not dry:
            sealed = _sealed(old / "bundles" / found["bundle"]["digest"])
            own.write(_record(run, began, found, sealed))
            tag_store(run, identified(store))
    return Move("runs", count)


def _record(run: str, began: str, found: dict[str, Any], sealed: dict[str, Any]) -> RunRecord:
    digest = found["bundle"]["digest"]
    author = str(found["bundle"].get("signed_by", ""))
    config, dropped = _known_part(in_new_words(plain(found["case_config"])), Case)
    if dropped:
        log.info(f"{run}: its config has keys that are no more: {', '.join(dropped)}")
    return RunRecord(
        run=run,
        case=found["case_name"],
        config=config,
        stage=found["standing"],
        digest=digest,
        author="migrated",
        author_key="",
        began=began,
        ended=began,
        metrics=plain(found["metrics"]),
        baselines=plain(found["baseline_metrics"]),
        gates=plain(found["gates"]),
        leaderboard=plain(trials_of(found["leaderboard"])),
        periods=plain(sealed.get("periods", [])),
        accounting=plain(dict(found["accounting"])),
        fingerprint=str(found["fingerprint"]),
        provenance={**plain(found["provenance"]), "sealed_by": author},
        tables={},
        files={},
        explained={},
        compared={},
        metaflow={},
    )


def _sealed(folder: Path) -> dict[str, Any]:
    try:
        files, _, _ = contents(folder, digest=folder.name)
    except TaglineError:
        return {}
    return dict(json.loads(files.get(PROVENANCE, b"{}")))


def _known_part(said: dict[str, Any], model: type[BaseModel]) -> tuple[dict[str, Any], list[str]]:
    """Give a config without the keys that there are no more, and name those."""
    kept, dropped = {}, []
    for name, value in said.items():
        field = model.model_fields.get(name)
        if field is None:
            dropped.append(name)
            continue
        inner = field.annotation
        if isinstance(value, dict) and isinstance(inner, type) and issubclass(inner, BaseModel):
            value, below = _known_part(value, inner)
            dropped += [f"{name}.{each}" for each in below]
        kept[name] = value
    return kept, dropped
