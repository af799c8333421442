"""Massive's provider against a vendor on this machine."""

from __future__ import annotations

import logging
import math
import time
from datetime import UTC, datetime

import pytest
from chains.loopback import Answer, contract, linked, massive_answers, page, serving

from feeds.chains.provider import ChainProvider, provider
from feeds.errors import ConfigError, DataError
from feeds.vendors.massive import MassiveChains

KEY = "sk-not-to-be-shown-0123456789"
NOW = datetime(2026, 7, 24, 16, 5, tzinfo=UTC)
STRIKES = [600.0, 610.0, 620.0, 630.0, 640.0, 650.0]


@pytest.fixture(autouse=True)
def no_environment(monkeypatch):
    for name in ("MASSIVE_API_KEY", "POLYGON_API_KEY", "MASSIVE_BASE_URL"):
        monkeypatch.delenv(name, raising=False)


def chains(vendor, **settings):
    return MassiveChains(KEY, vendor.base, clock=lambda: NOW, backoff=0.01, **settings)


def parts():
    return [[contract(k), contract(k, "put")] for k in STRIKES[:3]]


def test_every_page_arrives_and_the_key_is_a_header():
    with serving(massive_answers(linked(parts()))) as vendor:
        chain = chains(vendor).fetch("SPY")
    pages = [asked for asked in vendor.asked if asked.path.startswith("/v3/snapshot/options")]
    assert [asked.query for asked in pages] == [{"limit": "250"}, {"cursor": "1"}, {"cursor": "2"}]
    assert all(asked.headers["Authorization"] == f"Bearer {KEY}" for asked in vendor.asked)
    assert not any(KEY in str(asked.query) for asked in vendor.asked)
    assert len(chain.rows) == 6 and chain.rows["strike"].nunique() == 3
    assert (chain.symbol, chain.source, chain.asof, chain.feed) == ("SPY", "massive", NOW, "REALTIME")
    assert chain.spot == 640.25 and chain.spot_source == "underlying_asset"
    assert chain.spot_ts == datetime(2026, 7, 24, 16, tzinfo=UTC)
    assert "3 pages" in chain.detail


def test_the_fields_of_a_contract():
    with serving(massive_answers([page([contract(640.0, day={"volume": 7, "last_updated": 1})])])) as vendor:
        row = chains(vendor).fetch("SPY").rows.iloc[0]
    expected = {
        "root": "SPY", "strike": 640.0, "right": "C", "style": "american", "multiplier": 100.0, "bid": 5.0, "ask": 5.2,
        "mid": 5.1, "last": 5.15, "volume": 7.0, "oi": 4321.0, "iv": 0.18, "iv_source": "vendor", "delta": 0.52,
        "gamma": 0.011, "vega": 0.8, "theta": -0.21, "greek_source": "vendor", "feed": "REALTIME",
    }  # fmt: skip
    assert {name: row[name] for name in expected} == expected
    assert str(row["expiry_ts_utc"]) == "2026-08-21 20:00:00+00:00"
    assert str(row["oi_date"].date()) == "2026-07-23", "open interest is counted at the end of the session before"
    assert str(row["quote_ts"]) == "2026-07-24 16:00:00+00:00"


def test_a_missing_greek_stays_missing():
    rows = [
        contract(600.0, greeks={}),
        contract(610.0, greeks=None, implied_volatility=None),
        contract(620.0, greeks={"delta": 0.9}),
        contract(630.0, last_quote=None, last_trade=None, open_interest=None),
    ]
    with serving(massive_answers([page(rows)])) as vendor:
        found = chains(vendor).fetch("SPY").rows.set_index("strike")
    assert math.isnan(found.loc[600.0, "gamma"]) and found.loc[600.0, "iv"] == 0.18
    assert math.isnan(found.loc[610.0, "iv"]) and found.loc[[610.0], "iv_source"].isna().all()
    assert found.loc[620.0, "delta"] == 0.9 and math.isnan(found.loc[620.0, "gamma"])
    assert found.loc[630.0, ["bid", "ask", "mid", "last", "oi"]].isna().all()
    assert found.loc[[600.0, 610.0], "greek_source"].isna().all()


def test_an_adjusted_contract_keeps_its_own_multiplier():
    row = contract(12.5, root="ABC1")
    row["details"]["shares_per_contract"] = 73
    with serving(massive_answers([page([row])])) as vendor:
        chain = chains(vendor).fetch("SPY")
    assert chain.rows["multiplier"].tolist() == [73.0] and chain.rows["root"].tolist() == ["ABC1"]


def test_delayed_quotes_are_called_delayed():
    late = contract(640.0)
    late["last_quote"]["timeframe"] = "DELAYED"
    with serving(massive_answers([page([late, contract(650.0)])])) as vendor:
        chain = chains(vendor).fetch("SPY")
    assert chain.feed == "DELAYED" and chain.rows["feed"].tolist() == ["DELAYED", "REALTIME"]


def test_a_null_underlying_leaves_the_spot_missing_and_says_so():
    rows = [contract(600.0, underlying_asset=None), contract(610.0, underlying_asset={"ticker": "SPY", "price": None})]
    with serving(massive_answers([page(rows)])) as vendor:
        chain = chains(vendor).fetch("SPY")
    assert math.isnan(chain.spot) and chain.spot_ts is None
    assert any("no underlying price" in note for note in chain.notes)


def test_an_index_without_value_takes_its_snapshot():
    row = contract(6400.0, root="SPXW", underlying_asset={"ticker": "I:SPX", "timeframe": "DELAYED"})
    index = Answer({"status": "OK", "results": [{"ticker": "I:SPX", "value": 6412.5}]})
    close = Answer({"status": "OK", "results": [{"c": 6400.0}]})
    others = {"/v3/snapshot/indices": index, "/v2/aggs/ticker/I:SPX/prev": close}
    with serving(massive_answers([page([row])], "I:SPX", others)) as vendor:
        chain = chains(vendor).fetch("SPX")
    assert (chain.spot, chain.spot_source, chain.prev_close) == (6412.5, "index_snapshot", 6400.0)
    assert chain.rows["root"].tolist() == ["SPXW"]


def test_an_index_has_a_value_and_no_price():
    asset = {"ticker": "I:SPX", "value": 6412.25, "last_updated": 1_784_908_800_000_000_000, "timeframe": "DELAYED"}
    row = contract(6400.0, root="SPX", underlying_asset=asset)
    with serving(massive_answers([page([row])], "I:SPX")) as vendor:
        chain = chains(vendor).fetch("SPX")
    assert (chain.spot, chain.spot_source) == (6412.25, "underlying_asset")
    assert str(chain.rows["expiry_ts_utc"].iloc[0]) == "2026-08-21 13:30:00+00:00", "SPX settles on the opening"
    assert math.isnan(chain.prev_close), "the plan may not include the previous close"


BROKEN = {
    "bad JSON": Answer(b'{"status": "OK", "results": [{"det'),
    "no results": {"status": "OK", "request_id": "x"},
    "results null": {"status": "OK", "results": None},
    "status ERROR": {"status": "ERROR", "error": "backend"},
    "a row without details": {"status": "OK", "results": [{"open_interest": 3}]},
    "not an object": [],
    "empty": Answer(b""),
}


@pytest.mark.parametrize("third", BROKEN.values(), ids=list(BROKEN))
def test_a_broken_third_page_is_refused(third):
    pages = linked(parts())
    with (
        serving(massive_answers([*pages[:2], third])) as vendor,
        pytest.raises(DataError, match=r"truncated chain: page 3 .*nothing was kept"),
    ):
        chains(vendor).fetch("SPY")


def test_the_clients_own_iterator_would_have_ended_quietly():
    """The reason for our own paging: when this fails, the client reports broken pages itself."""
    import massive

    with serving(massive_answers([*linked(parts())[:2], BROKEN["bad JSON"]])) as vendor:
        client = massive.RESTClient(KEY, base=vendor.base, retries=0)
        assert len(list(client.list_snapshot_options_chain("SPY", params={"limit": 250}))) == 4


def test_a_page_that_points_elsewhere_or_to_itself_is_refused():
    for address in (
        "https://api.massive.com/v3/snapshot/options/QQQ?cursor=1",
        "https://api.massive.com/v3/snapshot/options/SPY?cursor=0",
    ):
        with (
            serving(massive_answers([page([contract(600.0)], address)])) as vendor,
            pytest.raises(DataError, match="truncated chain"),
        ):
            chains(vendor).fetch("SPY")
        assert len(vendor.asked) <= 3


def test_the_same_contract_on_two_pages_is_refused():
    with (
        serving(massive_answers(linked([[contract(600.0)], [contract(600.0)]]))) as vendor,
        pytest.raises(DataError, match="occurs already in row 1"),
    ):
        chains(vendor).fetch("SPY")


def test_429_waits_as_long_as_the_vendor_says():
    whole = massive_answers([page([contract(600.0)])])

    def answer(asked, number):
        return Answer({"status": "ERROR"}, 429, {"Retry-After": "1"}) if number == 1 else whole(asked, number)

    with serving(answer) as vendor:
        start = time.monotonic()
        chain = chains(vendor).fetch("SPY")
        waited = time.monotonic() - start
    assert len(chain.rows) == 1 and 1.0 <= waited < 60


def test_429_for_ever_is_an_error_without_the_key():
    with (
        serving(lambda asked, number: Answer({"status": "ERROR"}, 429)) as vendor,
        pytest.raises(DataError, match=r"massive: page 1: no answer after 3 tries: .*429") as caught,
    ):
        chains(vendor, retries=2).fetch("SPY")
    assert len(vendor.asked) == 3
    assert KEY not in str(caught.value)


def test_403_is_told_at_once():
    body = {"status": "NOT_AUTHORIZED", "message": f"You are not entitled to this data, key {KEY}"}
    with (
        serving(lambda asked, number: Answer(body, 403)) as vendor,
        pytest.raises(DataError, match=r"NOT_AUTHORIZED You are not entitled .*\*\*\*; check what the plan includes"),
    ):
        chains(vendor).fetch("SPY")
    assert len(vendor.asked) == 1, "no second try"


def test_the_key_is_in_no_log_error_or_repr(caplog, capfd):
    caplog.set_level(logging.DEBUG)
    bad = {"status": "ERROR", "error": f"Unknown API Key {KEY}"}
    answers = [massive_answers(linked(parts())), lambda asked, number: Answer(bad, 401)]
    seen = []
    for answer in answers:
        with serving(answer) as vendor:
            source = chains(vendor)
            try:
                seen += [repr(source), str(source.fetch("SPY").notes), source.fetch("SPY").detail]
            except DataError as problem:
                seen += [
                    str(problem),
                    repr(problem.__cause__),
                    repr(problem.__context__ and problem.__suppress_context__),
                ]
    out, err = capfd.readouterr()
    assert caplog.text, "the HTTP layer logs something at this level, or the test shows nothing"
    assert KEY not in "\n".join([*seen, caplog.text, out, err])


def test_a_key_comes_from_the_environment_when_fetching(monkeypatch):
    with pytest.raises(ConfigError, match="set MASSIVE_API_KEY"):
        MassiveChains().fetch("SPY")
    source = provider("massive", clock=lambda: NOW)
    with serving(massive_answers([page([contract(600.0)])])) as vendor:
        monkeypatch.setenv("POLYGON_API_KEY", "old-name")
        monkeypatch.setenv("MASSIVE_BASE_URL", vendor.base)
        source.fetch("SPY")
        monkeypatch.setenv("MASSIVE_API_KEY", "new-name")
        source.fetch("SPY")
    assert [asked.headers["Authorization"] for asked in vendor.asked][::2] == ["Bearer old-name", "Bearer new-name"]
    assert isinstance(source, ChainProvider)


def test_a_past_chain_is_refused_not_faked():
    with pytest.raises(ConfigError, match="no past"):
        MassiveChains(KEY).fetch("SPY", asof=datetime(2026, 1, 2, tzinfo=UTC))


def test_filters_go_to_the_vendor_with_dots():
    with serving(massive_answers([page([contract(600.0)])])) as vendor:
        chain = chains(vendor, filters={"expiration_date.lte": "2026-09-30"}).fetch("SPY")
    assert vendor.asked[0].query == {"expiration_date.lte": "2026-09-30", "limit": "250"}
    assert any("2026-09-30" in note for note in chain.notes)


def test_filters_and_rate_as_text():
    source = provider("massive?expiration_date.lte=2026-09-30&per_minute=5")
    assert source.filters == {"expiration_date.lte": "2026-09-30"} and KEY not in repr(source)
    for text, message in (("as_of=2026-01-02", "no filter 'as_of'"), ("per_minute=fast", "is no number")):
        with pytest.raises(ConfigError, match=message):
            provider(f"massive?{text}")


def test_the_next_page_of_an_index_may_be_escaped():
    rows = [contract(k, root="SPXW", underlying_asset={"ticker": "I:SPX", "value": 6400.0}) for k in (6300.0, 6400.0)]
    first = page(rows[:1], "https://api.massive.com/v3/snapshot/options/I%3ASPX?cursor=1&apiKey=leaked")
    with serving(massive_answers([first, page(rows[1:])], "I:SPX")) as vendor:
        assert len(chains(vendor).fetch("SPX").rows) == 2
    assert vendor.asked[1].query == {"cursor": "1"}


def test_b02_nothing_is_made_up_when_the_vendor_is_silent():
    """The original drew random open interest and constant Greeks; here two fetches agree and silence stays missing."""
    bare = contract(600.0, greeks=None, implied_volatility=None, open_interest=None, last_quote=None, last_trade=None)
    bare.pop("day")
    with serving(massive_answers([page([bare, contract(610.0)])])) as vendor:
        first, second = (chains(vendor).fetch("SPY").rows for _ in range(2))
    assert first.equals(second)
    silent = first[first["strike"] == 600.0]
    numbers = silent[["bid", "ask", "mid", "last", "volume", "oi", "iv", "delta", "gamma", "vega", "theta"]]
    assert numbers.isna().all(axis=None)


def test_b03_the_chain_snapshot_has_open_interest_and_greeks():
    """The original's documents deny it and loop over single contracts; one call family gives all."""
    with serving(massive_answers(linked(parts()))) as vendor:
        rows = chains(vendor).fetch("SPY").rows
    assert rows[["oi", "gamma", "delta", "vega", "theta", "iv"]].notna().all(axis=None)
    snapshots = [asked for asked in vendor.asked if "snapshot/options" in asked.path]
    assert len(snapshots) == 3 < len(rows), "pages, not contracts"


def test_an_empty_snapshot_is_refused():
    with serving(massive_answers([page([])])) as vendor, pytest.raises(DataError, match="holds no contracts"):
        chains(vendor).fetch("SPY")


def test_a_vendor_that_is_not_there():
    with pytest.raises(DataError, match="no answer after 1 tries"):
        MassiveChains(KEY, "http://127.0.0.1:9", retries=0).fetch("SPY")
