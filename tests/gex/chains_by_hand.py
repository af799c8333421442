"""Chains, analyses and verdicts for tests: a chain that passes every rule, to be broken one rule at a time."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from feeds.chains.chain import Chain
from feeds.chains.synthetic import synthetic_chain
from indicators.gex.analysing import analyse
from indicators.gex.analysis import Analysis
from indicators.gex.levels import Levels, process
from indicators.gex.preparing import prepare
from indicators.gex.sanity import check
from indicators.gex.settings import GexSettings
from indicators.gex.verdict import Sanity

ASOF = datetime(2026, 3, 3, 16, 0, tzinfo=UTC)
"""Tuesday 11:00 in New York."""


@cache
def good_chain() -> Chain:
    """A chain that no rule refuses; generated, but said to come from a file."""
    chain = synthetic_chain("SPX", asof=ASOF, spot=6500.0, seed=3)
    rows = chain.rows.assign(iv_source="vendor", greek_source="vendor")
    return dataclasses.replace(chain, rows=rows, source="file", detail="good.csv", notes=())


def changed(chain: Chain | None = None, /, *, rows: dict[str, Any] | None = None, **fields: Any) -> Chain:
    """The chain with other columns (values, or functions of the table) and other fields."""
    chain = chain or good_chain()
    if rows:
        fields["rows"] = chain.rows.assign(**rows)
    return dataclasses.replace(chain, **fields)


def analysed(chain: Chain, **settings: Any) -> tuple[Analysis, Levels]:
    """Analysis and levels of a chain."""
    chosen = GexSettings(**settings)
    analysis = analyse(prepare(chain, chosen), chosen)
    return analysis, process(analysis)


@cache
def good_run() -> tuple[Chain, Analysis, Levels]:
    """The good chain with its analysis and levels."""
    return (good_chain(), *analysed(good_chain()))


def judged(chain: Chain, now: datetime | None = None, **settings: Any) -> Sanity:
    """The verdict on a chain one minute after it was seen."""
    analysis, levels = analysed(chain, **settings)
    return check(chain, analysis, levels, now or chain.asof + timedelta(minutes=1))


def verdict_with(now: datetime | None = None, /, chain: Chain | None = None, **fields: Any) -> Sanity:
    """The verdict on the good run with fields of its analysis (or a whole chain) replaced after the analysis."""
    good, analysis, levels = good_run()
    chain = chain or good
    analysis = dataclasses.replace(analysis, **fields)
    return check(chain, analysis, process(analysis) if fields else levels, now or good.asof + timedelta(minutes=1))
