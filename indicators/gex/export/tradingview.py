"""Levels for TradingView: a Pine script that draws them, and the same in one line of text."""

from __future__ import annotations

from indicators.gex.export.overlay import BACKGROUND, BACKGROUND_OPACITY_PCT, Overlay, check_symbol

STYLES = {"solid": "hline.style_solid", "dash": "hline.style_dashed", "dot": "hline.style_dotted"}


def one_line(overlay: Overlay) -> str:
    """`SPX 2025-08-29T21:30:00+00:00 | Gamma Flip 6475.00 | Call Wall 6550.00 | …`: to paste or to send."""
    parts = [f"{check_symbol(overlay.symbol)} {overlay.time.isoformat(timespec='seconds')}"]
    parts += [f"{label} {price:.2f}" for _, price, label in overlay.drawn]
    return " | ".join((*parts, f"Regime {overlay.regime}", f"Spot {overlay.spot:.2f}"))


def pine(overlay: Overlay) -> str:
    """A Pine v6 indicator with the drawn levels as horizontal lines, their names at the last bar, and the regime as
    background. The script holds this snapshot only: paste the next one to refresh."""
    symbol = check_symbol(overlay.symbol)
    rows = [
        "//@version=6",
        f"// {one_line(overlay)}",
        f'indicator("{symbol} gamma levels", shorttitle = "GEX {symbol}", overlay = true)',
    ]
    for slot, price, label in overlay.drawn:
        colour = f"color.new({slot.colour}, {slot.transparency})"
        rows.append(f'hline({price:.2f}, "{_text(label)}", color = {colour}, linestyle = {STYLES[slot.style]}, '
                    f"linewidth = {slot.width})")  # fmt: skip
    if overlay.drawn:
        rows.append("if barstate.islastconfirmedhistory")
        for slot, price, label in overlay.drawn:
            rows.append(f'    label.new(bar_index + 2, {price:.2f}, "{_text(label)} {price:.2f}", '
                        f"style = label.style_label_left, color = {slot.colour}, textcolor = {_ink(slot.rgb)}, "
                        "size = size.small)")  # fmt: skip
    if overlay.regime in BACKGROUND:
        colour = f"color.new({BACKGROUND[overlay.regime]}, {100 - BACKGROUND_OPACITY_PCT})"
        rows.append(f'bgcolor({colour}, title = "Regime {overlay.regime}")')
    else:
        rows.append("plot(na)")  # a script must draw something
    return "\n".join(rows) + "\n"


def _ink(rgb: tuple[int, int, int]) -> str:
    """Black on light colours, white on dark ones (relative luminance of Rec. 709)."""
    return "color.black" if 0.2126 * rgb[0] + 0.7152 * rgb[1] + 0.0722 * rgb[2] > 128 else "color.white"


def _text(label: str) -> str:
    return label.replace("\\", " ").replace('"', " ")
