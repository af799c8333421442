"""Times in forms of their own, from the command line."""

import json

PRICES = [10, 11, 12, 13, 12, 11, 10, 11, 12, 13]


def write(path, times):
    rows = [f"{time},{price},{price + 1},{price - 1},{price}" for time, price in zip(times, PRICES, strict=True)]
    path.write_text("\n".join(["time,open,high,low,close", *rows]) + "\n")


def test_an_unusual_form_is_told_with_an_option(navale, tiny, folder):
    write(folder / "us.csv", [f"01/02/24 {9 + hour}h" for hour in range(10)])
    words = ("backtest", tiny, "--data", "us.csv", "--tz", "America/New_York", "--no-save", "--json")
    refused = navale(*words)
    assert refused.exit_code == 2 and "give time_format" in refused.stderr
    ran = navale(*words, "--time-format", "%m/%d/%y %Hh")
    assert ran.exit_code == 0, ran.stderr
    assert json.loads(ran.stdout)["data"]["us"]["first"] == "2024-01-02T15:00:00+00:00"  # 09:00 in New York and an hour


def test_the_option_is_given_once_or_for_each_source(navale, tiny, folder):
    for name in ("a.csv", "b.csv"):
        write(folder / name, [f"20240102 {9 + hour:02}:00" for hour in range(10)])
    words = ("--data", "a.csv", "--data", "b.csv", "--data", "c.csv", "--tz", "UTC")
    refused = navale("backtest", tiny, *words, "--time-format", "%Y", "--time-format", "%d")
    assert refused.exit_code == 2
    assert refused.stderr == "error: --time-format is given 2 times for 3 --data; give it once, or once for each\n"


def test_minutes_written_as_one_number_are_read_as_such_and_told(navale, tiny, folder):
    write(folder / "mini.csv", [f"2024010209{30 + minute}" for minute in range(10)])
    ran = navale("backtest", tiny, "--data", "mini.csv", "--tz", "UTC", "--no-save", "--json")
    assert ran.exit_code == 0, ran.stderr
    data = json.loads(ran.stdout)["data"]["mini"]
    assert (data["first"], data["timeframe"]) == ("2024-01-02T09:31:00+00:00", "1min")
    assert "times read as %Y%m%d%H%M" in data["notes"]


def test_a_joined_file_with_nothing_but_a_header_is_no_bug(navale, tiny, hours, folder):
    (folder / "levels.csv").write_text("available_at,flip\n")
    refused = navale("backtest", tiny, "--data", hours, "--join", "gex=levels.csv")
    assert refused.exit_code == 2
    assert refused.stderr == "error: levels.csv: no rows below the header; there is nothing to join\n"
