"""Numbers as people in Europe write them, and shares in percent."""

from tests.worlds.world import World, with_columns


def in_euros(rows):
    texts = rows["size"].map("{:,.2f} €".format, na_action="ignore")
    return texts.str.translate(str.maketrans(",.", ".,"))


WORLD = World(
    name="1.234,50 € and 5.3%",
    make=with_columns(
        size=lambda rows: in_euros(rows.assign(size=rows["size"] * 250)),
        share=lambda rows: [f"{number % 100}.5%" for number in range(len(rows))],
    ),
    quick=True,
)
