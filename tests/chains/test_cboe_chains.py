"""Cboe's delayed quotes: the provider against a vendor on this machine, and the answer's meaning."""

from __future__ import annotations

import json
import math
import time
from datetime import UTC, datetime

import pytest
from chains.loopback import Answer, serving

from feeds.chains.provider import ChainProvider, provider
from feeds.errors import ConfigError, DataError
from feeds.vendors.cboe import CboeChains


def quote(option: str, **changed):
    """One contract of the answer, as Cboe writes it."""
    row = {
        "option": option, "bid": 5.0, "bid_size": 31.0, "ask": 5.2, "ask_size": 45.0, "iv": 0.21,
        "open_interest": 120.0, "volume": 27.0, "delta": 0.51, "gamma": 0.0112, "vega": 0.8, "theta": -0.2,
        "rho": 0.1, "theo": 5.1,
        "change": 0.1, "open": 5.0, "high": 5.3, "low": 4.9, "tick": "up", "last_trade_price": 5.05,
        "last_trade_time": "2026-07-24T15:13:49", "percent_change": 2.0, "prev_day_close": 4.95,
    }  # fmt: skip
    return row | changed


def told(symbol="SPY", options=None, **changed):
    pair = [quote("SPY260821C00640000"), quote("SPY260821P00640000", delta=-0.49)]
    data = {
        "symbol": symbol, "security_type": "stock", "current_price": 640.25, "prev_day_close": 638.0,
        "last_trade_time": "2026-07-24T15:59:59", "iv30": 15.2,
        "options": pair if options is None else options,
    }  # fmt: skip
    return {"timestamp": "2026-07-24 20:12:44", "symbol": symbol, "data": data | changed}


def fetch(body, symbol="SPY", status=200, **settings):
    with serving(lambda asked, number: Answer(body, status)) as vendor:
        return CboeChains(vendor.base, backoff=0.01, **settings).fetch(symbol), vendor


def test_a_chain_with_its_instants():
    chain, vendor = fetch(told())
    assert [asked.path for asked in vendor.asked] == ["/SPY.json"]
    assert (chain.symbol, chain.source, chain.feed) == ("SPY", "cboe", "DELAYED")
    assert chain.asof == datetime(2026, 7, 24, 20, 12, 44, tzinfo=UTC)
    assert (chain.spot, chain.prev_close) == (640.25, 638.0)
    assert chain.spot_ts == datetime(2026, 7, 24, 19, 59, 59, tzinfo=UTC), "15:59:59 in New York"
    row = chain.rows.iloc[0]
    assert (row["iv"], row["gamma"], row["oi"], row["multiplier"], row["last"]) == (0.21, 0.0112, 120.0, 100.0, 5.05)
    assert str(row["oi_date"].date()) == "2026-07-23"


def test_an_index_has_an_underscore_and_a_caret():
    options = [quote("SPX260821C06400000"), quote("SPXW260821C06400000")]
    chain, vendor = fetch(told("^SPX", options), "SPX")
    assert vendor.asked[0].path == "/_SPX.json" and chain.symbol == "SPX"
    settles = dict(zip(chain.rows["root"], chain.rows["expiry_ts_utc"].astype(str), strict=True))
    assert settles == {"SPX": "2026-08-21 13:30:00+00:00", "SPXW": "2026-08-21 20:00:00+00:00"}
    assert set(chain.rows["style"]) == {"european"}


def test_zeros_that_mean_none_are_missing():
    options = [
        quote("SPY260821C00100000", iv=0.0, delta=1.0, gamma=0.0, vega=0.0, theta=0.0),
        quote("SPY260821C00900000", bid=0.0, ask=0.01, last_trade_price=0.0, gamma=0.0),
        quote("SPY260821C00910000", bid=0.0, ask=0.0),
    ]
    rows = fetch(told(options=options))[0].rows.set_index("strike")
    assert rows.loc[100.0, ["iv", "delta", "gamma", "vega", "theta"]].isna().all()
    assert rows.loc[900.0, "bid"] == 0.0 and rows.loc[900.0, "mid"] == 0.005 and math.isnan(rows.loc[900.0, "last"])
    assert rows.loc[900.0, "gamma"] == 0.0, "rounded by the vendor, not missing"
    assert rows.loc[910.0, ["bid", "ask", "mid"]].isna().all()


def test_an_adjusted_root_has_no_known_multiplier():
    rows = fetch(told(options=[quote("SPY1260821C00640000"), quote("SPY260821C00640000")]))[0].rows
    assert rows["multiplier"].isna().tolist() == [False, True] and rows["root"].tolist() == ["SPY", "SPY1"]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (json.dumps(told()).encode()[:400], "no whole JSON .400 bytes"),
        ({"data": {}}, "has no data.options"),
        (told(options=[]), "has no data.options"),
        ([], "has no data.options"),
        (told(options=[{"bid": 1.0}]), "no field option"),
        (told(options=[{"option": "SPY260821C00640000"}]), "no field bid"),
        (told(options=[quote("SPY26082XC00640000")]), "row 1: option symbol 'SPY26082XC00640000' is no OCC symbol"),
        (told(options=[quote("SPY260821C00640000")] * 2), "row 2: SPY 2026-08-21 640 C occurs already in row 1"),
        (told(options=[quote("SPY260821C00640000", bid=-1.0)]), "row 1: bid -1.0 is negative"),
        (told(options=[quote("SPY260821C00640000", bid="n/a")]), "row 1: bid 'n/a' is no number"),
        (told("QQQ"), "the answer is of QQQ, not SPY"),
        (told(current_price="640"), "current_price '640' is no number"),
        (told() | {"timestamp": None}, "timestamp None is no time"),
    ],
)
def test_a_broken_answer_is_refused(body, message):
    with pytest.raises(DataError, match=message):
        fetch(body)


def test_no_price_leaves_the_spot_missing():
    chain, _ = fetch(told(current_price=None, prev_day_close=0))
    assert math.isnan(chain.spot) and math.isnan(chain.prev_close)


def test_retry_after_is_honoured():
    def answer(asked, number):
        return Answer({}, 429, {"Retry-After": "1"}) if number == 1 else Answer(told())

    with serving(answer) as vendor:
        start = time.monotonic()
        assert len(CboeChains(vendor.base).fetch("SPY").rows) == 2
        assert 1.0 <= time.monotonic() - start < 60


@pytest.mark.parametrize(
    ("status", "tries", "message"),
    [
        (404, 1, "status 404; Cboe lists no options of 'SPY'"),
        (403, 1, "lists no options"),
        (503, 2, "status 503 after 2"),
    ],
)
def test_a_refusal(status, tries, message):
    with serving(lambda asked, number: Answer({}, status)) as vendor, pytest.raises(DataError, match=message):
        CboeChains(vendor.base, retries=1, backoff=0.01).fetch("SPY")
    assert len(vendor.asked) == tries


def test_from_the_environment(monkeypatch):
    source = provider("cboe")
    assert isinstance(source, ChainProvider)
    with serving(lambda asked, number: Answer(told())) as vendor:
        monkeypatch.setenv("CBOE_BASE_URL", vendor.base)
        assert source.fetch("SPY").spot == 640.25
    with pytest.raises(ConfigError, match="no past"):
        source.fetch("SPY", asof=datetime(2026, 1, 2, tzinfo=UTC))
    with pytest.raises(DataError, match="no answer after 1 tries"):
        CboeChains("http://127.0.0.1:9", retries=0).fetch("SPY")
