"""Sections of the page as HTML. Every string that is not ours is escaped."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING

from indicators.gex.export.overlay import SLOTS
from indicators.gex.page.chart_data import LINES, ON_WHITE
from indicators.gex.page.words import FLIPS, SHORT, away, money, plain, points, share

if TYPE_CHECKING:
    from indicators.gex.analysis import Analysis
    from indicators.gex.checklist import Checklist
    from indicators.gex.levels import Level, Levels
    from indicators.gex.verdict import Check, Sanity

DROPS = {
    "null": "does not exist", "window": "outside the window", "gap": "too close to a drawn level",
    "max_pins": "more pins than are drawn",
}  # fmt: skip
READING = (
    "<b>Gamma exposure (GEX)</b> is the hedging that dealers would have to do: dollars of the underlying to trade when "
    "the price moves by 1 %. It is gamma × open interest × multiplier × price² × 1 %.",
    "<b>Who holds what is an assumption.</b> Open interest does not say on which side dealers stand; the sign model "
    "named under “Where these numbers come from” decides it, and so the sign of everything here.",
    "<b>Gamma flip</b>: the price at which the net exposure would be zero, found by pricing every contract anew over a "
    "grid of prices. The shaded band is where it moves when volatilities, times and the nearest expiry are disturbed.",
    "<b>Call wall</b> and <b>put wall</b>: the strikes with most net exposure above and below the price. <b>Max "
    "pain</b>: where the options of the headline expiry would pay least. <b>Pins</b>: strikes that stand out from "
    "their neighbours. <b>Vol trigger</b>: an early warning before the flip; in the files, not drawn on charts.",
    "<b>Levels too close together are merged</b>, those outside the window are left out of charts; all are in the "
    "JSON. Outlined names above the chart mark levels that the charts do not draw.",
    "<b>GO, CAUTION, NO_GO</b> say whether the data deserve trust, not whether to trade. Nothing here is advice.",
)


def tiles(analysis: Analysis, levels: Levels) -> str:
    """The headline figures with their distance from the spot."""
    spot, totals, flip = analysis.surface.spot, analysis.totals, analysis.flip
    call, put = analysis.call_wall, analysis.put_wall
    ranked = "" if analysis.pct252 is None else f", percentile {plain(analysis.pct252, 0)}"
    cells = [
        ("Spot", points(spot), analysis.surface.spot_source.replace("_", " ")),
        ("Net GEX per 1 %", money(totals.net), f"{share(totals.net_over_gross)} of gross{ranked}"),
        ("Gamma flip", points(flip.level), away(flip.level, spot) if flip.level else SHORT.get(flip.status, "")),
        ("Call wall", points(call.strike if call else None), away(call.strike if call else None, spot)),
        ("Put wall", points(put.strike if put else None), away(put.strike if put else None, spot)),
        ("Max pain", points(analysis.max_pain), away(analysis.max_pain, spot)),
        ("Vol trigger", points(analysis.vol_trigger.level), away(analysis.vol_trigger.level, spot)),
        ("Expected move, 1 day", plain(analysis.expected_move_pts), "points, one sigma"),
        ("Put/call, OI", plain(analysis.pcr_oi), f"volume {plain(analysis.pcr_volume)}"),
        ("0DTE share", share(analysis.share_0dte), "of gross exposure"),
        ("Vanna per vol point", money(totals.vanna_usd_per_vol_pt), "of delta"),
        ("Charm per day", money(totals.charm_usd_per_day), "of delta"),
    ]  # fmt: skip
    html = "".join(
        f'<div class="tile"><b>{escape(value)}</b><span>{escape(name)}<br>{escape(more)}</span></div>'
        for name, value, more in cells
    )
    return f'<div class="tiles">{html}</div>'


def levels_table(analysis: Analysis, levels: Levels) -> str:
    """Every level: price, distance, place on the future, and what became of it."""
    spot, shifted = analysis.surface.spot, levels.basis is not None
    rows, classes = [], []
    for level in (*levels.levels, levels.vol_trigger):
        fate = (
            "drawn" if level.drawn else DROPS.get(level.drop, "not drawn by default" if not level.drop else level.drop)
        )
        if level.merged_into:
            fate += f" ({level.merged_into.replace('_', ' ')})"
        row = [_coloured(level), points(level.price), away(level.price, spot)]
        rows.append([*row, *([points(level.place)] if shifted else []), escape(fate)])
        classes.append("" if level.drawn else "off")
    heads = ["level", "price", "from spot", *([f"on {levels.chart}"] if shifted else []), "on charts"]
    told = (
        f"Drawn within {share(levels.window_pct, 0)} of the price, at least {points(levels.min_gap_pts)} points apart."
    )
    return (table(heads, rows, right=range(1, 4 if shifted else 3), classes=classes, raw=(0, len(heads) - 1))
            + f'<p class="key">{escape(told)} {_flip_note(analysis)}</p>' + _walls(analysis))  # fmt: skip


def _coloured(level: Level) -> str:
    key = LINES.get(level.name)
    slot = next((slot for slot in SLOTS if slot.key == key), None)
    mark = f'<i style="border-color:{ON_WHITE.get(slot.key, slot.colour)}"></i>' if slot else ""
    return mark + escape(level.label or level.name)


def _flip_note(analysis: Analysis) -> str:
    flip = analysis.flip
    if flip.level is None:
        return escape(f"Flip: {FLIPS.get(flip.status, flip.status)}.")
    band = "" if flip.band is None else f", band {points(flip.band[0])} to {points(flip.band[1])}"
    other = "" if flip.cumulative_level is None else f"; cumulative method: {points(flip.cumulative_level)}"
    quality = f"quality {flip.quality} ({plain(flip.quality_score)} of 1)"
    return escape(f"Flip: {FLIPS.get(flip.status, flip.status)}, {quality}{band}{other}.")


def _walls(analysis: Analysis) -> str:
    walls = [*(("call", wall) for wall in analysis.call_walls), *(("put", wall) for wall in analysis.put_walls)]
    rows = [[side, points(wall.strike), away(wall.strike, analysis.surface.spot), money(wall.gex_usd_per_1pct),
             share(wall.share), plain(wall.oi, 0)] for side, wall in walls]  # fmt: skip
    if not rows:
        return ""
    heads = ("wall", "strike", "from spot", "net per 1 %", "share of side", "OI")
    return "<h3>Strongest strikes of each side</h3>" + table(heads, rows, right=range(1, 6))


def checks_table(sanity: Sanity) -> str:
    """The failed checks in full, the passed ones folded away."""
    failed, passed = sanity.failed, [check for check in sanity.checks if check.passed]
    severe = {"fatal": "bad", "error": "bad", "warning": "care"}
    heads = ("check", "value", "limit", "cost")
    text = f"<p>Score <b>{sanity.score}</b> of 100; {len(passed)} of {len(sanity.checks)} checks passed."
    text += f' <span class="bad">Forbidden by {escape(", ".join(sanity.fatal))}.</span></p>' if sanity.fatal else "</p>"
    if failed:
        text += table(heads, [_check(check, severe[check.severity]) for check in failed], right=(3,), raw=(0,))
    passes = table(heads, [_check(check, "soft") for check in passed], right=(3,), raw=(0,))
    return text + f"<details><summary>{len(passed)} checks that passed</summary>{passes}</details>"


def _check(check: Check, kind: str) -> list[str]:
    cure = f"<br>{escape(check.recommendation)}" if check.recommendation and not check.passed else ""
    cost = "forbids use" if check.severity == "fatal" else f"\u2212{check.penalty}" if check.penalty else "nothing"
    name = f'<span class="code {kind}">{escape(check.code)}</span><br>'
    name += f'<span class="soft">{escape(check.message)}{cure}</span>'
    return [name, _value(check.value), _value(check.limit), cost if not check.passed else ""]


def _value(value: float | str | None) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def checklist_table(checklist: Checklist) -> str:
    """The five points and what follows from them."""
    rows = [[f'<span class="{"good" if point.passed else "bad"}">{"yes" if point.passed else "no"}</span>',
             point.question, point.found] for point in checklist.points]  # fmt: skip
    return f"<h3>Before use: {escape(checklist.verdict)}</h3>" + table(("", "", ""), rows, raw=(0,))


def buckets_table(analysis: Analysis) -> str:
    """Totals and flip of every bucket of expiries."""
    rows = [[name.replace("_", " "), money(row.totals.net), money(row.totals.gross), share(row.totals.net_over_gross),
             plain(row.totals.contracts, 0), points(row.flip), row.flip_status.replace("_", " ")]
            for name, row in analysis.buckets.items()]  # fmt: skip
    heads = ("expiries", "net per 1 %", "gross per 1 %", "net/gross", "contracts", "flip", "flip status")
    return table(heads, rows, right=range(1, 6))


def pairs(title: str, values: Mapping[str, object]) -> str:
    """A titled list of facts."""
    rows = [[str(name).replace("_", " "), "–" if value is None or value == "" else str(value)]
            for name, value in values.items()]  # fmt: skip
    return f"<section><h3>{escape(title)}</h3>{table(('', ''), rows, kind='pairs')}</section>" if rows else ""


def reading() -> str:
    """What the words on the page mean."""
    return f"<ul>{''.join(f'<li>{line}</li>' for line in READING)}</ul>"


def table(
    heads: Iterable[str],
    rows: Iterable[Iterable[str]],
    *,
    right: Iterable[int] = (),
    raw: Iterable[int] = (),
    classes: Sequence[str] = (),
    kind: str = "",
) -> str:
    """An HTML table; cells are escaped but for the columns in `raw`; columns in `right` hold numbers."""
    numeric, ours = set(right), set(raw)
    side = {True: ' class="n"', False: ""}
    titles = list(heads)
    head = "".join(f"<th{side[i in numeric]}>{escape(cell)}</th>" for i, cell in enumerate(titles))
    body = []
    for at, row in enumerate(rows):
        cells = "".join(f"<td{side[i in numeric]}>{cell if i in ours else escape(cell)}</td>"
                        for i, cell in enumerate(row))  # fmt: skip
        own = f' class="{classes[at]}"' if at < len(classes) and classes[at] else ""
        body.append(f"<tr{own}>{cells}</tr>")
    top = f"<thead><tr>{head}</tr></thead>" if any(titles) else ""
    return f'<div class="scroll"><table class="{kind}">{top}<tbody>{"".join(body)}</tbody></table></div>'
