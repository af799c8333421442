"""What a plain Cerebro script says of money, taken over by the exact broker or refused."""

from __future__ import annotations

from typing import Any, NoReturn

import backtrader as bt

from feeds.errors import ConfigError
from strategies.engines.broker import ExactBroker
from strategies.execution.account import Account, Costs

TAKEN = ("cash", "slip_perc", "slip_fixed", "slip_open", "slip_match", "slip_limit", "slip_out", "filler")
CURES = {
    "checksubmit": "leave it at True; what the account cannot pay is rejected, Account(kind='margin', leverage=...) "
    "lets it pay more",
    "eosbar": "leave it at False; fills are those of docs/execution.md",
    "shortcash": "leave it at True; shorts need Account(kind='margin')",
    "fundmode": "leave it at False; returns follow from getvalue()",
    "fundstartval": "leave it at 100.0; returns follow from getvalue()",
    "int2pnl": "leave it at True; no interest is charged",
    "coc": "leave it at False; a decision on the close fills at the next open",
    "coo": "leave it at False; a decision on the close fills at the next open",
}


def exact_from_stock(broker: Any, reverse: bool) -> ExactBroker:
    """An ExactBroker with the cash, commission and slippage of an untouched stock broker.

    Raises ConfigError for every setting that the exact broker would not follow: nothing is dropped in silence.
    """
    scheme = broker.comminfo[None]
    refused = _of_use(broker) | _of_scheme(broker, scheme) | _of_fills(broker.p) | _of_the_rest(broker.p)
    if refused:
        cures = [f"{what}: {cure}" for what, cure in refused.values() if cure]
        raise ConfigError(
            f"the stock broker's settings cannot be taken over: {', '.join(refused)}; set cerebro.broker = "
            "ExactBroker(Account(...)) and give the feeds an Instrument (multiplier, tick, margins)"
            + "".join(f". {cure}" for cure in cures)
        )
    percent = scheme._commtype == bt.CommInfoBase.COMM_PERC
    costs = Costs(
        fee=scheme.p.commission if percent else 0.0,
        commission=0.0 if percent else scheme.p.commission,
        slippage_bps=broker.p.slip_perc * 10_000.0,
    )
    return ExactBroker(Account(cash=broker.startingcash, costs=costs), reverse)


Refused = dict[str, tuple[str, str]]
"""Name of a setting: the setting with its value, and the cure."""


def _of_use(broker: Any) -> Refused:
    found = {
        "positions or orders it already has": broker.positions or broker.orders,
        "add_cash": broker._cash_addition,
        "an order history (add_order_history)": broker._userhist,
        "a fund history (add_fund_history)": broker._fundhist,
    }
    return {name: ("", "") for name, present in found.items() if present}


def _of_scheme(broker: Any, scheme: Any) -> Refused:
    p, found = scheme.p, {}
    if len(broker.comminfo) > 1:
        found["commission schemes of single feeds (name=)"] = ("name=", "an account has one Costs(fee, commission)")
    if type(scheme) not in (bt.CommInfoBase, bt.CommissionInfo):
        found["a commission class of your own"] = (type(scheme).__name__, "Costs(fee=..., commission=...)")
    if p.mult != 1.0:
        found["mult"] = (f"mult={p.mult}", f"feed.instrument = Instrument(name, multiplier={p.mult})")
    if p.margin:
        found["margin"] = (
            f"margin={p.margin}",
            f"Account(kind='margin') and feed.instrument = Instrument(name, initial_margin={p.margin})",
        )
    if p.automargin:
        share = f"{1 / p.automargin:g}" if 0 < p.automargin <= 1 else "..."
        found["automargin"] = (
            f"automargin={p.automargin}",
            f"Account(kind='margin', leverage={share}), or margins in the feed's Instrument",
        )
    if p.leverage != 1.0:
        found["leverage"] = (f"leverage={p.leverage}", f"Account(kind='margin', leverage={p.leverage})")
    if p.interest:
        found["interest"] = (f"interest={p.interest}", "leave it at 0; no interest is charged")
    return found


def _of_fills(p: Any) -> Refused:
    """Slippage: ours moves market and stop fills wherever they are, also outside the bar."""
    found = {}
    if p.slip_fixed:
        found["slip_fixed"] = (f"slip_fixed={p.slip_fixed}", "Costs(slippage_ticks=...) and an Instrument with a tick")
    if p.slip_perc and not p.slip_open:
        found["slip_open"] = (
            "slip_open=False",
            f"fills at the open slip too: set_slippage_perc({p.slip_perc}) or Costs(slippage_bps=...)",
        )
    if p.slip_perc and not p.slip_match:
        found["slip_match"] = ("slip_match=False", "leave it at True; a fill is never withheld because it slipped")
    if p.filler is not None:
        found["a filler"] = ("filler", "leave it out; an order fills whole")
    return found


def _of_the_rest(p: Any) -> Refused:
    """Every other parameter that is not at backtrader's default."""
    found = {}
    for name, default in bt.brokers.BackBroker.params._getitems():
        value = getattr(p, name)
        if name not in (*TAKEN, "commission") and value != default:
            label = {"coc": "coc (cheat on close)", "coo": "coo (cheat on open)"}.get(name, name)
            found[label] = (f"{name}={value}", CURES.get(name, f"leave it at {default}"))
    return found


def refuse_sizer(sizer: Any, owner: str) -> NoReturn:
    """ConfigError that names the account's sizing in the place of a backtrader sizer."""
    given = sizer.p._getkwargs()
    cure = "..."
    if isinstance(sizer, bt.sizers.FixedSize):
        cure = f"lots({given['stake']})"
    elif isinstance(sizer, bt.sizers.PercentSizer):
        cure = f"fraction({given['percents'] / 100:g})"
    shown = ", ".join(f"{name}={value}" for name, value in given.items())
    raise ConfigError(
        f"{owner}: nobody would ask the sizer {type(sizer).__name__}({shown}); the account sizes the entries: "
        f"cerebro.broker = ExactBroker(Account(sizing=Sizing.{cure}))"
    )
