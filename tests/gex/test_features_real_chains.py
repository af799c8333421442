"""Real chains of SPY become rows, and GexLevels trades them alike in both engines where they reach."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from feeds import Bars, Instrument, martingale
from feeds.chains.files import read_chain
from feeds.errors import DataError
from feeds.sessions import DAY, sessions
from indicators.gex.features import feature_table
from indicators.gex.pipeline import run
from optimize.backtest import backtest
from optimize.parity import parity
from optimize.placebo import TOO_LITTLE, placebo
from strategies import GexLevels

ACCOUNT = GexLevels.profile("reference").account


@pytest.fixture(scope="module")
def chains(market_data):
    path = market_data / "options" / "MIT_cboe_quotedata_SPY_2025.parquet"
    days = pd.read_parquet(path, columns=["session"])["session"].drop_duplicates().sort_values()
    return [read_chain(path, session=day.date()) for day in days]


@pytest.fixture(scope="module")
def table(chains):
    return feature_table(chains)


def spots(chains):
    """One bar per chain at its price: what is known of the market between them is nothing."""
    index = pd.DatetimeIndex([one.asof for one in chains], name="time").as_unit("ns")
    frame = pd.DataFrame({name: [one.spot for one in chains] for name in ("open", "high", "low", "close")}, index=index)
    return Bars(frame, Instrument("SPY", calendar="XNYS"), "spots of chains", pd.Timedelta("1D"))


def walk(chains, seed):
    """Half hours of the session after each chain, from its price on. The prices are made up, the levels are not."""
    calendar = sessions("XNYS", pd.Timestamp(chains[0].asof).value, pd.Timestamp(chains[-1].asof).value)
    made, k = martingale(13 * len(chains), seed, 0.004, "30min").frame, 0
    parts = []
    for one in chains:
        after = int(np.searchsorted(calendar.opens, pd.Timestamp(one.asof).value))
        part = made.iloc[k : k + 13]
        k += 13
        times = pd.date_range(pd.Timestamp(calendar.opens[after], tz="UTC"), periods=14, freq="30min")[1:]
        scaled = part[["open", "high", "low", "close"]] * (one.spot / part["open"].iloc[0])
        parts.append(scaled.set_axis(times.as_unit("ns").rename("time"), axis=0))
    frame = pd.concat(parts)
    assert (np.diff(frame.index.asi8) > 0).all() and frame.index.asi8[-1] // DAY > 0
    return Bars(frame, Instrument("SPY", tick=0.01, calendar="XNYS"), "made up between chains", pd.Timedelta("30min"),
                synthetic=True)  # fmt: skip


def test_every_session_has_a_row_that_is_the_pipelines_or_says_why_not(chains, table):
    assert len(chains) == 10
    known = table.rows[table.rows["status"].notna()]
    assert len(known) == 10
    assert table.usable + len(table.notes) == 10 and table.usable >= 5
    previous = None
    for chain, (stamp, row) in zip(chains, known.iterrows(), strict=True):
        assert stamp == pd.Timestamp(chain.asof) + pd.Timedelta("15min")  # delayed quotes of the close
        if row["status"] > 0:
            analysis = run(chain, previous=previous).analysis
            assert row["flip"] == pytest.approx(analysis.flip.level, nan_ok=True)
            assert row["call_wall"] == analysis.call_wall.strike >= row["spot"] >= row["put_wall"]
            previous = analysis


def test_so_few_chains_are_too_little_history(chains, table):
    bars = spots(chains)
    with pytest.raises(DataError, match=r"SPY: too little history: \d usable rows"):
        table.join(bars)
    joined = table.join(bars, least=1)
    with pytest.raises(DataError, match="GexLevels waits for 60"):
        backtest(GexLevels(), joined, account=ACCOUNT)
    found = placebo(GexLevels(min_history=1), joined, account=ACCOUNT)
    assert found.verdict == TOO_LITTLE and not found.controls


def test_engines_agree_on_the_real_prices(chains, table):
    joined = table.join(spots(chains), least=1)
    fills = 0
    for parameters in ({}, {"near_wall": 1.0}, {"break_level": "flip", "break_move": 0.0}):
        strategy = GexLevels(min_history=1, **parameters)
        vector, event = (backtest(strategy, joined, engine=engine, account=ACCOUNT) for engine in ("vector", "event"))
        parity(vector, event).require()
        fills += len(vector.fills)
    assert fills >= 2


def test_engines_agree_on_real_levels_with_prices_made_up_between_them(chains, table):
    fills = 0
    for seed in range(12):
        joined = table.join(walk(chains, seed), least=1)
        strategy = GexLevels(min_history=1, break_level="flip", near_wall=0.3)
        vector, event = (backtest(strategy, joined, engine=engine, account=ACCOUNT) for engine in ("vector", "event"))
        parity(vector, event).require()
        fills += len(vector.fills)
    assert fills >= 30
