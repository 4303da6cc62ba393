"""Cassettes: what a live service answered to the checks, recorded once and replayed without it."""

from .cassettes import Cassettes
from .errors import NotRecorded

__all__ = ["Cassettes", "NotRecorded"]
