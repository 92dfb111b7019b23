"""Tools of MCP servers (the Model Context Protocol): one supervised actor a server. Needs the extra `mcp`."""
