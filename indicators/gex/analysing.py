"""From a surface to everything that is known about it: exposures, levels, their evidence and their history."""

from __future__ import annotations

import numpy as np

from feeds.errors import DataError
from indicators.gex import ancillary, flip_quality
from indicators.gex.analysis import Analysis, Profile, StrikeTable
from indicators.gex.bias import Evidence, bias
from indicators.gex.exposure import Exposures, Strikes, concentration, exposures, totals
from indicators.gex.flip import Search, cumulative_flip, find_flip, flip_of
from indicators.gex.history import History, percentile, z_score
from indicators.gex.max_pain import cheapest, headline, max_pain
from indicators.gex.pins import pins
from indicators.gex.regime import NUMBERS, held_regime, raw_regime
from indicators.gex.repricing import CORE, Profiles, Repricer
from indicators.gex.settings import GexSettings
from indicators.gex.sign_models import SignModel, sign_model
from indicators.gex.surface import Surface
from indicators.gex.term_structure import bucket_rows, expiry_rows, oi_by_expiry
from indicators.gex.vol_trigger import vol_trigger
from indicators.gex.walls import walls


def analyse(
    surface: Surface,
    settings: GexSettings,
    history: History | None = None,
    previous: Analysis | None = None,
    *,
    model: SignModel | None = None,
    vix: float | None = None,
    vix3m: float | None = None,
    adv_usd: float | None = None,
    freshness: float = 1.0,
) -> Analysis:
    """Everything of spec §2 from one surface, under one sign model.

    history: earlier sessions of the symbol, for z-score, percentile and bias (None: those stay None).
    previous: the analysis before this one, for the hysteresis of the regime. model: replaces settings.sign_model, for
    example Flow(trades). vix, vix3m [index points]; adv_usd: average daily volume of the hedging future [usd];
    freshness in [0, 1]: how much age takes from the confidence of the bias.
    Errors: ConfigError for unknown names in the settings, DataError for a surface that nothing can be computed from.
    """
    _check(surface, previous)
    model = model or sign_model(settings.sign_model)
    exposure = exposures(surface, model)
    strikes = Strikes(exposure)
    table, matrix = strikes.table(), strikes.matrix()
    total = totals(exposure)
    repricer = Repricer(surface, exposure.position)
    profiles = Profiles(repricer)
    search = find_flip(profiles, decay_days=settings.dte_weight_ref)
    flip = flip_of(search, _quality(search, repricer, exposure, settings), exposure, table, settings.flip_method)
    every = np.arange(len(surface.expiries))
    profile = Profile(profiles.grid(CORE), profiles.rows(every, CORE).sum(axis=0))

    crossing = search.chosen if settings.flip_method == "grid" else cumulative_flip(table, surface.spot)
    raw = raw_regime(total.net_over_gross, surface.spot, crossing)
    regime = held_regime(
        raw, total.net_over_gross, previous.regime if previous else None, previous.regime_raw if previous else None
    )
    moves = ancillary.skew_and_moves(surface)
    calls, puts = walls(table, surface.spot, settings.wall_mode)
    rows = expiry_rows(exposure, profiles)
    pain = headline(surface.expiries, oi_by_expiry(exposure), [row.max_pain for row in rows], settings.max_pain_expiry)
    confidence, oi_score = ancillary.oi_confidence(surface, ancillary.sessions_since(surface.oi_date, surface.asof))
    past = history.trailing(surface, model.name, settings.max_dte) if history else None
    pcr_oi = ancillary.ratio(surface, surface.oi)
    front = min(rows, key=lambda row: row.settles).share if rows else float("nan")
    evidence = Evidence(
        spot=surface.spot,
        regime=regime,
        net=total.net,
        median_abs_net=past.median_abs_net if past else None,
        flip=crossing,
        call_wall=calls[0].strike if calls else None,
        put_wall=puts[0].strike if puts else None,
        z_pcr=z_score(pcr_oi, past.pcr_oi) if past else None,
        z_skew=z_score(moves.skew_25d_put_atm, past.skew) if past else None,
        max_pain=pain,
        front_share=front,
        vix=vix,
        vix3m=vix3m,
    )
    at_spot = repricer.terms().at(surface.spot)
    return Analysis(
        surface=surface,
        settings=settings,
        totals=total,
        strikes=table,
        matrix=matrix,
        profile=profile,
        flip=flip,
        vol_trigger=vol_trigger(
            flip,
            search,
            table,
            surface.spot,
            mode=settings.vol_trigger_mode,
            ratio=settings.vol_trigger_ratio,
        ),
        call_wall=calls[0] if calls else None,
        put_wall=puts[0] if puts else None,
        call_walls=calls,
        put_walls=puts,
        max_pain=pain,
        pins=pins(table, surface.spot, regime, moves.expected_move_pts, settings.window_pct),
        by_expiry=rows,
        buckets=bucket_rows(strikes, profiles, settings, search),
        regime=regime,
        regime_num=NUMBERS.get(regime, 0),
        concentration_hhi=concentration(table),
        share_0dte=_share_0dte(exposure),
        pcr_oi=pcr_oi,
        pcr_volume=ancillary.ratio(surface, surface.volume),
        risk_reversal_25d=moves.risk_reversal_25d,
        skew_25d_put_atm=moves.skew_25d_put_atm,
        iv_skew_puts_minus_calls=ancillary.mean_skew(surface),
        expected_move_pts=moves.expected_move_pts,
        straddle_move_pts=moves.straddle_move_pts,
        oi_confidence=confidence,
        oi_score=oi_score,
        profile_error=abs(at_spot - total.net) / total.gross if total.gross > 0 else float("nan"),
        bias=bias(evidence, oi_score=oi_score, freshness=freshness),
        z252=z_score(total.net, past.net) if past else None,
        pct252=percentile(total.net, past.net) if past else None,
        regime_raw=raw,
        max_pain_all=_max_pain_all(exposure, table),
        net_per_adv=total.net / adv_usd if adv_usd else None,
        sign_model=model.name,
    )


def _quality(
    search: Search, repricer: Repricer, exposure: Exposures, settings: GexSettings
) -> flip_quality.Quality | None:
    if search.chosen is None:
        return None
    return flip_quality.measure(
        search.chosen.level,
        search.chosen.upward,
        sum(crossing.valid for crossing in search.crossings),
        search.scale,
        search.terms,
        repricer,
        exposure,
        decay_days=settings.dte_weight_ref,
        day_count=settings.day_count,
    )


def _max_pain_all(exposure: Exposures, table: StrikeTable) -> float | None:
    surface = exposure.surface
    if (surface.multiplier == surface.multiplier[0]).all():
        return cheapest(table.strike, table.call_oi, table.put_oi, surface.spot)
    return max_pain(surface.strike, surface.is_call, exposure.oi * surface.multiplier, surface.spot)


def _share_0dte(exposure: Exposures) -> float:
    expiries = exposure.surface.expiries
    gross = exposure.sums[:, 0] + exposure.sums[:, 1]
    today = np.array(["0dte" in expiry.buckets for expiry in expiries], dtype=bool)
    total = float(gross.sum())
    return float(gross[today].sum()) / total if total > 0 else float("nan")


def _check(surface: Surface, previous: Analysis | None) -> None:
    where = f"{surface.symbol} at {surface.asof}"
    if not len(surface.strike):
        raise DataError(f"{where}: no contract can be used; see the reasons for which {surface.total} were left out")
    if not 0 < surface.spot < float("inf"):
        raise DataError(f"{where}: spot {surface.spot} is not a price; give the spot or quotes for parity")
    for name in ("strike", "years", "sigma", "multiplier", "gamma"):
        values = getattr(surface, name)
        low = -float("inf") if name == "gamma" else 0.0
        wrong = np.flatnonzero(~(np.isfinite(values) & (values > low)))
        if len(wrong):
            place = int(wrong[0])
            raise DataError(
                f"{where}: contract {place} (strike {surface.strike[place]}) has {name} {values[place]}; leave it out"
            )
    if previous is not None and previous.surface.symbol != surface.symbol:
        raise DataError(f"{where}: the previous analysis is of {previous.surface.symbol}; pass one of the same symbol")
    if previous is not None and previous.surface.asof > surface.asof:
        raise DataError(f"{where}: the previous analysis is of {previous.surface.asof}, which is later")
