"""Levels for NinjaTrader indicators that read lines from a CSV file."""

from __future__ import annotations

from indicators.gex.export.overlay import Overlay, check_symbol

COLUMNS = ("Instrument", "TimeUtc", "Price", "Label", "Color", "DashStyle", "Width", "Opacity")
STYLES = {"solid": "Solid", "dash": "Dash", "dot": "Dot"}
"""Members of NinjaTrader's DashStyleHelper."""


def write(overlay: Overlay) -> str:
    """One row per drawn line. Color is #AARRGGBB as brushes of the platform read it; Opacity in percent."""
    rows = [",".join(COLUMNS)]
    time = overlay.time.isoformat(timespec="seconds")
    for slot, price, label in overlay.drawn:
        opaque = 100 - slot.transparency
        colour = f"#{round(255 * opaque / 100):02X}{slot.colour[1:]}"
        cells = [check_symbol(overlay.symbol), time, f"{price:.2f}", label.replace(",", " "), colour,
                 STYLES[slot.style], str(slot.width), str(opaque)]  # fmt: skip
        rows.append(",".join(cells))
    return "\n".join(rows) + "\n"
