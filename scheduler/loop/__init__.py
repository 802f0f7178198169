"""The loop: events come in, plans go out, and nothing is lost or done twice, whatever happens in between."""

from scheduler.loop.feed import Line, Recording, Stream
from scheduler.loop.journal import Journal
from scheduler.loop.planning import Settings
from scheduler.loop.run import Loop

__all__ = ["Journal", "Line", "Loop", "Recording", "Settings", "Stream"]
