"""Promote a run: look at it once more, wait for those who must agree, change its standing.

python flows/promote.py run --candidate TrainFlow/ID
python flows/promote.py run --case flights            # its newest candidate
"""

from metaflow import FlowSpec, Parameter, card, current, package_sources, step, trigger

from tagline.runs.code import CODE, SUFFIXES
from tagline.runs.mistakes import ensure_username, user_errors


@user_errors()
@package_sources(CODE, suffixes=SUFFIXES)
@trigger(event={"name": "tagline.promote", "parameters": {"candidate": "candidate", "why": "why"}})
class PromoteFlow(FlowSpec):
    """Verify, re-check, try, wait for approvals, promote, confirm."""

    candidate = Parameter("candidate", default="", help="The run; the case's newest candidate.")
    case = Parameter("case", default="", help="The case; the only one that has runs.")
    case_file = Parameter("config", default="", help="A config instead of the newest run's.")
    why = Parameter("why", default="", help="The reason, for the ledger.")
    wait = Parameter("wait", default=0.0, help="Minutes to wait for approvals and servers.")

    @card(type="blank", id="checked")
    @step
    def start(self):
        """Find the run, verify its bundle, hold it against its gates on the newest labels."""
        from tagline.report.steps import show, show_gates
        from tagline.workflows import promotion

        plan = promotion.plan(self.candidate, case=self.case, config=self.case_file, why=self.why)
        show(current.card["checked"], "The bundle is sound", plan.facts())
        self.plan = plan.to_dict()
        self.gates = promotion.recheck(plan)
        show_gates(current.card["checked"], self.gates)
        self.next(self.agree)

    @card(type="blank", id="agreed")
    @step
    def agree(self):
        """Refuse what fails a gate, let a fresh process answer, wait for who must approve."""
        from tagline.report.steps import show
        from tagline.workflows import promotion

        plan = promotion.Plan(**self.plan)
        promotion.expect_gates(plan, self.gates)
        show(current.card["agreed"], "A fresh process answers", promotion.smoke(plan))
        given = promotion.wait_for_approvals(plan, minutes=self.wait)
        show(current.card["agreed"], "Approvals", given)
        self.next(self.promote)

    @card(type="blank", id="standing")
    @step
    def promote(self):
        """Change the standing: one entry of the ledger, then the tags."""
        from tagline.report.steps import show
        from tagline.workflows import promotion

        self.entry = promotion.promote(promotion.Plan(**self.plan), gates=self.gates)
        show(current.card["standing"], "The champion", self.entry)
        self.next(self.end)

    @card(type="blank", id="confirmed")
    @step
    def end(self):
        """See that every running server has it; what one refuses is taken back."""
        from tagline.report.steps import show
        from tagline.workflows import promotion

        plan, entry = promotion.Plan(**self.plan), self.entry["entry"]
        servers = promotion.confirm(plan, entry=entry, minutes=self.wait)
        show(current.card["confirmed"], "Servers", {"running servers": "; ".join(servers)})
        for line in servers:
            print(line)
        print(f"{plan.run} is the champion of {plan.case}: entry {entry}")


if __name__ == "__main__":
    ensure_username()
    PromoteFlow()
