"""What the tearsheet says, and that it says it offline."""

from __future__ import annotations

import dataclasses
import json
import logging
import re
import socket
import warnings

import numpy as np
import pandas as pd
import pytest

from feeds.errors import ConfigError, DataError
from feeds.instrument import Instrument
from optimize.benchmark import benchmark_curve, verdict
from optimize.chart import chart_data
from optimize.metrics import DEFINITIONS
from optimize.periods import run_periods
from optimize.tearsheet import page, tearsheet
from optimize.tearsheet_quantstats import daily, daily_periods, report
from optimize.tearsheet_sections import exits, words
from tests.optimize.hand_runs import hand_run, random_run, some_bars

CLOSES = [100, 101, 103, 102, 99, 98, 104]
ROWS = """
1 AAA buy  10 @ 101 1.0 1 entry
2 AAA sell  4 @ 103 0.5 1 target-1
3 AAA buy  99 @ 102 0.0 2 rejected-cash
4 AAA sell  6 @  99 0.7 1 stop
"""


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The page of a random run, quantstats included."""
    return tearsheet(random_run(3), tmp_path_factory.mktemp("sheet") / "new" / "sheet.html").read_text()


def embedded(text):
    """The chart's JSON."""
    told = re.search(r'<script id="data" type="application/json">(.*?)</script>', text, re.DOTALL)[1]
    return json.loads(told, parse_constant=pytest.fail)


def test_every_part_is_there(whole):
    for text in (
        "Exits",
        "Entries refused",
        "Settings and data",
        "quantstats report",
        "Versions",
        "buy and hold of AAA",
    ):
        assert text in whole
    for name, meaning in DEFINITIONS.items():
        assert words(name) in whole
        assert meaning.replace(">", "&gt;") in whole
    run = random_run(3)
    assert run.bars["AAA"].fingerprint in whole
    assert "Costs" not in whole.split("<script")[0] or "slippage_bps" in whole
    assert "{{" not in whole.split("<script>")[0]
    assert "Cumulative" in whole  # quantstats' own


def test_nothing_is_fetched(whole):
    head = whole.split("<script>")[0]
    assert "default-src 'none'" in head
    assert not re.findall(r"""<(?:link|script|img|iframe)[^>]+(?:src|href)=["']?(?:https?:)?//""", whole)
    assert not re.findall(r"@import|url\(\s*['\"]?https?:", whole)


def test_no_socket_is_opened_and_nothing_is_said(monkeypatch, capfd, caplog, tmp_path):
    def refuse(*_, **__):
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    with caplog.at_level(logging.WARNING), warnings.catch_warnings():
        warnings.simplefilter("error")
        tearsheet(random_run(5), tmp_path / "sheet.html")
    assert caplog.text == ""
    assert capfd.readouterr() == ("", "")


def test_a_failure_keeps_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "sheet.html"
    path.write_text("old")
    monkeypatch.setattr("optimize.storage.os.fsync", lambda _: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        tearsheet(hand_run(ROWS, some_bars(CLOSES)), path)
    assert [item.read_text() for item in tmp_path.iterdir()] == ["old"]


def test_a_folder_is_no_file(tmp_path):
    with pytest.raises(ConfigError, match="is a folder; name the file"):
        tearsheet(hand_run(ROWS, some_bars(CLOSES)), tmp_path)


def test_synthetic_data_and_ruin_are_said_loudly():
    run = hand_run(ROWS, some_bars(CLOSES, synthetic=True), ruined=True)
    text = page(run, quantstats=False)
    assert text.count('<p class="banner">') == 2
    assert "SYNTHETIC DATA: AAA" in text
    assert "RUINED" in text
    assert '<p class="banner">' not in page(hand_run(ROWS, some_bars(CLOSES)), quantstats=False)


def test_user_text_is_escaped_everywhere():
    evil = "<i>&\"'</i>"
    bars = some_bars(CLOSES, source=evil, notes=(evil,))
    run = dataclasses.replace(hand_run(ROWS, bars), strategy_repr=evil, strategy_name=evil, parameters={evil: evil})
    text = page(run, (bars.frame["close"]).rename(evil), quantstats=False)
    assert "<i>&" not in text
    assert text.count("&lt;i&gt;&amp;") > 6


def test_the_verdict_is_plain():
    lost = hand_run(ROWS, some_bars(CLOSES))
    better, told = verdict(lost, benchmark_curve(lost))
    assert not better
    assert told.startswith("Did not beat buy and hold of AAA: total return -0.06 % against 4.00 %")
    falling = hand_run("1 AAA buy 1 @ 90 0 1 entry\n2 AAA sell 1 @ 95 0 1 signal", some_bars([100, 90, 95, 80]))
    assert verdict(falling, benchmark_curve(falling))[1].startswith("Beat buy and hold of AAA")
    idle = hand_run("", some_bars([100, 90, 80]))
    better, told = verdict(idle, benchmark_curve(idle))
    assert not better
    assert told.startswith("Never traded")


def test_the_benchmark_starts_with_the_same_money():
    run = hand_run(ROWS, some_bars(CLOSES), some_bars([5, 6], "BBB"))
    halves = [50 * close + (5_000 if bar == 0 else 6_000) for bar, close in enumerate(CLOSES)]
    assert benchmark_curve(run).tolist() == pytest.approx(halves)
    assert benchmark_curve(run).name == "buy and hold of AAA, BBB in equal parts"
    late = hand_run(ROWS, some_bars(CLOSES), some_bars([5, 6], "BBB", start="2024-01-02"))
    assert benchmark_curve(late).tolist() == pytest.approx([100 * close for close in CLOSES])
    other = benchmark_curve(run, some_bars([5, 10], "BBB", start="2023-12-31"))
    assert other.tolist() == [10_000] * 7
    assert other.name == "buy and hold of BBB"


@pytest.mark.parametrize(
    ("benchmark", "error", "message"),
    [
        ("SPY", ConfigError, "must be Bars or a Series"),
        (pd.Series([1.0, 2.0]), DataError, "aware times"),
        (pd.Series([1.0, 0.0], pd.to_datetime(["2023-01-01", "2024-01-02"], utc=True)), DataError, "row 1 .*positive"),
        (some_bars(CLOSES, "LATE", start="2024-01-03"), DataError, "begins at 2024-01-03.*load more"),
    ],
)
def test_a_wrong_benchmark_is_refused(benchmark, error, message):
    with pytest.raises(error, match=message):
        benchmark_curve(hand_run(ROWS, some_bars(CLOSES)), benchmark)


def test_exits_say_what_each_reason_earned():
    text = re.sub(r"<[^>]+>", " ", exits(hand_run(ROWS, some_bars(CLOSES))))
    words_ = text.split()
    # the entry fee of 1 is shared 4 to 6: 4 x 2 - 0.5 - 0.4 and 6 x -2 - 0.7 - 0.6
    assert words_[words_.index("target-1") :][:6] == ["target-1", "1", "100.0", "%", "7.10", "7.10"]
    assert words_[words_.index("stop") :][:6] == ["stop", "1", "0.0", "%", "-13.30", "-13.30"]
    assert words_[-5:] == ["2", "50.0", "%", "-3.10", "-6.20"]


def test_chart_data_by_hand():
    levels = pd.DataFrame({"time": some_bars(CLOSES).times[1:4], "symbol": "AAA", "stop": [95.0, 95.5, np.nan]})
    levels = levels.assign(target_1=[103.0, np.nan, np.nan], target_2=np.nan, target_3=np.nan, target_4=np.nan)
    run = hand_run(ROWS, some_bars(CLOSES), levels=levels)
    told = chart_data(run, benchmark_curve(run))
    one = told["symbols"]["AAA"]
    assert one["close"] == CLOSES
    assert one["time"][0] == 1704067200
    assert one["fills"]["bar"] == [1, 2, 4]
    assert one["fills"]["reason"] == ["entry", "target-1", "stop"]
    assert one["fills"]["pnl"] == [None, 7.1, -13.3]
    assert one["fills"]["trade"] == [0, 0, 0]
    assert one["trades"]["entry_bar"] == [1]
    assert one["trades"]["exit_bar"] == [4]
    assert one["levels"] == {"bar": [1, 2, 3], "stop": [95.0, 95.5, None], "target_1": [103.0, None, None]}
    assert told["equity"]["equity"] == pytest.approx(run.equity.tolist())
    assert told["equity"]["drawdown"][2] == 0
    assert min(told["equity"]["drawdown"]) == pytest.approx(100 * run.metrics["max_drawdown"])
    assert told["intraday"] is False


def test_long_series_share_candles():
    run = random_run(3, bars=401)
    told = chart_data(run, most=100)["symbols"]["AAA"]
    frame = run.bars["AAA"].frame
    assert told["step"] == 5
    assert len(told["time"]) == 81
    assert told["high"][0] == frame["high"].iloc[:5].max()
    assert told["low"][3] == frame["low"].iloc[15:20].min()
    assert (told["open"][2], told["close"][2]) == (frame["open"].iloc[10], frame["close"].iloc[14])
    assert told["volume"][-1] == frame["volume"].iloc[400]
    assert len(told["fills"]["bar"]) == len(run.fills)
    for bar, time in zip(told["fills"]["bar"], run.fills["time"], strict=True):
        assert bar == frame.index.get_loc(time) // 5


def test_only_the_window_is_drawn_and_digits_follow_the_tick():
    run = hand_run("", some_bars(CLOSES).with_instrument(Instrument("AAA", tick=0.25)))
    run = dataclasses.replace(run, equity=run.equity.iloc[2:5])
    one = chart_data(run)["symbols"]["AAA"]
    assert one["close"] == CLOSES[2:5]
    assert one["digits"] == 2
    assert chart_data(hand_run("", some_bars([1.1, 1.2])))["symbols"]["AAA"]["digits"] == 5


def test_the_page_holds_strict_json(whole):
    run = random_run(3)
    told = embedded(whole)
    assert len(told["symbols"]["AAA"]["fills"]["bar"]) == len(run.fills)
    assert told["benchmark"] == "buy and hold of AAA"


def test_intraday_returns_become_daily_ones():
    run = random_run(3, bars=24 * 40, step="1h", start="2024-01-01 01:00")
    returns = daily(run, run.equity)
    assert len(returns) == 40
    assert (1 + returns).prod() == pytest.approx(run.equity.iloc[-1] / run.equity.iloc[0])
    assert returns.index[0] == pd.Timestamp("2024-01-01")  # naive: the day whose last bar closes at midnight
    assert returns.iloc[1] == pytest.approx(run.equity.iloc[47] / run.equity.iloc[23] - 1)
    assert (run_periods(run), daily_periods(run)) == (8760, 365)
    assert "on daily returns" in page(run, quantstats=False)


def test_daily_returns_stay_as_they_are():
    run = random_run(3, start="2020-01-02")
    returns = daily(run, run.equity)
    np.testing.assert_allclose(returns.to_numpy(), run.equity.pct_change().iloc[1:].to_numpy(), rtol=1e-12, atol=1e-15)
    assert "on daily returns" not in page(run, quantstats=False)


def test_quantstats_is_given_the_right_year(whole):
    assert "Periods/Year: 365" in whole
    theirs = whole[whole.index("srcdoc=") :]
    _, ours = re.search(r"<td>Sharpe</td><td>([^<]+)</td><td>([^<]+)</td>", theirs).groups()
    run = random_run(3)
    assert float(ours) == pytest.approx(run.metrics["sharpe"], abs=0.0051)
    _, ours = re.search(r"<td>Max Drawdown</td><td>([^<]+)%</td><td>([^<]+)%</td>", theirs).groups()
    assert float(ours) == pytest.approx(100 * run.metrics["max_drawdown"], abs=0.0051)


@pytest.mark.parametrize("run", [hand_run("", some_bars(CLOSES * 10)), random_run(7, bars=10)], ids=["flat", "short"])
def test_too_little_for_quantstats(run):
    assert report(run, benchmark_curve(run)) == ""
    assert "quantstats has no report for this run" in page(run)


def test_ruin_has_its_tearsheet():
    run = random_run(3)
    equity = run.equity.copy()
    equity.iloc[200:] = 0.0
    text = page(dataclasses.replace(run, equity=equity, ruined=True))
    assert "-100.00 %" in text
    assert "<svg" in text
