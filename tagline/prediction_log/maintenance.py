"""What happens to a log: segments go to the store, days are merged, and what is old ends."""

import logging
import re
from collections import defaultdict
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from tagline.clock import expect_steady
from tagline.errors import TaglineError
from tagline.prediction_log.log import (
    MERGED,
    PredictionLog,
    is_merged,
    parts_of,
    read_rows,
    written,
)
from tagline.prediction_log.segment import TABLE
from tagline.storage.contract import Store, Stored
from tagline.storage.lease import lease

log = logging.getLogger(__name__)
DAY = 86_400.0  # seconds
HELD = 600.0  # seconds after which whoever merges is taken for gone
LEAST, MOST_BYTES = 3, 256_000_000
NAMED = re.compile(r"\d{4}-\d\d-\d\d")


@dataclass(frozen=True)
class LogMaintenance:
    """Keeps one case's log.

    Attributes
    ----------
    log : PredictionLog
        Which.
    retention_days : int or None
        How long rows are kept.
    """

    log: PredictionLog
    retention_days: int | None = None

    @property
    def kinds(self) -> tuple[str, str]:
        """Where predictions and outcomes are."""
        return self.log.workspace.predictions, self.log.workspace.outcomes

    def tidy(self) -> None:
        """Put into the store what is closed here; merge days and delete what is old, by turns."""
        self.log.ship()
        with self.turn() as own:
            if own:
                try:
                    self.delete_old()
                finally:
                    self.merge()

    def ship(self) -> None:
        """Put into the store what is closed here."""
        self.log.ship()

    def turn(self) -> AbstractContextManager[bool]:
        """Hold the log's turn: one at a time merges, deletes or forgets."""
        return lease(self.log.store, f"log-{self.log.workspace.case}", seconds=HELD)

    def merge(self) -> int:
        """Make one table of each day that is over; give how many tables were merged.

        A quarter of a year of six workers would be 157,000 of them.
        """
        merged = 0
        for folder in self.kinds:
            days: dict[str, list[Stored]] = defaultdict(list)
            for each in self.log.store.listing(folder):
                days[each.name.removeprefix(f"{folder}/").partition("/")[0]].append(each)
            for day, found in days.items():
                if NAMED.fullmatch(day) and day < _yesterday():
                    merged += self._merge(f"{folder}/{day}", found)
        return merged

    def _merge(self, folder: str, found: list[Stored]) -> int:
        store, own = self.log.store, [each for each in found if not is_merged(each.name)]
        if not own:
            return 0
        merged = [each.name for each in found if is_merged(each.name)]
        done = {part for name in merged for part in parts_of(store, name)}
        for each in own:
            if each.name in done:
                store.remove(each.name)  # whoever merged it was killed before it could
        left = [each for each in own if each.name not in done]
        if len(left) < LEAST or sum(each.size for each in left) > MOST_BYTES:
            return 0
        names = [each.name for each in left]
        contents = list(store.read_all(names))
        if None in contents:
            return 0  # somebody else is at it
        target = f"{folder}/{MERGED}{uuid4().hex}{TABLE}"
        store.create(target, written(_rows(names, contents), names))
        for each in left:
            _, now = store.read_with_etag(each.name)
            if now and now != each.etag:
                # Changed meanwhile, as by who forgets: what was merged of it does not count.
                store.remove(target)
                return 0
        if len(parts_of_others(store, folder, target) & set(names)):
            store.remove(target)  # another one has merged them too, and comes first
            return 0
        for name in names:
            store.remove(name)
        return len(names)

    def delete_old(self, *, at_most: float | None = DAY) -> int:
        """Delete the tables that are older than their retention; give how many.

        Parameters
        ----------
        at_most : float or None
            How much time they may span, in seconds: more at once is a clock that has jumped
            rather than a day that is over.

        Raises
        ------
        TaglineError
            They span more, or this machine's clock was seen to jump.
        """
        old = self._old()
        if not old:
            return 0
        expect_steady()
        span = max(old.values()) - min(old.values())
        if at_most is not None and span > at_most:
            raise TaglineError(
                f"{len(old)} tables of {span / DAY:.0f} days would be older than "
                f"{self.retention_days} days at once, and stay: has the clock jumped?",
                where=self.log.store.where,
                todo="Where it is right, `tagline forget --old` deletes them.",
            )
        for name in old:
            self.log.store.remove(name)
        log.info(f"{len(old)} tables are older than {self.retention_days} days and were deleted")
        return len(old)

    def _old(self) -> dict[str, float]:
        """Give the age in seconds of each table whose rows are all too old."""
        if self.retention_days is None:
            return {}
        found = [each for folder in self.kinds for each in self.log.store.listing(folder)]
        ages = {each.name: _age(each) for each in found}
        return {name: age for name, age in ages.items() if age > self.retention_days * DAY}


def _rows(names: Sequence[str], contents: Sequence[bytes | None]) -> list[dict[str, Any]]:
    pairs = zip(names, contents, strict=True)
    return [row for n, content in pairs if content is not None for row in read_rows(n, content)]


def parts_of_others(store: Store, folder: str, own: str) -> set[str]:
    """Give what other tables of a day were merged of, as far as they come before one."""
    found = [each.name for each in store.listing(folder) if is_merged(each.name)]
    return {part for name in found if name < own for part in parts_of(store, name)}


def _age(table: Stored) -> float:
    """Give the seconds since the youngest row of a table may have been written."""
    if not is_merged(table.name):
        return table.age
    # It was written when its day was over, and its rows are of that day.
    day = datetime.fromisoformat(table.name.split("/")[-2]).replace(tzinfo=UTC)
    return max(table.age, (datetime.now(UTC) - day).total_seconds() - DAY)


def _yesterday() -> str:
    return (datetime.now(UTC) - timedelta(days=1)).strftime("%Y-%m-%d")
