"""Up one stage at a time, each with its checks; down at any time, with a reason."""

from __future__ import annotations

import datetime
import json
from pathlib import Path

import pandas as pd
import pytest

from feeds.errors import ConfigError
from feeds.loading import load
from optimize.registry import parity_report as reports
from optimize.registry.promotion import PromotionRefused, demote, promote
from optimize.registry.store import Overtaken, Registry, details_of
from tests.registry.hand_records import (
    CLEAN,
    DIRTY,
    FAR,
    LAX,
    NEAR,
    NOW,
    RED,
    SIGNED,
    UNKNOWN,
    copy_registry,
    filed,
    write_bars,
)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Records of many kinds in one registry, filed once."""
    home = tmp_path_factory.mktemp("made")
    unknown = {**NEAR, "proximity": None, "missing": {"proximity": "fewer than two folds chose"}}
    with Registry(home / "registry.db") as registry:
        ids = {
            "good": filed(registry),
            "red": filed(registry, gates=RED),
            "lax": filed(registry, gates=LAX),
            "far": filed(registry, judgement=FAR),
            "unknown place": filed(registry, judgement=unknown),
            "dirty": filed(registry, code=DIRTY),
            "synthetic": filed(registry, code=DIRTY, synthetic=True),
        }
    return home, {name: record.id for name, record in ids.items()}


@pytest.fixture
def registry(made, tmp_path):
    with Registry(copy_registry(made[0] / "registry.db", tmp_path / "copy")) as opened:
        yield opened


@pytest.fixture
def ids(made):
    return made[1]


def up(registry, name, code=CLEAN, now=NOW, **more):
    return promote(registry, name, **SIGNED, now=now, code=code, **more)


def refused(registry, name, **more) -> PromotionRefused:
    stage = registry.stage(registry.record(name))
    with pytest.raises(PromotionRefused) as seen:
        up(registry, name, **more)
    assert registry.stage(registry.record(name)) == stage
    assert all(item.cure for item in seen.value.requirements if not item.passed)
    return seen.value


def test_a_good_candidate_goes_up_one_stage_at_a_time(registry, ids):
    moves = [up(registry, ids["good"]) for _ in range(2)]
    assert [(event.from_stage, event.to_stage) for event in moves] == [("candidate", "approved"), ("approved", "paper")]
    checks = {item["name"]: item["passed"] for item in details_of(moves[0])["requirements"]}
    assert checks == {"gates": True, "stability": True, "kernels": True, "parity": True, "code": True}
    history = registry.history(registry.record(ids["good"]))
    assert [(event.kind, event.to_stage, event.by, event.why) for event in history] == [
        ("filed", "candidate", "Ada", "because"), ("promoted", "approved", "Ada", "because"),
        ("promoted", "paper", "Ada", "because"),
    ]  # fmt: skip


def test_red_gates_never_get_through(registry, ids):
    told = refused(registry, ids["red"])
    assert told.failed == ("gates",)
    assert "failed: trades" in str(told)
    assert "run `navale optimize` again" in str(told)


def test_green_gates_that_ask_less_than_the_default_ones_do_not_get_through(registry, ids):
    told = refused(registry, ids["lax"])
    assert told.failed == ("gates",)
    assert "leave out or ask less than: trades, Sharpe;" in str(told)


@pytest.mark.parametrize(
    ("name", "word"), [("far", "40% of the space"), ("unknown place", "fewer than two folds chose")]
)
def test_a_candidate_away_from_the_folds_choices_is_not_approved(registry, ids, name, word):
    told = refused(registry, ids[name])
    assert told.failed == ("stability",)
    assert word in str(told)


@pytest.mark.parametrize(
    ("name", "code", "word"),
    [
        ("dirty", CLEAN, "filed with: checkout of commit bbbbbbbbbbbb, changed"),
        ("good", DIRTY, "running: checkout of commit bbbbbbbbbbbb, changed"),
        ("good", UNKNOWN, "running: code of an unknown commit"),
    ],
)
def test_code_that_no_commit_holds_is_not_approved(registry, ids, name, code, word):
    told = refused(registry, ids[name], code=code)
    assert told.failed == ("code",)
    assert word in str(told)
    assert "commit what differs" in str(told)


def test_a_synthetic_record_may_come_from_a_dirty_tree_but_never_trades_live(registry, ids):
    for _ in range(2):
        event = up(registry, ids["synthetic"], code=DIRTY)
        (check,) = [item for item in details_of(event)["requirements"] if item["name"] == "code"]
        assert check["passed"] and check["warning"]
        assert "synthetic data never trade live" in check["detail"]
    assert event.to_stage == "paper"
    assert "market data" in refused(registry, ids["synthetic"]).failed


def edit(registry: Registry) -> None:
    path = registry.folder / "steps.py"
    path.write_text(path.read_text().replace("rise > 0.0", "rise > 0.001"))


def test_edited_kernels_are_refused_at_every_stage(registry, ids):
    edit(registry)
    told = refused(registry, ids["good"])
    assert "kernels" in told.failed
    assert "take the code back to the record's commit" in str(told)


def test_kernels_edited_after_approval_do_not_reach_paper(registry, ids):
    up(registry, ids["good"])
    edit(registry)
    assert "kernels" in refused(registry, ids["good"]).failed


def test_a_strategy_that_is_gone_is_told(registry, ids):
    (registry.folder / "steps.py").unlink()
    told = refused(registry, ids["good"])
    assert {"kernels", "parity"} <= set(told.failed)
    assert "no such file" in str(told)


def without_report(registry: Registry, name: str) -> str:
    """The same record without its parity report."""
    content = {key: value for key, value in registry.record(name).content.items() if key not in ("by", "why", "when")}
    return registry.file(content | {"parity": None}, **SIGNED, now=NOW).id


def test_a_missing_parity_report_is_made_on_the_spot(registry, ids):
    name = without_report(registry, ids["good"])
    event = up(registry, name)
    report = details_of(event)["parity"]
    assert report["green"]
    assert report["fills"] == 74
    assert "parity" in details_of(up(registry, name))  # and known from then on


def test_without_its_bars_there_is_no_parity_report(registry, ids, made, tmp_path):
    name = without_report(registry, ids["good"])
    hidden = made[0] / "hidden.csv"
    (made[0] / "zigzag.csv").rename(hidden)
    try:
        told = refused(registry, name)
        assert told.failed == ("parity",)
        assert "give its bars with --data" in str(told)
        bars = load(str(write_bars(tmp_path)), tz="UTC")
        assert up(registry, name, bars={"zigzag": bars}).to_stage == "approved"
    finally:
        hidden.rename(made[0] / "zigzag.csv")


def test_too_few_fills_are_not_approved(registry, ids, monkeypatch):
    name = without_report(registry, ids["good"])
    monkeypatch.setattr(reports, "LEAST_FILLS", 75)
    told = refused(registry, name)
    assert told.failed == ("parity",)
    assert "75 are needed" in str(told)


def test_after_refit_by_it_moves_with_a_warning(registry, ids):
    up(registry, ids["good"])
    event = up(registry, ids["good"], now=datetime.datetime(2024, 3, 2, tzinfo=datetime.UTC))  # refit_by is 2024-01-28
    (check,) = [item for item in details_of(event)["requirements"] if item["name"] == "refit"]
    assert (check["passed"], check["warning"]) == (True, True)
    assert "refit_by was 2024-01-28" in check["detail"]


@pytest.mark.parametrize("words", [{"by": " "}, {"why": "\n"}, {"by": ""}])
def test_blank_words_are_refused_up_and_down(registry, ids, words):
    for move in (promote, demote):
        with pytest.raises(ConfigError, match="is blank"):
            move(registry, ids["good"], **{**SIGNED, **words}, now=NOW)


def test_down_goes_one_stage_or_any_and_never_back_from_retirement(registry, ids):
    name = ids["good"]
    up(registry, name), up(registry, name)
    assert demote(registry, name, **SIGNED, now=NOW).to_stage == "approved"
    with pytest.raises(ConfigError, match="'paper' is not below"):
        demote(registry, name, **SIGNED, now=NOW, to="paper")
    assert demote(registry, name, **SIGNED, now=NOW, to="research").to_stage == "research"
    assert up(registry, name).to_stage == "candidate"
    assert demote(registry, name, **SIGNED, now=NOW, to="retired").to_stage == "retired"
    with pytest.raises(ConfigError, match="a retired record stays so"):
        up(registry, name)
    with pytest.raises(ConfigError, match="nothing below"):
        demote(registry, name, **SIGNED, now=NOW)


def test_a_record_that_moved_while_its_checks_ran_is_left_alone(registry, ids, monkeypatch):
    from optimize.registry import requirements

    def slow(case):
        with Registry(registry.path) as other:
            demote(other, ids["good"], by="Bob", why="stop", now=NOW)
        return requirements.Requirement("gates", True, "green")

    monkeypatch.setitem(requirements.CHECKS, "gates", slow)
    with pytest.raises(Overtaken, match="demoted to research by Bob in the meantime"):
        up(registry, ids["good"])
    assert registry.stage(registry.record(ids["good"])) == "research"


# Towards live: 30 days on paper from March 2nd, 2024, which begins with the 1464th hour of the zigzag, to the 2182nd.
# Bought at the open of hours 1467 + 16 k, at 103 and 5 basis points of slippage, sold 8 hours later at 105 less 5.
BOUGHT, SOLD = 103.0515, 104.9475
FIRST, LAST = "2024-03-02T00:00:00Z", "2024-03-31T23:00:00Z"
LATER = datetime.datetime(2024, 4, 1, tzinfo=datetime.UTC)


def paper(folder: Path, name: str, run, **more) -> Path:
    """What a node would write: the fills that `run` gives, as text."""
    fills = [{"time": row.time.isoformat(), "symbol": row.symbol, "side": row.side, "quantity": row.quantity,
              "price": row.price} for row in run.itertuples()]  # fmt: skip
    told = {"format": 1, "record": name, "first": FIRST, "last": LAST, "days": 30, "fills": fills}
    path = folder / "paper.json"
    path.write_text(json.dumps(told | more))
    return path


@pytest.fixture
def on_paper(registry, ids, tmp_path):
    """A record on paper, bars that reach to its last day, and the fills of those days."""
    from optimize.backtest import backtest
    from strategies.discovery import find

    up(registry, ids["good"]), up(registry, ids["good"])
    bars = load(str(write_bars(tmp_path, 24 * 92)), tz="UTC")
    run = backtest(find(f"{registry.folder / 'steps.py'}:Steps")(), bars, "event", FIRST, LAST)
    return bars, run.fills[run.fills["reason"] != "window-end"]


def test_paper_that_went_like_the_backtest_goes_live(registry, ids, on_paper, tmp_path):
    bars, fills = on_paper
    assert [row.price for row in fills.itertuples()] == pytest.approx([BOUGHT, SOLD] * 45)
    begin = datetime.datetime(2024, 1, 1, 1, tzinfo=datetime.UTC)  # close of the first bar
    hours = [1467 + 16 * k + late for k in range(45) for late in (0, 8)]
    assert [row.time for row in fills.itertuples()] == [begin + datetime.timedelta(hours=hour) for hour in hours]
    event = up(
        registry, ids["good"], now=LATER, bars={"zigzag": bars}, paper_record=paper(tmp_path, ids["good"], fills)
    )
    assert event.to_stage == "live"
    with pytest.raises(ConfigError, match="it is live"):
        up(registry, ids["good"], now=LATER)


def test_without_a_paper_record_nothing_goes_live(registry, ids, on_paper):
    told = refused(registry, ids["good"], now=LATER)
    assert told.failed == ("paper days", "divergence")
    assert "--paper-record FILE" in str(told)


def test_one_fill_of_paper_may_differ_in_a_hundred_but_not_three(registry, ids, on_paper, tmp_path):
    bars, fills = on_paper
    odd = fills.copy()
    odd.loc[odd.index[:1], "price"] *= 1.01
    one = up(registry, ids["good"], now=LATER, bars={"zigzag": bars}, paper_record=paper(tmp_path, ids["good"], odd))
    (check,) = [item for item in details_of(one)["requirements"] if item["name"] == "divergence"]
    assert check["detail"].startswith(f"1 of {len(fills)} fills differ")
    demote(registry, ids["good"], **SIGNED, now=LATER - datetime.timedelta(days=31))
    odd.loc[odd.index[:3], "price"] *= 1.01
    told = refused(registry, ids["good"], now=LATER, bars={"zigzag": bars},
                   paper_record=paper(tmp_path, ids["good"], odd))  # fmt: skip
    assert told.failed == ("divergence",)
    assert "on paper" in str(told) and "in the backtest" in str(told)


def test_missing_and_extra_fills_differ(registry, ids, on_paper, tmp_path):
    bars, fills = on_paper
    extra = fills.iloc[:3].assign(time=fills["time"].iloc[:3] + pd.Timedelta("1h"))
    for odd, word in ((fills.iloc[4:], "only in the backtest"), (pd.concat([fills, extra]), "only on paper")):
        path = paper(tmp_path, ids["good"], odd)
        told = refused(registry, ids["good"], now=LATER, bars={"zigzag": bars}, paper_record=path)
        assert told.failed == ("divergence",)
        assert word in str(told)


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"days": 19}, "19 days on paper, 20 are asked for"),
        ({"days": 31}, "between 1 and 30 are possible"),
        ({"record": "0123456789ab"}, "is of 0123456789ab"),
        ({"first": "2024-02-01T00:00:00Z"}, "before the promotion to paper"),
        ({"last": "2024-04-02T00:00:00Z"}, "still to come"),
        ({"format": 2}, "no paper record of format 1"),
        ({"fills": [{"time": FIRST}]}, "fills without symbol"),
    ],
)
def test_a_paper_record_that_does_not_fit_is_refused(registry, ids, on_paper, tmp_path, changes, word):
    bars, fills = on_paper
    path = paper(tmp_path, ids["good"], fills, **changes)
    told = refused(registry, ids["good"], now=LATER, bars={"zigzag": bars}, paper_record=path)
    assert "paper days" in told.failed
    assert word in str(told)


def test_days_without_any_fill_prove_nothing(registry, ids, on_paper, tmp_path):
    bars, fills = on_paper
    path = paper(tmp_path, ids["good"], fills.iloc[:0], last="2024-03-02T01:00:00Z", days=1)
    told = refused(registry, ids["good"], now=LATER, bars={"zigzag": bars}, paper_record=path)
    assert "nothing is known" in str(told)


def test_bars_that_end_before_the_paper_days_are_told(registry, ids, on_paper, tmp_path):
    told = refused(registry, ids["good"], now=LATER, paper_record=paper(tmp_path, ids["good"], on_paper[1]))
    assert told.failed == ("divergence",)
    assert "load more" in str(told)


def test_the_limits_in_force_are_those_of_the_registry(registry, ids, on_paper, tmp_path):
    bars, fills = on_paper
    registry.set_limit("paper_days", 31, **SIGNED, now=NOW)
    told = refused(registry, ids["good"], now=LATER, bars={"zigzag": bars},
                   paper_record=paper(tmp_path, ids["good"], fills))  # fmt: skip
    assert told.failed == ("paper days",)


def test_fills_of_paper_may_lie_in_a_parquet_file(registry, ids, on_paper, tmp_path):
    bars, fills = on_paper
    fills.to_parquet(tmp_path / "fills.parquet")
    path = paper(tmp_path, ids["good"], fills, fills="fills.parquet")
    assert up(registry, ids["good"], now=LATER, bars={"zigzag": bars}, paper_record=path).to_stage == "live"
