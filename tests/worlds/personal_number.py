"""A field that names a person and is a whole number; its pseudonym is text."""

import numpy as np

from tests.worlds.world import World, with_columns

WORLD = World(
    name="a personal number",
    make=with_columns(customer=lambda rows: 70_000 + np.arange(len(rows)) % 45),
    sections={"serving": {"personal": ["customer"], "subject": "customer"}},
    quick=True,
)
