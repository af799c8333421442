"""The blocks of the JSON snapshot that tell the analysis: levels, exposures, term structure, profile."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from indicators.gex.analysis import Analysis, Totals, Wall
from indicators.gex.legacy_scores import normalization_factor


def analysis_block(analysis: Analysis, vix: float) -> dict[str, Any]:
    """`analysis` of the snapshot without its `meta_overlay`; prices in points of the underlying."""
    return {
        "underlying_price": analysis.surface.spot,
        "levels": _levels(analysis),
        "gex": _gex(analysis),
        "put_call_ratio_oi": analysis.pcr_oi,
        "put_call_ratio_volume": analysis.pcr_volume,
        "iv_skew_puts_minus_calls": analysis.iv_skew_puts_minus_calls,
        "vix": vix,
        "risk_reversal_25d": analysis.risk_reversal_25d,
        "skew_25d_put_atm": analysis.skew_25d_put_atm,
        "expected_move_pts": analysis.expected_move_pts,
        "straddle_move_pts": analysis.straddle_move_pts,
        "regime": analysis.regime,
        "regime_num": analysis.regime_num,
        "concentration_hhi": analysis.concentration_hhi,
        "share_0dte": analysis.share_0dte,
        "exposure": {
            "vanna_usd_per_vol_pt": analysis.totals.vanna_usd_per_vol_pt,
            "charm_usd_per_day": analysis.totals.charm_usd_per_day,
            "option_delta_usd": analysis.totals.option_delta_usd,
        },
        "flip": _flip(analysis),
        "walls_top3": {
            "call": [_wall(wall) for wall in analysis.call_walls],
            "put": [_wall(wall) for wall in analysis.put_walls],
        },
        "flips_by_bucket": {
            name: {"flip": row.flip, "flip_status": row.flip_status, **_totals(row.totals)}
            for name, row in analysis.buckets.items()
        },
        "max_pain_by_expiry": {f"{row.root} {row.settles:%Y-%m-%d}": row.max_pain for row in analysis.by_expiry},
        "by_expiry": _by_expiry(analysis),
        "by_strike": _by_strike(analysis),
        "profile": {"grid": analysis.profile.grid.tolist(), "net_usd_per_1pct": analysis.profile.net.tolist()},
        "bias": asdict(analysis.bias),
    }


def _levels(analysis: Analysis) -> dict[str, Any]:
    flip, trigger = analysis.flip, analysis.vol_trigger
    return {
        "call_wall": _wall(analysis.call_wall),
        "put_wall": _wall(analysis.put_wall),
        "gamma_flip": {
            "gamma_flip_strike": flip.level,
            "cumulative_gamma_at_flip": flip.cumulative_gamma_at_flip_strike,
            "quality": flip.quality,
            "distance_pts": flip.distance_pts,
            "distance_pct": flip.distance_pct,
        },
        "max_pain": analysis.max_pain,
        "vol_trigger": {
            "vol_trigger_strike": trigger.level,
            "vol_trigger_ratio": trigger.ratio,
            "cumulative_expo": trigger.cumulative_expo,
            "mode": trigger.mode,
        },
        "gamma_pins": [
            {
                "strike": pin.strike,
                "strength": pin.strength,
                "strength_category": pin.category,
                "gamma_exposure": pin.gex_usd_per_1pct,
                "distance_from_current": pin.distance_pts,
                "share": pin.share,
                "role": pin.role,
                "rank": pin.rank,
            }
            for pin in analysis.pins
        ],
    }


def _wall(wall: Wall | None) -> dict[str, Any] | None:
    return None if wall is None else asdict(wall)


def _gex(analysis: Analysis) -> dict[str, Any]:
    signed = 100.0 * analysis.totals.net
    factor = normalization_factor(analysis.surface.symbol, signed)
    return {
        "gex_total_signed": signed,
        "gex_total_normalized": signed / factor,
        "normalization_factor": factor,
        "net_gamma": signed,
        "net_delta": analysis.totals.option_delta_usd,
        **_totals(analysis.totals),
        "net_gamma_shares_per_pt": analysis.totals.net_gamma_shares_per_pt,
        "z252": analysis.z252,
        "pct252": analysis.pct252,
    }


def _totals(totals: Totals) -> dict[str, Any]:
    return {
        "call_usd_per_1pct": totals.call,
        "put_usd_per_1pct": totals.put,
        "gross_usd_per_1pct": totals.gross,
        "net_usd_per_1pct": totals.net,
        "net_over_gross": totals.net_over_gross,
    }


def _flip(analysis: Analysis) -> dict[str, Any]:
    flip = analysis.flip
    return {
        "flip_status": flip.status,
        "crossings": [asdict(one) for one in flip.crossings],
        "band": flip.band,
        "quality_score": flip.quality_score,
        "profile_at_flip_usd_per_1pct": flip.profile_at_flip,
        "slope_usd_per_1pct_per_1pct": flip.slope_usd_per_1pct_per_1pct,
        "cumulative_level": flip.cumulative_level,
    }


def _by_expiry(analysis: Analysis) -> list[dict[str, Any]]:
    known = {(one.settles, one.root): one for one in analysis.surface.expiries}
    rows = []
    for row in analysis.by_expiry:
        one = known.get((row.settles, row.root))
        rows.append({
            "settles": row.settles, "root": row.root, "years": row.years, "share": row.share, "flip": row.flip,
            "max_pain": row.max_pain, **_totals(row.totals), "contracts": row.totals.contracts,
            "forward": None if one is None else one.forward,
            "r": None if one is None else one.rate,
            "q": None if one is None else one.dividend_yield,
            "buckets": [] if one is None else sorted(one.buckets),
        })  # fmt: skip
    return rows


def _by_strike(analysis: Analysis) -> list[dict[str, float]]:
    table = analysis.strikes
    columns = {
        "strike": table.strike, "call_usd_per_1pct": table.call, "put_usd_per_1pct": table.put,
        "net_usd_per_1pct": table.net, "call_oi": table.call_oi, "put_oi": table.put_oi,
    }  # fmt: skip
    lists = [values.tolist() for values in columns.values()]
    return [dict(zip(columns, row, strict=True)) for row in zip(*lists, strict=True)]
