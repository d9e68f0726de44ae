"""Make the tables of docs/day.md: a shop's orders, and what was sent back. Nobody's data.

python examples/shop/make.py
"""

from pathlib import Path

import numpy as np
import pandas as pd

HERE = Path(__file__).parent
ORDERS, CUSTOMERS = 5_400, 150
FIRST = pd.Timestamp("2023-01-01")
DAYS, SHOWN_FROM, MOOD = 540, 180, 120


def main() -> None:
    """Write orders.csv and returns.csv."""
    random = np.random.default_rng(43)
    second = np.sort(random.integers(0, DAYS * 86_400, ORDERS))
    customer = random.integers(0, CUSTOMERS, ORDERS)
    # People change: who sent back last year may keep everything by now.
    moods = random.normal(0, 1, (DAYS // MOOD + 1, CUSTOMERS))
    sends_back = moods[second // (MOOD * 86_400), customer]
    shop = random.choice(["shoes", "dresses", "shirts", "books"], ORDERS, p=[0.3, 0.25, 0.3, 0.15])
    size = random.choice(["S", "M", "L"], ORDERS)
    items = random.integers(1, 7, ORDERS)
    each = random.gamma(3, 12, ORDERS) * np.where(shop == "books", 0.5, 1.0)
    odd_size = ((shop == "shoes") & (size == "S")) | ((shop == "dresses") & (size == "L"))
    dear = each - 35.0
    odds = -2.2 + 1.7 * sends_back + 2.2 * odd_size + 0.05 * dear - 0.8 * (shop == "books")
    back = random.random(ORDERS) < 1 / (1 + np.exp(-odds))
    at = FIRST + pd.to_timedelta(second, unit="s")
    since = np.where(random.random(ORDERS) < 0.1, 999, random.integers(1, 60, CUSTOMERS)[customer])
    messy = random.random(ORDERS) < 0.3
    orders = pd.DataFrame(
        {
            "order_id": [f"o{number:05}" for number in range(ORDERS)],
            "customer": [f"c{number:03}" for number in customer],
            "ordered_at": at,
            "shop": np.where(messy, np.char.add(np.char.upper(shop), " "), shop),
            "size": size,
            "items": items,
            "amount": (each * items).round(2),
            "months_known": since,
            "sent_back": np.where(back, "yes", "no"),
        }
    )
    later = at + pd.to_timedelta(random.integers(2 * 86_400, 9 * 86_400, ORDERS), unit="s")
    booked = later + pd.to_timedelta(random.integers(3_600, 2 * 86_400, ORDERS), unit="s")
    returns = pd.DataFrame(
        {
            "customer_no": orders["customer"],
            "arrived_at": later,
            "booked_at": booked,
            "refund": orders["amount"],
            "what": random.choice(["return", "exchange"], ORDERS, p=[0.85, 0.15]),
        }
    )[back].sort_values("booked_at")
    orders[second >= SHOWN_FROM * 86_400].to_csv(HERE / "orders.csv", index=False)
    returns.to_csv(HERE / "returns.csv", index=False)


if __name__ == "__main__":
    main()
