"""What a case has in a store, and under which names."""

from dataclasses import dataclass

from tagline.storage.contract import Store
from tagline.storage.disk import Disk

HTML, JSON = ".html", ".json"


@dataclass(frozen=True)
class Workspace:
    """The names of what a case has in a store.

    Attributes
    ----------
    case : str
        The case's name.
    """

    case: str

    @property
    def predictions(self) -> str:
        """What servers have answered: closed segments."""
        return f"log/{self.case}/predictions"

    @property
    def outcomes(self) -> str:
        """What came true, as it was reported."""
        return f"log/{self.case}/outcomes"

    @property
    def batch(self) -> str:
        """What was answered in batch, where no other place was named."""
        return f"log/{self.case}/batch"

    @property
    def erasures(self) -> str:
        """That somebody's rows were erased."""
        return f"log/{self.case}/erasures"

    @property
    def erased(self) -> str:
        """Who was erased, for servers that were away meanwhile: hashes only."""
        return f"log/{self.case}/erased"

    @property
    def snapshots(self) -> str:
        """The history that servers look up."""
        return f"snapshots/{self.case}"

    @property
    def watched(self) -> str:
        """What the monitor found last."""
        return f"monitoring/{self.case}/latest{JSON}"

    @property
    def watched_before(self) -> str:
        """What it found before that, a file each time."""
        return f"monitoring/{self.case}/past"

    @property
    def replays(self) -> str:
        """Months that were lived through."""
        return f"replays/{self.case}"

    @property
    def schedule(self) -> str:
        """What was started for the case by a machine, and when."""
        return f"schedule/{self.case}"

    @property
    def servers(self) -> str:
        """What running servers say of themselves."""
        return f"servers/{self.case}"

    def report(self, name: str) -> str:
        """Name a page: of a run, by its pathspec or its id, or of something else."""
        return f"reports/{self.case}/{name.rpartition('/')[2]}{HTML}"


def page_at_hand(store: Store, name: str) -> str:
    """Say where a person finds a page: its file, or its name in the store."""
    return str(store.folder / name) if isinstance(store, Disk) else f"{store.where}/{name}"
