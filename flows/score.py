"""Score a table in batch with the champion: a file, a folder, a prefix of S3, or the case's own.

python flows/score.py run --case flights --since 2013-12-30 --until 2013-12-31
python flows/score.py run --case flights --source s3://bucket/rows --to s3://bucket/answers
"""

from metaflow import FlowSpec, Parameter, card, current, package_sources, schedule, step

from tagline.runs.code import CODE, SUFFIXES
from tagline.runs.mistakes import ensure_username, user_errors


@user_errors()
@package_sources(CODE, suffixes=SUFFIXES)
@schedule(daily=True)
class ScoreFlow(FlowSpec):
    """Score what is not scored yet; started again, it goes on where it stopped."""

    case = Parameter("case", default="", help="The case; the only one that has runs.")
    case_file = Parameter("config", default="", help="A config instead of the newest run's.")
    source = Parameter("source", default="", help="Parquet: a file, a folder or s3://; else own.")
    since = Parameter("since", default="", help="First day of the case's own rows.")
    until = Parameter("until", default="", help="The day after the last of them.")
    to = Parameter("to", default="", help="Where answers go; beside the server's log.")
    again = Parameter("again", default=False, help="Score what was scored before, too.")

    @card(type="blank", id="scored")
    @step
    def start(self):
        """Score every file, batch by batch, in bounded memory."""
        from tagline.report.steps import show_files
        from tagline.workflows.scoring import ScoringRequest, score

        self.files = score(
            ScoringRequest(
                case=self.case,
                config=self.case_file,
                source=self.source,
                since=self.since,
                until=self.until,
                to=self.to,
                again=self.again,
            )
        )
        show_files(current.card["scored"], self.files)
        self.next(self.end)

    @step
    def end(self):
        """Say what came of it."""
        new = [each for each in self.files if not each["before"]]
        rows, rejected = (sum(each[name] for each in new) for name in ("scored", "rejected"))
        print(f"{rows:,} rows scored, {rejected:,} rejected, in {len(new)} files")
        for title, name in (
            ("rejected", "reasons"),
            ("a category that training never saw, in", "unknown"),
            ("the file lacks an optional field, missing in each row", "absent"),
        ):
            for each in new:
                for what, count in each[name].items():
                    print(f"{title}: {what} ({count:,} rows of {each['file']})")
        print(f"{len(self.files) - len(new)} files had been scored before")


if __name__ == "__main__":
    ensure_username()
    ScoreFlow()
