"""A whole chain to levels; Greeks beside vollib and implied volatilities beside QuantLib, equal answers first."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.machine import interleaved
from indicators.gex.settings import GexSettings
from indicators.options.black_scholes import Bools, Floats, Greeks, greeks
from indicators.options.implied_volatility import Solved, implied_volatility

CONTRACTS, EXPIRIES = 20_000, 60
WHOLE_MS, TIMES_VOLLIB, TIMES_QUANTLIB = 150.0, 20.0, 3.0
GREEKS_EQUAL, SIGMA_EQUAL = 1e-10, 1e-8
VISIBLE = 1e-4  # points: in its tails QuantLib's normal distribution has absolute, not relative accuracy


@dataclass(frozen=True, eq=False)
class Options:
    """Inputs of every contract as arrays; `otm`: one per strike, the side out of the money, with a price to solve."""

    spot: float
    strike: Floats
    years: Floats
    sigma: Floats
    rate: Floats
    dividend: Floats
    is_call: Bools
    price: Floats
    otm: Bools

    def greeks(self) -> Greeks:
        """Price and eight Greeks of every contract, by us."""
        return greeks(self.spot, self.strike, self.years, self.sigma, self.rate, self.dividend, self.is_call)

    def solve(self) -> Solved:
        """Implied volatility of every strike, by us."""
        use = self.otm
        return implied_volatility(
            self.price[use], self.spot, self.strike[use], self.years[use], self.rate[use], self.dividend[use],
            self.is_call[use],
        )  # fmt: skip


def options(contracts: int, expiries: int) -> tuple[Any, Options]:
    """A synthetic chain with quotes only, and its contracts as arrays."""
    from feeds.chains.synthetic import synthetic_chain
    from indicators.gex.preparing import prepare
    from indicators.gex.quotes import quotes

    chain = synthetic_chain("SPX", contracts=contracts, expiries=expiries, greeks=False)
    surface, table = prepare(chain, _settings()), quotes(chain)
    if len(surface.strike) != len(chain.rows):
        raise AssertionError(f"{len(chain.rows) - len(surface.strike)} contracts were left out: {surface.dropped}")
    forward = np.array([expiry.forward for expiry in surface.expiries])[surface.expiry]
    return chain, Options(
        surface.spot, surface.strike, surface.years, surface.sigma, surface.rate, surface.dividend_yield,
        surface.is_call, table.price, surface.is_call == (surface.strike >= forward),
    )  # fmt: skip


def _settings() -> GexSettings:
    return GexSettings(max_dte=800.0)


class Vollib:
    """vollib's analytic Greeks, one contract per call as its documentation has it."""

    def __init__(self, given: Options) -> None:
        from vollib.black_scholes_merton.greeks import analytical

        self._functions = (analytical.delta, analytical.gamma, analytical.vega, analytical.theta)
        columns = (given.strike, given.years, given.rate, given.sigma, given.dividend)
        self._rows = [
            ("c" if call else "p", given.spot, *row)
            for call, row in zip(given.is_call.tolist(), zip(*(c.tolist() for c in columns), strict=True), strict=True)
        ]

    def greeks(self) -> list[tuple[float, ...]]:
        """delta, gamma, vega [per vol point], theta [per day] of every contract."""
        delta, gamma, vega, theta = self._functions
        return [(delta(*row), gamma(*row), vega(*row), theta(*row)) for row in self._rows]


class QuantLib:
    """QuantLib's solver of Black's formula; forwards and discounts are ready before the clock starts."""

    def __init__(self, given: Options) -> None:
        import QuantLib as ql

        use = given.otm
        growth = (given.rate - given.dividend)[use] * given.years[use]
        self._root = np.sqrt(given.years[use])
        kinds = [ql.Option.Call if call else ql.Option.Put for call in given.is_call[use].tolist()]
        self._solve = ql.blackFormulaImpliedStdDev
        self._nothing = ql.nullDouble()
        self._rows = list(
            zip(
                kinds, given.strike[use].tolist(), (given.spot * np.exp(growth)).tolist(), given.price[use].tolist(),
                np.exp(-given.rate[use] * given.years[use]).tolist(), (SIGMA_EQUAL * self._root).tolist(), strict=True,
            )
        )  # fmt: skip

    def solve(self) -> list[float]:
        """Total volatility of every strike, from its own first guess."""
        solve, guess = self._solve, self._nothing
        return [solve(kind, k, f, p, d, 0.0, guess, accuracy, 200) for kind, k, f, p, d, accuracy in self._rows]

    def sigma(self, widths: list[float]) -> Floats:
        """Volatilities from total volatilities."""
        return np.array(widths) / self._root


def check(given: Options, vollib: Vollib, quantlib: QuantLib) -> dict[str, Any]:
    """Assert that all sides answer the same; returns what was compared. AssertionError names the first difference."""
    mine, theirs = given.greeks(), np.array(vollib.greeks()).T
    found: dict[str, Any] = {"contracts": len(given.strike)}
    root = np.sqrt(given.years)
    unit = {"delta": 1.0, "gamma": 0.0, "vega": 0.0, "theta": given.spot}  # what a value near zero is compared with
    for name, scale, their in zip(unit, (1.0, 1.0, 0.01, 1 / 365), theirs, strict=True):
        our = getattr(mine, name) * scale
        apart = np.abs(our - their) / (np.abs(their) + unit[name] * 1e-5 + 1e-300)
        if not apart.max() <= GREEKS_EQUAL:
            raise AssertionError(f"{name} differs from vollib by {apart.max():.1e} at contract {int(apart.argmax())}")
        found[f"largest difference from vollib, {name}"] = float(apart.max())
    solved = given.solve()
    if (solved.code != 0).any():
        raise AssertionError(f"{int((solved.code != 0).sum())} prices have no volatility")
    visible = given.price[given.otm] > VISIBLE
    found["strikes solved"] = len(solved.sigma)
    found["of these with a price above 1e-4"] = int(visible.sum())
    apart = np.abs(solved.sigma - quantlib.sigma(quantlib.solve()))[visible]
    if not apart.max() <= SIGMA_EQUAL:
        raise AssertionError(f"volatilities differ from QuantLib by {apart.max():.1e}")
    found["largest difference from QuantLib, sigma"] = float(apart.max())
    width = solved.sigma * root[given.otm]
    found["largest error of the price at our sigma, of spot"] = float(_price_error(given, width))
    return found


def _price_error(given: Options, width: Floats) -> float:
    """Price again with math.erfc, one strike at a time: what the volatilities are worth."""
    use = np.flatnonzero(given.otm)
    worst = 0.0
    for i, s in zip(use.tolist(), width.tolist(), strict=True):
        carry, discount = math.exp(-given.dividend[i] * given.years[i]), math.exp(-given.rate[i] * given.years[i])
        stock, bond = given.spot * carry, given.strike[i] * discount
        d1, side = math.log(stock / bond) / s + s / 2, 1 if given.is_call[i] else -1
        n1, n2 = (0.5 * math.erfc(-side * d / math.sqrt(2)) for d in (d1, d1 - s))
        worst = max(worst, abs(side * (stock * n1 - bond * n2) - given.price[i]) / given.spot)
    return worst


def run(contracts: int = CONTRACTS, expiries: int = EXPIRIES, rounds: int = 9) -> dict[str, Any]:
    """Check, then time. Figures are CPU microseconds per contract (solvers: per strike)."""
    from indicators.gex.analysing import analyse
    from indicators.gex.preparing import prepare

    chain, given = options(contracts, expiries)
    vollib, quantlib, settings = Vollib(given), QuantLib(given), _settings()
    equal = check(given, vollib, quantlib)
    surface = prepare(chain, settings)
    timed = interleaved(
        {
            "chain to levels": lambda: analyse(prepare(chain, settings), settings),
            "  of which surface": lambda: prepare(chain, settings),
            "  of which metrics and flip": lambda: analyse(surface, settings),
            "nine Greeks, ours": given.greeks,
            "four Greeks, vollib": vollib.greeks,
            "implied volatility, ours": given.solve,
            "implied volatility, QuantLib": quantlib.solve,
        },
        rounds,
    )
    strikes = int(given.otm.sum())
    rows = {
        name: timing.per(strikes if name.startswith("implied") else len(given.strike), 1e6)
        for name, timing in timed.items()
    }
    whole = timed["chain to levels"].median * 1e3
    greeks_ratio = rows["four Greeks, vollib"]["median"] / rows["nine Greeks, ours"]["median"]
    solver_ratio = rows["implied volatility, QuantLib"]["median"] / rows["implied volatility, ours"]["median"]
    ratios = {"vollib / ours": greeks_ratio, "QuantLib / ours": solver_ratio, "chain to levels [ms]": whole}
    return {
        "title": f"Options: {len(given.strike):,} contracts over {expiries} expiries, quotes only",
        "unit": "us each",
        "rows": rows,
        "ratios": ratios,
        "targets": [
            ("volatilities, Greeks, metrics and flip in under 150 ms", whole, whole < WHOLE_MS),
            ("Greeks at least 20 times faster than vollib", greeks_ratio, greeks_ratio >= TIMES_VOLLIB),
            ("volatilities at least 3 times faster than QuantLib", solver_ratio, solver_ratio >= TIMES_QUANTLIB),
        ],
        "equal": equal,
        "notes": [
            "vollib and QuantLib take one contract per call (their documented way), ours takes arrays.",
            "QuantLib's accuracy is set to 1e-8 in sigma, ours ends at the precision of float64. Both get the side of",
            "each strike that is out of the money. QuantLib's other solver (LiRS) fails on some of these prices.",
        ],
    }
