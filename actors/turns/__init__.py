"""How a turn goes: its steps, the tools that they ask for, and who must approve of them. Runs in a session's actor."""
