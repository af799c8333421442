"""How Sierra Chart draws the overlay: subgraphs, formulas and colours as data.

In a Sierra spreadsheet study subgraph 1 is column K, so SG1..SG16 are K..Z; formulas stand in row 3 and fill down by
themselves. Source: Sierra Chart's documentation of its spreadsheet studies.
"""

from __future__ import annotations

from dataclasses import dataclass

from indicators.gex.export.overlay import BACKGROUND, BACKGROUND_OPACITY_PCT, SLOTS
from indicators.gex.export.sierra_csv import COLUMNS_V3

SHEET = "LEVELS"
COLUMNS = ("subgraph", "column", "formula_row_3", "csv_column", "csv_index", "name", "colour", "red", "green", "blue",
           "style", "width", "transparency_pct", "drawn")  # fmt: skip
SETTINGS = {
    "study": "Spreadsheet Study - Simple, on the chart of the instrument that the levels are for",
    "sheet": f"{SHEET}: header in row 1, values in row 2; overwrite the same file to refresh",
    "draw_style": "Line at Last Bar to Edge, extended to the chart's end",
    "draw_zero_values": "No (a blank level reads as 0)",
    "study_name": "shown, top left",
    "value_labels": "off",
    "background_study": "Color Bar/Background Based on Alert Condition, once per colour",
    "background_positive": f"=ID<n>.SG8 > 0, {BACKGROUND['POS']}, opacity {BACKGROUND_OPACITY_PCT} %",
    "background_negative": f"=ID<n>.SG8 < 0, {BACKGROUND['NEG']}, opacity {BACKGROUND_OPACITY_PCT} %",
    "lines_expected": "up to 6; a level that is missing, merged or outside the window leaves its slot blank",
}
"""Settings of the study as a person makes them; <n> is the study's number in the chart."""


@dataclass(frozen=True)
class Subgraph:
    """One subgraph: its column in the study's sheet and the cell of the overlay it shows."""

    subgraph: str
    column: str
    formula: str
    csv_column: str
    csv_index: int
    name: str
    colour: str
    style: str
    width: int
    transparency: int
    drawn: str


def column_of(subgraph: int) -> str:
    """Spreadsheet column of subgraph 1..60: 1 is K, 16 is Z, 17 is AA."""
    if not 1 <= subgraph <= 60:
        raise ValueError(f"subgraph {subgraph} is outside 1..60")
    return letters(subgraph + 9)


def letters(index: int) -> str:
    """Name of the spreadsheet column with this index from 0: 0 is A, 25 is Z, 26 is AA."""
    return (chr(ord("A") + index // 26 - 1) if index >= 26 else "") + chr(ord("A") + index % 26)


def subgraphs() -> tuple[Subgraph, ...]:
    """SG1..SG6: the drawn levels; SG7: vol trigger, hidden; SG8: regime as a number (-1, 0, 1), hidden."""
    levels = [*SLOTS[1:], SLOTS[0]]
    found = [_subgraph(number, slot.column, slot.name, slot.colour, slot.style, slot.width, slot.transparency,
                       slot.drawn) for number, slot in enumerate(levels, 1)]  # fmt: skip
    regime = _subgraph(len(found) + 1, "regime_num", "Regime", "#808080", "ignore", 1, 0, "never")
    return (*found, regime)


def _subgraph(
    number: int, csv_column: str, name: str, colour: str, style: str, width: int, transparency: int, drawn: str
) -> Subgraph:
    index = COLUMNS_V3.index(csv_column)
    formula = f"={SHEET}!${letters(index)}$2"
    return Subgraph(f"SG{number}", column_of(number), formula, csv_column, index, name, colour, style, width,
                    transparency, drawn)  # fmt: skip


def write() -> str:
    """The subgraphs as CSV, one row each; for the v3 overlay, whose first 18 columns are those of v22."""
    rows = [",".join(COLUMNS)]
    for item in subgraphs():
        rgb = [int(item.colour[at : at + 2], 16) for at in (1, 3, 5)]
        cells = [item.subgraph, item.column, item.formula, item.csv_column, item.csv_index, item.name, item.colour,
                 *rgb, item.style, item.width, item.transparency, item.drawn]  # fmt: skip
        rows.append(",".join(map(str, cells)))
    return "\n".join(rows) + "\n"
