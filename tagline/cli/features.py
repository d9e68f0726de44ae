"""`tagline features`: what each input of a case is."""

from tagline.cli.check import ConfigFile
from tagline.cli.output import AsJson, print_json, print_table


def features(config: ConfigFile, *, json: AsJson = False) -> None:
    """Say of each input its formula, kind, range, gaps, what it tells alone, and its origin."""
    from tagline.workflows.describing import InputLine, describe

    lines = describe(config)
    if json:
        print_json([each.to_dict() for each in lines])
        return

    def span(each: InputLine) -> str:
        if each.low is None or each.high is None:
            return f"{each.distinct:,} different"
        return f"{each.low:g}" if each.distinct == 1 else f"{each.low:g} to {each.high:g}"

    print_table(
        "Inputs, by the training rows",
        ["input", "kind", "values", "missing", "alone", "made of", "formula", "full from"],
        [
            (
                each.name,
                each.kind,
                span(each) + (", one value" if each.distinct == 1 else ""),
                f"{each.missing:.1%}" if each.missing else "",
                f"{each.alone:.3f}",
                "; ".join(name for name in each.of if name != each.name),
                each.formula,
                each.full_from,
            )
            for each in lines
        ],
    )
