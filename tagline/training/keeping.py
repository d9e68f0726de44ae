"""Keep what a run made in the store; artifacts hold digests."""

import hashlib

from tagline import paths
from tagline.bundle.sharing import share_bundle
from tagline.storage.blobs import blobs
from tagline.storage.location import own_store
from tagline.storage.workspace import Workspace


def keep_bundle(digest: str) -> None:
    """Put a sealed bundle into the store."""
    share_bundle(paths.bundles() / digest, blobs().objects)


def keep_page(page: str, *, case: str, run: str) -> str:
    """Put a run's page into the store under the run's name; give its SHA-256."""
    content = page.encode()
    own_store().write(Workspace(case).report(run), content)
    return hashlib.sha256(content).hexdigest()
