"""CSV with line breaks between quotes, over several blocks of the reader."""

from tests.worlds.world import World, with_columns

TEXT = "first line\n" + "x" * 2_500


WORLD = World(
    name="quoted line breaks",
    make=with_columns(note=lambda rows: [f"{TEXT} {i % 3}" for i in range(len(rows))]),
)
