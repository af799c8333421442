"""What a kept sweep or search belongs to: an edit of the class or other contract terms make it another one."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import optuna
import pytest

from feeds.bars import Bars
from feeds.errors import ConfigError
from feeds.synthetic import martingale
from indicators.base import Int, kernel
from indicators.ema import Ema
from optimize.code_digest import code_digest, declarations
from optimize.sweep import sweep
from optimize.walkforward.procedure import walk_forward
from strategies.base import Strategy, enter_long, hold, leave


class Above(Strategy):
    """Long while the price is above a mean, for a while."""

    bars, most = Int(5, 2, 20), Int(9, 1, 50)
    mean = Ema(period=bars)

    @kernel
    def decide(close, mean, held, most):
        if held < 0.0 and close[-1] > mean[-1]:
            return enter_long()
        if held >= most:
            return leave()
        return hold()


def another(**changed: object) -> type[Strategy]:
    """Above after an edit; its kernel is the same."""
    found = type("Above", (Above,), {**changed, "__module__": __name__})
    assert code_digest(found) == code_digest(Above)
    return found


EDITS = {
    "another default": {"most": Int(3, 1, 50)},
    "other wiring": {"mean": Ema(period=40)},
    "another rule": {"valid": lambda self: self.bars > 3},
}


@pytest.fixture(scope="module")
def bars() -> Bars:
    return martingale(bars=1000, seed=3)


@pytest.mark.parametrize("edit", EDITS)
def test_an_edit_outside_the_kernel_is_another_sweep(bars: Bars, edit: str, tmp_path: Path) -> None:
    edited, grid = another(**EDITS[edit]), {"bars": [3, 5, 9]}
    assert declarations(edited) != declarations(Above) == declarations(another())
    first = sweep(Above, bars, grid, root=tmp_path).table
    kept, anew = sweep(edited, bars, grid, root=tmp_path).table, sweep(edited, bars, grid).table
    assert kept.equals(anew)
    assert not kept.equals(first)


def test_other_contract_terms_are_another_sweep(bars: Bars, tmp_path: Path) -> None:
    coarse = bars.with_instrument(dataclasses.replace(bars.instrument, lot_step=10.0))
    sweep(Above, bars, {"bars": [3, 5]}, folder=tmp_path)
    with pytest.raises(ConfigError, match=r"holds another sweep \(terms differ\)"):
        sweep(Above, coarse, {"bars": [3, 5]}, folder=tmp_path)


@pytest.mark.parametrize("edit", [*EDITS, "contract terms"])
def test_an_edit_is_another_search(bars: Bars, edit: str, tmp_path: Path) -> None:
    place = f"journal:{tmp_path / 'trials.log'}"
    plan = {"space": {"bars": (2, 20)}, "trials": 3, "min_trades": 1, "folds": 2}
    walk_forward(Above, bars, storage=place, **plan)
    if edit == "contract terms":
        walk_forward(Above, bars.with_instrument(dataclasses.replace(bars.instrument, tick=0.5)), storage=place, **plan)
    else:
        walk_forward(another(**EDITS[edit]), bars, storage=place, **plan)
    from optimize.walkforward.storage import open_storage

    assert len(optuna.study.get_all_study_names(open_storage(place))) == 2 * 3
