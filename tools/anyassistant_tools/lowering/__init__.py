"""One canonical JSON Schema, lowered to what a provider accepts, and the model's arguments lifted back.

`lower(schema, target)` gives a `Lowered`: the schema for the provider, `lift` for the arguments that come back,
`lower_value` for those of a history, and a report of what was rewritten or weakened. What a provider cannot check
is said to the model in the descriptions, and is still checked by the tool's own validation.
"""

from anyassistant_tools.lowering.lowered import Change, Lowered, Target
from anyassistant_tools.lowering.lowering import lower

__all__ = ["Change", "Lowered", "Target", "lower"]
