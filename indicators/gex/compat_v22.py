"""The function names of the original v2.2 over this implementation, for scripts that still call them.

Results come from `indicators.gex`; what the original did wrong is not reproduced. Dictionaries have the fields of the
original's JSON (gex in dollars per 100 % move). Nothing here reads a clock: times come with the data or as arguments.
"""

from __future__ import annotations

import asyncio
import math
import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from feeds.chains.provider import Clock, provider, utc_now
from feeds.errors import ConfigError, DataError
from indicators.gex import legacy_scores, pipeline, sanity
from indicators.gex.checklist import Point, five_points
from indicators.gex.compat_v22_input import candidates_of, chain_of, day_of, moment_of, number, only_expiry, within
from indicators.gex.export import files, sierra_csv
from indicators.gex.export.overlay import Overlay
from indicators.gex.levels import SLOTS, choose, minimum_gap
from indicators.gex.market_status import market_status
from indicators.gex.settings import GexSettings
from indicators.gex.verdict import FATAL, Check, judge

STRENGTHS = {"Weak": 0, "Medium": 1, "Moderate": 1, "Strong": 2, "Very Strong": 3}


@dataclass(frozen=True)
class QuickCheck:
    """Outcome of `quick_check`; unpacks into (passed, details)."""

    passed: bool
    details: tuple[Point, ...]
    verdict: str

    def __iter__(self) -> Iterator[Any]:
        return iter((self.passed, self.details))


async def create_polygon_snapshot(
    symbol: str,
    expiry: str | None = None,
    save_to_file: bool = True,
    *,
    source: str = "massive",
    folder: str | Path = ".",
    settings: GexSettings | None = None,
    clock: Clock = utc_now,
) -> dict[str, Any]:
    """The snapshot of a symbol's present chain; expiry (YYYYMMDD) keeps only that date, None all of them.

    source: any that `navale gex --chain` takes. save_to_file writes SYMBOL.json into the folder, replaced as a whole.
    Raises DataError when the chain is not whole or has no such expiry.
    """
    chain = await asyncio.to_thread(provider(source, clock=clock).fetch, symbol)
    if expiry is not None:
        chain = only_expiry(chain, day_of(expiry))
    result = pipeline.run(chain, settings, clock())
    if save_to_file:
        name = f"{files.stem(symbol)}.json"
        files.replace_all(files.folder(Path(folder)), {name: files.json_text(result.snapshot)})
    return result.snapshot


def calculate_option_metrics(
    options_data: Mapping[str, Any],
    *,
    expiry: str | None = None,
    timestamp: str | datetime | None = None,
    settings: GexSettings | None = None,
) -> dict[str, Any]:
    """`analysis` of the snapshot for {symbol, current_price, strikes: {K: {call: {...}, put: {...}}}}.

    A side holds bid, ask, volume, open_interest, delta, gamma, iv, each of which may be missing. The expiry (YYYYMMDD)
    and the timestamp (ISO with offset) come as arguments or as keys of options_data: without time there is no gamma.
    Raises DataError when one of them is missing.
    """
    chain = chain_of(options_data, expiry, timestamp)
    found: dict[str, Any] = pipeline.run(chain, settings).snapshot["analysis"]
    return found


def calculate_dealers_bias_robust(analysis: Mapping[str, Any]) -> dict[str, Any]:
    """{score 0-1, strength, regime, components} by the formula of v2.2 from the `analysis` of a snapshot."""
    levels = analysis["levels"]
    bias = legacy_scores.legacy_bias(
        legacy_scores.Inputs(
            spot=number(analysis.get("underlying_price")),
            flip=number(within(levels, "gamma_flip", "gamma_flip_strike")),
            max_pain=number(levels.get("max_pain")),
            pcr=number(analysis.get("put_call_ratio_oi")),
            skew=number(analysis.get("iv_skew_puts_minus_calls")),
            vix=number(analysis.get("vix")),
            gex=number(within(analysis, "gex", "gex_total_signed")),
        )
    )
    components = {f"{name}_bias": value for name, value in bias.components.items()}
    return {"score": bias.raw, "strength": bias.strength, "regime": bias.regime, "components": components}


def run_sanity_checks(snapshot: Mapping[str, Any]) -> dict[str, Any]:
    """{status, score, errors, warnings, recommendations} from the fields of a snapshot.

    The rules of v2.2, and NO_GO for a naive timestamp, generated data, a missing spot, and for every fatal check that
    failed when our own snapshot was made.
    """
    analysis = snapshot["analysis"]
    levels, spot = analysis["levels"], number(analysis.get("underlying_price"))
    gex = number(within(analysis, "gex", "gex_total_signed"))
    factor = legacy_scores.normalization_factor(str(snapshot["symbol"]), gex)
    slots = within(snapshot, "processed_levels", "slots")
    pins = levels.get("gamma_pins") or []
    drawn = len(pins) if slots is None else sum(slots[name] is not None for name in ("gex5", "gex6"))
    checks = sanity.level_rules(
        call_wall=within(levels, "call_wall", "strike"),
        put_wall=within(levels, "put_wall", "strike"),
        flip=within(levels, "gamma_flip", "gamma_flip_strike"),
        flip_status=within(analysis, "flip", "flip_status") or "",
        spot=spot,
        gex=gex,
        normalized=gex / factor,
        pins=drawn,
        vol_trigger=within(levels, "vol_trigger", "vol_trigger_strike"),
        validation_errors=within(analysis, "meta_overlay", "validation_errors") or (),
    )
    moment = datetime.fromisoformat(str(snapshot["timestamp"]))
    made = snapshot.get("data_source") == "SYNTHETIC"
    checks += [
        Check("NAIVE_TIMESTAMP", FATAL, moment.tzinfo is not None, None, None, 0, "timestamp", "give UTC"),
        Check("SYNTHETIC_DATA", FATAL, not made, None, None, 0, "source", "trade on real chains only"),
        Check("SPOT_MISSING", FATAL, spot > 0, None, None, 0, "spot [points]", "give the spot"),
    ]
    known = {check.code for check in checks}
    for told in within(snapshot, "sanity_checks", "checks") or ():
        if told["severity"] == FATAL and not told["passed"] and told["code"] not in known:
            checks.append(Check(**told))
    verdict = judge(checks)
    return {
        "status": verdict.status,
        "score": verdict.score,
        "errors": list(verdict.errors),
        "warnings": list(verdict.warnings),
        "recommendations": list(verdict.recommendations),
    }


def generate_csv_overlay(snapshot: Mapping[str, Any], now: datetime | None = None) -> str:
    """Header and row of the overlay v2.2 for a snapshot, ours or the original's.

    now: the clock for stale_minutes and market_status; None: when the snapshot was made, else its own timestamp.
    Raises DataError for a naive timestamp or a missing spot.
    """
    analysis = snapshot["analysis"]
    moment = moment_of(snapshot["timestamp"])
    clock = now or moment_of(within(snapshot, "asof", "generated_ts") or snapshot["timestamp"])
    spot = number(analysis.get("underlying_price"))
    if not spot > 0:
        raise DataError("snapshot: analysis.underlying_price is missing; the overlay cannot be placed without a spot")
    symbol, gex = str(snapshot["symbol"]), number(within(analysis, "gex", "gex_total_signed"))
    meta = analysis.get("meta_overlay") or {}
    window = float(meta.get("window_pct") or 0.03)
    gap = float(meta.get("min_gap_pts") or minimum_gap(symbol, spot))
    ours = snapshot.get("processed_levels")
    slots = dict(ours["slots"]) if ours else _slots(analysis, spot, gap, window)
    delay = float(within(snapshot, "asof", "feed_delay_min") or 0)
    return sierra_csv.write(
        Overlay(
            symbol=ours["chart"] if ours else symbol,
            time=moment,
            spot=ours["spot"] if ours else spot,
            gex_total_usd_per_1pct=gex / 100.0,
            regime=analysis.get("regime") or ("POS" if gex > 0 else "NEG"),
            vol_trigger=slots["gex0"],
            flip=slots["gex1"],
            call_wall=slots["gex2"],
            put_wall=slots["gex3"],
            max_pain=slots["gex4"],
            pin1=slots["gex5"],
            pin2=slots["gex6"],
            window_pct=window,
            min_gap_pts=gap,
            market_status=market_status(clock, symbol).status,
            stale_minutes=max(0, math.floor((clock - moment).total_seconds() / 60 + delay)),
            source="Polygon.io/Complete",
        )
    )


def quick_check(snapshot: Mapping[str, Any], csv: str) -> QuickCheck:
    """The five points over a snapshot and its overlay; gap and window are those of the row."""
    row = sierra_csv.read(csv)
    pins = [pin for pin in (row.pin1, row.pin2) if pin is not None]
    verdict = snapshot.get("sanity_checks") or run_sanity_checks(snapshot)
    done = five_points(
        timestamp=str(snapshot["timestamp"]),
        drawn=[price for _, price, _ in row.drawn],
        pins=pins,
        spot=row.spot,
        gex_total=number(within(snapshot["analysis"], "gex", "gex_total_signed")),
        regime=row.regime,
        score=verdict["score"],
        status=verdict["status"],
        min_gap_pts=row.min_gap_pts,
        window_pct=row.window_pct,
    )
    return QuickCheck(done.passed, done.points, done.verdict)


def walls(options_data: Mapping[str, Any], **when: Any) -> dict[str, Any]:
    """{call_wall, put_wall}, each {strike, oi, …} or None."""
    levels = calculate_option_metrics(options_data, **when)["levels"]
    return {name: levels[name] for name in ("call_wall", "put_wall")}


def gamma_flip(options_data: Mapping[str, Any], **when: Any) -> dict[str, Any]:
    """{gamma_flip_strike, cumulative_gamma_at_flip, quality, distance_pts, distance_pct}; the strike may be None."""
    found: dict[str, Any] = calculate_option_metrics(options_data, **when)["levels"]["gamma_flip"]
    return found


def vol_trigger(options_data: Mapping[str, Any], vol_trigger_ratio: float = 0.30, **when: Any) -> dict[str, Any]:
    """{vol_trigger_strike, vol_trigger_ratio, cumulative_expo, mode}."""
    settings = replace(when.pop("settings", None) or GexSettings(), vol_trigger_ratio=vol_trigger_ratio)
    found: dict[str, Any] = calculate_option_metrics(options_data, settings=settings, **when)["levels"]["vol_trigger"]
    return found


def gamma_pins(
    options_data: Mapping[str, Any], min_gap_pts: float = 20.0, pins_strength_min: str = "Strong", **when: Any
) -> list[dict[str, Any]]:
    """Pins of at least that category, strongest first, min_gap_pts apart, two at most."""
    if pins_strength_min not in STRENGTHS:
        raise ConfigError(f"pins_strength_min={pins_strength_min!r} is unknown; use one of {', '.join(STRENGTHS)}")
    pins = calculate_option_metrics(options_data, **when)["levels"]["gamma_pins"]
    kept: list[dict[str, Any]] = []
    for pin in sorted(pins, key=lambda pin: -float(pin["strength"])):
        strong = STRENGTHS[pin["strength_category"]] >= STRENGTHS[pins_strength_min]
        if strong and all(abs(pin["strike"] - one["strike"]) >= min_gap_pts for one in kept):
            kept.append(pin)
    return kept[:2]


def net_gamma_delta(options_data: Mapping[str, Any], **when: Any) -> dict[str, float]:
    """{net_gamma [dollars per 100 %], net_delta [dollars]}."""
    gex = calculate_option_metrics(options_data, **when)["gex"]
    return {name: gex[name] for name in ("net_gamma", "net_delta")}


def flip_quality(strikes: Sequence[float], gamma_by_strike: Mapping[float, float], flip: float | None) -> str:
    """clear, moderate, ambiguous, edge or unknown by the contrast rule of v2.1: 2.5 and 1.3.

    Contrast: the larger neighbour over the strike's own |gamma|, at least a tenth of the median.
    """
    ordered = sorted(strikes)
    if flip is None or flip not in ordered or any(strike not in gamma_by_strike for strike in ordered):
        return "unknown"
    place = ordered.index(flip)
    if place in (0, len(ordered) - 1):
        return "edge"
    sizes = [abs(gamma_by_strike[strike]) for strike in ordered]
    own = max(sizes[place], 0.1 * statistics.median(sizes))
    if not own > 0:
        return "unknown"
    contrast = max(sizes[place - 1], sizes[place + 1]) / own
    return "clear" if contrast > 2.5 else "moderate" if contrast > 1.3 else "ambiguous"


def normalization_factor(symbol: str, total: float) -> float:
    """What gex_total_signed [dollars per 100 %] is divided by."""
    return legacy_scores.normalization_factor(symbol, total)


def deduplicate_levels(
    levels: Mapping[str, Any], min_gap_pts: float = 20.0, underlying_price: float = math.nan, window_pct: float = 0.03
) -> dict[str, float]:
    """Name and price of the levels that are drawn, of `analysis.levels`: priorities, one gap, the window, two pins."""
    chosen = choose(candidates_of(levels), underlying_price, min_gap_pts, window_pct)
    return {level.name: level.place for level in chosen if level.drawn and level.place is not None}


def _slots(analysis: Mapping[str, Any], spot: float, gap: float, window: float) -> dict[str, float | None]:
    levels = analysis["levels"]
    chosen = choose(candidates_of(levels), spot, gap, window)
    slots: dict[str, float | None] = {"gex0": within(levels, "vol_trigger", "vol_trigger_strike")}
    return slots | dict.fromkeys(SLOTS.values()) | {level.slot: level.place for level in chosen if level.drawn}
