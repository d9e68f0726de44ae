"""A year of production in minutes: live through the past day by day, under several policies.

python flows/replay.py run --policy config/policies
python flows/replay.py --config case config/other.toml run
"""

from pathlib import Path

from metaflow import Config, FlowSpec, Parameter, card, current, package_sources, step

from tagline.runs.code import CODE, SUFFIXES
from tagline.runs.mistakes import ensure_username, user_errors
from tagline.runs.sized import sized_by_the_case

FLIGHTS = Path(__file__).resolve().parent.parent / "config" / "flights.toml"


@user_errors()
@sized_by_the_case()
@package_sources(CODE, suffixes=SUFFIXES)
class ReplayFlow(FlowSpec):
    """Compute the past once, walk through it under each policy, compare."""

    case = Config("case", default=str(FLIGHTS), parser="tagline.runs.config.read_case")
    policy = Parameter("policy", default="", help="A TOML file, or a folder; the case's own.")

    @step
    def start(self):
        """Load the tables, compute all history point in time, read the policies."""
        from tagline.case.load import check_case
        from tagline.workflows.replaying import begin

        self.case_config = self.case.to_dict()
        case = check_case(self.case_config)
        self.past, self.policies = begin(case, self.policy)
        self.next(self.walk, foreach="policies")

    @step
    def walk(self):
        """Answer, wait for outcomes, look, train, promote: day by day; finished months are kept."""
        from tagline.case.load import check_case
        from tagline.workflows.replaying import walk

        summary, self.months = walk(check_case(self.case_config), self.past, self.input)
        self.summary = summary.to_dict()
        self.next(self.compare)

    @card(type="html", id="replay", options={"attribute": "page"})
    @step
    def compare(self, inputs):
        """Put the policies side by side."""
        from tagline.case.load import check_case
        from tagline.report.replay_page import compose, write

        self.merge_artifacts(inputs, exclude=["summary", "months"])
        self.summaries = [each.summary for each in inputs]
        self.months = [month for each in inputs for month in each.months]
        run = f"{current.flow_name}/{current.run_id}"
        case = check_case(self.case_config)
        self.page = compose(case, self.summaries, self.months, run=run)
        self.page_path = write(self.page, self.months, case=case.name)
        self.next(self.end)

    @step
    def end(self):
        """Say how the policies did."""
        from tagline.report.replay_page import lines

        for line in lines(self.summaries):
            print(line)
        print(f"The page is {self.page_path}")


if __name__ == "__main__":
    ensure_username()
    ReplayFlow()
