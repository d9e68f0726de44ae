"""Every figure that a model can be judged by, by its name."""

from math import inf

from tagline.metrics import binary, classes, number
from tagline.metrics.metric import Metric
from tagline.metrics.scored import Classified, Residuals, Scored

METRICS: dict[str, Metric] = {
    metric.name: metric
    for metric in (
        Metric(
            "roc_auc",
            "ROC AUC",
            "greater",
            {Scored: binary.roc_auc, Classified: classes.roc_auc},
        ),
        Metric(
            "average_precision",
            "Average precision",
            "greater",
            {Scored: binary.average_precision},
        ),
        Metric(
            "log_loss",
            "Log loss",
            "less",
            {Scored: binary.log_loss, Classified: classes.log_loss},
            most=inf,
        ),
        Metric("brier", "Brier score", "less", {Scored: binary.brier, Classified: classes.brier}),
        Metric(
            "ece",
            "Expected calibration error",
            "less",
            {Scored: binary.ece, Classified: classes.ece},
        ),
        Metric("accuracy", "Accuracy", "greater", {Classified: classes.accuracy}),
        Metric("precision", "Macro precision", "greater", {Classified: classes.precision}),
        Metric("recall", "Macro recall", "greater", {Classified: classes.recall}),
        Metric("f1", "Macro F1", "greater", {Classified: classes.f1}),
        Metric("mcc", "Matthews correlation", "greater", {Classified: classes.mcc}, least=-1.0),
        Metric("top_2", "Among the two likeliest", "greater", {Classified: classes.top_2}),
        Metric("rmse", "RMSE", "less", {Residuals: number.rmse}, most=inf),
        Metric("mae", "MAE", "less", {Residuals: number.mae}, most=inf),
        Metric("mape", "MAPE", "less", {Residuals: number.mape}, most=inf),
        Metric("r2", "R squared", "greater", {Residuals: number.r2}, least=-inf),
    )
}
