"""One at a time, whatever the machine: a name in the store that ends by itself."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

from tagline.storage.contract import Store

FOLDER = "locks"


@contextmanager
def lease(store: Store, name: str, *, seconds: float) -> Iterator[bool]:
    """Hold a name of a store; give whether it is held.

    Parameters
    ----------
    store : Store
        Where.
    name : str
        What is done by one at a time.
    seconds : float
        After how long whoever holds it is taken for gone, by the store's clock.
    """
    place, own = f"{FOLDER}/{name}.json", json.dumps({"by": uuid4().hex}).encode()
    held = _taken(store, place, own, seconds)
    try:
        yield held
    finally:
        if held and store.read(place) == own:
            store.remove(place)


def _taken(store: Store, place: str, own: bytes, seconds: float) -> bool:
    if store.replace(place, own, etag=""):
        return True
    _, etag = store.read_with_etag(place)
    age = store.age(place)
    return bool(etag) and age is not None and age > seconds and store.replace(place, own, etag=etag)
