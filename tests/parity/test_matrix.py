"""The matrix: fills identical between vector and event, and among backtrader's runonce, next and exactbars.

Marked `parity`: `make parity` runs all cells, CI a tenth that moves on every day. AtrTrend trades in every scenario
with every sizing mode, and the strategies of fuzz.py do all the rest, so that every exit reason, every kind of order
and every refusal occurs a hundred times (plugin.py prints the table and fails without).

Spans: vector and runonce run on all bars (bitcoin hourly 2020 to 2024, five pairs, S&P 500 from 1990 and from 1999,
200 martingales). `next` and `exactbars` take two to three times as long per bar and run on a part: the last 3,000 hours
of bitcoin, 1,200 of the five pairs, 2,000 days, one martingale in ten. exactbars takes only the stamps at which every
symbol has a bar, since backtrader can do no other.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from parity.fuzz import AnyOrder, Dipper, Turner
from parity.markets import COIN, FUTURE, Market, bitcoin, five_pairs, martingales, on_ticks, part, spx
from parity.matrix import cell
from parity.plugin import COUNTED

from strategies.atr_trend import COSTS, SCENARIOS, AtrTrend
from strategies.base import Strategy
from strategies.execution.account import Account, Costs, Sizing

pytestmark = pytest.mark.parity
SEEDS = 200

BARE = {"hv_filter": False, "rsi_filter": False, "break_even": True}
SLOW = {**BARE, "fast": 14, "slow": 26, "adx_min": 20.0, "cooldown": 2, "time_stop": 72}
QUICK = {**BARE, "fast": 5, "slow": 10, "adx_min": 15.0, "cooldown": 0, "time_stop": 20}
SIZINGS = {
    "fraction": Sizing.fraction(0.3), "risk": Sizing.risk(0.01), "notional": Sizing.notional(20_000.0),
    "volatility": Sizing.volatility(0.02),
}  # fmt: skip

every_scenario = pytest.mark.parametrize("scenario", SCENARIOS)
every_sizing = pytest.mark.parametrize("sizing", [*SIZINGS, "lots"])


@pytest.fixture
def count(record_property: Callable[[str, Any], None]) -> Callable[[Counter[str]], None]:
    """Hands the counts of a cell to the table at the end of the run."""
    return lambda counts: record_property(COUNTED, dict(counts))


def trend_account(sizing: str, lots: float) -> Account:
    chosen = SIZINGS.get(sizing, Sizing.lots(lots))
    return Account(cash=100_000.0, costs=COSTS, sizing=chosen, max_positions=4)


# ---- the trend strategy


@every_scenario
@every_sizing
def test_trend_on_bitcoin(scenario: str, sizing: str, market_data: Path, count: Any) -> None:
    market = bitcoin(market_data)
    count(cell(AtrTrend(scenario=scenario, **SLOW), market, trend_account(sizing, 0.5), part(market, 3_000)))


@every_scenario
@every_sizing
def test_trend_on_five_pairs_of_one_account(scenario: str, sizing: str, market_data: Path, count: Any) -> None:
    market = five_pairs(market_data)
    count(cell(AtrTrend(scenario=scenario, **SLOW), market, trend_account(sizing, 0.5), part(market, 1_200)))


@every_scenario
@every_sizing
def test_trend_on_the_index(scenario: str, sizing: str, market_data: Path, count: Any) -> None:
    market = spx(market_data)
    count(cell(AtrTrend(scenario=scenario, **QUICK), market, trend_account(sizing, 20.0), part(market, 2_000)))


@every_scenario
@every_sizing
def test_trend_on_the_sample(scenario: str, sizing: str, count: Any) -> None:
    market = spx(None)
    count(cell(AtrTrend(scenario=scenario, **QUICK), market, trend_account(sizing, 20.0), part(market, 2_000)))


@every_scenario
@every_sizing
@pytest.mark.parametrize("first", range(0, SEEDS, 10))
def test_trend_on_martingales(scenario: str, sizing: str, first: int, count: Any) -> None:
    strategy, account = AtrTrend(scenario=scenario, **QUICK), trend_account(sizing, 200.0)
    bars = 1_800 if scenario == "sma" else 700  # the mean of 200 bars keeps it out of half of the market
    count(ten_markets(strategy, account, first, 1, bars))


def ten_markets(strategy: Strategy, account: Account, first: int, symbols: int, bars: int, tool: Any = COIN) -> Counter:
    """Seeds first … first + 9; the slow modes on one of them."""
    total: Counter[str] = Counter()
    for seed in range(first, first + 10):
        market = martingales(seed, symbols, bars, tool)
        total += cell(strategy, market, account, part(market, 300) if seed == first + first // 10 % 10 else None)
    return total


# ---- everything else

CHEAP = Costs(fee=0.0002, slippage_bps=1.0, slippage_ticks=0.5, commission=0.01)
MARGIN = Account(cash=100_000.0, kind="margin", leverage=10.0, costs=CHEAP, sizing=Sizing.risk(0.005), maintenance=0.03)
PLAIN = Account(cash=100_000.0, kind="margin", leverage=10.0, costs=CHEAP, sizing=Sizing.fraction(0.5))
LIMITED = Account(cash=100_000.0, kind="margin", leverage=4.0, costs=CHEAP, sizing=Sizing.fraction(1.0),
                  max_positions=2, max_exposure=1.5, max_correlation=0.75, correlation_bars=48)  # fmt: skip
CASH = Account(cash=100_000.0, costs=CHEAP, sizing=Sizing.volatility(0.05))
RECKLESS = Account(cash=30_000.0, kind="margin", leverage=40.0, costs=Costs(fee=0.0, slippage_bps=1.0),
                   sizing=Sizing.fraction(10.0), maintenance=0.015)  # fmt: skip
RUINED = Account(cash=10_000.0, kind="margin", leverage=50.0, costs=Costs(fee=0.0, slippage_bps=1.0),
                 sizing=Sizing.fraction(30.0))  # fmt: skip
FUZZ = {
    "any order, margin": (AnyOrder(), MARGIN),
    "any order, faulty": (AnyOrder(seed=2, faults=0.5), LIMITED),
    "any order, cash": (AnyOrder(seed=3, often=0.5), CASH),
    "any order, wide": (AnyOrder(seed=4, wide=3.0, often=0.6), MARGIN),
    "turner": (Turner(), PLAIN),
    "turner, reckless": (Turner(seed=2, often=0.2, trails=False), RECKLESS),
    "dipper": (Dipper(), CASH),
}
every_fuzz = pytest.mark.parametrize("name", FUZZ)


@every_fuzz
@pytest.mark.parametrize("where", ["bitcoin", "five pairs", "index"])
def test_fuzz_on_real_prices(name: str, where: str, market_data: Path, count: Any) -> None:
    found: dict[str, tuple[Market, int]] = {
        "bitcoin": (bitcoin(market_data), 3_000),
        "five pairs": (five_pairs(market_data), 1_200),
        "index": (on_ticks(spx(market_data), 0.01), 2_000),
    }
    market, slow = found[where]
    strategy, account = FUZZ[name]
    count(cell(strategy, market, account, part(market, slow)))


@every_fuzz
def test_fuzz_on_the_sample(name: str, count: Any) -> None:
    strategy, account = FUZZ[name]
    count(cell(strategy, spx(None), account, part(spx(None), 2_000)))


@every_fuzz
@pytest.mark.parametrize("tool", [COIN, FUTURE], ids=["coin", "future"])
@pytest.mark.parametrize("first", range(0, SEEDS, 10))
def test_fuzz_on_martingales(name: str, tool: Any, first: int, count: Any) -> None:
    strategy, account = FUZZ[name]
    count(ten_markets(strategy, account, first, 1, 900, tool))


@every_fuzz
@pytest.mark.parametrize("first", range(0, 50, 10))
def test_fuzz_on_three_martingales_of_one_account(name: str, first: int, count: Any) -> None:
    strategy, account = FUZZ[name]
    count(ten_markets(strategy, account, first, 3, 400))


@pytest.mark.parametrize("first", range(0, SEEDS, 10))
def test_ruin(first: int, count: Any) -> None:
    count(ten_markets(Turner(seed=3, often=0.3, trails=False), RUINED, first, 1, 300))
