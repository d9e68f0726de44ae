"""History for all flights against the plain pandas way, on the same declarations.

The plain way appends the decisions to the events, in the order of time, and takes
`groupby(...).rolling(window)` at the decisions' rows; last values are `merge_asof`. Both ways run
twice, in turn; the figure is the ratio of their medians.
"""

import time
from collections.abc import Callable
from statistics import median
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.common import FLIGHTS, record
from tagline.case.load import load_case
from tagline.data.modules import load_features
from tagline.history.bulk import compute
from tagline.history.declare import Age, Count, Declaration, Last, Mean, Sum

GOAL = 10.0
CLOSE = 1e-6
TURNS = 2
AT = "decided_at"


def main() -> None:
    """Compute the flights' history both ways and compare every value."""
    features = load_features(load_case(FLIGHTS))
    tables = features.load()
    events, decisions = features.events(tables), features.decisions(tables)
    as_text = {name: text_keys(frame) for name, frame in events.items()}
    seconds, plain_seconds = [], []
    for _ in range(TURNS):
        ours, took = timed(lambda: compute(features.history, events, decisions, at=AT))
        plain, plain_took = timed(
            lambda: {
                each.name: plainly(each, as_text[each.events.name], decisions)
                for each in features.history
            }
        )
        seconds.append(took)
        plain_seconds.append(plain_took)
    different = {name: apart(ours[name].to_numpy(), values) for name, values in plain.items()}
    unequal = {name: count for name, count in different.items() if count}
    ratio = median(plain_seconds) / median(seconds)
    record(
        "history",
        figure=ratio,
        goal=GOAL,
        holds=ratio >= GOAL and not unequal,
        raw={
            "seconds": seconds,
            "plain_seconds": plain_seconds,
            "declarations": len(features.history),
            "decisions": len(decisions),
            "values_that_differ": unequal,
        },
    )


def timed(work: Callable[[], Any]) -> tuple[Any, float]:
    """Do some work; give its result and its wall time in seconds."""
    begun = time.perf_counter()
    result = work()
    return result, time.perf_counter() - begun


def text_keys(frame: pd.DataFrame) -> pd.DataFrame:
    """Give key columns the types that the decisions' have."""
    kept = {
        name: dtype.categories.dtype for name, dtype in frame.dtypes.items() if dtype == "category"
    }
    return frame.astype(kept)


def plainly(declared: Declaration, events: pd.DataFrame, decisions: pd.DataFrame) -> np.ndarray:
    """Compute one declaration as a pandas user writes it."""
    by = list(declared.by)
    if declared.where is not None:
        events = events[events[declared.where]]
    if isinstance(declared, Last | Age):
        return last(declared, events, decisions, by)
    return rolled(declared, events, decisions, by)


def rolled(
    declared: Count | Sum | Mean, events: pd.DataFrame, decisions: pd.DataFrame, by: list[str]
) -> np.ndarray:
    """Roll over events and decisions together; an event is visible from its bucket's end on."""
    seen = events["known_at"].dt.floor(declared.bucket) + pd.Timedelta(declared.bucket)
    value = 1.0 if isinstance(declared, Count) else events[declared.value].astype("float64")
    happened = events[by].assign(time=seen, value=value, place=-1)
    points = decisions[by].assign(
        time=decisions[AT].dt.floor(declared.bucket), value=np.nan, place=range(len(decisions))
    )
    both = pd.concat([happened.dropna(subset=["time"]), points]).sort_values("time", kind="stable")
    if by:
        both = both.dropna(subset=by).sort_values(by, kind="stable")
        window = both.groupby(by, sort=False).rolling(declared.window, on="time", min_periods=1)
    else:
        window = both.rolling(declared.window, on="time", min_periods=1)
    found = window["value"].mean() if isinstance(declared, Mean) else window["value"].sum()
    place = both["place"].to_numpy()
    result = np.full(len(decisions), np.nan)
    result[place[place >= 0]] = found.to_numpy()[place >= 0]
    return result if isinstance(declared, Mean) else np.nan_to_num(result)


def last(
    declared: Last | Age, events: pd.DataFrame, decisions: pd.DataFrame, by: list[str]
) -> np.ndarray:
    """Take the last event known before each decision."""
    value = "occurred_at" if isinstance(declared, Age) else declared.value
    known = events.dropna(subset=[*by, value, "known_at"]).sort_values("known_at", kind="stable")
    known = known[list(dict.fromkeys([*by, value, "known_at", "occurred_at"]))]
    points = decisions[[AT, *by]].dropna(subset=by).assign(place=lambda t: t.index)
    points = points.sort_values(AT, kind="stable")
    found = pd.merge_asof(points, known, left_on=AT, right_on="known_at", by=by or None)
    age = (found[AT] - found["occurred_at"]).dt.total_seconds()
    values = age if isinstance(declared, Age) else number(found[value])
    if declared.within is not None:
        values = values.where(age <= pd.Timedelta(declared.within).total_seconds())
    result = np.full(len(decisions), np.nan)
    result[found["place"]] = values
    return result


def number(values: pd.Series) -> pd.Series:
    """Give times as seconds since 1970 and numbers as they are."""
    if isinstance(values.dtype, pd.DatetimeTZDtype):
        return (values - pd.Timestamp(0, tz="UTC")).dt.total_seconds()
    return values.astype("float64")


def apart(ours: np.ndarray, plain: np.ndarray) -> int:
    """Count the values that differ by more than rounding."""
    return int((~np.isclose(ours, plain, rtol=CLOSE, atol=1e-4, equal_nan=True)).sum())


if __name__ == "__main__":
    main()
