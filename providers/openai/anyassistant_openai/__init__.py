"""The provider `openai-assistants`: services that speak the wire of OpenAI's Assistants API v2."""

from .config import Config
from .provider import OpenAIAssistants

__all__ = ["OpenAIAssistants", "Config"]
