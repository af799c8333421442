"""The store of fetched histories: several writers, kills within a write, files kept beside the new ones."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from venues.binance_candles import HOUR, LISTED, price
from venues.history_stage import SOURCE, Stage, check_bars

import feeds
from feeds.errors import DataError
from feeds.history import store as storing


def revise(stage: Stage, hour: int, close: str) -> None:
    """The exchange tells another close of a bar."""
    stage.server.rows[LISTED + hour * HOUR][4] = close


def revisions() -> list[str]:
    return [note for note in feeds.load(SOURCE).notes if "revised by the exchange" in note]


def test_what_another_fetch_kept_meanwhile_is_not_lost(stage: Stage) -> None:
    stage.fetch(50)
    opened = stage.store()
    stage.server.spot_tick = "0.10000000"
    revise(stage, 47, "40200.50")
    stage.fetch(60, accept_revision=True)
    stage.fetch(200, since="2024-01-05", until="2024-01-06")
    stage.pages()
    assert stage.fetch(70, since=None, store=opened).new == 10
    assert stage.pages() == [55]
    assert len(revisions()) == 1
    hours = [(first // 1_000_000 - LISTED) // HOUR for span in stage.store().covered for first in span]
    assert hours == [1, 70, 97, 120]
    assert feeds.load(SOURCE).instrument.tick == 0.1


def test_market_json_that_appears_after_the_store_was_made_is_checked(stage: Stage) -> None:
    opened = stage.store()
    stage.fetch(10)
    text = opened.folder / "market.json"
    text.write_text(text.read_text(encoding="utf-8").replace('"format": 1', '"format": 9'), encoding="utf-8")
    with pytest.raises(DataError, match=r"market\.json: is of binance:BTC/USDT:1h, format 9, not of"):
        stage.fetch(20, store=opened)


@pytest.mark.parametrize("replaced", [True, False])
def test_a_kill_never_leaves_changed_bars_without_a_note(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, replaced: bool
) -> None:
    class Killed(BaseException):
        """Nothing catches it, as nothing catches a kill."""

    real = storing._replace

    def replace(path: Path, frame: pd.DataFrame) -> None:
        if replaced:
            real(path, frame)
        raise Killed

    stage.fetch(50)
    revise(stage, 47, "40200.50")
    with monkeypatch.context() as patch:
        patch.setattr(storing, "_replace", replace)
        with pytest.raises(Killed):
            stage.fetch(60, accept_revision=True)
    assert feeds.load(SOURCE).frame["close"].iloc[47] == (40_200.5 if replaced else float(price(47)[3]))
    assert len(revisions()) == 1
    found = stage.fetch(60, accept_revision=True)
    assert (found.held, len(found.changes)) == (60, 0 if replaced else 1)
    assert feeds.load(SOURCE).frame["close"].iloc[47] == 40_200.5
    assert len(revisions()) == 1


@pytest.mark.parametrize("links", [True, False])
def test_old_files_stay_where_names_are_taken_and_links_impossible(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, links: bool
) -> None:
    def refused(*_: Any, **__: Any) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    if not links:
        monkeypatch.setattr(os, "link", refused)
    stage.fetch(50)
    revise(stage, 47, "40200.50")
    stage.fetch(60, accept_revision=True)
    revise(stage, 57, "40100.50")
    stage.fetch(70, accept_revision=True)
    folder = stage.store().folder
    check_bars(pd.read_parquet(folder / "2024.before-1.parquet"), range(50))
    (folder / "2024.before-1.parquet").unlink()
    revise(stage, 67, "40500.50")
    stage.fetch(80, accept_revision=True)
    kept = {path.name: len(pd.read_parquet(path)) for path in folder.glob("*before*")}
    assert kept == {"2024.before-2.parquet": 60, "2024.before-3.parquet": 70}
    assert not list(folder.glob("*.part"))
    assert len(feeds.load(SOURCE)) == 80
