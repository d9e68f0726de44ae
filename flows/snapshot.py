"""Write down what is known of every key now: the history that a server looks up.

python flows/snapshot.py run --case flights
"""

from metaflow import FlowSpec, Parameter, package_sources, step

from tagline.runs.code import CODE, SUFFIXES
from tagline.runs.mistakes import ensure_username, user_errors


@user_errors()
@package_sources(CODE, suffixes=SUFFIXES)
class SnapshotFlow(FlowSpec):
    """Load the tables, compute the history of every key, write it beside the last one."""

    case = Parameter("case", default="", help="The case; the only one that has runs.")
    case_file = Parameter("config", default="", help="A config instead of the newest run's.")

    at = Parameter("at", default="", help="Its moment: now, or a time; the last event's if empty.")

    @step
    def start(self):
        """Compute and write the snapshots that the champion and the newest candidate take."""
        from tagline.workflows.snapshots import write_snapshots

        self.written = write_snapshots(self.case, config=self.case_file, at=self.at)
        self.next(self.end)

    @step
    def end(self):
        """Say what was written."""
        for each in self.written:
            print(f"history as of {each['as_of']} for {', '.join(each['runs'])}: {each['path']}")
        if not self.written:
            print("no model of this case takes any history: nothing to write")


if __name__ == "__main__":
    ensure_username()
    SnapshotFlow()
