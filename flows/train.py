"""Train one case: from its tables to a sealed, explained candidate.

python flows/train.py run
python flows/train.py --config case config/other.toml run
"""

from pathlib import Path

from metaflow import Config, FlowSpec, Parameter, card, current, step, trigger

from tagline.registry.mistakes import mistakes_as_sentences, with_a_user

FLIGHTS = Path(__file__).resolve().parent.parent / "config" / "flights.toml"


@trigger(event={"name": "tagline.retrain", "parameters": {"why": "why"}})
class TrainFlow(FlowSpec):
    """Prepare the rows, search for a model, judge it, explain it, seal it, register it."""

    case = Config("case", default=str(FLIGHTS), parser="tagline.registry.config.read_case")
    why = Parameter("why", default="", help="What asked for it, where that was no person.")

    @step
    @mistakes_as_sentences
    def start(self):
        """Load the tables, keep the contract, make the inputs; deal the trials to brackets."""
        from tagline.case.load import check_case
        from tagline.data.prepare import prepare
        from tagline.registry.provenance import provenance
        from tagline.registry.runs import expect_own_flow, rows_of_last_run
        from tagline.training.search import brackets

        expect_own_flow(current.flow_name)
        self.case_config = self.case.to_dict()
        case = check_case(self.case_config)
        self.case_name = case.name
        self.provenance = provenance(run=f"{current.flow_name}/{current.run_id}", seed=case.seed)
        self.prepared = prepare(case, rows_before=rows_of_last_run(case.name))
        self.accounting = self.prepared.accounting
        self.quarantine = self.prepared.quarantine
        self.fingerprint = self.prepared.fingerprint
        self.brackets = brackets(case.search, seed=case.seed)
        self.next(self.search, foreach="brackets")

    @card(type="blank", id="progress")
    @step
    @mistakes_as_sentences
    def search(self):
        """Run one bracket of trials: many start cheaply, the best go on."""
        from tagline.data.matrix import matrix_folder
        from tagline.report.progress import SearchCard
        from tagline.training.matrix import read
        from tagline.training.search import run_bracket

        card = SearchCard(current.card["progress"], name=self.input["name"])
        data = read(matrix_folder(self.prepared.matrix, self.prepared.matrix_files))
        self.result = run_bracket(self.input, data, progress=card)
        self.next(self.choose)

    @card(type="blank", id="leaderboard")
    @step
    @mistakes_as_sentences
    def choose(self, inputs):
        """Choose the best trial, and a calibrator, by the tuning rows."""
        from tagline.case.load import check_case
        from tagline.report.progress import show_leaderboard
        from tagline.stages.choosing import choose_best

        # By name: a step that is spun finds what it merges in no store.
        self.case_config, self.prepared = inputs[0].case_config, inputs[0].prepared
        self.merge_artifacts(inputs, exclude=["result"])
        case = check_case(self.case_config)
        results = [each.result for each in inputs]
        choice = choose_best(case, self.prepared, results)
        self.best_trial = choice.best_trial
        self.leaderboard = choice.leaderboard
        self.calibrators = choice.calibrators
        self.baselines = choice.baselines
        show_leaderboard(current.card["leaderboard"], self.leaderboard, metric=case.search.metric)
        self.next(self.evaluate)

    @step
    @mistakes_as_sentences
    def evaluate(self):
        """Judge the chosen trial, once, on the test rows."""
        from tagline.case.load import check_case
        from tagline.operations.champion import champion_bundle
        from tagline.stages.evaluating import evaluate_best

        case = check_case(self.case_config)
        current, lost = champion_bundle(case)
        self.evaluation = evaluate_best(
            case,
            self.prepared,
            self.best_trial,
            baselines=self.baselines,
            current=current,
            lost=lost,
        )
        self.metrics = self.evaluation.metrics
        self.baseline_metrics = self.evaluation.baseline_metrics
        self.slices = self.evaluation.slices
        self.gates = self.evaluation.gates
        self.standing = self.evaluation.standing
        self.next(self.explain, self.seal)

    @step
    @mistakes_as_sentences
    def explain(self):
        """Say why the model answers as it does: SHAP, and LIME beside it."""
        from tagline.case.load import check_case
        from tagline.stages.explaining import explain

        case = check_case(self.case_config)
        self.explained, self.importance = explain(case, self.prepared, self.best_trial)
        self.next(self.report)

    @step
    @mistakes_as_sentences
    def seal(self):
        """Seal the bundle, open it again and score every test row through it."""
        self._seal()
        self.next(self.report)

    @card(type="html", id="report", options={"attribute": "report_html"})
    @step
    @mistakes_as_sentences
    def report(self, inputs):
        """Write the one page that a manager reads."""
        # Metaflow compares pickles, and the same frame read twice has not always the same one; and
        # a step that is spun finds what it merges in no store.
        sealed, explained = inputs.seal, inputs.explain
        self.case_config, self.prepared = sealed.case_config, sealed.prepared
        self.evaluation, self.leaderboard = sealed.evaluation, sealed.leaderboard
        self.provenance, self.bundle = sealed.provenance, sealed.bundle
        self.accounting, self.explained = sealed.accounting, explained.explained
        self.merge_artifacts(inputs)
        if self._is_taken_over():
            self._seal()
        self._write_page()
        self.next(self.end)

    @step
    @mistakes_as_sentences
    def end(self):
        """Register the run by its tags and say how it went."""
        from tagline.case.load import check_case
        from tagline.operations.retraining import hand_over, is_nothing_new
        from tagline.registry.runs import register
        from tagline.report.ending import ending

        if self._is_taken_over():
            self._seal()
            self._write_page()
        run = f"{current.flow_name}/{current.run_id}"
        register(run, standing=self.standing, case=self.case_name, digest=self.bundle["digest"])
        for line in ending(run, self.evaluation, self.bundle):
            print(line)
        case = check_case(self.case_config)
        digest, promote = self.bundle["digest"], case.retraining.promote
        new = not (self.why and is_nothing_new(run, digest, case))
        print(hand_over(run, standing=self.standing, promote=promote, why=self.why, new=new))

    def _is_taken_over(self):
        # A resumed run may take over the bundle of the run that failed, which bears its name.
        from tagline.registry.runs import bears_a_failed_name

        return bears_a_failed_name(self.provenance, f"{current.flow_name}/{current.run_id}")

    def _seal(self):
        from tagline import paths
        from tagline.case.load import check_case
        from tagline.registry.provenance import named_after
        from tagline.stages.keeping import keep_bundle
        from tagline.stages.sealing import seal_best

        self.provenance = named_after(self.provenance, run=f"{current.flow_name}/{current.run_id}")
        sealed = seal_best(
            check_case(self.case_config),
            self.prepared,
            self.best_trial,
            self.evaluation,
            provenance=self.provenance,
            folder=paths.bundles(),
        )
        self.bundle = keep_bundle(sealed)

    def _write_page(self):
        from tagline.case.load import check_case
        from tagline.report.compose import compose
        from tagline.stages.keeping import keep_page

        self.report_html = compose(
            check_case(self.case_config),
            evaluation=self.evaluation,
            leaderboard=self.leaderboard,
            explained=self.explained,
            columns=self.prepared.columns,
            accounting=self.accounting,
            bundle=self.bundle,
            provenance=self.provenance,
        )
        self.report_digest = keep_page(self.report_html, name=current.run_id)


if __name__ == "__main__":
    with_a_user()
    TrainFlow()
