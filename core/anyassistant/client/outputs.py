"""Tool outputs that an app hands in, as what the model is told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from anyassistant_tools import ToolResultError
from anyassistant_tools.results import make_result

from ..calls import output_of
from ..errors import InvalidRequest
from ..types import ToolOutput


def tool_outputs(outputs: Mapping[str, object]) -> Sequence[ToolOutput]:
    """Validate outputs by call id, and make text of the values as of a tool's results.

    Raises:
        InvalidRequest: There is none, or a value has no JSON form.
    """
    if not isinstance(outputs, Mapping) or not outputs:
        raise InvalidRequest(
            "`tool_outputs` must map call ids to values, with one at least.", param="tool_outputs", code="invalid_value"
        )
    return [_output(call_id, value) for call_id, value in outputs.items()]


def _output(call_id: str, value: object) -> ToolOutput:
    try:
        return output_of(call_id, make_result(value, tool=call_id))
    except ToolResultError as error:
        raise InvalidRequest(str(error), param=f"tool_outputs[{call_id}]", code="invalid_value") from error
