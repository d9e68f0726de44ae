"""Promote a run: look at it once more, wait for those who must agree, change its standing.

python flows/promote.py run --candidate TrainFlow/ID
python flows/promote.py run --case flights            # its newest candidate
"""

from metaflow import FlowSpec, Parameter, card, current, package_sources, step, trigger

from tagline.registry.code import CODE, SUFFIXES
from tagline.registry.mistakes import mistakes_as_sentences, with_a_user


@mistakes_as_sentences()
@package_sources(CODE, suffixes=SUFFIXES)
@trigger(event={"name": "tagline.promote", "parameters": {"candidate": "candidate", "why": "why"}})
class PromoteFlow(FlowSpec):
    """Verify, re-check, try, wait for approvals, promote, confirm."""

    candidate = Parameter("candidate", default="", help="The run; the case's newest candidate.")
    case = Parameter("case", default="", help="The case; the only one that has runs.")
    case_file = Parameter("case-config", default="", help="The case's config, if it has moved.")
    why = Parameter("why", default="", help="The reason, for the ledger.")
    wait = Parameter("wait", default=0.0, help="Minutes to wait for approvals and servers.")

    @card(type="blank", id="verify")
    @step
    def start(self):
        """Find the run, and verify its bundle."""
        from tagline.operations import promotion
        from tagline.report.steps import show

        plan = promotion.plan(self.candidate, case=self.case, config=self.case_file, why=self.why)
        show(current.card["verify"], "The bundle is sound", plan.facts())
        self.plan = plan.to_dict()
        self.next(self.recheck)

    @card(type="blank", id="gates")
    @step
    def recheck(self):
        """Hold the run against its gates again, beside the champion, on the newest labels."""
        from tagline.operations import promotion
        from tagline.report.steps import show_gates

        self.gates = promotion.recheck(promotion.Plan(**self.plan))
        show_gates(current.card["gates"], self.gates)
        self.next(self.judge)

    @step
    def judge(self):
        """Refuse a run that fails a gate; the step before keeps its card."""
        from tagline.operations import promotion

        promotion.expect_gates(promotion.Plan(**self.plan), self.gates)
        self.next(self.smoke)

    @card(type="blank", id="smoke")
    @step
    def smoke(self):
        """Let a fresh process open the bundle and answer."""
        from tagline.operations import promotion
        from tagline.report.steps import show

        answered = promotion.smoke(promotion.Plan(**self.plan))
        show(current.card["smoke"], "A fresh process answers", answered)
        self.next(self.approvals)

    @card(type="blank", id="approvals")
    @step
    def approvals(self):
        """Wait for the approvals that the case asks for."""
        from tagline.operations import promotion
        from tagline.report.steps import show

        given = promotion.wait_for_approvals(promotion.Plan(**self.plan), minutes=self.wait)
        show(current.card["approvals"], "Approvals", given)
        self.next(self.promote)

    @card(type="blank", id="standing")
    @step
    def promote(self):
        """Change the standing: one entry of the ledger, then the tags."""
        from tagline.operations import promotion
        from tagline.report.steps import show

        self.entry = promotion.promote(promotion.Plan(**self.plan), gates=self.gates)
        show(current.card["standing"], "The champion", self.entry)
        self.next(self.confirm)

    @card(type="blank", id="confirm")
    @step
    def confirm(self):
        """See that every running server has it; what one refuses is taken back."""
        from tagline.operations import promotion
        from tagline.report.steps import show

        entry = self.entry["entry"]
        confirmed = promotion.confirm(promotion.Plan(**self.plan), entry=entry, minutes=self.wait)
        show(current.card["confirm"], "Servers", {"running servers": "; ".join(confirmed)})
        for line in confirmed:
            print(line)
        self.next(self.end)

    @step
    def end(self):
        """Say what came of it."""
        print(
            f"{self.plan['run']} is the champion of {self.plan['case']}: "
            f"entry {self.entry['entry']}"
        )


if __name__ == "__main__":
    with_a_user()
    PromoteFlow()
