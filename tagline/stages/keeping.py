"""Keep what a run made: at hand on this machine, and in the one store; artifacts hold digests."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tagline import paths
from tagline.bundle.sharing import share_bundle
from tagline.files import write_whole
from tagline.store.blobs import Blobs, shared

HTML = ".html"


def keep_bundle(sealed: Mapping[str, Any]) -> dict[str, Any]:
    """Share a sealed bundle; give what an artifact holds of it, without the folder's path."""
    objects = shared()
    if objects is not None:
        share_bundle(Path(sealed["path"]), objects)
    return {name: each for name, each in sealed.items() if name != "path"}


def keep_page(page: str, *, name: str) -> str:
    """Keep a run's page under the run's name, for people, and in the store; give its SHA-256."""
    write_whole(paths.reports() / f"{name}{HTML}", page)
    return Blobs(paths.reports() / "by_content", shared()).put(page.encode(), ending=HTML)
