"""1,000 broken chains: the answer is an error of ours or a verdict, and never GO for a chain that breaks a rule."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from functools import cache

import numpy as np
import pandas as pd
import pytest
from gex.chains_by_hand import ASOF, good_chain

from feeds.chains.chain import Chain
from feeds.errors import NavaleError
from indicators.gex import pipeline

Broken = Callable[[pd.DataFrame, np.random.Generator, dict], pd.DataFrame]
"""Breaks rows, or what the chain says besides them; every one of these breaks a rule."""


def dropped_side(rows, random, told):
    return rows[rows["right"] == random.choice(["C", "P"])]


def nearly_dropped_side(rows, random, told):
    return rows[(rows["right"] == random.choice(["C", "P"])) | (random.random(len(rows)) < 0.05)]


def side_without_interest(rows, random, told):
    return rows.assign(oi=rows["oi"].where(rows["right"] == random.choice(["C", "P"]), 0.0))


def zeros(rows, random, told):
    name = random.choice(["oi", "bid+ask+mid", "strike", "multiplier"])
    wipe = dict.fromkeys(str(name).split("+"), 0.0)
    if "bid" in wipe:
        wipe |= {"iv": np.nan, "gamma": np.nan}
    return rows.assign(**wipe)


def negative(rows, random, told):
    name = str(random.choice(["oi", "bid", "ask", "iv", "strike", "gamma"]))
    place = random.integers(len(rows))
    return rows.assign(**{name: rows[name].mask(np.arange(len(rows)) == place, -abs(rows[name]) - 1)})


def infinite(rows, random, told):
    name = str(random.choice(["oi", "bid", "ask", "iv", "strike", "gamma"]))
    return rows.assign(**{name: rows[name].mask(np.arange(len(rows)) == random.integers(len(rows)), np.inf)})


def missing_fields(rows, random, told):
    hole = random.random(len(rows)) < random.uniform(0.2, 1.0)
    names = ["oi"] if random.random() < 0.5 else ["bid", "ask", "mid", "iv", "gamma"]
    return rows.assign(**{name: rows[name].mask(hole) for name in names})


def volatility_in_percent(rows, random, told):
    return rows.assign(iv=rows["iv"] * 100, gamma=np.nan, bid=np.nan, ask=np.nan, mid=np.nan)


def other_spot(rows, random, told):
    told["spot"] = told["spot"] * random.choice([0.1, 0.5, 0.8, 0.94, 1.06, 1.25, 2.0, 10.0])
    return rows


def strikes_of_the_fund(rows, random, told):
    return rows.assign(strike=rows["strike"] / 10)


def strikes_in_thousandths(rows, random, told):
    return rows.assign(strike=rows["strike"] * 1000)


def duplicates(rows, random, told):
    return pd.concat([rows, rows.sample(int(random.integers(1, 20)), random_state=int(random.integers(1e6)))])


def stale(rows, random, told):
    old = random.uniform(31, 300) if random.random() < 0.5 else random.uniform(60 * 24 + 1, 60 * 24 * 40)
    told["age"] = timedelta(minutes=float(old))  # in regular hours of the same day, or more than a day
    return rows


def all_expired(rows, random, told):
    return rows.assign(expiry_ts_utc=rows["expiry_ts_utc"] - pd.Timedelta(days=400))


def tomorrows_interest(rows, random, told):
    return rows.assign(oi_date=pd.Timestamp(ASOF.date()) + pd.Timedelta(days=int(random.integers(0, 5))))


def generated(rows, random, told):
    told["source"] = "synthetic"
    return rows


def gap_to_the_close(rows, random, told):
    told["prev_close"] = told["spot"] * random.choice([0.5, 0.94, 1.07, 3.0])
    return rows


def constant(rows, random, told):
    return rows.assign(**{str(random.choice(["oi", "iv"])): 0.5})


def few_strikes(rows, random, told):
    keep = random.choice(rows["strike"].unique(), int(random.integers(1, 19)), replace=False)
    return rows[rows["strike"].isin(keep)]


def shuffled_sides(rows, random, told):
    return rows.assign(**{name: random.permutation(rows[name].to_numpy()) for name in ("bid", "ask", "mid")}, iv=np.nan,
                       gamma=np.nan)  # fmt: skip


def other_gammas(rows, random, told):
    """Within a quarter of Black-Scholes, or the vendor's would be left aside and the levels be right."""
    return rows.assign(gamma=rows["gamma"] * random.choice([0.82, 1.18]))


def unknown_right(rows, random, told):
    return rows.assign(right=rows["right"].mask(np.arange(len(rows)) == random.integers(len(rows)), "X"))


def naive_times(rows, random, told):
    return rows.assign(expiry_ts_utc=rows["expiry_ts_utc"].dt.tz_localize(None))


BREAKS: tuple[Broken, ...] = (
    dropped_side, nearly_dropped_side, side_without_interest, zeros, negative, infinite, missing_fields,
    volatility_in_percent, other_spot, strikes_of_the_fund, strikes_in_thousandths, duplicates, stale, all_expired,
    tomorrows_interest, generated, gap_to_the_close, constant, few_strikes, shuffled_sides, other_gammas, unknown_right,
    naive_times,
)  # fmt: skip


@cache
def base() -> pd.DataFrame:
    rows = good_chain().rows
    days = (rows["expiry_ts_utc"] - ASOF).dt.days
    return rows[days.between(2, 50)].reset_index(drop=True)


def outcome(seed: int) -> tuple[str, str]:
    """Name of the corruption (or two) and what came of it."""
    random = np.random.default_rng(seed)
    chosen = [BREAKS[seed % len(BREAKS)]]
    second = BREAKS[random.integers(len(BREAKS))]
    if random.random() < 0.2 and second not in chosen:
        chosen.append(second)
    told: dict = {"spot": 6500.0, "prev_close": 6500.0, "source": "file", "age": timedelta(minutes=1)}
    rows = base()
    names = "+".join(one.__name__ for one in chosen)
    for one in chosen:
        rows = one(rows, random, told)
    age = told.pop("age")
    try:
        chain = Chain.from_rows(rows, symbol="SPX", asof=ASOF, feed="REALTIME", detail="broken.csv", **told)
        verdict = pipeline.run(chain, now=ASOF + age).sanity
    except NavaleError as error:
        assert "\n" not in str(error)
        return names, "refused"
    return names, verdict.status


def test_the_unbroken_chain_is_go():
    rows = base()
    chain = Chain.from_rows(
        rows, symbol="SPX", asof=ASOF, feed="REALTIME", spot=6500.0, prev_close=6500.0, source="file"
    )
    result = pipeline.run(chain, now=ASOF + timedelta(minutes=1))
    assert result.sanity.status == "GO", result.sanity.failed


@pytest.mark.slow
@pytest.mark.parametrize("batch", range(4))
def test_no_broken_chain_is_go(batch):
    seen = Counter(outcome(seed) for seed in range(batch * 250, (batch + 1) * 250))
    wrong = {names: count for (names, status), count in seen.items() if status not in ("refused", "NO_GO")}
    assert not wrong
    assert sum(count for (_, status), count in seen.items() if status == "NO_GO") > 50
    assert sum(count for (_, status), count in seen.items() if status == "refused") > 50
