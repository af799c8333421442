"""The chain store, recording, and the providers of files and folders."""

from __future__ import annotations

import dataclasses
import json
from datetime import UTC, date, datetime, timedelta

import pandas as pd
import pytest
from chains.loopback import contract, page

from feeds.chains.files import write_chain
from feeds.chains.provider import ChainProvider, FileChains, RecordedChains, provider
from feeds.chains.recording import record
from feeds.chains.store import ChainStore
from feeds.chains.synthetic import synthetic_chain
from feeds.errors import ConfigError, DataError

MONDAY = datetime(2026, 6, 8, 18, tzinfo=UTC)
EVERY = [MONDAY, MONDAY + timedelta(hours=1), MONDAY + timedelta(days=1, microseconds=5), MONDAY + timedelta(days=3)]


def made(asof, symbol="SPX", **terms):
    return synthetic_chain(symbol, asof=asof, days=(5, 10), contracts=16, **terms)


@pytest.fixture
def store(tmp_path):
    kept = ChainStore(tmp_path / "store")
    for moment in EVERY:
        kept.record(made(moment))
    return kept


def test_the_folders(store):
    shown = sorted(str(file.relative_to(store.folder)) for file in store.folder.rglob("*") if file.is_file())
    assert shown == [
        "symbol=SPX/session=2026-06-08/20260608T180000Z.parquet",
        "symbol=SPX/session=2026-06-08/20260608T190000Z.parquet",
        "symbol=SPX/session=2026-06-09/20260609T180000.000005Z.parquet",
        "symbol=SPX/session=2026-06-11/20260611T180000Z.parquet",
    ]
    whole = pd.read_parquet(store.folder)
    assert len(whole) == 64 and set(whole["symbol"]) == {"SPX"} and whole["session"].nunique() == 3


def test_what_is_there(store):
    assert store.symbols() == ("SPX",)
    assert store.sessions("SPX") == (date(2026, 6, 8), date(2026, 6, 9), date(2026, 6, 11))
    assert store.instants("SPX") == tuple(EVERY)
    assert store.instants("SPX", session=date(2026, 6, 8)) == tuple(EVERY[:2])
    assert store.instants("SPX", first=date(2026, 6, 9), last=date(2026, 6, 10)) == (EVERY[2],)
    assert store.sessions("NDX") == () and ChainStore(store.folder / "none").symbols() == ()


def test_loading_gives_the_chain_back(store):
    chain = store.load("SPX", session=date(2026, 6, 9))
    pd.testing.assert_frame_equal(chain.rows, made(EVERY[2]).rows, check_exact=True)
    assert chain.asof == EVERY[2] and chain.spot == 6500.0 and chain.source == "synthetic"


def test_a_recorded_chain_says_so(tmp_path):
    store = ChainStore(tmp_path)
    rows = made(MONDAY).rows.assign(iv_source="vendor", greek_source="vendor")
    store.record(dataclasses.replace(made(MONDAY), rows=rows, source="cboe"))
    assert store.load("SPX").source == "recorded"


def test_the_last_chain_known_never_a_later_one(store):
    assert store.load("SPX").asof == EVERY[3]
    assert store.load("SPX", asof=EVERY[3] - timedelta(seconds=1)).asof == EVERY[2]
    assert store.load("SPX", asof=EVERY[1]).asof == EVERY[1]
    assert store.load("SPX", session=date(2026, 6, 8)).asof == EVERY[1], "the last of the session"
    for wanted in ({"asof": MONDAY - timedelta(seconds=1)}, {"session": date(2026, 6, 10)}):
        with pytest.raises(DataError, match="has no chain of SPX"):
            store.load("SPX", **wanted)
    with pytest.raises(DataError, match="has no chain of NDX at all; record some first"):
        store.load("NDX")


def test_history_in_time_order(store):
    assert [chain.asof for chain in store.history("SPX")] == EVERY[1:]
    assert [chain.asof for chain in store.history("SPX", last=date(2026, 6, 9), every=True)] == EVERY[:3]


def test_the_same_chain_again_changes_nothing(store):
    path = store.path("SPX", MONDAY)
    before = path.stat()
    assert store.record(made(MONDAY)) == path
    assert path.stat().st_mtime_ns == before.st_mtime_ns and path.stat().st_ino == before.st_ino


def test_another_chain_of_the_same_instant_is_refused(store):
    path = store.path("SPX", MONDAY)
    before = path.read_bytes()
    for other in (made(MONDAY, seed=2), dataclasses.replace(made(MONDAY), spot=6501.0)):
        with pytest.raises(DataError, match="holds another chain of 2026-06-08 18:00:00"):
            store.record(other)
    assert path.read_bytes() == before
    assert len(list(path.parent.iterdir())) == 2, "nothing is left beside it"


def test_a_write_that_fails_leaves_nothing(tmp_path, monkeypatch):
    store = ChainStore(tmp_path)

    def full(*args, **terms):
        raise OSError("disk full")

    monkeypatch.setattr("os.replace", full)
    with pytest.raises(OSError, match="disk full"):
        store.record(made(MONDAY))
    assert not [item for item in tmp_path.rglob("*") if item.is_file()]


@pytest.mark.parametrize("symbol", ["", "../x", "a/b", "SPX ", "spx", "."])
def test_a_symbol_that_is_no_folder_is_refused(tmp_path, symbol):
    with pytest.raises(ConfigError, match="is no name for a folder"):
        ChainStore(tmp_path).path(symbol, MONDAY)


def test_strange_files_in_the_store(store):
    (store.folder / "symbol=SPX" / "session=2026-06-08" / "20260608-copy.parquet").write_bytes(b"")
    with pytest.raises(DataError, match="is not named after an instant"):
        store.sessions("SPX")
    (store.folder / "symbol=SPX" / "session=old").mkdir()
    with pytest.raises(DataError, match="is no folder of a session"):
        store.sessions("SPX")


class Fixed:
    name = "cboe"

    def __init__(self, chain):
        self.chain = chain

    def fetch(self, symbol, asof=None):
        return self.chain


def test_recording(tmp_path):
    store = ChainStore(tmp_path)
    source = Fixed(made(MONDAY))
    assert isinstance(source, ChainProvider)
    done = record(source, "SPX", store, MONDAY + timedelta(minutes=1))
    assert (done.new, done.session, done.contracts, done.asof, done.spot) == (
        True,
        date(2026, 6, 8),
        16,
        MONDAY,
        6500.0,
    )
    assert done.path.exists() and done.path == store.path("SPX", MONDAY)
    assert not record(source, "SPX", store, MONDAY + timedelta(hours=1)).new
    with pytest.raises(DataError, match="later than now"):
        record(source, "SPX", store, MONDAY - timedelta(minutes=6))
    with pytest.raises(ConfigError, match="no UTC offset"):
        record(source, "SPX", store, MONDAY.replace(tzinfo=None))


def test_a_store_is_a_provider(store):
    source = provider(store.folder)
    assert isinstance(source, RecordedChains) and source.name == "recorded"
    assert source.fetch("SPX").asof == EVERY[3]
    assert source.fetch("SPX", asof=EVERY[0]).asof == EVERY[0]
    assert provider(store.folder, session=date(2026, 6, 9)).fetch("SPX").asof == EVERY[2]
    assert provider(f"{store.folder}?session=2026-06-08").fetch("SPX").asof == EVERY[1]


def test_a_folder_of_recorded_answers(tmp_path):
    for moment in EVERY[:3]:
        write_chain(made(moment, "SPY"), tmp_path / f"SPY_{moment:%Y-%m-%dT%H}.csv")
    (tmp_path / "SPYG_2026-06-30.csv").write_text("not of this symbol")
    (tmp_path / "readme.txt").write_text("")
    (tmp_path / "qqq.json").write_text(json.dumps(page([contract(600.0, underlying_asset={"ticker": "QQQ"})])))
    source = provider(str(tmp_path))
    assert source.fetch("SPY").asof == EVERY[2]
    assert source.fetch("SPY", asof=EVERY[1]).asof == EVERY[1]
    assert provider(tmp_path, session=date(2026, 6, 8)).fetch("SPY").asof == EVERY[1]
    assert source.fetch("QQQ").source == "recorded"
    with pytest.raises(DataError, match=r"no chain of IWM among 0 files named IWM\*"):
        source.fetch("IWM")
    with pytest.raises(DataError, match="no chain of SPY until"):
        source.fetch("SPY", asof=MONDAY - timedelta(days=9))


def test_a_file_is_a_provider(tmp_path):
    path = write_chain(made(MONDAY), tmp_path / "x.parquet")
    source = provider(path)
    assert isinstance(source, FileChains) and isinstance(source, ChainProvider)
    assert source.fetch("SPX").asof == MONDAY
    with pytest.raises(DataError, match="no such file"):
        provider(tmp_path / "y.parquet").fetch("SPX")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("masive", "is none of massive, cboe, synthetic"),
        ("x.parquet?day=2026-06-08", "after the . write session="),
        ("x.parquet?session=June", "after the . write session="),
        ("x.parquet?session=2026-06-08&a=1", "no setting 'a'"),
    ],
)
def test_a_source_that_means_nothing(text, message):
    with pytest.raises(ConfigError, match=message):
        provider(text)
