"""The rows of a chain as plain sorted arrays, with the settlements and the call-put pairs among them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from feeds.errors import DataError
from indicators.gex.surface import Floats
from indicators.options.black_scholes import Bools
from indicators.options.parity import Ints, Pairs

if TYPE_CHECKING:
    import pandas as pd

    from feeds.chains.chain import Chain

NUMBERS = ("strike", "multiplier", "bid", "ask", "mid", "volume", "oi", "iv", "gamma")


@dataclass(frozen=True, eq=False)
class Quotes:
    """Contracts by settlement, root, strike and call before put.

    numbers: columns of NUMBERS, NaN for missing; price: the mid, NaN without a usable quote; spread: ask - bid, NaN
    when unknown. settles [µs UTC] and root per settlement; expiry: index of each contract's settlement.
    place: index of each contract's (settlement, strike); call, put: contract of each place, -1 for none.
    """

    numbers: Mapping[str, Floats]
    is_call: Bools
    american: Bools
    price: Floats
    spread: Floats
    expiry: Ints
    settles: Ints
    root: tuple[str, ...]
    place: Ints
    call: Ints
    put: Ints

    def pairs(self, among: Bools) -> tuple[Pairs, Bools]:
        """Pairs with a price on both sides among the chosen contracts, and which of them are American."""
        both = (self.call >= 0) & (self.put >= 0)
        call, put = self.call[both], self.put[both]
        use = among[call] & among[put] & np.isfinite(self.price[call]) & np.isfinite(self.price[put])
        call, put = call[use], put[use]
        pairs = Pairs(
            self.expiry[call],
            self.numbers["strike"][call],
            self.price[call],
            self.price[put],
            self.spread[call] + self.spread[put],
        )
        return pairs, self.american[call]


def quotes(chain: Chain) -> Quotes:
    """Arrays of a chain. Raises DataError for a contract that occurs twice and for a row without strike or expiry."""
    import pandas as pd

    rows = chain.rows
    numbers = {name: _numbers(rows, name) for name in NUMBERS}
    stamps = pd.DatetimeIndex(rows["expiry_ts_utc"])
    if stamps.hasnans or not np.all((numbers["strike"] > 0) & np.isfinite(numbers["strike"])):
        raise DataError(f"{_name(chain)}: a contract has no expiry_ts_utc or no strike; drop it or correct the source")
    settles = stamps.as_unit("us").asi8
    codes, names = pd.factorize(rows["root"], sort=True)
    is_call = (rows["right"] == "C").to_numpy(dtype=bool)
    american = (rows["style"] == "american").to_numpy(dtype=bool) if "style" in rows else np.zeros(len(rows), bool)
    strike = numbers["strike"]

    order = _order(settles, codes, strike, ~is_call)
    if order is not None:
        numbers = {name: values[order] for name, values in numbers.items()}
        settles, codes, strike = settles[order], codes[order], numbers["strike"]
        is_call, american = is_call[order], american[order]

    new_expiry = _changes(settles) | _changes(codes)
    new_place = new_expiry | _changes(strike)
    twice = ~(new_place | _changes(is_call))
    if twice.any():
        row = int(np.argmax(twice))
        raise DataError(
            f"{_name(chain)}: {names[codes[row]]} {stamps[0].__class__(settles[row], unit='us'):%Y-%m-%d} "
            f"{strike[row]:g} {'C' if is_call[row] else 'P'} occurs twice; remove one of the rows"
        )
    expiry, place = np.cumsum(new_expiry) - 1, np.cumsum(new_place) - 1
    firsts = np.flatnonzero(new_expiry)
    call, put = np.full((2, int(place[-1]) + 1 if len(place) else 0), -1, dtype=np.int64)
    index = np.arange(len(strike))
    call[place[is_call]], put[place[~is_call]] = index[is_call], index[~is_call]
    price, spread = _prices(numbers)
    return Quotes(
        numbers=numbers,
        is_call=is_call,
        american=american,
        price=price,
        spread=spread,
        expiry=expiry,
        settles=settles[firsts],
        root=tuple(str(names[code]) for code in codes[firsts]),
        place=place,
        call=call,
        put=put,
    )


def _name(chain: Chain) -> str:
    return chain.detail or f"{chain.symbol} chain"


def _numbers(rows: pd.DataFrame, name: str) -> Floats:
    if name not in rows:
        return np.full(len(rows), np.nan)
    return np.array(rows[name], dtype=np.float64)


def _changes(values: NDArray[np.generic]) -> Bools:
    changed = np.ones(len(values), dtype=bool)
    changed[1:] = values[1:] != values[:-1]
    return changed


def _order(settles: Ints, codes: Ints, strike: Floats, is_put: Bools) -> Ints | None:
    """The sorting permutation; None when the rows are sorted already, as chains are by contract."""
    ascending = np.ones(max(len(strike) - 1, 0), dtype=bool)
    for values in (is_put, strike, codes, settles):
        ascending = (values[1:] > values[:-1]) | ((values[1:] == values[:-1]) & ascending)
    return None if ascending.all() else np.lexsort((is_put, strike, codes, settles))


def _prices(numbers: Mapping[str, Floats]) -> tuple[Floats, Floats]:
    """Usable price and spread: bid > 0 and ask >= bid give the mid; a mid without quotes is taken as it is."""
    bid, ask, mid = numbers["bid"], numbers["ask"], numbers["mid"]
    quoted = (bid > 0) & (ask >= bid)
    alone = np.isnan(bid) & np.isnan(ask) & (mid > 0)
    price = np.where(quoted, 0.5 * (bid + ask), np.where(alone, mid, np.nan))
    return price, np.where(quoted, ask - bid, np.nan)
