"""Train one case: from its tables to a sealed, explained candidate.

python flows/train.py run
python flows/train.py --config case config/other.toml run
"""

from pathlib import Path

from metaflow import (
    Config,
    FlowSpec,
    Parameter,
    card,
    config_expr,
    current,
    package_sources,
    step,
    trigger,
)

from tagline.runs.code import CODE, SUFFIXES
from tagline.runs.mistakes import ensure_username, user_errors
from tagline.runs.sized import sized_by_the_case

# Of its own case: another one's alarm is no reason to train this one.
RETRAIN = "{'name': 'tagline.retrain.' + case.name, 'parameters': {'why': 'why'}}"
FLIGHTS = Path(__file__).resolve().parent.parent / "config" / "flights.toml"


@user_errors()
@sized_by_the_case()
@package_sources(CODE, suffixes=SUFFIXES)
@trigger(event=config_expr(RETRAIN))
class TrainFlow(FlowSpec):
    """Prepare the rows, search for a model, judge and seal it, explain it, register it."""

    case = Config("case", default=str(FLIGHTS), parser="tagline.runs.config.read_case")
    why = Parameter("why", default="", help="What asked for it, where that was no person.")
    explore = Parameter(
        "explore",
        default=False,
        type=bool,
        is_flag=True,
        help="End after the choice: the test rows stay closed, and nothing is sealed.",
    )

    @step
    def start(self):
        """Load the tables, keep the contract, make the inputs; deal the trials to brackets."""
        from tagline.canonical import fields_of
        from tagline.case.load import check_case
        from tagline.data.prepare import prepare
        from tagline.keys import expect_key
        from tagline.models.search import brackets, tasks
        from tagline.runs.lookup import expect_own_flow, is_spun
        from tagline.runs.provenance import provenance
        from tagline.runs.records import Records
        from tagline.runs.stores import identified

        expect_own_flow(current.flow_name)
        expect_key()
        self.case_config = self.case.to_dict()
        case = check_case(self.case_config)
        self.case_name = case.name
        run, records = f"{current.flow_name}/{current.run_id}", Records.here()
        self.store = "" if is_spun() else identified(records.store)
        self.began = records.begin(run=run, case=case.name)
        asked = {"seed": case.seed, "beside": str(case.beside(".")), "task": case.task}
        brackets(case.search, **asked)  # what can not be tried is said before the table is read
        own = {"modules": case.modules, "beside": case.beside(".")}
        self.provenance = provenance(run=run, seed=case.seed, **own)
        prepared = prepare(case, rows_before=records.rows_of_last(case.name))
        self.prepared = fields_of(prepared)
        self.accounting = prepared.accounting
        self.quarantine = prepared.quarantine
        self.fingerprint = prepared.fingerprint
        plan = brackets(case.search, **asked, rows=prepared.rows["train"]["rows"])
        self.brackets = tasks(plan, values=prepared.training_values)
        self.next(self.search, foreach="brackets")

    @card(type="blank", id="progress")
    @step
    def search(self):
        """Run brackets of trials: in each many start cheaply, and the best go on."""
        from tagline.canonical import fields_of
        from tagline.data.training_set import matrix_folder
        from tagline.models.search import run_bracket
        from tagline.models.training_data import read
        from tagline.report.progress import SearchCard

        shown = current.card["progress"] if "card" in current else None
        card = SearchCard(shown, metric=self.case["search"]["metric"])
        data = read(matrix_folder(self.prepared["matrix"], self.prepared["matrix_files"]))
        self.results = [
            fields_of(run_bracket(each, data, progress=card.of(each["name"])))
            for each in self.input
        ]
        self.next(self.choose)

    @step
    def choose(self, inputs):
        """Choose a trial by the tuning rows, judge it once on the test rows, and seal it."""
        from tagline.canonical import fields_of
        from tagline.case.load import check_case
        from tagline.data.prepare import Prepared
        from tagline.models.search import BracketResult
        from tagline.training.choosing import choose_best

        # By name: a step that is spun finds what it merges in no store.
        self.case_config, self.prepared = inputs[0].case_config, inputs[0].prepared
        self.provenance = inputs[0].provenance
        self.merge_artifacts(inputs, exclude=["results"])
        case, prepared = check_case(self.case_config), Prepared(**self.prepared)
        results = [BracketResult(**found) for each in inputs for found in each.results]
        choice = choose_best(case, prepared, results)
        self.best_trial = fields_of(choice.best_trial)
        self.leaderboard = choice.leaderboard
        self.calibrators = choice.calibrators
        self.baselines = choice.baselines
        if self.explore:
            self._explore(case, prepared, choice)
        else:
            self._judge(case, prepared, choice)
        self.next(self.report)

    def _explore(self, case, prepared, choice):
        from tagline.training.exploring import explored

        self.explored = explored(case, prepared, choice)
        self.report_html = self.explored["page"]

    def _judge(self, case, prepared, choice):
        from dataclasses import replace

        from tagline import paths
        from tagline.canonical import fields_of
        from tagline.data.store import put_table
        from tagline.runs.records import Records, tested_on
        from tagline.training.evaluating import evaluate_best
        from tagline.training.keeping import keep_bundle
        from tagline.training.sealing import seal_best
        from tagline.workflows.champion import champion_bundle

        champion, lost = champion_bundle(case)
        best_trial, baselines = choice.best_trial, choice.baselines
        evaluation = evaluate_best(
            case, prepared, best_trial, baselines=baselines, current=champion, lost=lost
        )
        # As a table, once: an artifact of it would be kept a second time.
        self.answers, evaluation = put_table(evaluation.answers), replace(evaluation, answers=None)
        self.evaluation = fields_of(evaluation)
        self.metrics = evaluation.metrics
        self.baseline_metrics = evaluation.baseline_metrics
        self.slices = evaluation.slices
        self.gates = evaluation.gates
        self.standing = evaluation.standing
        made_of, folder = self.provenance, paths.bundles()
        self.bundle = seal_best(
            case, prepared, best_trial, evaluation, provenance=made_of, folder=folder
        )
        keep_bundle(self.bundle["digest"])
        tested = tested_on(self.bundle["periods"], prepared.fingerprint)
        self.looks = Records.here().looks(case.name, tested) + 1

    @card(type="html", id="report", options={"attribute": "report_html"})
    @step
    def report(self):
        """Say why the model answers as it does, and write the one page that a manager reads."""
        from tagline.case.load import check_case
        from tagline.data.prepare import Prepared
        from tagline.evaluation.evaluate import Evaluation
        from tagline.report.compose import compose
        from tagline.training.choosing import BestTrial
        from tagline.training.explaining import explain
        from tagline.training.keeping import keep_page

        if self.explore:
            self.next(self.end)
            return
        case, best_trial = check_case(self.case_config), BestTrial(**self.best_trial)
        rule = self.evaluation["rule"]
        prepared = Prepared(**self.prepared)
        explained, self.importance = explain(case, prepared, best_trial, rule)
        self.explained = explained.to_dict()
        self.report_html = compose(
            case,
            evaluation=Evaluation(**self.evaluation),
            leaderboard=self.leaderboard,
            explained=explained,
            columns=self.prepared["columns"],
            accounting=self.accounting,
            bundle=self.bundle,
            provenance=self.provenance,
            looks=self.looks,
        )
        self.report_digest = keep_page(self.report_html, case=case.name, run=current.run_id)
        self.next(self.end)

    @step
    def end(self):
        """Write the run's record, register it by its tags, and say how it went."""
        from tagline.case.load import check_case
        from tagline.data.prepare import Prepared
        from tagline.evaluation.evaluate import Evaluation
        from tagline.report.ending import ending
        from tagline.runs.lookup import register
        from tagline.training.keeping import keep_page
        from tagline.workflows.learning_curve import more_rows
        from tagline.workflows.retraining import hand_over, is_nothing_new

        run, case = f"{current.flow_name}/{current.run_id}", check_case(self.case_config)
        if self.explore:
            self._end_of_exploring(run, case)
            return
        if self.provenance["run"] != run:
            # Resumed after its page was made: people look for it under this run's name too.
            keep_page(self.report_html, case=case.name, run=current.run_id)
        record = self._record(run, case)
        evaluation, said = Evaluation(**self.evaluation), []
        if record is not None:
            register(record, store=self.store)
            said = more_rows(record, values=Prepared(**self.prepared).training_values)
        own = {"case": case.name, "bundle": self.bundle, "more_rows": said, "looks": self.looks}
        own["level"] = case.evaluation.level
        for line in ending(run, evaluation, **own):
            print(line)
        digest, promote = self.bundle["digest"], case.retraining.promote
        new = not (self.why and is_nothing_new(run, digest, case))
        print(hand_over(run, standing=self.standing, promote=promote, why=self.why, new=new))

    def _end_of_exploring(self, run, case):
        from tagline.runs.lookup import is_spun
        from tagline.runs.records import Records

        if not is_spun():
            Records.here().explored(run=run, case=case.name, figures=self.explored["figures"])
        for line in self.explored["lines"]:
            print(line)

    def _record(self, run, case):
        from tagline.data.prepare import Prepared
        from tagline.evaluation.evaluate import Evaluation
        from tagline.evaluation.explained import Explained
        from tagline.models.trials import records
        from tagline.runs.lookup import began_at, is_spun, kept_at, username
        from tagline.training.choosing import BestTrial
        from tagline.training.recording import Finished, record_run

        if is_spun():
            return None
        done = Finished(
            case=case,
            prepared=Prepared(**self.prepared),
            best_trial=BestTrial(**self.best_trial),
            evaluation=Evaluation(**self.evaluation),
            answers=self.answers,
            sealed=self.bundle,
            explained=Explained.from_dict(self.explained),
            leaderboard=records(self.leaderboard),
            provenance=self.provenance,
            report=self.report_digest,
        )
        return record_run(
            done,
            run=run,
            author=username(),
            began=began_at(run, self.began, resumed=self.provenance["run"] != run),
            reason=self.why,
            metaflow=kept_at(),
        )


if __name__ == "__main__":
    ensure_username()
    TrainFlow()
