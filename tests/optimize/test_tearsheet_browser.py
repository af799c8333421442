"""The tearsheet in a real browser: it draws, zooms, asks nobody for anything and complains about nothing."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest

from optimize.tearsheet import tearsheet
from tests.optimize.hand_runs import hand_run, random_run, some_bars

pytestmark = pytest.mark.browser


def show(page, run, folder, quantstats=False):
    """Write a run's tearsheet and open it; returns the seconds until it can be used."""
    page.errors.clear()
    page.requests.clear()
    path = tearsheet(run, folder / "sheet.html", quantstats=quantstats)
    seconds = page.open(path)
    page.settle()
    assert not page.errors
    assert [url for url in page.requests if not url.startswith(("file:", "data:", "about:"))] == []
    return seconds


def coloured(page) -> int:
    """Pixels of the chart that are not white."""
    return page.run("""[...document.querySelectorAll('#plot canvas')].reduce((sum, canvas) => {
        const pixels = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
        const inked = (i) => pixels[i + 3] > 0 && pixels[i] + pixels[i + 1] + pixels[i + 2] < 700;
        let count = 0;
        for (let i = 0; i < pixels.length; i += 4) count += inked(i);
        return sum + count;
    }, 0)""")


def test_a_run_is_drawn_with_all_its_fills(page, tmp_path):
    run = random_run(3)
    show(page, run, tmp_path)
    assert page.run("navale.symbols()") == ["AAA"]
    assert page.run("navale.bars()") == len(run.equity)
    assert page.run("navale.markers()") == page.run("navale.fills()") == len(run.fills) > 20
    assert page.run("document.querySelectorAll('#plot canvas').length") > 3
    assert coloured(page) > 2_000
    assert page.run("document.querySelectorAll('#trades tbody tr').length") == len(run.trades) <= 100


def test_zooming_in_shows_reasons_and_out_hides_them(page, tmp_path):
    run = random_run(3)
    show(page, run, tmp_path)
    assert page.run("navale.range()") == [0, 399]
    assert page.run("navale.text()") is False
    page.run("navale.zoom(100, 160)")
    page.settle()
    assert page.run("navale.range()") == [100, 160]
    assert page.run("navale.text()") is True
    assert page.run("navale.markers()") == len(run.fills)
    page.run("navale.fit()")
    page.settle()
    assert page.run("navale.range()") == [0, 399]
    page.run("document.getElementById('next').click()")
    page.settle()
    first, last = page.run("navale.range()")
    bars = run.bars["AAA"].times
    entry, out = (bars.get_loc(run.trades[name].iloc[0]) for name in ("entry_time", "exit_time"))
    assert first <= entry < out <= last < 100


def test_the_mouse_over_a_fill_tells_reason_and_price(page, tmp_path):
    bars = some_bars(np.linspace(100, 130, 31))
    show(page, hand_run("15 AAA buy 2 @ 114.5 1 1 entry\n25 AAA sell 2 @ 124.25 1 1 trail", bars), tmp_path)
    box = page.run(
        "(({left, top, width}) => ({left, top, width}))(document.getElementById('plot').getBoundingClientRect())"
    )
    found = set()
    for share in np.linspace(0.02, 0.95, 45):
        page.move(box["left"] + box["width"] * share, box["top"] + 150)
        page.settle()
        if not page.run("document.getElementById('tip').hidden"):
            found.add(page.run("document.getElementById('tip').textContent"))
    assert found == {
        "entry: buy 2 @ 114.500\n2024-01-16, fee 1.00",
        "trail: sell 2 @ 124.250\n2024-01-26, fee 1.00",
    }


def test_symbols_are_chosen(page, tmp_path):
    a, b = some_bars([100, 101, 102, 103] * 10, "A"), some_bars([5.0, 6, 7] * 10, "B<b>", start="2024-01-03")
    run = hand_run("1 A buy 1 @ 101 0 1 entry\n2 A sell 1 @ 102 0 1 signal\n4 B<b> sell 1 @ 6 0 2 entry", a, b)
    show(page, run, tmp_path)
    assert page.run("navale.symbols()") == ["A", "B<b>"]
    assert page.run("navale.markers()") == 2
    page.run("navale.select('B<b>')")
    page.settle()
    assert (page.run("navale.markers()"), page.run("navale.bars()"), page.run("navale.symbol()")) == (1, 30, "B<b>")
    assert page.run("document.querySelectorAll('main b').length") == 8  # the tiles, none of the symbol's
    assert not page.errors


def test_markup_in_names_stays_text(page, tmp_path):
    evil = "</script><script>window.harmed = true</script><img src=x onerror='window.harmed = true'>"
    run = dataclasses.replace(random_run(3), strategy_repr=evil, strategy_name=evil, parameters={evil: evil})
    bars = {evil: dataclasses.replace(run.bars["AAA"], source=evil, notes=(evil,))}
    run = dataclasses.replace(
        run, bars=bars, ledger=run.ledger.assign(symbol=pd.Series(evil, run.ledger.index, dtype="str"))
    )
    show(page, run, tmp_path, quantstats=True)
    assert page.run("window.harmed === undefined && document.title.includes('<img')")
    assert page.run("document.querySelectorAll('img').length") == 0
    assert page.run("document.getElementById('quantstats').contentDocument.querySelectorAll('script, img').length") == 0


def test_the_quantstats_report_is_shown_in_full(page, tmp_path):
    show(page, random_run(3), tmp_path, quantstats=True)
    inside = "document.getElementById('quantstats')"
    page.run(f"{inside}.scrollIntoView()")
    drawn = f"{inside}.contentDocument.querySelector('svg')"
    page.run(f"new Promise(done => {{ const wait = () => {drawn} ? done() : setTimeout(wait, 20); wait(); }})")
    page.settle()
    assert page.run(f"{inside}.contentDocument.querySelectorAll('svg').length") > 8
    assert page.run(f"{inside}.clientHeight >= {inside}.contentDocument.body.scrollHeight")


@pytest.mark.parametrize(
    "run", [hand_run("", some_bars([1.0, 2, 3])), hand_run("", some_bars([7.0]))], ids=["three", "one"]
)
def test_a_run_that_never_traded(run, page, tmp_path):
    show(page, run, tmp_path)
    assert page.run("navale.markers()") == 0
    page.run("navale.trade(0)")
    page.settle()
    assert not page.errors


def test_fifty_thousand_bars_are_usable_within_seconds(page, tmp_path):
    run = random_run(8, bars=50_000, step="1h", start="2018-01-01")
    assert len(run.fills) > 3_000
    levels = {"stop": run.bars["AAA"].column("low") - 2, **{f"target_{k}": np.nan for k in (1, 2, 3, 4)}}
    table = pd.DataFrame({"time": run.bars["AAA"].times, "symbol": "AAA", **levels})
    run = dataclasses.replace(run, levels=table)
    show(page, run, tmp_path)
    page.open(tmp_path / "sheet.html")
    opening = page.busy()
    assert opening < 5, f"{opening:.1f} s of work to open the page"
    assert page.run("navale.markers()") == len(run.fills)
    rows = "document.querySelectorAll('#trades tbody tr').length"
    assert page.run(rows) == 100
    page.run("document.getElementById('trades').parentElement.scrollTo(0, 1e6)")
    page.settle()
    assert page.run(rows) == 200
    before = page.busy()
    page.run("""(async () => {
        for (let i = 0; i < 20; i++) {
            navale.zoom(20000 + 200 * i, 21000 + 200 * i);
            await new Promise(requestAnimationFrame);
        }
    })()""")
    frame = (page.busy() - before) / 20
    assert 0 < frame < 0.25, f"{frame:.3f} s of work a frame while zooming"
    assert not page.errors
