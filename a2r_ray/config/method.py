"""The method: how the paths of a problem become its answer."""

from typing import Annotated

from pydantic import Field

from a2r_ray.config.section import Section


class MethodConfig(Section):
    """How paths become an answer."""

    skip_at_share: Annotated[float, Field(gt=0, le=1)] | None = None
    """The share of a problem's paths (failed ones and those without an answer among them) that must give the winner of
    the vote, two of them at least, for it to stand without a synthesis; 1: where all agree. null: all are
    synthesized."""
