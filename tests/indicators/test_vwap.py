"""The session VWAP against a table worked by hand, a brute-force loop and its promises about missing trades."""

import math

import numpy as np
import pytest
from oracle_prices import walk

from feeds import load
from feeds.errors import DataError
from indicators import Vwap

NAN = math.nan

# high low close volume session | vwap sigma, worked by hand: p = 10, 12, -, 15 | -, 5, 8
TABLE = [
    (12.0, 8.0, 10.0, 2.0, 1.0, 10.0, 0.0),
    (14.0, 10.0, 12.0, 2.0, 1.0, 11.0, 1.0),
    (20.0, 20.0, 20.0, 0.0, 1.0, 11.0, 1.0),  # no volume: carried
    (17.0, 13.0, 15.0, 4.0, 1.0, 13.0, math.sqrt(4.5)),
    (19.0, 13.0, 16.0, 0.0, 2.0, NAN, NAN),  # a new session without a trade yet
    (6.0, 4.0, 5.0, 3.0, 2.0, 5.0, 0.0),
    (9.0, 7.0, 8.0, 6.0, 2.0, 7.0, math.sqrt(2.0)),
]
NAMES = ("high", "low", "close", "volume", "session")


def columns(rows):
    return {name: np.array([row[k] for row in rows]) for k, name in enumerate(NAMES)}


def test_the_table_worked_by_hand():
    found = Vwap().run(columns(TABLE))
    np.testing.assert_allclose(found.vwap, [row[5] for row in TABLE], rtol=1e-15)
    np.testing.assert_allclose(found.sigma, [row[6] for row in TABLE], rtol=1e-14, atol=1e-15)


def brute_force(table):
    """Every bar anew from its session's first bar, with exactly rounded sums, in two passes."""
    vwap, sigma = [], []
    for bar, session in enumerate(table["session"]):
        rows = [t for t in range(bar + 1) if table["session"][t] == session and table["volume"][t] != 0]
        volume = math.fsum(table["volume"][t] for t in rows)
        if not rows:
            vwap.append(NAN)
            sigma.append(NAN)
            continue
        price = {t: (table["high"][t] + table["low"][t] + table["close"][t]) / 3 for t in rows}
        mean = math.fsum(price[t] * table["volume"][t] for t in rows) / volume
        variance = math.fsum(table["volume"][t] * (price[t] - mean) ** 2 for t in rows) / volume
        vwap.append(mean)
        sigma.append(math.sqrt(variance))
    return np.array(vwap), np.array(sigma)


@pytest.mark.parametrize("level", [0.0, 1e7], ids=["at 20", "at ten million"])
def test_a_brute_force_loop_also_far_from_zero(level):
    """At ten million the plain formula sum(v p^2)/sum(v) - vwap^2 has lost every digit of a sigma of 0.1."""
    prices = {name: values[:600] for name, values in walk().items()}
    table = {name: prices[name] + level for name in ("high", "low", "close")}
    table |= {"volume": prices["volume"], "session": np.arange(600) // 77 + 19_000.0}
    vwap, sigma = brute_force(table)
    found = Vwap().run(table)
    step = np.spacing(20.0 + level)  # prices themselves are known to that
    np.testing.assert_allclose(found.vwap, vwap, rtol=0.0, atol=4 * step)
    np.testing.assert_allclose(found.sigma, sigma, rtol=0.0, atol=1e3 * step if level else 1e-9)


def test_real_minutes_start_again_with_each_session():
    bars = load("sample:aapl-1min")
    table = {name: bars.column(name) for name in NAMES}
    first = np.flatnonzero(np.diff(table["session"], prepend=-1.0))
    found = Vwap().run(bars)
    vwap, sigma = brute_force(table)
    assert len(first) >= 4
    np.testing.assert_allclose(found.vwap, vwap, rtol=1e-13)
    np.testing.assert_allclose(found.sigma, sigma, rtol=0.0, atol=1e-7)  # the root of a difference of 1e-14
    typical = (table["high"] + table["low"] + table["close"]) / 3
    np.testing.assert_allclose(found.vwap[first], typical[first], rtol=1e-15)
    for a, b in zip(first, [*first[1:], len(typical)], strict=True):
        low = np.minimum.accumulate(typical[a:b])
        high = np.maximum.accumulate(typical[a:b])
        assert ((found.vwap[a:b] >= low - 1e-9) & (found.vwap[a:b] <= high + 1e-9)).all()


def test_a_missing_volume_or_price_leaves_the_session_unknown_until_the_next():
    rows = [row[:5] for row in TABLE]
    for column in (0, 1, 2, 3):
        spoiled = [list(row) for row in rows]
        spoiled[1][column] = NAN
        found = Vwap().run(columns(spoiled))
        assert found.vwap[0] == 10.0 and np.isnan(found.vwap[1:5]).all()
        np.testing.assert_allclose(found.vwap[5:], [5.0, 7.0])


def test_prices_of_a_bar_without_volume_do_not_matter():
    spoiled = [list(row[:5]) for row in TABLE]
    spoiled[2][:3] = [NAN, NAN, NAN]
    np.testing.assert_allclose(Vwap().run(columns(spoiled)).vwap, [row[5] for row in TABLE])


def test_a_missing_session_ends_it():
    spoiled = [list(row[:5]) for row in TABLE]
    spoiled[1][4] = NAN
    found = Vwap().run(columns(spoiled)).vwap
    np.testing.assert_allclose(found, [10.0, NAN, NAN, 15.0, NAN, 5.0, 7.0])


def test_another_anchor_is_another_session_column():
    table = columns([row[:5] for row in TABLE])
    table["rth"] = np.array([0.0, 0.0, 1.0, 1.0, 1.0, 1.0, 1.0])
    found = Vwap().on(session="rth").run(table).vwap
    np.testing.assert_allclose(found, [10.0, 11.0, NAN, 15.0, 15.0, 75.0 / 7.0, 123.0 / 13.0])


def test_bars_without_a_session_are_refused_by_name():
    table = columns([row[:5] for row in TABLE])
    del table["session"]
    with pytest.raises(DataError, match=r"Vwap\(\) needs column 'session'"):
        Vwap().run(table)
