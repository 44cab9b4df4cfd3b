from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, Field

from rollbook.classes.rules.positions import Position

# What a clock that is set at all can show: times beyond the calendars of database and language are no times.
Moment = Annotated[AwareDatetime, Field(ge=datetime(2000, 1, 1, tzinfo=UTC), lt=datetime(2100, 1, 1, tzinfo=UTC))]


NUMBER = 2**53 - 1  # what every JSON reader keeps exactly


class PositionIn(BaseModel):
    latitude: Annotated[float, Field(ge=-90, le=90)]
    longitude: Annotated[float, Field(ge=-180, le=180)]
    system: Literal["wgs84", "gcj02", "bd09"] = "wgs84"
    accuracy: Annotated[int, Field(ge=0, le=1_000_000)] | None = None
    is_mock: bool = False

    def position(self) -> Position:
        return Position(self.latitude, self.longitude, self.system, self.accuracy, self.is_mock)
