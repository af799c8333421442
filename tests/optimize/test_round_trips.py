"""Round trips worked out by hand."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feeds.errors import DataError
from tests.optimize.hand_runs import hand_run, random_run, some_bars

CLOSES = [100, 101, 103, 102, 99, 98, 104]


def test_a_long_in_two_legs():
    run = hand_run(
        """
        1 AAA buy  10 @ 101 1.0 1 entry
        2 AAA sell  4 @ 103 0.5 1 target-1
        4 AAA sell  6 @  99 0.7 1 stop
        """,
        some_bars(CLOSES),
    )
    (trade,) = run.trades.to_dict("records")
    assert trade["side"] == "long"
    assert trade["quantity"] == 10
    assert trade["entry_price"] == 101
    assert trade["exit_price"] == pytest.approx((4 * 103 + 6 * 99) / 10)
    assert trade["fees"] == pytest.approx(2.2)
    assert trade["pnl"] == pytest.approx(4 * 2 - 6 * 2 - 2.2)
    assert trade["return"] == pytest.approx((4 * 2 - 6 * 2 - 2.2) / 1010)
    assert (trade["bars_held"], trade["exit_reason"], trade["legs"]) == (3, "stop", 2)
    assert trade["entry_time"] == run.equity.index[1]
    assert trade["exit_time"] == run.equity.index[4]


def test_a_short_of_a_future_counts_its_multiplier():
    run = hand_run(
        """
        2 ES sell 2 @ 103 4 1 entry
        5 ES buy  2 @  98 4 1 trail
        """,
        some_bars(CLOSES, "ES", multiplier=50),
    )
    (trade,) = run.trades.to_dict("records")
    assert trade["side"] == "short"
    assert trade["pnl"] == 2 * 5 * 50 - 8
    assert trade["return"] == pytest.approx(492 / (2 * 103 * 50))


def test_in_and_out_within_one_bar_holds_no_bar():
    run = hand_run("1 AAA buy 1 @ 101 0 1 entry\n1 AAA sell 1 @ 100 0 1 stop", some_bars(CLOSES))
    assert run.trades["bars_held"].tolist() == [0]


def test_a_reversal_is_two_trades():
    run = hand_run(
        """
        1 AAA buy  1 @ 101 0 1 entry
        3 AAA sell 1 @ 102 0 1 signal
        3 AAA sell 1 @ 102 0 2 entry
        5 AAA buy  1 @  98 0 2 window-end
        """,
        some_bars(CLOSES),
    )
    assert run.trades["side"].tolist() == ["long", "short"]
    assert run.trades["pnl"].tolist() == [1, 4]


def test_symbols_are_apart_and_an_open_position_is_no_trade():
    run = hand_run(
        """
        1 AAA buy  1 @ 101 0 1 entry
        1 BBB buy  2 @ 101 0 2 entry
        1 AAA buy  9 @ 101 0 3 rejected-cash
        2 AAA sell 1 @ 103 0 1 signal
        """,
        some_bars(CLOSES),
        some_bars(CLOSES, "BBB"),
    )
    assert run.trades["symbol"].tolist() == ["AAA"]
    assert len(run.fills) == 3
    assert len(run.rejections) == 1


def test_no_fill_no_trade():
    run = hand_run("", some_bars(CLOSES))
    assert run.trades.empty
    assert str(run.trades["exit_time"].dtype) == "datetime64[ns, UTC]"
    assert run.trades["pnl"].dtype == float


def test_a_fill_through_zero_is_refused():
    run = hand_run("1 AAA buy 1 @ 101 0 1 entry\n2 AAA sell 2 @ 103 0 1 signal", some_bars(CLOSES))
    with pytest.raises(DataError, match=r"row 1 .*turns 1.0 into -1.0.*two rows"):
        _ = run.trades


def test_a_lost_row_is_noticed():
    run = hand_run("1 AAA buy 1 @ 101 0 1 entry\n2 AAA buy 1 @ 103 0 1 entry", some_bars(CLOSES))
    run.ledger.drop(index=0, inplace=True)
    with pytest.raises(DataError, match="rows are missing"):
        _ = run.trades


@settings(max_examples=25)
@given(st.integers(0, 10_000))
def test_trades_add_up_to_the_change_of_equity(seed):
    run = random_run(seed, bars=120)
    assert run.trades["pnl"].sum() == pytest.approx(run.equity.iloc[-1] - 10_000, abs=1e-6)
    assert run.trades["fees"].sum() == pytest.approx(run.ledger["fee"].sum())
