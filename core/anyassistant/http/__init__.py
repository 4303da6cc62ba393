"""For provider authors: an HTTP client with retries, time-outs, streams, typed errors and redaction.

Importing this imports httpx and tenacity, which nothing else in this package does.
"""

from .client import Query, RequestOptions, WireClient
from .config import WireConfig
from .envelope import Envelope, ReadError
from .json_lines import LineDecoder
from .response import WireResponse
from .sse import ServerSentEvent, SSEDecoder
from .stream import WireStream
from .transport import Token

__all__ = [
    "WireConfig", "WireClient", "RequestOptions", "Query", "Token", "Envelope", "ReadError", "WireResponse",
    "WireStream", "ServerSentEvent", "SSEDecoder", "LineDecoder",
]  # fmt: skip
