"""Times that a user writes: ISO 8601, whole years and months; nothing is guessed."""

from __future__ import annotations

import datetime

import numpy as np
import pandas as pd
import pytest

from feeds.bars import instant
from feeds.errors import ConfigError

LAST = ":59.999999999+00:00"


@pytest.mark.parametrize(
    ("value", "first", "last"),
    [
        ("2015", "2015-01-01", "2015-12-31 23:59" + LAST),
        ("2015-06", "2015-06-01", "2015-06-30 23:59" + LAST),
        ("2016-02", "2016-02-01", "2016-02-29 23:59" + LAST),
        ("2015-06-07", "2015-06-07", "2015-06-07 23:59" + LAST),
        (" 2015-06-07 ", "2015-06-07", "2015-06-07 23:59" + LAST),
        (datetime.date(2015, 6, 7), "2015-06-07", "2015-06-07 23:59" + LAST),
        ("2015-06-07 14:30", "2015-06-07 14:30", "2015-06-07 14:30"),
        ("2015-06-07T14:30:05Z", "2015-06-07 14:30:05", "2015-06-07 14:30:05"),
        ("2015-06-07 14:30+02:00", "2015-06-07 12:30", "2015-06-07 12:30"),
        ("2015-06-07 00:00", "2015-06-07", "2015-06-07"),
        (pd.Timestamp("2015-06-07", tz="UTC"), "2015-06-07", "2015-06-07"),
        (pd.Timestamp("2015-06-07 03:00").to_pydatetime(), "2015-06-07 03:00", "2015-06-07 03:00"),
        (np.datetime64("2015-06-07T03:00"), "2015-06-07 03:00", "2015-06-07 03:00"),
    ],
)
def test_first_and_last_instant(value, first, last):
    assert (instant(value), instant(value, end=True)) == (pd.Timestamp(first, tz="UTC"), _utc(last))


def _utc(text):
    stamp = pd.Timestamp(text)
    return stamp if stamp.tz is not None else stamp.tz_localize("UTC")


@pytest.mark.parametrize(
    "value",
    ["05.06.2015", "13/05/2015", "06/07/15", "Dec 31, 2015", "31 Dec 2015", "now", "today", "20:30", "2015-13-01",
     "2015-02-30", "2015-6-7", "20150607", "", 2015, 1.4e9, None, float("nan"), pd.NaT, True],
)  # fmt: skip
def test_nothing_is_guessed(value):
    with pytest.raises(ConfigError, match="is no time; write it like '2024-01-31'"):
        instant(value)
