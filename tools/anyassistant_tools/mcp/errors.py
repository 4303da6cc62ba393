"""What can go wrong with an MCP server.

    AnyAssistantError
    ├── MCPServerError          it cannot be reached, ended, or broke the protocol      (also a ConnectionError)
    └── MCPNotInstalledError    the `mcp` package is missing                            (also an ImportError)

What a server's tool reports as its error (`isError`) is a `ToolError`: it is for the model.
"""

from anyassistant_tools.errors import AnyAssistantError


class MCPServerError(AnyAssistantError, ConnectionError):
    """An MCP server cannot be started or reached, ended in the middle of a call, or answered against the protocol.

    The message names the server and what to do, and has the last lines that a started one wrote to its stderr. It
    never has its headers or its environment.

    Attributes:
        server: The server: the beginning of its command, or its URL without credentials and query.
        may_have_taken_effect: Whether a call had been sent, and nobody knows what came of it.
    """

    def __init__(self, message: str, *, server: str = "", may_have_taken_effect: bool = False) -> None:
        super().__init__(message)
        self.server = server
        self.may_have_taken_effect = may_have_taken_effect


class MCPNotInstalledError(AnyAssistantError, ImportError):
    """A toolset of an MCP server was opened and the `mcp` package is missing: install the extra."""
