"""GEX regime: do dealers damp moves (POS) or amplify them (NEG)?"""

from __future__ import annotations

from indicators.gex.analysis import Crossing

NEUTRAL, DECISIVE = 0.05, 0.08
NUMBERS = {"POS": 1, "NEG": -1}


def raw_regime(net_over_gross: float, spot: float, flip: Crossing | None) -> str:
    """NEUTRAL when abs(net / gross) < 0.05 or unknown; else POS or NEG by the sign of net; MIXED when the side of the
    flip says otherwise (above an upward flip is POS, above an inverted one NEG)."""
    if not abs(net_over_gross) >= NEUTRAL:
        return "NEUTRAL"
    by_net = "POS" if net_over_gross > 0 else "NEG"
    if flip is None or spot == flip.level:
        return by_net
    by_flip = "POS" if (spot > flip.level) == flip.upward else "NEG"
    return by_net if by_net == by_flip else "MIXED"


def held_regime(raw: str, net_over_gross: float, previous: str | None, previous_raw: str | None) -> str:
    """The regime with hysteresis: it changes after two snapshots in a row, or at once beyond abs(net/gross) 0.08.

    previous: the regime of the snapshot before; previous_raw: what it was without hysteresis. None: no snapshot.
    """
    if previous is None or raw in (previous, previous_raw) or abs(net_over_gross) > DECISIVE:
        return raw
    return previous
