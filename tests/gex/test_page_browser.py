"""The page in a real browser: levels stand where the JSON says, nothing overlaps, nobody is asked for anything."""

from __future__ import annotations

import dataclasses
import itertools
import json
from datetime import date

import pytest

from feeds.chains.files import read_chain
from feeds.chains.synthetic import synthetic_chain
from indicators.gex.pipeline import run, write
from indicators.gex.settings import GexSettings

pytestmark = pytest.mark.browser


def show(page, result, folder, width=1280):
    """Write the files of a result and open the page; the snapshot as the JSON file has it."""
    page.errors.clear()
    page.requests.clear()
    page._call("Emulation.setDeviceMetricsOverride", width=width, height=1000, deviceScaleFactor=1, mobile=False)
    written = write(result, folder)
    page.open(next(path for path in written if path.suffix == ".html"))
    page.settle()
    assert not page.errors
    assert [url for url in page.requests if not url.startswith(("file:", "data:", "about:", "blob:"))] == []
    return json.loads(next(path for path in written if path.suffix == ".json").read_text())


def ruler(page):
    """Pixel of a price on the screen, measured from the labels of the axis as they are painted."""
    ticks = page.run("""[...document.querySelectorAll('#price .xtick text')].map((text) => {
        const box = text.getBoundingClientRect();
        return [Number(text.textContent.replaceAll(',', '')), box.left + box.width / 2, box.width];
    }).filter((tick) => tick[2] > 0).map((tick) => tick.slice(0, 2))""")
    ticks = sorted(ticks, key=lambda tick: tick[1])
    (low, left), (high, right) = ticks[0], ticks[-1]
    assert len(ticks) > 2
    assert high > low
    return lambda price: left + (price - low) / (high - low) * (right - left)


def lines(page):
    """Screen pixel of every painted level line by its name."""
    return page.run("""Object.fromEntries([...document.querySelectorAll('#price .shapelayer path')].map((path) => {
        const shape = document.getElementById('price').layout.shapes[Number(path.dataset.index)];
        const box = path.getBoundingClientRect();
        return [shape.name, [box.left + box.width / 2, box.height]];
    }))""")


def boxes(page, selector):
    """[left, top, right, bottom] of every element."""
    return page.run(f"""[...document.querySelectorAll('{selector}')].map((element) => {{
        const box = element.getBoundingClientRect();
        return [box.left, box.top, box.right, box.bottom];
    }})""")


def overlapping(found):
    return [
        (one, two)
        for one, two in itertools.combinations(found, 2)
        if one[0] < two[2] - 0.5 and two[0] < one[2] - 0.5 and one[1] < two[3] - 0.5 and two[1] < one[3] - 0.5
    ]


def check(page, told):
    """Every level that the JSON has and the view shows is painted at its price, through both panels."""
    place, painted = ruler(page), lines(page)
    low, high = page.run("document.getElementById('price')._fullLayout.xaxis.range")
    shown = {"spot": told["analysis"]["underlying_price"]}
    flip = told["analysis"]["levels"]["gamma_flip"]["gamma_flip_strike"]
    if flip is not None:
        shown["gamma_flip"] = flip
    shown |= {
        level["name"]: level["price"]
        for level in told["processed_levels"]["levels"]
        if level["price"] is not None and level["drawn"]
    }
    for name, price in shown.items():
        if low <= price <= high:
            pixel, height = painted[name]
            assert pixel == pytest.approx(place(price), abs=1.0), name
            assert height > 400, name
    return shown


def synthetic(**settings):
    return run(synthetic_chain("SPX", seed=3), GexSettings(**settings), accept_synthetic=True)


@pytest.mark.parametrize("width", [1280, 800])
def test_levels_stand_where_the_json_says(page, tmp_path, width):
    told = show(page, synthetic(), tmp_path, width)
    assert told["sanity_checks"]["status"] in ("GO", "CAUTION")
    assert {"spot", "gamma_flip"} <= set(check(page, told))
    page.run("navale.show(6200, 6700)")
    page.settle()
    check(page, told)
    assert not page.errors


@pytest.mark.parametrize("width", [1280, 800, 500])
def test_nothing_overlaps_and_nothing_is_cut_off(page, tmp_path, width):
    show(page, synthetic(min_gap_pts=0.0, max_pins=2), tmp_path, width)
    flags = boxes(page, "#flags .flag")
    assert len(flags) >= 5
    assert not overlapping(flags)
    right = boxes(page, "#flags")[0][2]
    assert all(flag[0] >= 0 and flag[2] <= right + 1 for flag in flags)
    assert not overlapping(boxes(page, "#price .xtick text, #price .g-xtitle text"))
    for name in ("terms", "heat"):
        assert not overlapping(boxes(page, f"#{name} .annotation-text-g"))
    assert page.run("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    assert not overlapping(boxes(page, "main > section, .two > section, .tile"))


def test_the_ranges_move_the_view_and_the_flags(page, tmp_path):
    result = synthetic()
    show(page, result, tmp_path)
    spot = result.analysis.surface.spot
    page.run("[...document.querySelectorAll('#ranges button')].find((one) => one.textContent.includes('5 %')).click()")
    page.settle()
    low, high = page.run("document.getElementById('price')._fullLayout.xaxis.range")
    assert (low, high) == pytest.approx((0.95 * spot, 1.05 * spot))
    shown = page.run("[...document.querySelectorAll('#flags .flag')].map((one) => one.dataset.name)")
    assert "spot" in shown
    assert not overlapping(boxes(page, "#flags .flag"))


def test_all_charts_hold_the_numbers_of_the_analysis(page, tmp_path):
    result = synthetic()
    show(page, result, tmp_path)
    analysis = result.analysis
    data = page.run("navale.data")
    assert data["strikes"]["net"] == pytest.approx(analysis.strikes.net.tolist(), rel=1e-8)
    assert data["profile"]["net"] == pytest.approx(analysis.profile.net.tolist(), rel=1e-8)
    assert len(data["expiries"]) == len(analysis.by_expiry) == len(set(data["heat"]["expiry"]))
    assert page.run("document.querySelectorAll('#price .barlayer path').length") > 50
    assert page.run("document.querySelectorAll('#terms .barlayer path').length") == 2 * len(analysis.by_expiry)
    assert page.run("document.querySelectorAll('#heat .heatmaplayer image').length") == 1


def test_without_a_flip_the_page_says_why(page, tmp_path):
    result = synthetic(sign_model="short_all")
    show(page, result, tmp_path)
    assert result.analysis.flip.level is None
    text = page.run("document.body.innerText")
    assert "net gamma is negative over the whole grid" in text
    assert "gamma_flip" not in lines(page)


def test_no_go_and_synthetic_are_shouted(page, tmp_path):
    show(page, run(synthetic_chain("SPX", seed=3)), tmp_path)
    banners = page.run("[...document.querySelectorAll('.banner')].map((one) => one.textContent)")
    assert banners[0].startswith("SYNTHETIC CHAIN")
    assert banners[1].startswith("NO GO: do not use these levels")
    assert sorted(path.suffix for path in tmp_path.iterdir()) == [".html", ".json"]


def test_markup_in_names_stays_text(page, tmp_path):
    evil = "</script><script>window.harmed = true</script><img src=x onerror='window.harmed = true'>"
    chain = dataclasses.replace(synthetic_chain("SPX", seed=3), detail=evil, notes=(evil,))
    show(page, run(chain, accept_synthetic=True), tmp_path)
    assert page.run("window.harmed === undefined && document.querySelectorAll('img').length === 0")


@pytest.mark.parametrize(
    ("file", "symbol", "session"),
    [
        ("MIT_cboe_quotedata_SPY_2025.parquet", "SPY", "2025-05-16"),
        ("MIT_yahoo_chains_SPY_QQQ_IWM_2026-08.parquet", "QQQ", "2026-08-13"),
        ("APACHE_openbb_cboe_AAPL_delayed_quotes.json.gz", "AAPL", None),
    ],
)
def test_real_chains(page, tmp_path, market_data, file, symbol, session):
    day = None if session is None else date.fromisoformat(session)
    chain = read_chain(market_data / "options" / file, symbol=symbol, session=day)
    told = show(page, run(chain), tmp_path)
    check(page, told)
    assert not overlapping(boxes(page, "#flags .flag"))
