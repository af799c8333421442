"""A result in a terminal, and as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from indicators.gex.page.words import FLIPS, away, money, points, share

if TYPE_CHECKING:
    from indicators.gex.pipeline import Result


def summary(result: Result, files: Sequence[Path]) -> str:
    """The verdict and why, the levels, where the files are."""
    analysis, levels, sanity = result.analysis, result.levels, result.sanity
    surface, flip = analysis.surface, analysis.flip
    lines = [
        f"{surface.symbol} {result.chain.asof:%Y-%m-%d %H:%M} UTC from {result.chain.source}: "
        f"{sanity.status} ({sanity.score} of 100)",
        f"spot {points(surface.spot)}, net {money(analysis.totals.net)} per 1 % "
        f"({share(analysis.totals.net_over_gross)} of gross), {analysis.regime}, sign model {analysis.sign_model}",
    ]  # fmt: skip
    for level in (*levels.levels, levels.vol_trigger):
        if level.price is None or (level.name.startswith("pin") and not level.drawn):
            continue
        fate = "" if level.drawn else f"  (not drawn: {level.drop or 'by default'})"
        shifted = "" if levels.basis is None else f"{points(level.place):>12} on {levels.chart}"
        lines.append(
            f"  {level.label:<26}{points(level.price):>12}{away(level.price, surface.spot):>10}{shifted}{fate}"
        )
    if flip.level is None:
        lines.append(f"  {'Gamma Flip':<26}{FLIPS.get(flip.status, flip.status)}")
    for check in sanity.failed:
        cure = f"; {check.recommendation}" if check.recommendation else ""
        value = (
            ""
            if check.value is None
            else f" = {check.value:,.6g}"
            if isinstance(check.value, float)
            else f" = {check.value}"
        )
        lines.append(f"{check.severity}: {check.code}{value}: {check.message}{cure}")
    if not result.usable:
        lines.append("no overlay was written: the verdict forbids it")
    return "\n".join((*lines, *(f"wrote {path}" for path in files)))


def with_files(result: Result, files: Sequence[Path]) -> str:
    """The snapshot with the names of the files written, as one JSON document."""
    return json.dumps(result.snapshot | {"files": [str(path) for path in files]}, indent=2, allow_nan=False)


def line(result: Result, as_json: bool) -> str:
    """One line per refresh."""
    analysis, time = result.analysis, f"{result.now:%Y-%m-%dT%H:%M:%SZ}"
    facts = {
        "time": time, "symbol": analysis.surface.symbol, "asof": result.chain.asof.isoformat(),
        "status": result.sanity.status, "score": result.sanity.score, "spot": analysis.surface.spot,
        "flip": analysis.flip.level, "regime": analysis.regime, "net_usd_per_1pct": analysis.totals.net,
    }  # fmt: skip
    if as_json:
        return json.dumps(facts, allow_nan=False)
    return (f"{time} {analysis.surface.symbol} {result.sanity.status} {result.sanity.score}: spot "
            f"{points(analysis.surface.spot)}, flip {points(analysis.flip.level)}, {analysis.regime}, "
            f"net {money(analysis.totals.net)}")  # fmt: skip
