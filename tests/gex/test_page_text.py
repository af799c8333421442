"""What the page says, without a browser: numbers in words, nothing from the network, markup escaped, NaN absent."""

from __future__ import annotations

import dataclasses
import json
import math
import re
from datetime import timedelta

import numpy as np
import pytest

from feeds.chains.synthetic import synthetic_chain
from feeds.errors import ConfigError
from indicators.gex.page import words
from indicators.gex.page.building import page
from indicators.gex.page.chart_data import chart_data, view
from indicators.gex.pipeline import run, write
from indicators.gex.settings import GexSettings


@pytest.fixture(scope="module")
def result():
    return run(synthetic_chain("SPX", seed=3), accept_synthetic=True)


def body(text: str) -> str:
    """The page without its chart library, scripts and styles."""
    return re.sub(r"<(script|style)\b[^>]*>.*?</\1>", "", text, flags=re.DOTALL)


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (2.12e9, "2.12 bn $"), (-2.3e10, "−23 bn $"), (999.6e6, "1 bn $"), (999.4e6, "999 m $"), (1.5e12, "1.5 tn $"),
        (61_300.0, "61.3 k $"), (-12.4, "−12 $"), (0.0, "0 $"), (math.nan, "–"), (None, "–"), (5.2e15, "5,200 tn $"),
    ],
)  # fmt: skip
def test_money(value, told):
    assert words.money(value) == told


@pytest.mark.parametrize(("level", "told"), [(6550.0, "+0.77 %"), (6450.0, "−0.77 %"), (None, "–"), (math.nan, "–")])
def test_distance_from_the_spot(level, told):
    assert words.away(level, 6500.0) == told


def test_every_part_is_there(result):
    text = body(page(result))
    parts = ("Gamma flip", "Call wall", "Term structure", "Strike × expiry", "Where these numbers come from",
             "fallback", "sign model naive", "How to read this page", "SYNTHETIC CHAIN", "TOO_FEW_STRIKES")  # fmt: skip
    for part in parts:
        assert part in text
    assert "nan" not in re.sub(r"[a-z]{4,}", "", text.lower()).split()
    assert "None" not in text


def test_the_page_asks_nobody_for_anything(result):
    text = page(result)
    assert not re.findall(r"<(?:script|img|iframe|link|source)[^>]+(?:src|href)=[\"'](?!data:)", text)
    assert "default-src 'none'" in text
    assert 'http-equiv="refresh"' not in text
    assert '<meta http-equiv="refresh" content="300">' in page(result, 300)


def test_the_data_of_the_charts_are_strict_json(result):
    (text,) = re.findall(r'<script id="data" type="application/json">(.*?)</script>', page(result), re.DOTALL)
    data = json.loads(text, parse_constant=pytest.fail)
    assert data["spot"] == result.analysis.surface.spot
    names = [line["name"] for line in data["lines"]]
    assert names[0] == "gamma_flip"
    assert data["lines"][0]["price"] == result.analysis.flip.level


def test_strikes_and_heatmap_are_the_analysis(result):
    """The heatmap's rows and columns add up to the table by strike, for strikes within 15 % of the spot."""
    data, analysis = chart_data(result.analysis, result.levels), result.analysis
    near = np.abs(analysis.strikes.strike - analysis.surface.spot) <= 0.15 * analysis.surface.spot
    by_strike = dict(zip(analysis.strikes.strike[near], analysis.strikes.net[near], strict=True))
    for strike, row in zip(data["heat"]["strike"], data["heat"]["net"], strict=True):
        assert sum(value or 0.0 for value in row) == pytest.approx(by_strike[strike], rel=1e-6, abs=1.0)
    assert len(data["heat"]["expiry"]) == len(set(data["heat"]["expiry"])) == len(analysis.surface.expiries)
    assert sum(row["net"] for row in data["expiries"]) == pytest.approx(analysis.totals.net, rel=1e-6)


def test_the_first_view_holds_the_drawn_levels(result):
    low, high = view(result.analysis, result.levels)
    assert all(low < level.price < high for level in result.levels.drawn)
    assert 0.03 <= high / result.analysis.surface.spot - 1 <= 0.20


def test_strings_of_others_are_escaped(result):
    evil = "</script><script>alert(1)</script><b onclick='x'>"
    chain = dataclasses.replace(result.chain, detail=evil, notes=(evil,), source=evil)
    text = page(run(chain, accept_synthetic=True))
    assert evil not in text
    assert "<b onclick" not in text
    assert "&lt;b onclick" in text


def test_a_flip_that_does_not_exist_is_explained():
    text = body(page(run(synthetic_chain("SPX", seed=3), GexSettings(sign_model="short_all"), accept_synthetic=True)))
    assert "net gamma is negative over the whole grid" in text


def test_the_clock_must_be_aware(result):
    with pytest.raises(ConfigError, match="no time zone"):
        run(result.chain, now=result.chain.asof.replace(tzinfo=None))


def test_the_snapshot_has_the_time_of_the_chain_and_the_age_by_the_clock(result, tmp_path):
    later = run(result.chain, now=result.chain.asof + timedelta(minutes=7), accept_synthetic=True)
    assert later.overlay.time == result.chain.asof
    assert later.overlay.stale_minutes == 7 + (15 if result.chain.feed == "DELAYED" else 0)
    paths = write(later, tmp_path)
    told = json.loads(next(path for path in paths if path.suffix == ".json").read_text())
    assert told["timestamp"] == result.chain.asof.isoformat()


def test_the_same_chain_gives_the_same_files(result, tmp_path):
    again = run(result.chain, accept_synthetic=True)
    for name, one in (("a", result), ("b", again)):
        (tmp_path / name).mkdir()
        write(one, tmp_path / name)
    for path in (tmp_path / "a").iterdir():
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes(), path.name


def test_a_finer_gap_and_window_are_told(result):
    settings = GexSettings(min_gap_pts=5.0, window_pct=0.05)
    text = body(page(run(result.chain, settings, accept_synthetic=True)))
    assert "Drawn within 5 % of the price, at least 5.00 points apart." in text
