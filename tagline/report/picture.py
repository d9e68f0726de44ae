"""Pictures that read on white and on dark paper."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

TEXT = "#808890"
MODEL = "#3b82c4"
OTHER = "#c98a2b"
UP, DOWN = "#d1495b", "#3b82c4"
FAINT = "#80889055"
# A thousand points are a hundred times as many bytes as shapes than as an image.
AS_POINTS: Any = {"rasterized": True}
DPI = 144

STYLE: Any = {
    "font.size": 10,
    "font.family": "DejaVu Sans",
    "text.color": TEXT,
    "axes.labelcolor": TEXT,
    "axes.edgecolor": FAINT,
    "axes.titlecolor": TEXT,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": TEXT,
    "ytick.color": TEXT,
    "legend.frameon": False,
    # Text stays text: it can be searched, and takes the page's colour.
    "svg.fonttype": "none",
    # The same picture is the same bytes.
    "svg.hashsalt": "tagline",
    "text.parse_math": False,
}


class Picture:
    """One picture with one or more axes, and its SVG."""

    def __init__(self, canvas: Figure, axes: list[Axes]) -> None:
        self.canvas = canvas
        self.axes = axes
        self.svg = ""

    @property
    def ax(self) -> Axes:
        """The first axes."""
        return self.axes[0]


@contextmanager
def picture(
    *, width: float = 7.0, height: float = 4.0, rows: int = 1, columns: int = 1
) -> Iterator[Picture]:
    """Draw a picture; its `svg` is there when the block ends.

    Parameters
    ----------
    width, height : float
        In inches.
    rows, columns : int
        Of axes.
    """
    with mpl.rc_context(STYLE):
        canvas = Figure(figsize=(width, height), layout="constrained")
        canvas.patch.set_alpha(0)
        axes = canvas.subplots(rows, columns, squeeze=False)
        drawn = Picture(canvas, list(axes.flat))
        for ax in drawn.axes:
            ax.patch.set_alpha(0)
        yield drawn
        drawn.svg = _svg(canvas)


def _svg(canvas: Figure) -> str:
    buffer = io.StringIO()
    canvas.savefig(buffer, format="svg", transparent=True, dpi=DPI, metadata={"Date": None})
    content = buffer.getvalue()
    return content[content.index("<svg") :]
