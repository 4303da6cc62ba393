"""What this package registers."""

from anyassistant.plugins import Manifest, hookimpl

from .config import Config
from .weights import DEFAULT_MODEL


@hookimpl
def anyassistant_providers() -> list[Manifest]:
    """The provider `local`."""
    from .model import LocalModel

    return [
        Manifest.chat_model(
            "local",
            contract="1",
            config=Config,
            create=LocalModel,
            default_model=DEFAULT_MODEL,
            commands="anyassistant_local.commands:app",
        )
    ]
