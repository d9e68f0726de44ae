"""Who may change what a run is for, and what a promotion asks of them."""

from typing import Annotated

from pydantic import Field, model_validator

from tagline.case.section import Section

PublicKey = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
People = tuple[str, ...]


class StandingSection(Section):
    """Who may approve and promote, and what a promotion asks for."""

    promoters: People = Field(
        default=(),
        description="Who may promote, roll back, challenge and retire; everyone where none is "
        "named.",
    )
    approvers: People = Field(
        default=(), description="Who may approve; everyone where none is named."
    )
    keys: dict[str, PublicKey] = Field(
        default_factory=dict,
        description="Person to public key, as `tagline whoami` shows it: who is named has one.",
    )
    approvals: Annotated[int, Field(ge=0)] = Field(
        default=0,
        description="Approvals by different people, none of them the run's author, "
        "that a promotion asks for.",
    )
    free_share: Annotated[int, Field(ge=0, le=99)] = Field(
        default=20,
        description="The largest share of the traffic, in percent, that a challenger gets without "
        "the gates and approvals that a promotion asks for.",
    )
    reason: bool = Field(default=False, description="Whether each change asks for a reason.")

    @model_validator(mode="after")
    def _everyone_has_a_key(self) -> "StandingSection":
        nameless = [name for name in (*self.promoters, *self.approvers) if name not in self.keys]
        if nameless:
            raise ValueError(f"{nameless[0]!r} has no key in standing.keys")
        if len(set(self.keys.values())) < len(self.keys):
            raise ValueError("two people have the same key in standing.keys")
        return self

    @model_validator(mode="after")
    def _can_be_changed_again(self) -> "StandingSection":
        if not self.keys:
            return self  # whoever comes may approve
        promoters, approvers = self.promoters or self.keys, set(self.approvers or self.keys)
        others = max(len(approvers - {name}) for name in promoters)
        if self.approvals > others:
            raise ValueError(
                f"{self.approvals} approvals are asked of {others} approvers beside the one who "
                "promotes, so that nobody could ever change the policy again"
            )
        return self
