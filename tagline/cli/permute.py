"""`tagline permute`: which inputs can go."""

from typing import Annotated

import typer

from tagline.cli.options import RUN_HELP, runs
from tagline.cli.output import AsJson, print_json, print_table, say


def permute(
    run: Annotated[str, typer.Argument(help=RUN_HELP, autocompletion=runs)],
    *,
    json: AsJson = False,
) -> None:
    """Shuffle each group of inputs that go together, and say what the model loses."""
    from tagline.runs.lookup import find
    from tagline.workflows.permuting import permute as permuted

    found = permuted(find(run))
    if json:
        print_json(
            {"run": found.run, "said": found.said, "groups": found.groups.to_dict("records")}
        )
        return
    heads = [str(each) for each in found.groups]
    print_table(found.run, heads, found.groups.astype(object).itertuples(index=False))
    for line in found.said:
        say(line)
