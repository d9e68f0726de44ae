"""What a test of one's own can ask of a case's features: one line of pytest.

Examples
--------
::

    from tagline.testing import check_features


    def test_features():
        check_features("config/returns.toml")
"""

from pathlib import Path

from tagline.case.load import load_case
from tagline.data.rehearsal import disagreements, rehearse, seen_too_early
from tagline.data.tables import load_tables


def check_features(config: Path | str, *, rows: int = 2000) -> None:
    """Make a case's inputs in each way, with and without what came later, and compare.

    Parameters
    ----------
    config : Path or str
        The config of the case.
    rows : int, optional
        About how many of the newest rows are looked at.

    Raises
    ------
    AssertionError
        An input on columns is another of one row or in the graph, an earlier decision changes
        when what came after it is taken away, or a column seems to know the answer; says which.
    TaglineError
        What would stop a training before its search.
    """
    case = load_case(Path(config))
    found = rehearse(case, most=rows)
    early = seen_too_early(found, load_tables(case, found.features)) or []
    wrong = [*disagreements(found), *early]
    wrong += [f"{name!r} {why}: does it know the answer?" for name, why in found.suspected.items()]
    if wrong:
        raise AssertionError("\n".join(wrong))
