"""The laws that hold in every run of every scenario, without its script asking. Pure.

Each law reads the events as a subscriber sees them and judges at the end, by evidence that comes from elsewhere: what
the runtime accepted, what the provider served, what is left when all is over.
"""

from actors.core.leftovers import Leftovers
from actors.scenario.laws.evidence import Acting, Evidence, Exchange, SessionFacts, ToolRun
from actors.scenario.laws.law import Breach
from actors.scenario.laws.laws import Laws

__all__ = ["Acting", "Breach", "Evidence", "Exchange", "Laws", "Leftovers", "SessionFacts", "ToolRun"]
