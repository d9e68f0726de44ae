"""A feature module with history: a shop's orders, of which some are sent back."""

import numpy as np
import pandas as pd

from tagline.columns.field import Field
from tagline.history.declare import Age, Count, Events, Last, Mean

FIELDS = (
    Field("customer", "string"),
    Field("at", "timestamp"),
    Field("amount", "number", minimum=0),
)
ORDERS, RETURNS = Events("orders"), Events("returns")
HISTORY = (
    Count("orders_28D", ORDERS, by=("customer",), window="28D", bucket="1h"),
    Mean("amount_7D", ORDERS, "amount", by=("customer",), window="7D", bucket="1h"),
    Count("returns_7D", RETURNS, by=("customer",), window="7D", bucket="1h"),
    Last("amount_before", ORDERS, "amount", by=("customer",), within="20D", strictly_before=True),
    Age("since_last", ORDERS, by=("customer",), strictly_before=True),
    Age("since_own", ORDERS, by=("customer",)),
)


def load(rows=900):
    random = np.random.default_rng(5)
    at = pd.Timestamp("2024-01-01", tz="UTC") + pd.to_timedelta(
        np.sort(random.integers(0, 120 * 86_400, rows)), unit="s"
    )
    customer = random.choice([f"c{n}" for n in range(12)], rows)
    amount = random.gamma(2, 30, rows).round(2)
    odds = (amount - 60) / 30 + np.isin(customer, ["c1", "c2"])
    back = random.random(rows) < 1 / (1 + np.exp(-odds))
    frame = {"id": [f"o{n}" for n in range(rows)], "customer": customer, "at": at}
    return {"orders": pd.DataFrame({**frame, "amount": amount, "back": back.astype(int)})}


def decisions(tables):
    return tables["orders"]


def events(tables):
    orders = tables["orders"].assign(
        occurred_at=tables["orders"]["at"], known_at=tables["orders"]["at"]
    )
    back = orders[orders["back"] == 1]
    later = back["at"] + pd.Timedelta("5D")
    return {"orders": orders, "returns": back.assign(occurred_at=later, known_at=later)}


def inputs(xp, row):
    names = [declared.name for declared in HISTORY]
    return {"customer": row["customer"], "amount": row["amount"]} | {n: row[n] for n in names}
