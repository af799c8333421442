"""Hundreds of broken answers and files: the error is always ours, in one line; what is accepted is a whole chain."""

from __future__ import annotations

import copy
import math
import random

import numpy as np
import pytest
from chains.loopback import contract, linked

from feeds.chains.cboe_json import chain_of_answer
from feeds.chains.files import read_chain
from feeds.chains.massive_json import chain_of_pages
from feeds.errors import NavaleError

VALUES = [
    None, True, False, 0, -1, math.inf, math.nan, "", "x", [], [1], {}, {"a": 1}, 10**30, -5.5, "2926-01-01", "NaN",
    "inf", 1_784_908_800_000_000_000, "2026-07-24T20:00:00",
]  # fmt: skip
CBOE = {
    "timestamp": "2026-07-24 20:12:44",
    "data": {
        "symbol": "SPY", "current_price": 640.25, "prev_day_close": 638.0, "last_trade_time": "2026-07-24T15:59:59",
        "options": [
            {
                "option": f"SPY260821{side}00640000", "bid": 5.0, "ask": 5.2, "iv": 0.21, "open_interest": 120.0,
                "volume": 27.0, "delta": 0.51, "gamma": 0.0112, "vega": 0.8, "theta": -0.2, "last_trade_price": 5.05,
            }
            for side in "CP"
        ],
    },
}  # fmt: skip
MASSIVE = linked([[contract(600.0), contract(610.0, "put")], [contract(620.0)]])
CSV = """\
asof_utc,underlying,root,expiry_ts_utc,strike,right,bid,ask,oi,oi_date,iv,multiplier,spot
2026-01-02T15:00:00Z,TEST,TEST,2026-02-01T15:00:00Z,110,C,1.5,1.7,1000,2026-01-01,0.2,100,100
2026-01-02T15:00:00Z,TEST,TEST,2026-02-01T15:00:00Z,90,P,1.2,1.4,1000,2026-01-01,0.2,100,100
"""
QUOTEDATA = """\

Fund,Last: 640.25,Change: 2.25
"Date: July 24, 2026 at 4:14 PM EDT",Bid: 640.2,Ask: 640.3,Size: 1*1,Volume: 0
Expiration Date,Calls,Last Sale,Net,Bid,Ask,Volume,IV,Delta,Gamma,Open Interest,Strike,Puts,Last Sale,Net,Bid,Ask,\
Volume,IV,Delta,Gamma,Open Interest
Fri Aug 21 2026,SPY260821C00640000,9.1,1,9.5,9.9,12,0.13,0.55,0.0016,4021,640.00,SPY260821P00640000,8.2,-1,7.8,8.9,40,\
0.1331,-0.4471,0.0016,8123
"""


def places(value, path=()):
    yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in inner:
        yield from places(part, (*path, key))


def broken(document, chance):
    """The document with one to three values removed or replaced."""
    made = copy.deepcopy(document)
    for _ in range(chance.randint(1, 3)):
        options = [path for path in places(made) if path]
        if not options:
            break
        *way, last = chance.choice(options)
        target = made
        for key in way:
            target = target[key]
        if isinstance(target, dict) and chance.random() < 0.3:
            del target[last]
        else:
            target[last] = copy.deepcopy(chance.choice(VALUES))
    return made


def typed(text, chance):
    """The text with one to four slips of the keyboard."""
    letters = list(text)
    for _ in range(chance.randint(1, 4)):
        place = chance.randrange(len(letters))
        kind = chance.random()
        if kind < 0.4:
            letters[place] = chance.choice(',0-9"\nZ x;\t.e')
        elif kind < 0.7:
            del letters[place]
        else:
            letters.insert(place, chance.choice('0123456789,"\n-e.;'))
    return "".join(letters)


def judged(load):
    """1 when a chain came out, and it is whole; 0 when our error did."""
    try:
        chain = load()
    except NavaleError as problem:
        assert str(problem) and "\n" not in str(problem)
        return 0
    assert not np.isinf(chain.rows.select_dtypes("number").to_numpy()).any()
    assert chain.asof.tzinfo and len(chain.rows) and not chain.rows["expiry_ts_utc"].isna().any()
    assert math.isnan(chain.spot) or chain.spot > 0
    assert not chain.rows.duplicated(["root", "expiry_ts_utc", "strike", "right"]).any()
    return 1


@pytest.mark.parametrize(
    ("document", "load"),
    [
        (MASSIVE, lambda made: chain_of_pages(made, "massive.json")),
        (CBOE, lambda made: chain_of_answer(made, "cboe.json", source="file")),
    ],
    ids=["massive", "cboe"],
)
def test_broken_answers(document, load):
    chance = random.Random(20260724)
    whole = sum(judged(lambda: load(broken(document, chance))) for _ in range(150))
    assert 10 < whole < 140, "some breaks matter, some do not"


@pytest.mark.parametrize("text", [CSV, QUOTEDATA], ids=["canonical", "quotedata"])
def test_broken_text(tmp_path, text):
    chance = random.Random(20260725)
    path = tmp_path / "chain.csv"

    def load():
        path.write_text(typed(text, chance))
        return read_chain(path)

    whole = sum(judged(load) for _ in range(150))
    assert 10 < whole < 140
