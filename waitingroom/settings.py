"""What the waiting room reads from the environment."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from engine.foundation.settings import SharedSettings


class Settings(SharedSettings):
    waitingroom_pool_max: Annotated[int, Field(ge=2, le=16)] = 4
