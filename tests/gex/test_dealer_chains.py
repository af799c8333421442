"""The long way round: whole synthetic chains through the real pipeline to rows, signals, fills and a verdict."""

from __future__ import annotations

import pandas as pd
import pytest

from feeds.chains.dealer_history import dealer_chain, dealer_chain_history
from feeds.chains.store import ChainStore
from feeds.synthetic_dealer import COLUMNS
from indicators.gex.features import available_at, feature_table, row_of
from indicators.gex.pipeline import run
from optimize.backtest import backtest
from optimize.parity import parity
from optimize.placebo import BEATEN, NOT_BEATEN, placebo
from strategies import GexLevels

ACCOUNT = GexLevels.profile("reference").account
SPEC = {"days": 100, "seed": 3}


def levels_of(chain):
    """What the pipeline finds in a chain, no matter what it thinks of generated ones."""
    result = run(chain, accept_synthetic=True)
    return row_of(result, available_at(chain), 0) if result.usable else {}


@pytest.fixture(scope="module")
def planted():
    bars, chains = dealer_chain_history(levels_of, strength=1.5, **SPEC)
    return bars, chains, feature_table(chains, accept_synthetic=True)


def test_the_pipeline_finds_the_walls_that_were_heaped_up():
    asof = pd.Timestamp("2024-03-12 20:00", tz="UTC").to_pydatetime()
    for balance, sign in ((0.5, 1), (-0.5, -1)):
        chain = dealer_chain("SPX", asof, 5000.0, call_wall=5051.0, put_wall=4949.0, balance=balance, seed=3)
        analysis = run(chain, accept_synthetic=True).analysis
        assert (analysis.call_wall.strike, analysis.put_wall.strike) == (5050.0, 4950.0)
        assert (analysis.totals.net > 0) == (sign > 0)
    assert chain.source == "synthetic" and len(chain.rows) == 328


def test_generated_chains_never_pass_by_themselves(planted):
    found = feature_table(planted[1][:3])
    assert found.usable == 0 and all("SYNTHETIC_DATA" in note for note in found.notes)


def test_its_rows_are_the_levels_that_moved_the_prices(planted):
    bars, chains, table = planted
    assert len(chains) == 100 and table.usable >= 90
    for chain in chains[::20]:
        moved, row = levels_of(chain), table.rows.loc[pd.Timestamp(chain.asof)]
        for name in ("flip", "call_wall", "put_wall", "net_over_gross"):
            assert row[name] == pytest.approx(moved[name], nan_ok=True)
        assert row["spot"] == pytest.approx(
            bars.column("close")[bars.times.get_loc(pd.Timestamp(chain.asof))], abs=0.01
        )
    assert set(table.rows["regime"].dropna()) >= {1.0, -1.0}
    assert set(table.rows.columns) == set(COLUMNS)


def test_engines_agree_from_chains_to_fills(planted):
    joined = planted[2].join(planted[0])
    vector, event = (
        backtest(GexLevels(min_history=10), joined, engine=engine, account=ACCOUNT) for engine in ("vector", "event")
    )
    parity(vector, event).require()
    assert len(vector.fills) >= 30


def test_the_effect_is_found_through_the_pipeline(planted):
    found = placebo(GexLevels(min_history=10), planted[2].join(planted[0]), account=ACCOUNT, shuffles=39)
    assert found.verdict == BEATEN, found


@pytest.mark.slow
def test_and_nothing_without_it():
    bars, chains = dealer_chain_history(levels_of, strength=0.0, **SPEC)
    table = feature_table(chains, accept_synthetic=True)
    found = placebo(GexLevels(min_history=10), table.join(bars), account=ACCOUNT, shuffles=39)
    assert found.verdict == NOT_BEATEN, found


def test_a_store_of_chains_gives_the_same_table(planted, tmp_path):
    store = ChainStore(tmp_path)
    few = planted[1][:4]
    for chain in few:
        store.record(chain)
    found = feature_table(store.history("SPX"), accept_synthetic=True)
    pd.testing.assert_frame_equal(found.rows, feature_table(few, accept_synthetic=True).rows)
