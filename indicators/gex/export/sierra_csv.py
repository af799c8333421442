"""The CSV overlay for Sierra Chart: profile v22 (18 columns, byte-exact header), v3 (with numbers for alerts), long."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime

from feeds.errors import ConfigError, DataError
from indicators.gex.export.overlay import QUALITY_NUMBERS, REGIME_NUMBERS, SLOTS, Overlay, check_symbol

COLUMNS_V22 = (
    "symbol", "trade_datetime_utc", "spot", "gex_total", "gex_regime", *(slot.column for slot in SLOTS), "window_pct",
    "min_gap_pts", "market_status", "stale_minutes", "source", "version",
)  # fmt: skip
COLUMNS_V3 = (*COLUMNS_V22, "regime_num", "basis_pts", "flip_quality_num", "gex_total_usd_per_1pct", "asof_oi")
COLUMNS_15 = (*COLUMNS_V22[:5], *COLUMNS_V22[6:14], "source", "notes")
"""An older form that is read, never written."""
COLUMNS_LONG = ("price", "label", "colour", "width", "style")
HEADER_V22, HEADER_V3 = ",".join(COLUMNS_V22), ",".join(COLUMNS_V3)
VERSIONS = {"v22": "polygon_v2.2", "v3": "navale_v3"}
"""Names of the formats: the last column says how to read the row, `source` where its data come from."""
SOURCES = {"massive": "Polygon.io/Complete", "cboe": "Cboe/Delayed", "synthetic": "SYNTHETIC", "file": "File",
           "recorded": "Recorded"}  # fmt: skip


def write(overlay: Overlay, profile: str = "v22") -> str:
    """Header and one row, comma-separated, without quotes, dot decimals, blank for an empty slot.

    profile: v22 or v3. `gex_total` is in dollars per 100 % (100 times the dollars per 1 %) as readers of v22 expect;
    v3 adds it per 1 %. v22 knows the market as OPEN (regular hours) or CLOSED. Raises ConfigError, DataError.
    """
    if profile not in VERSIONS:
        raise ConfigError(f"CSV profile {profile!r} is unknown; use one of {', '.join(VERSIONS)}")
    status = overlay.market_status
    row = [
        check_symbol(overlay.symbol), overlay.time.isoformat(timespec="seconds"), f"{overlay.spot:.2f}",
        f"{100.0 * overlay.gex_total_usd_per_1pct:.2e}", overlay.regime,
        *(_points(getattr(overlay, slot.key)) for slot in SLOTS), f"{overlay.window_pct:.3f}",
        _gap(overlay.min_gap_pts), ("OPEN" if status == "RTH" else "CLOSED") if profile == "v22" else status,
        str(overlay.stale_minutes), _plain(overlay.source), VERSIONS[profile],
    ]  # fmt: skip
    if profile == "v3":
        row += [str(overlay.regime_num), _points(overlay.basis_pts), str(QUALITY_NUMBERS.get(overlay.flip_quality, -1)),
                repr(float(overlay.gex_total_usd_per_1pct)),
                "" if overlay.oi_date is None else overlay.oi_date.isoformat()]  # fmt: skip
    return f"{HEADER_V22 if profile == 'v22' else HEADER_V3}\n{','.join(row)}\n"


def write_long(overlay: Overlay) -> str:
    """One row per drawn line for importers of levels: price, label, colour (#RRGGBB), width, style."""
    rows = [f"{price:.2f},{_plain(label)},{slot.colour},{slot.width},{slot.style}"
            for slot, price, label in overlay.drawn]  # fmt: skip
    return "\n".join((",".join(COLUMNS_LONG), *rows)) + "\n"


def read(text: str, name: str = "overlay") -> Overlay:
    """The overlay that a v22, v3 or older 15-column text holds; `name` stands in errors.

    What a format does not carry has the defaults of `Overlay`; v22 has no other regular hours than OPEN (read as RTH).
    Raises DataError for another header, another number of rows or cells, or a cell that is no number.
    """
    lines = [line for line in text.lstrip("\ufeff").splitlines() if line.strip()]
    known = {",".join(columns): columns for columns in (COLUMNS_V22, COLUMNS_V3, COLUMNS_15)}
    if not lines or lines[0] not in known:
        raise DataError(f"{name}: the first line is not the header of a v22, v3 or 15-column overlay")
    columns = known[lines[0]]
    if len(lines) != 2 or len(lines[1].split(",")) != len(columns):
        raise DataError(f"{name}: one data row of {len(columns)} cells must follow the header")
    cells = dict(zip(columns, lines[1].split(","), strict=True))
    number = _reader(cells, name)
    total = cells.get("gex_total_usd_per_1pct", "")
    regime = cells["gex_regime"]
    quality = {str(value): word for word, value in QUALITY_NUMBERS.items()}
    try:
        time = datetime.fromisoformat(cells["trade_datetime_utc"])
        oi_date = date.fromisoformat(cells["asof_oi"]) if cells.get("asof_oi") else None
        stale = int(cells.get("stale_minutes", "0"))
        regime_num = int(cells["regime_num"]) if "regime_num" in cells else REGIME_NUMBERS.get(regime, 0)
    except ValueError as problem:
        raise DataError(f"{name}, row 1: {problem}; write the overlay anew") from problem
    if time.tzinfo is None:
        raise DataError(f"{name}, row 1: trade_datetime_utc {time.isoformat()} has no zone; write it with +00:00")
    status = cells.get("market_status", "CLOSED")
    return Overlay(
        symbol=cells["symbol"], time=time.astimezone(UTC), spot=_given(number("spot"), "spot", name),
        gex_total_usd_per_1pct=float(total) if total else _given(number("gex_total"), "gex_total", name) / 100.0,
        regime=regime, **{slot.key: number(slot.column) for slot in SLOTS},  # type: ignore[arg-type]
        window_pct=_given(number("window_pct"), "window_pct", name),
        min_gap_pts=_given(number("min_gap_pts"), "min_gap_pts", name),
        market_status="RTH" if status == "OPEN" else status, stale_minutes=stale, source=cells["source"],
        regime_num=regime_num, basis_pts=number("basis_pts"),
        flip_quality=quality.get(cells.get("flip_quality_num", "-1"), "unknown"), oi_date=oi_date,
    )  # fmt: skip


def _reader(cells: Mapping[str, str], name: str) -> Callable[[str], float | None]:
    def number(column: str) -> float | None:
        text = cells.get(column, "")
        if not text:
            return None
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            raise DataError(f"{name}, row 1: {column} {text!r} is not a number; leave an unknown level blank")
        return value

    return number


def _given(value: float | None, column: str, name: str) -> float:
    if value is None:
        raise DataError(f"{name}, row 1: {column} is blank; write the overlay anew")
    return value


def _points(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def _gap(value: float) -> str:
    """Whole points as the format has them; a gap below ten points (shares) keeps its cents."""
    return str(round(value)) if value >= 10 else f"{value:.2f}".rstrip("0").rstrip(".")


def _plain(text: str) -> str:
    return text.replace(",", " ").replace('"', " ").replace("\n", " ")
