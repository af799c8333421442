"""Fills the records of a simulation from instruments and an account."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from feeds.errors import ConfigError
from feeds.instrument import Instrument
from strategies.execution.account import SIZING_MODES, Account
from strategies.execution.prices import fraction
from strategies.execution.records import ACCOUNT, BOOK, TERMS


def terms_of(instruments: Sequence[Instrument], account: Account) -> np.ndarray:
    """Contract terms and costs, one record per symbol. ConfigError for terms that would give wrong amounts of money."""
    _check_terms(instruments, account)
    terms = np.zeros(len(instruments), dtype=TERMS)
    for row, instrument in zip(terms, instruments, strict=True):
        row["multiplier"] = instrument.multiplier
        row["tick_num"], row["tick_den"] = fraction(instrument.tick)
        row["lot_num"], row["lot_den"] = fraction(instrument.lot_step)
        row["minimum"] = instrument.minimum_notional
        row["fee"], row["commission"] = account.costs.fee, account.costs.commission
        row["slip"] = account.costs.slippage_bps / 10_000.0
        row["slip_money"] = account.costs.slippage_ticks * instrument.tick
        row["initial"], row["maintenance"] = instrument.initial_margin, instrument.maintenance_margin
    return terms


def _check_terms(instruments: Sequence[Instrument], account: Account) -> None:
    """An account adds money up, so it has one currency; slippage in ticks needs a tick."""
    first = instruments[0]
    for other in instruments:
        if other.currency != first.currency:
            raise ConfigError(
                f"{first.symbol} is priced in {first.currency} and {other.symbol} in {other.currency}: one account "
                "would add their money up as if it were the same; run them apart, or load prices of one currency and "
                "say so (Instrument(currency=))"
            )
        if account.costs.slippage_ticks > 0 and other.tick == 0:
            raise ConfigError(
                f"slippage_ticks={account.costs.slippage_ticks:g} costs nothing on {other.symbol}, which has no tick; "
                "give the instrument its price step (tick=) or use slippage_bps"
            )


def account_record(account: Account, reverse: bool) -> np.ndarray:
    """The account at the start of a window, as an array of one record; `reverse` as the strategy declares."""
    record = np.zeros(1, dtype=ACCOUNT)
    a = record[0]
    a["cash"] = a["equity"] = a["start_cash"] = a["peak"] = account.cash
    a["margin"] = float(account.kind == "margin")
    a["reverse"] = float(reverse)
    a["leverage"], a["cap"], a["maintenance"] = account.leverage, account.cap, account.maintenance
    a["sizing"], a["size_value"] = float(SIZING_MODES.index(account.sizing.mode)), account.sizing.value
    a["slots"] = account.max_positions or math.inf
    a["exposure"], a["correlation"] = account.max_exposure, account.max_correlation
    a["correlation_bars"] = account.correlation_bars
    return record


def empty_book(symbols: int) -> np.ndarray:
    """Flat positions, no orders."""
    book = np.zeros(symbols, dtype=BOOK)
    book["exit_bar"] = -math.inf
    book["p_expires"] = math.inf
    for name in ("stop", "target_1", "target_2", "target_3", "target_4"):
        book[name] = math.nan
    return book


def has_limits(account: Account) -> bool:
    """True when the account limits positions, exposure or correlation."""
    return bool(account.max_positions) or math.isfinite(account.max_exposure) or account.max_correlation <= 1
