"""Tagline: from a table to a model in production, promoted by tagging."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

    from tagline.notebook import CaseInNotebook, Live, Model
    from tagline.workflows.comparing import Comparison

__all__ = [
    "challengers",
    "champion",
    "compare",
    "cross",
    "load",
    "matrix",
    "new",
    "predictions",
]


def new(frame: Any, *, target: str, **wished: Any) -> "CaseInNotebook":
    """Make a case of a frame, as `tagline new` does of a file.

    Parameters
    ----------
    frame : DataFrame
        The table. An index that has a name is one of its columns.
    target : str
        The column to predict.
    **wished
        ``name`` ("mine"), ``folder`` (where its files lie; the present one), ``again`` (write over
        a config), and what `tagline new` takes: ``id``, ``time``, ``task``, ``positive``,
        ``negative``.

    Returns
    -------
    CaseInNotebook
        With what was found; ``train()`` trains it.

    Raises
    ------
    TaglineError
        There is a config of that name, or the question can not be asked of the frame.

    Examples
    --------
    ::

        import tagline

        case = tagline.new(frame, target="species", name="penguins")
        run = case.train()
        run  # its report
    """
    from tagline.notebook import new as made  # noqa: PLC0415

    return made(frame, target=target, **wished)


def cross(a: Any, b: Any) -> Any:
    """Make one text of two, for what they tell only together; a missing one is empty.

    Parameters
    ----------
    a, b : text of an input function's row
        Columns, values of one row, or what stands for them in a graph.

    Examples
    --------
    >>> cross("red", "XL")
    'red \u00d7 XL'
    """
    return a + " \u00d7 " + b


def champion(case: str | None = None) -> "Live":
    """Give what stands as champion of a case, as the ledger says.

    Parameters
    ----------
    case : str, optional
        The case; the only one that has a ledger where left out.

    Returns
    -------
    Live
        With its Metaflow ``run`` and its ``bundle``, each opened when it is asked for.

    Raises
    ------
    TaglineError
        There is no champion, or the ledger can not be read.

    Examples
    --------
    ::

        import tagline

        best = tagline.champion("flights")
        best.run["end"].task["metrics"].data
        best.bundle.predict_frame(rows)
    """
    from tagline.notebook import champion as found  # noqa: PLC0415

    return found(case)


def load(run: str | None = None) -> "Model":
    """Open the model of a finished run.

    Parameters
    ----------
    run : str, optional
        ``TrainFlow/ID`` or the id; the newest where left out.

    Examples
    --------
    ::

        tagline.load("1764057019123456").predict(frame)  # a frame: probability, decision
    """
    from tagline.notebook import Model  # noqa: PLC0415

    return Model.of(run)


def predictions(run: str | None = None, *, contributions: bool = False) -> "pd.DataFrame":
    """Give a run's tuning and test rows with labels and answers, one row each.

    Where folds judged, training rows are among them, each answered by a model of another fold.

    Parameters
    ----------
    run : str, optional
        ``TrainFlow/ID`` or the id; the newest where left out.
    contributions : bool, optional
        Whether each row's SHAP values stand beside, as ``shap:NAME``.

    Examples
    --------
    ::

        rows = tagline.predictions()
        rows[rows.part == "test"].sort_values("probability")
    """
    from tagline.notebook import predictions as found  # noqa: PLC0415

    return found(run, contributions=contributions)


def matrix(run: str | None = None, *, part: str = "test") -> "pd.DataFrame":
    """Give a run's rows as its model saw them: a column for each input, float32.

    Parameters
    ----------
    run : str, optional
        ``TrainFlow/ID`` or the id; the newest where left out.
    part : {"test", "tune", "train"}, optional
        Which rows.
    """
    from tagline.notebook import matrix as found  # noqa: PLC0415

    return found(run, part=part)


def compare(a: str | None = None, b: str | None = None, *, seeds: int = 0) -> "Comparison":
    """Compare a run with another, by default with the champion, on rows that both judged.

    Parameters
    ----------
    a : str, optional
        ``TrainFlow/ID`` or the id; the newest where left out.
    b : str, optional
        Another run; the champion of its case where left out.
    seeds : int, optional
        How many times both are trained again, with other seeds.

    Returns
    -------
    Comparison
        With DataFrames: ``figures``, ``slices``, ``importance``, ``config``, ``cost``, ``seeds``.
    """
    from tagline.notebook import compare as compared  # noqa: PLC0415

    return compared(a, b, seeds=seeds)


def challengers(case: str | None = None) -> "list[Live]":
    """Give what has a share of the traffic beside the champion; see `champion`."""
    from tagline.notebook import challengers as found  # noqa: PLC0415

    return found(case)
