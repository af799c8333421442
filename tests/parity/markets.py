"""Prices of the parity matrix: real ones where they are to be had, and martingales."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import pandas as pd

from feeds import load
from feeds.bars import Bars
from feeds.instrument import Instrument
from feeds.synthetic import martingale

Market = dict[str, Bars]
PAIRS = ("BTC-EUR", "ETH-EUR", "ADA-EUR", "LTC-EUR", "XRP-EUR")
FUTURE = Instrument("M", tick=0.25, lot_step=1.0, multiplier=50.0, initial_margin=250.0, maintenance_margin=200.0)
COIN = Instrument("C", tick=0.01, lot_step=0.001, minimum_notional=10.0)


@cache
def pair(folder: Path, name: str) -> Bars:
    tick = 0.01 if name[:3] in ("BTC", "ETH", "LTC") else 0.0001
    tool = Instrument(name, tick=tick, lot_step=0.0001, minimum_notional=5.0, currency="EUR")
    bars = load(folder / "crypto" / f"APACHE_{name}_1h_bitvavo.parquet", symbol=name, label="open")
    return bars.with_instrument(tool)


def bitcoin(folder: Path) -> Market:
    """BTC-EUR hourly, 2020 to 2024."""
    return {"BTC-EUR": pair(folder, "BTC-EUR")}


def five_pairs(folder: Path) -> Market:
    """Five EUR pairs, hourly; bitcoin from 2020, the others from March 2021 to 2023; their gaps differ."""
    return {name: pair(folder, name) for name in PAIRS}


@cache
def spx(folder: Path | None) -> Market:
    """S&P 500 daily: 1990 to 2022 from the data folder, 1999 to 2018 from the sample."""
    if folder is None:
        return {"SPX": load("sample:spx")}
    return {"SPX": load(folder / "daily" / "APACHE_SPX_daily_1990_2022.parquet", symbol="SPX", calendar="XNYS")}


def on_ticks(market: Market, tick: float) -> Market:
    """The same prices with a price step, which slippage in ticks needs."""
    return {name: bars.with_instrument(replace(bars.instrument, tick=tick)) for name, bars in market.items()}


@cache
def martingales(seed: int, symbols: int = 1, bars: int = 1_000, tool: Instrument = COIN) -> Market:
    """Independent prices without any edge; every second market has bars taken out at random."""
    found = {}
    for k in range(symbols):
        symbol = f"{tool.symbol}{k + 1}"
        made = martingale(bars, seed * 10 + k, instrument=replace(tool, symbol=symbol))
        if symbols > 1 and seed % 2:
            made = kept(made, made.frame.sample(frac=0.95, random_state=seed * 10 + k).sort_index().index)
        found[symbol] = made
    return found


def kept(bars: Bars, times: pd.DatetimeIndex) -> Bars:
    """The bars of these times."""
    return Bars(bars.frame.loc[times], bars.instrument, bars.source, bars.timeframe, synthetic=bars.synthetic)


def part(market: Market, count: int) -> Market:
    """The last `count` stamps at which every symbol still trades."""
    end = min(bars.times[-1] for bars in market.values())
    stamps = sorted(set().union(*(bars.times for bars in market.values())))
    start = stamps[stamps.index(end) + 1 - count]
    return {symbol: bars.window(start, end) for symbol, bars in market.items()}


def in_step(market: Market) -> Market:
    """Only the stamps at which every symbol has a bar."""
    common = None
    for bars in market.values():
        common = bars.times if common is None else common.intersection(bars.times)
    return {symbol: kept(bars, common) for symbol, bars in market.items()}
