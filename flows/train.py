"""Train one case: from its tables to a sealed, explained candidate.

python flows/train.py run
python flows/train.py --config case config/other.toml run
"""

from pathlib import Path

from metaflow import Config, FlowSpec, card, current, step

from tagline.registry.plainly import plainly, with_a_user

FLIGHTS = Path(__file__).resolve().parent.parent / "config" / "flights.toml"


class TrainFlow(FlowSpec):
    """Prepare the rows, search for a model, judge it, explain it, seal it, register it."""

    case = Config("case", default=str(FLIGHTS), parser="tagline.registry.config.read_case")

    @step
    @plainly
    def start(self):
        """Load the tables, keep the contract, make the inputs; deal the trials to brackets."""
        from tagline import paths
        from tagline.case.load import check_case
        from tagline.data.prepare import prepare
        from tagline.registry.provenance import provenance
        from tagline.registry.runs import rows_of_last_run
        from tagline.training.search import brackets

        self.case_config = self.case.to_dict()
        case = check_case(self.case_config)
        self.case_name = case.name
        self.provenance = provenance(run=current.pathspec.split("/")[1], seed=case.seed)
        self.prepared = prepare(
            case, folder=paths.tables(), rows_before=rows_of_last_run(case.name), say=print
        )
        self.accounting = self.prepared.accounting
        self.quarantine = self.prepared.quarantine
        self.fingerprint = self.prepared.fingerprint
        self.brackets = brackets(case.search, seed=case.seed)
        self.next(self.search, foreach="brackets")

    @card(type="blank", id="progress")
    @step
    @plainly
    def search(self):
        """Run one bracket of trials: many start cheaply, the best go on."""
        from tagline.report.progress import SearchCard
        from tagline.training.matrix import read
        from tagline.training.search import run_bracket

        card = SearchCard(current.card["progress"], name=self.input["name"], say=print)
        self.result = run_bracket(self.input, read(self.prepared.matrix), progress=card)
        self.next(self.evaluate)

    @card(type="blank", id="leaderboard")
    @step
    @plainly
    def evaluate(self, inputs):
        """Choose a trial on the tuning rows and judge it, once, on the test rows."""
        from tagline.case.load import check_case
        from tagline.registry.runs import champion_bundle
        from tagline.report.progress import show_leaderboard
        from tagline.stages.judging import judge

        self.merge_artifacts(inputs, exclude=["result"])
        case = check_case(self.case_config)
        judged = judge(
            case,
            self.prepared,
            [each.result for each in inputs],
            current=champion_bundle(case.name),
            say=print,
        )
        self.champion = judged.champion
        self.leaderboard = judged.leaderboard
        self.calibrators = judged.calibrators
        self.evaluation = judged.evaluation
        self.metrics = judged.evaluation.metrics
        self.baseline_metrics = judged.evaluation.baseline_metrics
        self.slices = judged.evaluation.slices
        self.gates = judged.evaluation.gates
        self.standing = judged.evaluation.standing
        show_leaderboard(current.card["leaderboard"], self.leaderboard, metric=case.search.metric)
        self.next(self.explain, self.seal)

    @step
    @plainly
    def explain(self):
        """Say why the model answers as it does: SHAP, and LIME beside it."""
        from tagline.case.load import check_case
        from tagline.stages.explaining import explain

        case = check_case(self.case_config)
        self.reasons, self.importance = explain(case, self.prepared, self.champion, say=print)
        self.next(self.end)

    @step
    @plainly
    def seal(self):
        """Seal the bundle, open it again and score every test row through it."""
        from tagline import paths
        from tagline.case.load import check_case
        from tagline.stages.sealing import seal_champion

        self.bundle = seal_champion(
            check_case(self.case_config),
            self.prepared,
            self.champion,
            self.evaluation,
            provenance=self.provenance,
            folder=paths.bundles(),
            say=print,
        )
        self.next(self.end)

    @card(type="html", id="report", options={"attribute": "report_html"})
    @step
    @plainly
    def end(self, inputs):
        """Write the report, register the run by its tags and say how it went."""
        from tagline import paths
        from tagline.case.load import check_case
        from tagline.registry.runs import register
        from tagline.report.compose import compose
        from tagline.report.ending import ending

        self.merge_artifacts(inputs)
        run = self.provenance["run"]
        self.report_html = compose(
            check_case(self.case_config),
            evaluation=self.evaluation,
            leaderboard=self.leaderboard,
            reasons=self.reasons,
            accounting=self.accounting,
            bundle=self.bundle,
            provenance=self.provenance,
        )
        report = paths.reports() / f"{current.run_id}.html"
        report.write_text(self.report_html)
        self.report_path = str(report)
        register(run, standing=self.standing, case=self.case_name, digest=self.bundle["digest"])
        for line in ending(run, self.evaluation, self.bundle, self.report_path):
            print(line)


if __name__ == "__main__":
    with_a_user()
    TrainFlow()
