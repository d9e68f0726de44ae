"""What a notebook asks of a run, one call each."""

from typing import Any

from tagline.registry.runs import Run, artifact, find


def shap_explanation(run: Run | str) -> Any:
    """Give the SHAP values that a training run kept, as the library's own object.

    Parameters
    ----------
    run : Run or str
        A Metaflow run, or its pathspec.

    Returns
    -------
    shap.Explanation
        Of the explained test rows: ``values`` and ``base_values`` in log-odds, ``data``,
        ``feature_names``.

    Raises
    ------
    TaglineError
        There is no such run, or it kept none, or they are gone.

    Examples
    --------
    ::

        values = shap_explanation("TrainFlow/1764057019123456")
        shap.plots.beeswarm(values)
        shap.plots.waterfall(values[0])
    """
    found = find(run) if isinstance(run, str) else run
    return artifact(found, "explained").explanation().to_shap()
