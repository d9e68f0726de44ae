"""Which store the runs here belong to: it has an id, which is also a tag of its runs."""

import json
from uuid import uuid4

from tagline.canonical import as_json
from tagline.errors import TaglineError
from tagline.runs.records import FORMAT, now
from tagline.storage.contract import Store
from tagline.storage.place import STORE

NAME, TAG = "store.json", "store:"


def identity(store: Store) -> str:
    """Give a store's id; empty where it has none, as before its first training."""
    content = store.read(NAME)
    if content is None:
        return ""
    said = json.loads(content)
    if int(said["format"]) > FORMAT:
        raise TaglineError(
            f"This store is of format {said['format']}, and this Tagline reads up to {FORMAT}.",
            where=store.where,
            todo="Use the Tagline that wrote it, or a newer one.",
        )
    return str(said["id"])


def identified(store: Store) -> str:
    """Give a store's id, and one where it has none yet."""
    if not (known := identity(store)):
        said = {"format": FORMAT, "id": uuid4().hex, "created": now()}
        store.create(NAME, as_json(said))
        known = identity(store)
    return known


def expect_own_store(store: Store) -> None:
    """Refuse a store to which none of the runs that are seen here belongs.

    Raises
    ------
    TaglineError
        Runs say that they belong to others.
    """
    from tagline.runs.lookup import all_runs  # noqa: PLC0415 - Metaflow, which no server needs

    tagged = sorted(
        (run.created_at, tag.removeprefix(TAG))
        for run in all_runs()
        for tag in run.user_tags
        if tag.startswith(TAG)
    )
    own = identity(store)
    if tagged and own not in {each for _, each in tagged}:
        _, newest = tagged[-1]
        has = f"is {own[:8]}…" if own else "has none of them"
        raise TaglineError(
            f"The runs here belong to the store {newest[:8]}…, and this one {has}: by it nothing "
            "would stand, and what does stand would be undone.",
            where=store.where,
            todo=f"Set {STORE} to where they were trained into (its store.json has that id).",
        )
