"""AtrTrend with its real indicators: entries against pandas and TA-Lib, engines compared, warm-up, profiles."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import talib

from feeds import load
from feeds.errors import ConfigError, DataError
from optimize.backtest import backtest
from strategies import AtrTrend, Costs, Sizing

BARE = {"hv_filter": False, "rsi_filter": False}
EVERYTHING = {"macd_filter": True, "volume_filter": True, "mtf_filter": True, "break_even": True, "best": "high"}
SETTINGS = {
    "stochrsi": {"scenario": "stochrsi", **BARE},
    "sma": {"scenario": "sma", **BARE},
    "adx": {"scenario": "adx", **BARE},
    "trix": {"scenario": "trix", **BARE},
    "hv": {"scenario": "stochrsi", **BARE, "hv_filter": True, "hv_limit": 0.8},
    "rsi": {"scenario": "stochrsi", **BARE, "rsi_filter": True, "rsi_high": 55.0},
    "macd": {"scenario": "stochrsi", **BARE, "macd_filter": True},
    "volume": {"scenario": "stochrsi", **BARE, "volume_filter": True},
    "mtf": {"scenario": "stochrsi", **BARE, "mtf_filter": True},
    "reference": {},
    "everything": {"scenario": "trix", **EVERYTHING, "time_stop": 30, "min_hold": 3, "cooldown": 2},
}
# bars until the first decision, by hand: EMA(50) 50, SMA 200, two ADX smoothings 28, TRIX 3 x 7 - 1 and 15, volatility
# 1 + 20 + 49, four-hour EMA(58) at any phase 4 x 59 - 1
WARMUP = {"stochrsi": 50, "sma": 200, "adx": 50, "trix": 50, "hv": 70, "mtf": 235, "reference": 70, "everything": 235}


@pytest.fixture(scope="module")
def market():
    """3,000 hours with trends in them."""
    return load("synthetic:planted_edge?seed=7&bars=3000&edge=0.003&persistence=0.98")


def allowed(bars, p):
    """Entry condition on every bar, computed without our indicators."""
    high, low, close, volume = (bars.frame[name] for name in ("high", "low", "close", "volume"))

    def ema(values, span):
        return values.ewm(span=span, adjust=False).mean()

    rsi = pd.Series(talib.RSI(close.to_numpy(), 14), close.index)
    window = rsi.rolling(14)
    stoch = (rsi - window.min()) / (window.max() - window.min())
    atr = pd.Series(talib.ATR(high.to_numpy(), low.to_numpy(), close.to_numpy(), 14), close.index)
    three = ema(ema(ema(close, 7), 7), 7)
    trix = 100.0 * three.pct_change()
    returns = np.log(close).diff()
    hv = returns.rolling(20).std()
    hv_z = (hv - hv.rolling(50).mean()) / (hv.rolling(50).std() + 1e-6 / np.sqrt(252))
    macd = ema(close, 12) - ema(close, 26)
    adx = talib.ADX(high.to_numpy(), low.to_numpy(), close.to_numpy(), 14)
    longer = close.resample(
        "4h", closed="right", label="right"
    ).last()  # times are closes: (00:00, 04:00] ends at 04:00
    longer = longer[longer.index <= close.index[-1]]
    known = (ema(longer, p["mtf_fast"]) > ema(longer, p["mtf_slow"])).astype(float).reindex(close.index, method="ffill")
    ok = (ema(close, p["fast"]) > ema(close, p["slow"])) & (stoch > p["buy_min"]) & (stoch < p["buy_max"])
    ok &= {"stochrsi": atr > 0, "sma": close > close.rolling(200).mean(), "adx": adx > p["adx_min"],
           "trix": trix > trix.rolling(15).mean()}[p["scenario"]]  # fmt: skip
    ok &= (hv_z.abs() < p["hv_limit"]) | (not p["hv_filter"])
    ok &= rsi.between(p["rsi_low"], p["rsi_high"]) | (not p["rsi_filter"])
    ok &= ((macd - ema(macd, 9)) / atr > -p["macd_k"]) | (not p["macd_filter"])
    ok &= (volume > volume.rolling(p["volume_bars"]).mean()) | (not p["volume_filter"])
    ok &= (known == 1.0) | (not p["mtf_filter"])
    return ok.to_numpy()


@pytest.mark.parametrize("setting", SETTINGS)
def test_every_entry_and_no_other_is_taken(market, setting):
    strategy = AtrTrend(**SETTINGS[setting])
    run = backtest(strategy, market)
    ok = allowed(market, strategy.parameters)
    at = market.times.get_indexer(pd.DatetimeIndex(run.fills["time"]))
    entries = at[run.fills["reason"] == "entry"]
    exits = at[(run.fills["position_after"] == 0.0) & (run.fills["reason"] != "window-end")]
    free_from = [strategy.warmup - 1, *(exits + strategy.cooldown)]
    expected = [since + int(np.argmax(ok[since:-1])) + 1 for since in free_from if ok[since:-1].any()]
    assert list(entries) == expected
    assert len(entries) > 15


@pytest.mark.parametrize("setting", SETTINGS)
@pytest.mark.parametrize("mode", ["runonce", "next"])
def test_engines_agree_row_by_row(market, setting, mode):
    strategy = AtrTrend(**SETTINGS[setting])
    account = AtrTrend.profile("reference").account
    vector = backtest(strategy, market, account=account)
    event = backtest(strategy, market, engine="event", mode=mode, account=account)
    pd.testing.assert_frame_equal(vector.ledger, event.ledger, check_exact=True)
    pd.testing.assert_series_equal(vector.equity, event.equity, check_exact=True)
    assert len(vector.fills) > 30


def test_settings_trade_differently(market):
    ledgers = [tuple(backtest(AtrTrend(**setting), market).fills["time"]) for setting in SETTINGS.values()]
    assert len(set(ledgers)) == len(SETTINGS)


@pytest.mark.parametrize("setting", WARMUP)
def test_only_what_is_read_delays_the_first_decision(market, setting):
    strategy = AtrTrend(**SETTINGS[setting])
    assert strategy.warmup == WARMUP[setting]
    assert backtest(strategy, market).equity.index[0] == market.times[WARMUP[setting] - 1]


@pytest.mark.parametrize(
    ("setting", "own"),
    [
        ("stochrsi", set()),
        ("sma", {"Sma(period=200)"}),
        ("adx", {"Adx(period=14)"}),
        ("trix", {"Trix(period=7, signal_period=15)"}),
        ("hv", {"HvZscore(period=20, lookback=50)"}),
        ("rsi", {"Rsi(period=14)"}),
        ("macd", {"Macd(fast=12, slow=26, signal_period=9)"}),
        ("volume", {"Sma(period=20).on(close='volume')"}),
    ],
)
def test_only_what_is_read_is_computed(setting, own):
    always = {"Ema(period=26)", "Ema(period=50)", "StochRsi(period=14, lookback=14)", "Atr(period=14)"}
    assert {repr(part) for part in AtrTrend(**SETTINGS[setting]).parts} == always | own


def test_bars_too_few_for_the_scenario_are_refused(market):
    short = market.window(market.times[0], market.times[198])
    with pytest.raises(DataError, match=r"needs 200 bars before its first decision; the longest of .* has 199"):
        backtest(AtrTrend(**SETTINGS["sma"]), short)
    assert len(backtest(AtrTrend(**SETTINGS["adx"]), short).equity) == 199 - 50 + 1


def test_the_four_hour_filter_needs_bars_of_four_hours_or_less(market):
    days = market.resample("1d")
    with pytest.raises(ConfigError, match=r"AtrTrend reads column '4h.close' of .*: timeframe .* does not fit"):
        backtest(AtrTrend(mtf_filter=True, **SETTINGS["stochrsi"]), days)
    assert len(backtest(AtrTrend(**SETTINGS["stochrsi"]), days).equity) == 125 - 50 + 1


def test_the_reference_profile_is_the_default_and_as_specified():
    profile = AtrTrend.profile("reference")
    assert AtrTrend(**profile.parameters) == AtrTrend()
    assert profile.timeframe == "4h"
    p = AtrTrend().parameters
    assert (p["fast"], p["slow"], p["scenario"], p["adx_min"]) == (26, 50, "adx", 25.0)
    assert (p["buy_min"], p["buy_max"], p["sell_exit"]) == (0.05, 0.80, 0.30)
    assert (p["stop_atr"], p["trail_atr"], p["break_even"], p["cooldown"]) == (3.0, 5.5, False, 6)
    assert (p["hv_filter"], p["hv_limit"], p["rsi_filter"], p["rsi_low"], p["rsi_high"]) == (
        True,
        1.5,
        True,
        30.0,
        70.0,
    )
    assert not (p["macd_filter"] or p["mtf_filter"] or p["volume_filter"])
    assert (p["partials"], p["partial_1"], p["share_1"], p["partial_2"], p["share_2"]) == (True, 0.02, 0.5, 0.04, 0.3)
    account = profile.account
    assert account.costs == Costs(fee=0.001, slippage_bps=5.0)
    assert (account.sizing, account.cap, account.max_positions) == (Sizing.risk(0.01), 0.95, 5)


def test_the_seed_profile_has_the_values_the_rules_came_with():
    profile = AtrTrend.profile("seed")
    p = AtrTrend(**profile.parameters).parameters
    assert (p["fast"], p["slow"], p["stop_atr"], p["trail_atr"], p["sell_exit"]) == (26, 50, 3.0, 5.5, 0.20)
    assert p["hv_filter"] and p["rsi_filter"] and p["macd_filter"] and not p["break_even"]
    assert (p["round_trip"], p["cooldown"], p["min_hold"]) == (0.0, 0, 0)
    assert profile.account.sizing == Sizing.fraction(0.95)


@pytest.mark.parametrize("profile", ["reference", "seed"])
def test_profiles_run_on_four_hour_bars(market, profile):
    chosen = AtrTrend.profile(profile)
    run = backtest(AtrTrend(**chosen.parameters), market.resample(chosen.timeframe), account=chosen.account)
    assert "entry" in set(run.fills["reason"])


def test_real_prices_give_one_ledger_in_both_engines(market_data):
    table = pd.read_parquet(market_data / "crypto" / "APACHE_BTC-EUR_1h_bitvavo.parquet")
    bars = load(table, symbol="BTC-EUR", label="open").resample("4h")
    chosen = AtrTrend.profile("reference")
    for changes in ({}, EVERYTHING):
        strategy = AtrTrend(**(chosen.parameters | changes))
        vector = backtest(strategy, bars, account=chosen.account)
        event = backtest(strategy, bars, engine="event", account=chosen.account)
        pd.testing.assert_frame_equal(vector.ledger, event.ledger, check_exact=True)
        assert len(vector.fills) > 50
