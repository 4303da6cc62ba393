"""What is said in `anyassistant demo`, and what is to come of it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..types import ToolCall


@dataclass(frozen=True, slots=True)
class Scene:
    """One exchange.

    Attributes:
        says: What the customer says.
        tool: What the assistant is to call.
        arguments: With what.
    """

    says: str
    tool: str
    arguments: Mapping[str, object]

    @property
    def script(self) -> str:
        """What makes `echo` do so, which understands no language."""
        return f"CALL {self.tool} {json.dumps(self.arguments)}"


SCENES = (
    Scene("What were those sunglasses I bought last year?", "get_shopping_history", {}),
    Scene("Please order them again.", "order_item", {"item_id": "sg-1"}),
    Scene("Yes, please confirm the order.", "confirm_order_item", {"order_id": "ord-4101"}),
)


def find_problems(scene: Scene, calls: Sequence[ToolCall]) -> Sequence[str]:
    """What is wrong with the calls that the assistant made in a scene."""
    for call in calls:
        if call.name == scene.tool and call.outcome == "rejected":  # by the person, as they may
            return []
        if call.error is None and call.name == scene.tool and json.loads(call.arguments or "{}") == scene.arguments:
            return []
    made = ", ".join(f"{call.name}({call.arguments})" for call in calls) or "nothing"
    wanted = f"{scene.tool}({json.dumps(scene.arguments)})"
    return [f"on {scene.says!r} the assistant should have called {wanted}, and called {made}"]
