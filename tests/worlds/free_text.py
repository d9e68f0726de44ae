"""Comments that people write, each their own, with line breaks, gaps and letters of any script."""

import numpy as np

from tests.worlds.world import World, with_columns

WORDS = ("size", "fits", "great,", '"well"', "größer", "\nas", "小さい", "🙂", "returned", "again")


def comments(rows):
    random = np.random.default_rng(4)
    # Who is unhappy writes more.
    counts = random.integers(4, 12, len(rows)) + 9 * rows["y"].to_numpy()
    texts = [" ".join(random.choice(WORDS, count)) for count in counts]
    return [None if n % 13 == 0 else f"{n}: {text}" for n, text in enumerate(texts)]


WORLD = World(name="free text", make=with_columns(comment=comments))
