"""Bodies in pieces: what is replaced may be cut by them."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import accumulate, pairwise


def replace_in_pieces(
    pieces: Sequence[bytes], pattern: re.Pattern[bytes], replacement: Callable[[bytes], bytes]
) -> list[bytes]:
    """Replace what a pattern finds in a body; what lies in several pieces comes whole in the first of them."""
    body = b"".join(pieces)
    matches = list(pattern.finditer(body))
    whole = {cut: match.end() for match in matches for cut in range(match.start() + 1, match.end())}
    cuts = sorted({0, *(whole.get(cut, cut) for cut in accumulate(map(len, pieces)))})
    found: list[bytes] = []
    for start, end in pairwise(cuts):
        piece, at = b"", start
        while matches and matches[0].start() < end:
            match = matches.pop(0)
            piece += body[at : match.start()] + replacement(match[0])
            at = match.end()
        found.append(piece + body[at:end])
    return [piece for piece in found if piece]
