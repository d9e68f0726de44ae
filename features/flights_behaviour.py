"""What the flights model must do, whatever its figures say."""

import pandas as pd

from tagline.evaluation.behaviour import BehaviourTest, Direction, Invariance, Minimum

LATER = 60.0
VERY_LATE = 240.0
SHORT_TURN = pd.Timedelta("4h")


def _later_inbound(rows: pd.DataFrame) -> pd.DataFrame:
    known = rows[rows["departed_delay"].notna() | rows["arrived_delay"].notna()]
    return known.assign(
        departed_delay=known["departed_delay"] + LATER,
        arrived_delay=known["arrived_delay"] + LATER,
    )


def _other_registration(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.assign(tailnum="N00000")


def _hopelessly_late_inbound(rows: pd.DataFrame) -> pd.DataFrame:
    departs = rows["sched_dep"].astype("int64") // 10**6
    turn = departs - rows["leg_arr"]
    tight = rows[(turn > 0) & (turn < SHORT_TURN.total_seconds())]
    return tight.assign(
        arrived_dep=tight["leg_dep"],
        arrived_delay=VERY_LATE,
        departed_dep=tight["leg_dep"],
        departed_delay=VERY_LATE,
    )


BEHAVIOUR: tuple[BehaviourTest, ...] = (
    Direction("A later inbound aircraft does not lower the risk", _later_inbound, sign=1),
    Invariance("The registration by itself does not matter", _other_registration),
    Minimum(
        "An inbound aircraft four hours late with a short turn is a likely delay",
        _hopelessly_late_inbound,
        expected=(0.5, 1.0),
        least_share=0.9,
    ),
)
