"""Write the README's table of figures from `benchmarks/results`: `make readme`."""

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from benchmarks.common import RESULTS
from benchmarks.serving_profile import STAGES

README = Path(__file__).parents[1] / "README.md"
SERVING = README.parent / "docs" / "serving.md"
SEARCH = README.parent / "docs" / "search.md"
BEGIN, END = "<!-- figures: `make readme` writes them -->", "<!-- end of figures -->"

Raw = Mapping[str, Any]


def main() -> None:
    """Put the tables in their places."""
    for page, written in PAGES.items():
        page.write_text(with_figures(page.read_text(), written()))


def with_figures(page: str, written: str) -> str:
    """Give a page with a table as the results have it now."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{written}\n{END}{after}"


def microseconds() -> str:
    """Write where the microseconds of one row go, inside one worker."""
    result = json.loads((RESULTS / "serving.json").read_text())
    table, flights = (result["raw"]["measured"][f"profile_{name}"] for name in ("table", "flights"))
    lines = ["| µs of one row | 19 numbers, 300 trees | flights |", "|---|---|---|"]
    lines += [f"| {what} | {table[name]} | {flights[name]} |" for name, what in STAGES.items()]
    return "\n".join([*lines, "", machine(result["machine"])])


def figures() -> str:
    """Write both tables: the flights run, and the benchmarks."""
    found = {file.stem: json.loads(file.read_text()) for file in sorted(RESULTS.glob("*.json"))}
    run = found["flow_overhead"]["raw"]["flow"]
    lines = [
        *flights(run),
        "",
        "| benchmark | what it compares | figure | goal |",
        "|---|---|---|---|",
        *(row for name, result in found.items() for row in benchmark(name, result)),
        "",
        machine(found["flow_overhead"]["machine"]),
    ]
    return "\n".join(lines)


def flights(run: Raw) -> Iterator[str]:
    """Write a row for each metric of the flights run, with its interval and its baselines."""
    others = list(run["baselines"])
    yield f"| flights, test rows | model | 95% interval | {' | '.join(others)} |"
    yield "|---" * (3 + len(others)) + "|"
    for name, metric in run["metrics"].items():
        theirs = " | ".join(f"{run['baselines'][other][name]:.4f}" for other in others)
        between = f"{metric['low']:.4f} to {metric['high']:.4f}"
        yield f"| {name} | {metric['value']:.4f} | {between} | {theirs} |"


def benchmark(name: str, result: Mapping[str, Any]) -> Iterator[str]:
    """Write a benchmark's row, or one for each of its ratios."""
    if "ratios" in result["raw"]:
        for ratio, (what, side) in SERVED.items():
            found = result["raw"]["ratios"][ratio]
            yield _row(name, what, found["ratio"], side, found["goal"], holds=found["holds"])
        return
    written, side = WHAT[name]
    figure, goal = result["figure"], result["goal"]
    yield _row(name, written(result["raw"]), figure, side, goal, holds=result["holds"])


def _row(name: str, what: str, figure: float, side: str, goal: float, *, holds: bool) -> str:
    held = "" if holds else f" (`{name}` does not hold)"
    return f"| `{name}` | {what} | {figure:.3g}{held} | {side} {goal:.3g} |"


def machine(on: Mapping[str, Any]) -> str:
    """Say where that was measured."""
    return (
        f"Measured on {on['cores']} cores ({on['processor']}), {on['memory_gb']:.0f} GB, "
        f"Python {on['python']}; ratios, each within one run of one machine."
    )


def _flow(raw: Raw) -> str:
    return (
        f"wall time of the whole flights flow ({raw['flow']['seconds']:.0f} s) over one bare "
        f"process that loads, makes inputs and fits ({raw['bare']['seconds']:.0f} s); "
        f"`tagline show` of its run takes {raw['flow']['show_seconds']:.2f} s"
    )


def _growth(raw: Raw) -> str:
    first, *_, last = raw["runs"]
    return (
        f"wall time a year, {last['years']} years over {first['years']}; memory "
        f"{first['peak_memory_gb']:.1f} GB to {last['peak_memory_gb']:.1f} GB"
    )


def _history(raw: Raw) -> str:
    return (
        f"plain pandas' time over ours for {raw['declarations']} history columns of "
        f"{raw['decisions']:,} flights, value by value the same"
    )


def _search(raw: Raw) -> str:
    return (
        "CPU time of the search over 30 trials of Optuna's TPE, worst of "
        f"{len(raw['seeds'])} seeds ({raw['measured_on']}); test AUC of what each chose differs by "
        f"{raw['mean_difference_of_test_roc_auc']:+.4f} on their mean"
    )


def _standing(raw: Raw) -> str:
    slowest, goal = max(raw["seconds_on_s3_never_seen_before"].values()), raw["goal_on_s3"]
    tags, tags_goal = raw["seconds_to_compare_the_tags_of_runs"], raw["goal_to_compare"]
    return (
        "`tagline status` and `rollback` at 10,000 entries of the ledger over 10; on S3, on a "
        f"machine that never saw them, no verb takes more than {slowest:.1f} s (goal {goal:g}); "
        f"the tags of {tags['runs']:,} runs are compared in {tags['later']:.1f} s (goal "
        f"{tags_goal:g}), the first time on a machine in {tags['first']:.0f} s"
    )


def _scoring(raw: Raw) -> str:
    return (
        "rows a second of `flows/score.py` from Parquet to Parquet over onnxruntime's own on as "
        f"many threads (1,000,000 rows); memory with 20 million rows over 1 million "
        f"{raw['memory_20_over_1_million']:.2f} (at most 1.1)"
    )


def _storage(raw: Raw) -> str:
    return (
        f"{raw['files']} files of {raw['bytes'] // 1000} kB to S3 and back: one by one over all at "
        f"once as the store does it, {raw['milliseconds_there_and_back']:.0f} ms away (at no "
        f"distance {raw['ratio_near']:.2g})"
    )


def _drift(raw: Raw) -> str:
    return (
        f"time of Evidently's drift report over ours, {raw['rows']:,} rows of 50 columns on "
        "either side"
    )


def _models(raw: Raw) -> str:
    tables = len({name.rpartition("-")[0] for name in raw["fits"]})
    others = {n: each for n, each in raw["summary"].items() if n != "tagline"}
    best = min(others, key=lambda name: others[name]["mean"])
    return (
        f"mean relative loss of the default search on {tables} public tables (three questions, "
        f"{raw['splits']} splits each, one thread) over that of {NAMES[best]}, the best of "
        f"three others with {raw['seconds']:g} s a fit; "
        f"ours took {raw['summary']['tagline']['fit_seconds']:.1f} s (median)"
    )


NAMES = {
    "tagline": "Tagline, default search",
    "autogluon": "AutoGluon",
    "flaml": "FLAML",
    "xgboost": "XGBoost tuned by Optuna",
}


def models() -> str:
    """Write how the default search does beside other libraries."""
    result = json.loads((RESULTS / "models.json").read_text())
    raw = result["raw"]
    lines = [
        "| | loss over the best one's, mean of tables | standard error | mean rank | best on | "
        "fit, s |",
        "|---|---|---|---|---|---|",
    ]
    ordered = sorted(raw["summary"].items(), key=lambda each: each[1]["mean"])
    lines += [
        f"| {NAMES[name]} | {each['mean']:.4f} | {each['error']:.4f} | {each['rank']:.2f} | "
        f"{each['wins']:.0f} | {each['fit_seconds']:.1f} |"
        for name, each in ordered
    ]
    lines += ["", *_by_table(raw), "", machine(result["machine"])]
    return "\n".join(lines)


def _by_table(raw: Raw) -> Iterator[str]:
    names = [name for name in NAMES if name in raw["summary"]]
    yield f"| table, loss on its test rows | {' | '.join(NAMES[name] for name in names)} |"
    yield "|---" * (1 + len(names)) + "|"
    for key, fits in raw["fits"].items():
        measure = "RMSE" if fits["task"] == "number" else "log loss"
        losses = [f"{fits[n]['loss']:.4g}" if "loss" in fits[n] else "failed" for n in names]
        table = f"{key.rpartition('-')[0]} ({measure}, {fits['rows']:,} rows)"
        yield f"| {table} | {' | '.join(losses)} |"


WHAT: dict[str, tuple[Callable[[Raw], str], str]] = {
    "drift": (_drift, "at least"),
    "flow_overhead": (_flow, "at most"),
    "growth": (_growth, "at most"),
    "history": (_history, "at least"),
    "models": (_models, "at most"),
    "scoring": (_scoring, "at least"),
    "search_cost": (_search, "at most"),
    "standing": (_standing, "at most"),
    "storage": (_storage, "at least"),
}

SERVED: dict[str, tuple[str, str]] = {
    "latency_table_over_bare": (
        "median latency of one row over HTTP with keys, log and metrics on, over a bare "
        "endpoint's that echoes it: 19 numbers, 300 trees",
        "at most",
    ),
    "latency_flights_over_bare": ("the same of flights with their history", "at most"),
    "latency_table_over_mlflow": ("the same of 19 numbers over `mlflow models serve`", "at most"),
    "throughput_table_over_mlflow": (
        "requests a second on 32 connections over `mlflow models serve`",
        "at least",
    ),
    "throughput_table_over_bentoml": ("the same over BentoML", "at least"),
    "explain_table_a_second": ("explanations a second, 19 numbers", "at least"),
    "explain_flights_over_xgboost": (
        "explanations of flights over XGBoost's own rate on one thread",
        "at least",
    ),
    "batch_table_over_onnxruntime": (
        "rows a second in batches of 1,000 over onnxruntime's own on arrays that are ready: "
        "19 numbers",
        "at least",
    ),
    "batch_flights_over_onnxruntime": ("the same of flights", "at least"),
}

PAGES: dict[Path, Callable[[], str]] = {README: figures, SERVING: microseconds, SEARCH: models}


if __name__ == "__main__":
    main()
