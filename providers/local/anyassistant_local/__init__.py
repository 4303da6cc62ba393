"""The embedded default provider of anyassistant: a language model in the process, no key and no account."""

from .config import Config
from .model import LocalModel
from .plugin import anyassistant_providers

__all__ = ["Config", "LocalModel", "anyassistant_providers"]
