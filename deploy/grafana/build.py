"""Build the dashboards: `python -m deploy.grafana.build` writes deploy/grafana/dashboards."""

from pathlib import Path

from grafana_foundation_sdk.builders import dashboard, prometheus, stat, timeseries
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import DataSourceRef

FOLDER = Path(__file__).with_name("dashboards")
SOURCE = DataSourceRef(type_val="prometheus", uid="prometheus")
SERVER = (
    ("Requests a second", "sum by (page, status) (rate(tagline_requests_total[5m]))", "reqps"),
    (
        "Latency, 99 of 100",
        "histogram_quantile(0.99, sum by (page, le) (rate(tagline_request_seconds_bucket[5m])))",
        "s",
    ),
    (
        "Rows answered a second, by model",
        "sum by (run) (rate(tagline_predictions_total[5m]))",
        "short",
    ),
    (
        "Share that reached the threshold",
        "sum by (run) (rate(tagline_predictions_acted_total[5m])) "
        "/ sum by (run) (rate(tagline_predictions_total[5m]))",
        "percentunit",
    ),
    ("Outcomes reported", "sum(increase(tagline_outcomes_total[1h]))", "short"),
    (
        "Values without a field's value",
        "sum by (field) (increase(tagline_missing_values_total[1h]))",
        "short",
    ),
    ("Age of the history", "max by (instance) (tagline_history_age_seconds)", "s"),
    ("Entry of the ledger that answers", "min by (instance) (tagline_model_entry)", "short"),
)
MODEL = (
    (
        "Loss above the promise, and its interval",
        "tagline_monitor_excess_log_loss",
        "short",
    ),
    ("ROC AUC", 'tagline_monitor_figure{figure="roc_auc"}', "short"),
    ("Log loss", 'tagline_monitor_figure{figure="log_loss"}', "short"),
    ("Accuracy, RMSE, MAE", 'tagline_monitor_figure{figure=~"accuracy|rmse|mae"}', "short"),
    ("Columns that moved", "tagline_monitor_moved_columns", "short"),
    ("Farthest columns (PSI)", "topk(10, tagline_monitor_psi)", "short"),
    ("Answered rows against the training rows (PSI)", "topk(10, tagline_profile_psi)", "short"),
    ("Rows of the window", "tagline_monitor_rows", "short"),
    ("Since the monitor looked", "tagline_monitor_age_seconds", "s"),
)
BOARDS = {
    "server": ("Tagline: the server", SERVER, "tagline_model_info"),
    "model": ("Tagline: the model", MODEL, "tagline_monitor_verdict"),
}


def build(name: str) -> str:
    """Give a dashboard as Grafana's JSON."""
    title, panels, which = BOARDS[name]
    board = (
        dashboard.Dashboard(title)
        .uid(f"tagline-{name}")
        .tags(["tagline"])
        .refresh("30s")
        .time("now-24h", "now")
        .timezone("browser")
    )
    board.with_panel(_said(which))
    for said, query, unit in panels:
        board.with_panel(
            timeseries.Panel()
            .title(said)
            .datasource(SOURCE)
            .unit(unit)
            .span(12)
            .height(8)
            .with_target(prometheus.Dataquery().expr(query).ref_id("A"))
        )
    return str(JSONEncoder(sort_keys=True, indent=2).encode(board.build())) + "\n"


def _said(query: str) -> stat.Panel:
    return (
        stat.Panel()
        .title("Which model, and how it does")
        .datasource(SOURCE)
        .span(24)
        .height(4)
        .with_target(
            prometheus.Dataquery()
            .expr(query)
            .instant()
            .legend_format("{{run}} {{verdict}}{{digest}}")
            .ref_id("A")
        )
    )


def main() -> None:
    """Write every dashboard."""
    for name in BOARDS:
        (FOLDER / f"{name}.json").write_text(build(name))


if __name__ == "__main__":
    main()
