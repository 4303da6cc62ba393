"""Services that keep assistants, threads and runs themselves: what a client adds to them."""

from .provider import RemoteProvider

__all__ = ["RemoteProvider"]
