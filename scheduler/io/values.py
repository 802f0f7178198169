"""Values that the documents of every file share: names, ticks, numbers."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints
from pydantic_core import PydanticCustomError

from scheduler.io.limits import MAX_COUNT, MAX_ID_LENGTH, MAX_TICK

Id = Annotated[
    str,
    StringConstraints(
        max_length=MAX_ID_LENGTH,
        pattern=r"^[^\s\x00-\x1f\x7f-\x9f]([^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f])?$",
    ),
]
Remark = Annotated[str, StringConstraints(max_length=MAX_ID_LENGTH, pattern=r"^[^\x00-\x1f\x7f-\x9f]*$")]
Time = Annotated[int, Field(ge=0, le=MAX_TICK)]
Date = Annotated[int, Field(ge=-MAX_TICK, le=MAX_TICK)]
Count = Annotated[int, Field(ge=1, le=MAX_COUNT)]
Amount = Annotated[int, Field(ge=0, le=MAX_COUNT)]


def _moment(text: str) -> str:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        raise PydanticCustomError("moment", "not a date and time of ISO 8601") from None
    return text


Moment = Annotated[str, AfterValidator(_moment), Field(json_schema_extra={"format": "date-time"})]
