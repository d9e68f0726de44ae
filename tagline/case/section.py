"""What every section of a case's config has in common."""

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """One table of the config: unknown keys are refused, values never change afterwards."""

    model_config = ConfigDict(extra="forbid", frozen=True)
