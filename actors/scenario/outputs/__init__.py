"""What a run leaves behind: its events, its figures, a JUnit report, and a page to read."""

from actors.scenario.outputs.chronicle import Chronicle
from actors.scenario.outputs.events import EventsFile, read_events
from actors.scenario.outputs.folder import Folder
from actors.scenario.outputs.junit import write_junit
from actors.scenario.outputs.page import Table, report_html
from actors.scenario.outputs.summary import summary_json

__all__ = [
    "Chronicle",
    "EventsFile",
    "Folder",
    "Table",
    "read_events",
    "report_html",
    "summary_json",
    "write_junit",
]
