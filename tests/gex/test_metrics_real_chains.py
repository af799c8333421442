"""O15 and the invariants of an analysis on real chains of SPY, QQQ, IWM and AAPL."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from feeds.chains.chain import Chain
from feeds.chains.files import read_chain
from indicators.gex.analysing import analyse
from indicators.gex.analysis import Analysis
from indicators.gex.preparing import prepare
from indicators.gex.settings import GexSettings

QUOTEDATA, YAHOO = "MIT_cboe_quotedata_SPY_2025.parquet", "MIT_yahoo_chains_SPY_QQQ_IWM_2026-08.parquet"
LEAN, OPENBB = "APACHE_lean_AAPL_daily_chain_oi_iv_greeks.parquet", "APACHE_openbb_cboe_AAPL_delayed_quotes.json.gz"
INDICES = [
    *[(QUOTEDATA, "SPY", f"2025-{day}") for day in ("04-30", "05-06", "05-16", "06-09", "08-29", "09-02", "09-25")],
    *[(YAHOO, symbol, f"2026-08-{day}") for symbol in ("SPY", "QQQ", "IWM") for day in (12, 14, 18, 20)],
]
SHARES = [(OPENBB, "AAPL", None), (LEAN, "AAPL", "2014-06-02"), (LEAN, "AAPL", "2014-06-09")]


@cache
def real(folder: Path, name: str, symbol: str, session: str | None) -> tuple[Chain, Analysis]:
    day = date.fromisoformat(session) if session else None
    chain = read_chain(folder / "options" / name, symbol=symbol, session=day)
    return chain, analyse(prepare(chain, GexSettings()), GexSettings())


def windowed(chain: Chain, spot: float, width: float) -> Analysis:
    """The same chain cut to the strikes around a spot that is already known."""
    kept = chain.rows[(chain.rows["strike"] - spot).abs() <= width * spot].reset_index(drop=True)
    surface = prepare(replace(chain, rows=kept, spot=spot), GexSettings())
    return analyse(surface, GexSettings())


@pytest.mark.parametrize("name, symbol, session", INDICES)
def test_o15_the_grid_flip_hardly_moves_from_20_percent_to_the_whole_chain(market_data, name, symbol, session):
    chain, whole = real(market_data, name, symbol, session)
    assert whole.flip.level is not None and whole.flip.status in ("ok", "multiple")
    for width in (0.20, 0.25, 0.30):
        cut = windowed(chain, whole.surface.spot, width)
        assert len(cut.surface.strike) < len(whole.surface.strike)
        assert cut.flip.level == pytest.approx(whole.flip.level, rel=1e-3)


def test_o15_the_cumulative_method_fails_it(market_data):
    """Spec §2.5: it depends on the strikes listed, or has no crossing at all in one of the windows."""
    moved = 0
    for name, symbol, session in INDICES:
        chain, whole = real(market_data, name, symbol, session)
        levels = [windowed(chain, whole.surface.spot, 0.20).flip.cumulative_level, whole.flip.cumulative_level]
        if None in levels:
            moved += levels != [None, None]
        else:
            moved += abs(levels[0] / levels[1] - 1) > 1e-3
    assert moved >= 2


@pytest.mark.parametrize("name, symbol, session", INDICES + SHARES)
def test_an_analysis_of_a_real_chain_agrees_with_itself(market_data, name, symbol, session):
    _, result = real(market_data, name, symbol, session)
    totals, surface, flip = result.totals, result.surface, result.flip
    assert totals.net == pytest.approx(result.strikes.net.sum(), abs=1e-6 * totals.gross)
    assert totals.net == pytest.approx(sum(row.totals.net for row in result.by_expiry), abs=1e-6 * totals.gross)
    assert result.profile_error < 0.02, "vendor gammas may differ from Black-Scholes, by little"
    assert 0.8 * surface.spot < result.max_pain < 1.2 * surface.spot
    assert result.put_wall.strike <= surface.spot <= result.call_wall.strike
    assert len(result.call_walls) == len(result.put_walls) == 3
    assert sum(row.share for row in result.by_expiry) == pytest.approx(1.0)
    assert result.expected_move_pts is not None and 0 < result.expected_move_pts < 0.1 * surface.spot
    assert 0.2 < result.pcr_oi < 5 and 0 < result.concentration_hhi < 1 and 0 <= result.share_0dte <= 1
    assert result.oi_confidence == "direct" and 0.5 < result.oi_score <= 1
    if flip.level is None:
        assert flip.status in ("weak_only", "one_sided_positive")
    else:
        assert abs(flip.profile_at_flip) < 1e-6 * totals.gross
        assert flip.band[0] <= flip.level <= flip.band[1]
        assert flip.quality in ("clear", "moderate", "ambiguous")
        side = np.sign(np.interp(surface.spot, result.profile.grid, result.profile.net))
        assert flip.status == "multiple" or side == np.sign(surface.spot - flip.level)


def test_the_skew_of_the_indices_is_that_of_puts(market_data):
    """Equity index smiles slope down: the 25-delta put is dearer than the call."""
    for name, symbol, session in INDICES:
        _, result = real(market_data, name, symbol, session)
        if result.risk_reversal_25d is not None:
            assert -0.12 < result.risk_reversal_25d < 0 < result.skew_25d_put_atm < 0.12
