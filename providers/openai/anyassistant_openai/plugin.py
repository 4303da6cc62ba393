"""What this package registers."""

from anyassistant.plugins import Manifest, hookimpl

from .config import Config


@hookimpl
def anyassistant_providers() -> list[Manifest]:
    """The provider `openai-assistants`."""
    from .provider import OpenAIAssistants

    return [Manifest.provider("openai-assistants", contract="1", config=Config, create=OpenAIAssistants)]
