"""From a chain to everything that is said about it: one function that commands, strategies and scripts share."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from feeds.errors import ConfigError
from indicators.gex.settings import GexSettings

if TYPE_CHECKING:
    from feeds.chains.chain import Chain
    from indicators.gex.analysis import Analysis
    from indicators.gex.basis import Basis
    from indicators.gex.checklist import Checklist
    from indicators.gex.export.overlay import Overlay
    from indicators.gex.history import History
    from indicators.gex.levels import Levels
    from indicators.gex.market_status import MarketStatus
    from indicators.gex.verdict import Sanity
    from indicators.options.rates import Curve

OVERLAY_KEYS = {"gex0": "vol_trigger", "gex1": "flip", "gex2": "call_wall", "gex3": "put_wall", "gex4": "max_pain",
                "gex5": "pin1", "gex6": "pin2"}  # fmt: skip
USABLE = ("GO", "CAUTION")


@dataclass(frozen=True, eq=False)
class Result:
    """A chain with its analysis, its levels, the verdict on them and the JSON snapshot, judged at `now`."""

    chain: Chain
    analysis: Analysis
    levels: Levels
    sanity: Sanity
    market: MarketStatus
    checklist: Checklist
    snapshot: dict[str, Any]
    now: datetime

    @property
    def usable(self) -> bool:
        """Whether the levels may be drawn: status GO or CAUTION."""
        return self.sanity.status in USABLE

    @property
    def overlay(self) -> Overlay:
        """The levels as charts draw them. Raises DataError when a number is NaN."""
        return overlay(self)

    def page(self, refresh_seconds: int | None = None) -> str:
        """The HTML page."""
        from indicators.gex.page.building import page

        return page(self, refresh_seconds)


def run(
    chain: Chain,
    settings: GexSettings | None = None,
    now: datetime | None = None,
    history: History | None = None,
    basis: Basis | None = None,
    *,
    previous: Analysis | None = None,
    curve: Curve | None = None,
    vix: float | None = None,
    vix3m: float | None = None,
    accept_synthetic: bool = False,
) -> Result:
    """Analyse a chain: surface, metrics, levels, verdict, snapshot.

    now: the clock that age and market status are judged by, aware UTC; default: the chain's own time, as in replays.
    history: past analyses for the percentile; previous: the analysis before this one, for the regime's hysteresis.
    basis: draw the levels on a future. vix, vix3m: index points, for the bias.
    accept_synthetic: let generated chains pass the verdict, for demonstrations.
    Raises DataError for a chain without spot or usable contracts, ConfigError for settings out of bounds.
    """
    from indicators.gex import checklist
    from indicators.gex.analysing import analyse
    from indicators.gex.levels import process
    from indicators.gex.market_status import age_limit_minutes, age_minutes, market_status
    from indicators.gex.preparing import prepare
    from indicators.gex.sanity import check
    from indicators.gex.snapshot import snapshot

    settings, now = settings or GexSettings(), now or chain.asof
    if now.tzinfo is None:
        raise ConfigError(f"now={now.isoformat()} has no time zone; give UTC, such as {now.isoformat()}+00:00")
    now = now.astimezone(UTC)
    surface = prepare(chain, settings, curve)  # first: it says what is wrong with the chain's times
    market = market_status(now, chain.symbol)
    age = age_minutes(now, chain.asof, chain.spot_ts, chain.feed)
    fresh = min(1.0, max(0.0, 1.0 - age / age_limit_minutes(market)))
    analysis = analyse(surface, settings, history, previous, vix=vix, vix3m=vix3m, freshness=fresh)
    levels = process(analysis, settings, basis)
    sanity = check(chain, analysis, levels, now, accept_synthetic=accept_synthetic)
    told = snapshot(chain, analysis, levels, sanity, now, vix=math.nan if vix is None else vix)
    points = checklist.of(analysis, levels, sanity, chain.asof)
    return Result(chain, analysis, levels, sanity, market, points, told, now)


def overlay(result: Result) -> Overlay:
    """The overlay of a result, in the points of the chart (the future's when the levels have a basis)."""
    from indicators.gex.export.overlay import Overlay
    from indicators.gex.export.sierra_csv import SOURCES
    from indicators.gex.market_status import age_minutes

    analysis, levels, chain = result.analysis, result.levels, result.chain
    slots = {OVERLAY_KEYS[slot]: place for slot, place in levels.slots().items()}
    counted = chain.rows["oi_date"].dropna()
    oi_date: date | None = None if counted.empty else counted.max().date()
    return Overlay(
        symbol=levels.chart, time=chain.asof.astimezone(UTC), spot=levels.spot,
        gex_total_usd_per_1pct=analysis.totals.net, regime=analysis.regime, **slots,
        window_pct=levels.window_pct, min_gap_pts=levels.min_gap_pts,
        market_status=result.market.status,
        stale_minutes=max(0, int(age_minutes(result.now, chain.asof, chain.spot_ts, chain.feed))),
        source=SOURCES.get(chain.source, chain.source), regime_num=analysis.regime_num,
        basis_pts=None if levels.basis is None else levels.spot - analysis.surface.spot,
        flip_quality=analysis.flip.quality, oi_date=oi_date,
        labels={OVERLAY_KEYS[level.slot]: level.label for level in levels.drawn},
    )  # fmt: skip


def write(result: Result, folder: Path, refresh_seconds: int | None = None) -> list[Path]:
    """Write SYMBOL.json, SYMBOL.html and, for GO and CAUTION, the overlays; returns the paths.

    All texts are made before the first file is touched, and each file is replaced as a whole. On NO_GO the overlays of
    an earlier analysis are removed: a chart must not go on showing levels that are no longer vouched for.
    """
    from indicators.gex.export import files

    name = files.stem(result.chain.symbol)
    texts = {f"{name}.html": result.page(refresh_seconds), f"{name}.json": files.json_text(result.snapshot)}
    if result.usable:
        texts = {f"{name}{ending}": text for ending, text in files.overlay_texts(result.overlay).items()} | texts
    stale = () if result.usable else tuple(f"{name}{ending}" for ending in files.OVERLAYS)
    return files.replace_all(files.folder(folder), texts, stale)
