"""What each promotion asks for: one function per requirement, which says what it found and the cure."""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from feeds.errors import NavaleError
from optimize.gates.gates import laxer
from optimize.registry.code_state import CodeState
from optimize.registry.data import bars_again, load_again
from optimize.registry.events import Event, green
from optimize.registry.kernel_hash import kernel_hash
from optimize.registry.parity_report import ParityReport, parity_report
from optimize.registry.record import Record
from optimize.registry.strategy_source import find_strategy

if TYPE_CHECKING:
    from feeds.bars import Bars
    from strategies.base import Strategy

AGAIN = "run `navale optimize` again, or file a new candidate with `navale reoptimize`"


@dataclass(frozen=True)
class Requirement:
    """One check of a promotion. detail: what was found. cure: what to do when it failed. warning: passed, but look."""

    name: str
    passed: bool
    detail: str
    cure: str = ""
    warning: bool = False

    def __str__(self) -> str:
        return f"{self.name}: {self.detail}" + (f"; {self.cure}" if self.cure and not self.passed else "")

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self)


@dataclass
class Case:
    """A record that asks for the next stage, and what the checks may look at."""

    record: Record
    history: Sequence[Event]
    folder: Path
    limits: Mapping[str, float]
    code: CodeState
    now: datetime.datetime
    bars: Mapping[str, Bars] | None = None
    paper_record: Path | None = None
    parity: ParityReport | None = field(default=None, init=False)

    @cached_property
    def strategy(self) -> Strategy:
        """The record's strategy as it is declared now."""
        return find_strategy(self.record.content["source"], self.folder)(**self.record.content["parameters"])

    def known_parity(self) -> ParityReport | None:
        """The latest report that was made with the present kernels, if there is one."""
        told = [json.loads(event.details).get("parity") for event in reversed(self.history)]
        for each in [*told, self.record.content["parity"]]:
            if each is not None and each["kernel_hash"] == kernel_hash(self.strategy):
                return ParityReport.from_json(each)
        return None


def gates(case: Case) -> Requirement:
    """Every gate of the walk-forward is green, and they ask no less than the ones that come along."""
    report = case.record.gates
    failed = [gate["name"] for gate in report.get("gates", []) if gate.get("passed") is not True]
    told = f"failed: {', '.join(failed)}" if failed else f"{len(report.get('gates', []))} gates are green"
    if not green(report) and not failed:
        told = "the report holds no verdict that passed"
    missing = laxer(report.get("gates", []))
    if green(report) and missing:
        told = f"green, but of other gates, which leave out or ask less than: {', '.join(missing)}"
    return Requirement("gates", green(report) and not missing, told, f"evidence is never edited: {AGAIN}")


def stability(case: Case) -> Requirement:
    """The candidate lies among what the folds chose: its evidence is that of the procedure, not its own."""
    judgement = case.record.content["evidence"]["judgement"]
    told = judgement.get("proximity")
    if told is None:
        why = judgement.get("missing", {}).get("proximity", "the judgement does not say")
        return Requirement(
            "stability", False, f"where the candidate lies among the folds' choices is unknown: {why}", AGAIN
        )
    place = f"{told['nearest']:.0%} of the space from the nearest fold's choice, {told['allowed']:.0%} may be"
    return Requirement("stability", told["within"] is True, f"the candidate lies {place}", AGAIN)


def kernels(case: Case) -> Requirement:
    """The running code would compile what the evidence was made with."""
    try:
        now = kernel_hash(case.strategy)
    except NavaleError as error:
        return Requirement("kernels", False, str(error), "put the strategy back where the record says")
    same = now == case.record.kernel_hash
    told = f"kernel hash {now[:12]}" + ("" if same else f", the record's is {case.record.kernel_hash[:12]}")
    return Requirement("kernels", same, told, f"take the code back to the record's commit, or {AGAIN}")


def parity(case: Case) -> Requirement:
    """Both engines agree on the record's bars under the present kernels; made now unless it was made before."""
    cure = "give its bars with --data, or bring the source back"
    try:
        report = case.known_parity()
        if report is None:
            report = parity_report(case.strategy, bars_again(case.record, case.bars), case.record.account, case.now)
    except (NavaleError, OSError) as error:
        return Requirement("parity", False, f"no report made with the present kernels: {error}", cure)
    case.parity = report
    fingerprints = {symbol: told["fingerprint"] for symbol, told in case.record.content["data"].items()}
    if dict(report.fingerprints) != fingerprints:
        return Requirement("parity", False, "the report was made on other bars", cure)
    return Requirement("parity", report.green, str(report), f"`navale verify` shows what differs; then {AGAIN}")


def code(case: Case) -> Requirement:
    """Evidence and present code are those of a commit. A made-up market may do with less: it never trades live."""
    filed = CodeState(**case.record.content["code"])
    wrong = [f"{what}: {state}" for what, state in (("filed with", filed), ("running", case.code)) if not state.clean]
    if not wrong:
        return Requirement("code", True, f"filed with {filed}; running {case.code}")
    if case.record.synthetic:
        told = f"{'; '.join(wrong)}; let pass, for synthetic data never trade live"
        return Requirement("code", True, told, warning=True)
    return Requirement("code", False, "; ".join(wrong),
                       f"commit what differs (or install a wheel built from a commit), then {AGAIN}")  # fmt: skip


def refit(case: Case) -> Requirement:
    """Says when the record is past its day; it may still move."""
    due = case.record.refit_by
    if case.now.date() > due:
        told = f"refit_by was {due}: the evidence is old; `navale reoptimize {case.record.id}` files a successor"
        return Requirement("refit", True, told, warning=True)
    return Requirement("refit", True, f"to be refitted by {due}")


def market_data(case: Case) -> Requirement:
    """Nothing that was found on made-up prices trades live."""
    told = "found on synthetic data" if case.record.synthetic else "found on market data"
    return Requirement("market data", not case.record.synthetic, told, "run `navale optimize` on a market's prices")


def paper(case: Case) -> list[Requirement]:
    """Enough days on paper, and fills like those of a backtest over the same days."""
    from optimize.registry.paper_record import divergence, read_paper_record

    names, cure = ("paper days", "divergence"), "give what the paper account wrote: --paper-record FILE"
    if case.paper_record is None:
        return [Requirement(name, False, "no paper record", cure) for name in names]
    try:
        told = read_paper_record(case.paper_record)
    except (NavaleError, OSError) as error:
        return [Requirement(name, False, str(error), cure) for name in names]
    wrong = _not_this_paper(case, told)
    if wrong:
        return [Requirement(name, False, wrong, cure) for name in names]
    needed, limit = case.limits["paper_days"], case.limits["divergence"]
    days = Requirement("paper days", told.days >= needed, f"{told.days} days on paper, {needed:g} are asked for",
                       "leave it on paper")  # fmt: skip
    try:
        bars = load_again(case.record) if case.bars is None else case.bars
        found = divergence(told, case.record, case.strategy, bars, case.limits["fill_tolerance"])
    except (NavaleError, OSError) as error:
        return [days, Requirement("divergence", False, str(error), "give bars up to the last paper day with --data")]
    if not found.fills:
        return [days, Requirement("divergence", False, "no fill on paper or in the backtest: nothing is known",
                                  "leave it on paper until it has traded")]  # fmt: skip
    text = f"{found.differing} of {found.fills} fills differ from the backtest, {limit:.0%} may"
    text += f"; the first: {found.first}" if found.first else ""
    return [days, Requirement("divergence", found.share <= limit, text, "find out why before any money follows")]


def _not_this_paper(case: Case, told: Any) -> str:
    begun = next(event for event in reversed(case.history) if event.to_stage == "paper" and event.kind != "exported")
    if told.record != case.record.id:
        return f"the paper record is of {told.record}"
    if told.first < datetime.datetime.fromisoformat(begun.at):
        return f"the paper record begins {told.first}, before the promotion to paper at {begun.at}"
    if told.last > case.now:
        return f"the paper record ends {told.last}, which is still to come"
    return ""


CHECKS: dict[str, Callable[[Case], Requirement | list[Requirement]]] = {
    "gates": gates,
    "stability": stability,
    "kernels": kernels,
    "parity": parity,
    "code": code,
    "refit": refit,
    "market data": market_data,
    "paper days": paper,
}
"""By the first name that a function answers for; `paper` answers for "divergence" too."""
