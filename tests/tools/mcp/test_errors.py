import pickle

from anyassistant_tools.mcp import MCPServerError


def test_it_survives_pickling_with_its_message_and_fields() -> None:
    error = MCPServerError("The MCP server uvx ended.", server="uvx", may_have_taken_effect=True)
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is MCPServerError
    assert str(copy) == str(error)
    assert vars(copy) == vars(error)
    assert isinstance(copy, ConnectionError)
