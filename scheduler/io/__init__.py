"""Files: one module per format, read strictly and written completely or not at all."""

from scheduler.io.formats import FORMATS, Format, read, write

__all__ = ["FORMATS", "Format", "read", "write"]
