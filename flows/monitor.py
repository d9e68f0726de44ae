"""Watch a case: what moved, since when, does it hurt, what to do; and do it, where it may.

python flows/monitor.py run --case flights
python flows/monitor.py run --case flights --retrain    # and train again where the policy says so
"""

from metaflow import FlowSpec, Parameter, card, current, package_sources, step, trigger_on_finish

from tagline.runs.code import CODE, SUFFIXES
from tagline.runs.mistakes import ensure_username, user_errors


@user_errors()
@package_sources(CODE, suffixes=SUFFIXES)
@trigger_on_finish(flow="ScoreFlow")
class MonitorFlow(FlowSpec):
    """Read the logs, join outcomes, compare with the reference, decide, act."""

    case = Parameter("case", default="", help="The case; the only one that has runs.")
    case_file = Parameter("config", default="", help="A config instead of the newest run's.")
    retrain = Parameter("retrain", default=False, help="Train again where the policy says so.")

    @card(type="html", id="watched", options={"attribute": "page"})
    @step
    def start(self):
        """Look at what was answered, and write the page."""
        from tagline.workflows.monitor import keep, page_of, watch

        by = f"{current.flow_name}/{current.run_id}"
        watched = watch(self.case, config=self.case_file)
        self.watched = watched.to_dict()
        self.kept = str(keep(watched, by=by))
        self.page = page_of(watched, by=by)
        self.next(self.act)

    @step
    def act(self):
        """Train again, and promote, where policy and parameters say so."""
        from tagline.workflows.monitor import act

        by = f"{current.flow_name}/{current.run_id}"
        self.done = act(self.watched, retrain=self.retrain, by=by)
        self.next(self.end)

    @step
    def end(self):
        """Say what was found and done."""
        for found in self.watched["findings"]:
            print(f"{found['run']}: {found['verdict']}")
            for sentence in found["said"]:
                print(f"  {sentence}")
        for note in self.watched["notes"]:
            print(f"not used: {note}")
        print(self.done)


if __name__ == "__main__":
    ensure_username()
    MonitorFlow()
