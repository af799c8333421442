"""Made-up chains: their prices, smile and open interest are what is claimed."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest
from vollib.black_scholes_merton import black_scholes_merton
from vollib.black_scholes_merton.greeks import analytical

from feeds.chains.provider import provider
from feeds.chains.synthetic import Smile, synthetic_chain
from feeds.errors import ConfigError


def years(rows):
    return (rows["expiry_ts_utc"] - rows["asof_utc"]).dt.total_seconds() / (365 * 86400)


def test_it_is_labelled():
    chain = synthetic_chain()
    assert chain.source == "synthetic" and "SYNTHETIC" in chain.notes[0]
    assert set(chain.rows["iv_source"]) == set(chain.rows["greek_source"]) == {"synthetic"}


def test_prices_and_greeks_against_vollib():
    rows = synthetic_chain(seed=3, spot=6500.0).rows.sample(60, random_state=1)
    for row, term in zip(rows.itertuples(), years(rows), strict=True):
        terms = (row.right.lower(), 6500.0, row.strike, term, 0.04, row.iv, 0.013)
        assert row.mid == pytest.approx(black_scholes_merton(*terms), rel=1e-9, abs=1e-9)
        for greek in ("delta", "gamma", "vega", "theta"):
            assert getattr(row, greek) == pytest.approx(getattr(analytical, greek)(*terms), rel=1e-8, abs=1e-12)


def test_the_smile_has_no_static_arbitrage():
    """Calls fall and are convex in strike; total variance grows with the term."""
    rows = synthetic_chain(rate=0.0, dividend_yield=0.0).rows
    calls = rows[rows["right"] == "C"]
    for _, part in calls.groupby("expiry_ts_utc"):
        slope = np.diff(part["mid"]) / np.diff(part["strike"])
        assert (slope <= 1e-9).all() and (slope >= -1 - 1e-9).all() and (np.diff(slope) >= -1e-9).all()
    smile, terms = Smile(), np.linspace(0.001, 2, 200)
    for moneyness in (-0.3, -0.1, 0.0, 0.1, 0.3):
        assert (np.diff(smile.sigma(np.full(200, moneyness), terms) ** 2 * terms) > 0).all()
    assert smile.eta * (1 + abs(smile.rho)) <= 2, "the published condition"


def test_open_interest_peaks_on_round_strikes_calls_above_puts_below():
    rows = synthetic_chain(contracts=4000).rows
    held = rows.groupby("strike")["oi"].sum()
    assert (held.nlargest(6).index % 100 == 0).all()
    centre = rows.groupby("right").apply(lambda part: np.average(part["strike"], weights=part["oi"]))
    assert centre["C"] > 6500 > centre["P"]
    assert (rows["oi"] % 1 == 0).all() and (rows["volume"] <= rows["oi"]).all()


def test_the_same_seed_gives_the_same_chain():
    assert synthetic_chain(seed=5).rows.equals(synthetic_chain(seed=5).rows)
    assert not synthetic_chain(seed=5).rows["oi"].equals(synthetic_chain(seed=6).rows["oi"])


def test_expiries_of_an_index_are_sessions_with_both_roots():
    chain = synthetic_chain(asof=datetime(2026, 6, 9, 18, tzinfo=UTC), days=(0, 1, 4, 9, 10))
    days = chain.rows.groupby("expiry_ts_utc")["root"].first()
    shown = [f"{day:%m-%d %H:%M}" for day in days.index]
    wanted = ["06-09 20:00", "06-10 20:00", "06-15 20:00", "06-18 13:30", "06-22 20:00"]
    assert shown == wanted, "06-13 is a Saturday; 06-18 the monthly expiry, morning-settled; 06-19 a holiday"
    assert days.tolist() == ["SPXW", "SPXW", "SPXW", "SPX", "SPXW"]


def test_the_chain_of_the_benchmark():
    chain = synthetic_chain(contracts=20_000, expiries=60)
    assert len(chain.rows) == 20_000 and chain.rows["expiry_ts_utc"].nunique() == 60
    assert years(chain.rows).max() * 365 < 93


def test_without_greeks_they_are_missing():
    rows = synthetic_chain(greeks=False).rows
    assert rows[["iv", "delta", "gamma", "vega", "theta", "iv_source", "greek_source"]].isna().all(axis=None)
    assert rows["mid"].notna().all()


def test_quotes_surround_the_mid():
    rows = synthetic_chain(spread=0.02).rows
    assert ((rows["ask"] - rows["bid"]) / rows["mid"]).to_numpy() == pytest.approx(0.02, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("symbol", ["SPY", "AAPL"])
def test_funds_and_stocks_have_one_root(symbol):
    chain = synthetic_chain(symbol, spot=640.0)
    assert set(chain.rows["root"]) == {symbol} and set(chain.rows["style"]) == {"american"}


def test_after_the_close_the_next_session_is_the_first():
    chain = synthetic_chain(asof=datetime(2026, 7, 2, 20, 0, tzinfo=UTC), days=(0,))
    assert f"{chain.rows['expiry_ts_utc'].iloc[0]:%m-%d}" == "07-06"


def test_from_text():
    chain = provider("synthetic:seed=3,contracts=400,expiries=4,spot=650").fetch("SPY")
    assert (len(chain.rows), chain.spot, chain.symbol) == (400, 650.0, "SPY")
    assert provider("synthetic").fetch("SPX").rows.equals(synthetic_chain().rows)


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("sede=3", "did you mean 'seed'"),
        ("seed=x", "is not a number"),
        ("contracts=3", "must be even"),
        ("spot=-1", "spot"),
    ],
)
def test_settings_that_make_no_sense(query, message):
    with pytest.raises(ConfigError, match=message):
        provider(f"synthetic:{query}").fetch("SPX")


def test_a_naive_instant_is_refused():
    with pytest.raises(ConfigError, match="no UTC offset"):
        synthetic_chain(asof=datetime(2026, 6, 9, 18))  # noqa: DTZ001
