"""The log: flat JSON lines that are enough to draw a dashboard from.

greenroom is silent until asked. A host that wants the file calls `to_file`; one that wants the records in its
own loguru handlers calls `loguru.logger.enable("actors")`, before or after this import.
"""

from __future__ import annotations

from loguru import logger

from actors.log._loguru import has_decided
from actors.log.record import Log
from actors.log.sink import LogFile, to_file

__all__ = ["Log", "LogFile", "to_file"]

if not has_decided("actors"):
    logger.disable("actors")
