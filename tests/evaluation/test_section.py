import pytest
from pydantic import ValidationError

from tagline.case.evaluation import EvaluationSection, GatesSection


@pytest.mark.parametrize(
    ("section", "values", "said"),
    [
        (EvaluationSection, {"primary": "roc_acu"}, "did you mean 'roc_auc'"),
        (EvaluationSection, {"metrics": ("Brier",)}, "did you mean 'brier'"),
        (EvaluationSection, {"metrics": ("zzz",)}, "known are roc_auc"),
        (EvaluationSection, {"metrics": ("brier",)}, "not among metrics"),
        (EvaluationSection, {"slices": ("a", "a")}, "given twice"),
        (EvaluationSection, {"cost": {"false_positive": 0, "false_negative": 0}}, "above 0"),
        (GatesSection, {"minimum": {"logloss": 1}}, "did you mean 'log_loss'"),
    ],
)
def test_a_mistake_is_one_sentence(section, values, said):
    with pytest.raises(ValidationError, match=said):
        section(**values)
