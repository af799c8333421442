"""The JSON snapshot: the fields of the original's v2.2, and beside them what it lacked; units stand in the names."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import numpy as np

from indicators.gex import checklist
from indicators.gex.analysis import Analysis
from indicators.gex.legacy_scores import Inputs, legacy_bias
from indicators.gex.levels import Level, Levels
from indicators.gex.market_status import age_minutes, aware, market_status
from indicators.gex.sanity import validation_errors
from indicators.gex.settings import GexSettings
from indicators.gex.snapshot_blocks import analysis_block
from indicators.gex.verdict import Sanity

if TYPE_CHECKING:
    from feeds.chains.chain import Chain

SCHEMA_VERSION = "1.0.0"
SOURCES = {
    "massive": "POLYGON_API", "cboe": "CBOE_DELAYED", "file": "FILE", "recorded": "RECORDED", "synthetic": "SYNTHETIC",
}  # fmt: skip
UNITS = {
    "prices": "points of the underlying; those of `processed_levels` in points of its chart",
    "usd_per_1pct": "dollars of delta to trade per 1 % move of the underlying",
    "gex_total_signed": "dollars per 100 % move (compatibility: 100 times net_usd_per_1pct)",
    "vanna_usd_per_vol_pt": "dollars of delta per volatility point",
    "charm_usd_per_day": "dollars of delta per calendar day",
    "volatility": "decimal per year",
    "oi": "contracts",
    "years": "years to settlement",
}


def snapshot(
    chain: Chain, analysis: Analysis, levels: Levels, checks: Sanity, now: datetime, *, vix: float = math.nan
) -> dict[str, Any]:
    """Everything about one run as plain JSON values, as `schema()` describes it.

    `timestamp` is the instant of the chain; the clock `now` gives the age and the state of the market. NaN and
    infinite numbers become null, nothing is rounded. Raises ConfigError when a time is naive.
    """
    asof, clock = aware(chain.asof, "asof"), aware(now, "now")
    moment = asof.isoformat(timespec="seconds")
    made: dict[str, Any] = {
        "schema_version": SCHEMA_VERSION,
        "snapshot_id": f"{asof:%Y%m%d_%H%M%S}",
        "symbol": analysis.surface.symbol,
        "timestamp": moment,
        "data_source": SOURCES.get(chain.source, chain.source.upper()),
        "data_source_detail": chain.detail,
        "asof": _asof(chain, asof, clock),
        "model": _model(analysis),
        "units": UNITS,
        "config_hash": config_hash(analysis.settings),
        "analysis": {
            **analysis_block(analysis, vix),
            "meta_overlay": {
                "timestamp": moment,
                "window_pct": levels.window_pct,
                "min_gap_pts": levels.min_gap_pts,
                "validation_errors": list(validation_errors(chain, analysis)),
                "oi_confidence": analysis.oi_confidence,
                "oi_score": analysis.oi_score,
            },
        },
        "processed_levels": _processed(levels),
        "basis": None if levels.basis is None else asdict(levels.basis),
        "dealers_bias": _dealers_bias(analysis, vix),
        "sanity_checks": _sanity(checks),
        "checklist": _checklist(analysis, levels, checks, asof),
        "coverage": _coverage(analysis),
        "notes": [*chain.notes, *analysis.surface.notes],
    }  # fmt: skip
    plain: dict[str, Any] = _plain(made)
    return plain


def text(made: Mapping[str, Any]) -> str:
    """A snapshot as JSON text: numbers in full, NaN refused (ValueError)."""
    return json.dumps(made, indent=1, allow_nan=False, ensure_ascii=False) + "\n"


def schema() -> dict[str, Any]:
    """The published JSON Schema (draft 2020-12) of a snapshot."""
    held = files("indicators.gex").joinpath("schema/snapshot.schema.json").read_text(encoding="utf-8")
    loaded: dict[str, Any] = json.loads(held)
    return loaded


def config_hash(settings: GexSettings) -> str:
    """Fingerprint of the settings and the schema's version: 16 hexadecimal digits."""
    told = json.dumps({"schema": SCHEMA_VERSION, **asdict(settings)}, sort_keys=True)
    return hashlib.sha256(told.encode()).hexdigest()[:16]


def _asof(chain: Chain, asof: datetime, clock: datetime) -> dict[str, Any]:
    age = age_minutes(clock, asof, chain.spot_ts, chain.feed)
    counted = chain.rows["oi_date"].dropna()
    status = market_status(clock, chain.symbol)
    return {
        "chain_ts": asof,
        "spot_ts": chain.spot_ts,
        "oi_date": None if counted.empty else str(counted.max().date()),
        "feed": chain.feed,
        "feed_delay_min": 15 if chain.feed == "DELAYED" else 0,
        "generated_ts": clock,
        "age_minutes": age,
        "stale_minutes": max(0, math.floor(age)),
        "market_status": status.status,
        "market_status_v22": status.v22,
    }


def _model(analysis: Analysis) -> dict[str, Any]:
    surface, settings = analysis.surface, analysis.settings
    middle = min(surface.expiries, key=lambda one: abs(one.years - 30 / 365), default=None)
    return {
        "sign_model": settings.sign_model,
        "r": None if middle is None else middle.rate,
        "q": None if middle is None else middle.dividend_yield,
        "rate_source": None if middle is None else middle.rate_source,
        "dividend_source": None if middle is None else middle.dividend_source,
        "spot_source": surface.spot_source,
        "t_convention": settings.day_count,
        "iv_mode": "sticky_strike",
        "flip_method": settings.flip_method,
        "wall_mode": settings.wall_mode,
        "max_dte": settings.max_dte,
        "profile_error": analysis.profile_error,
    }


def _processed(levels: Levels) -> dict[str, Any]:
    return {
        "chart": levels.chart,
        "spot": levels.spot,
        "window_pct": levels.window_pct,
        "min_gap_pts": levels.min_gap_pts,
        "max_pins": levels.max_pins,
        "levels": [_level(level) for level in levels.levels],
        "vol_trigger": _level(levels.vol_trigger),
        "slots": levels.slots(),
    }


def _level(level: Level) -> dict[str, Any]:
    told = asdict(level)
    told["drop"] = level.drop or None
    return told


def _dealers_bias(analysis: Analysis, vix: float) -> dict[str, Any]:
    """The v2.2 formula on our numbers, for readers of the original; `analysis.bias` is ours."""
    signed = 100.0 * analysis.totals.net
    bias = legacy_bias(
        Inputs(
            spot=analysis.surface.spot, flip=_nan(analysis.flip.level), max_pain=_nan(analysis.max_pain),
            pcr=analysis.pcr_oi, skew=_nan(analysis.iv_skew_puts_minus_calls), vix=vix, gex=signed,
        )
    )  # fmt: skip
    components = {f"{name}_bias": value for name, value in bias.components.items()}
    return {"score": bias.raw, "strength": bias.strength, "regime": bias.regime, "components": components}


def _nan(value: float | None) -> float:
    return math.nan if value is None else value


def _sanity(checks: Sanity) -> dict[str, Any]:
    return {
        "status": checks.status,
        "score": checks.score,
        "errors": checks.errors,
        "warnings": checks.warnings,
        "recommendations": checks.recommendations,
        "checks": [asdict(one) for one in checks.checks],
    }


def _checklist(analysis: Analysis, levels: Levels, checks: Sanity, asof: datetime) -> dict[str, Any]:
    done = checklist.of(analysis, levels, checks, asof)
    return {"verdict": done.verdict, "points": [asdict(point) for point in done.points]}


def _coverage(analysis: Analysis) -> dict[str, Any]:
    surface = analysis.surface
    sources, counts = np.unique(surface.greek_source, return_counts=True)
    return {
        "n_total": surface.total,
        "n_used": len(surface.strike),
        "by_greek_source": dict(zip(sources.tolist(), counts.tolist(), strict=True)),
        "dropped_by_reason": dict(surface.dropped),
        "parity_violations": surface.parity_violations,
    }


def _plain(value: Any) -> Any:
    """JSON values only: no NaN, no tuples, no numpy numbers, times as ISO text in UTC."""
    if isinstance(value, Mapping):
        return {str(name): _plain(one) for name, one in value.items()}
    if isinstance(value, (list, tuple, frozenset)):
        return [_plain(one) for one in value]
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
