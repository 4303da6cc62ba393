"""MCP servers as toolsets. Needs the extra: `pip install 'anyassistant-tools[mcp]'`."""

from anyassistant_tools.mcp.errors import MCPNotInstalledError, MCPServerError
from anyassistant_tools.mcp.toolset import MCPToolset

__all__ = ["MCPToolset", "MCPServerError", "MCPNotInstalledError"]
