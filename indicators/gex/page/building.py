"""The HTML page of one analysis: offline, self-contained, readable by someone who did not run it."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import asdict
from datetime import datetime
from html import escape
from importlib import resources
from typing import TYPE_CHECKING, Any

from indicators.gex.page import sections
from indicators.gex.page.chart_data import NEW_YORK, chart_data
from indicators.gex.page.words import plain, points, share, verdict

if TYPE_CHECKING:
    from indicators.gex.pipeline import Result


def page(result: Result, refresh_seconds: int | None = None) -> str:
    """The page as text. refresh_seconds: let an open page load itself anew, for `navale gex watch`.

    Headline figures, the regime in a sentence, gamma profile over price with flips and levels, exposure by strike,
    term structure, strike by expiry, levels and what became of them, every check, and where the numbers come from.
    """
    analysis, levels, sanity = result.analysis, result.levels, result.sanity
    symbol = analysis.surface.symbol
    badge = f'<span class="badge {escape(sanity.status)}">{escape(sanity.status.replace("_", " "))}</span>'
    parts = {
        "title": escape(f"{symbol} gamma exposure"),
        "badge": badge,
        "refresh": f'<meta http-equiv="refresh" content="{int(refresh_seconds)}">\n' if refresh_seconds else "",
        "subtitle": escape(_subtitle(result)),
        "banners": _banners(result),
        "verdict": f'<p class="verdict {escape(analysis.regime)}">{escape(verdict(analysis))}</p>',
        "tiles": sections.tiles(analysis, levels),
        "band": ", the shaded band its uncertainty" if analysis.flip.band else "",
        "levels": sections.levels_table(analysis, levels),
        "checks": sections.checks_table(sanity) + sections.checklist_table(result.checklist),
        "buckets": sections.buckets_table(analysis),
        "provenance": _provenance(result),
        "reading": sections.reading(),
        "data": _script_json(chart_data(analysis, levels)),
        "style": _asset("page.css"),
        "library": resources.files("plotly").joinpath("package_data", "plotly.min.js").read_text(encoding="utf-8"),
        "script": _asset("page.js"),
    }
    return re.sub(r"\{\{(\w+)\}\}", lambda found: parts[found[1]], _asset("page.html"))


def _subtitle(result: Result) -> str:
    asof, local = result.chain.asof, result.chain.asof.astimezone(NEW_YORK)
    feed = "delayed 15 minutes" if result.chain.feed == "DELAYED" else "real time"
    surface = result.analysis.surface
    count = len(surface.expiries)
    contracts = f"{len(surface.strike):,} contracts, {count} settlement{'s' if count > 1 else ''}"
    return f"Chain of {asof:%Y-%m-%d %H:%M} UTC ({local:%H:%M} in New York), {feed}; {contracts}; {result.chain.source}"


def _banners(result: Result) -> str:
    lines = []
    if result.chain.source == "synthetic":
        lines.append("SYNTHETIC CHAIN: this is no market; the levels say nothing about trading")
    if result.sanity.status in ("NO_GO", "ERROR"):
        why = ", ".join(result.sanity.fatal) or f"score {result.sanity.score} of 100"
        lines.append(f"NO GO: do not use these levels ({why}); no overlay was written")
    return "".join(f'<p class="banner">{escape(line)}</p>' for line in lines)


def _provenance(result: Result) -> str:
    chain, analysis, surface = result.chain, result.analysis, result.analysis.surface
    counted = chain.rows["oi_date"].dropna()
    data: dict[str, object] = {
        "source": chain.source, "detail": chain.detail, "chain as of": _time(chain.asof), "feed": chain.feed,
        "spot": f"{points(surface.spot)} ({surface.spot_source.replace('_', ' ')})",
        "spot as of": _time(chain.spot_ts), "previous close": points(chain.prev_close),
        "open interest of": "unknown" if counted.empty else f"{counted.max():%Y-%m-%d}",
        "open interest confidence": f"{analysis.oi_confidence} ({plain(analysis.oi_score)} of 1)",
        "judged at": _time(result.now), "market": result.market.status,
    }  # fmt: skip
    coverage: dict[str, object] = {"contracts used": f"{len(surface.strike):,} of {surface.total:,}"}
    coverage |= {f"left out: {reason}": f"{count:,}" for reason, count in surface.dropped.items()}
    coverage |= {f"gamma from {name}": f"{count:,}" for name, count in Counter(surface.greek_source.tolist()).items()}
    coverage["parity violations"] = share(surface.parity_violations)
    coverage["profile against total"] = share(analysis.profile_error, 3)
    rates = Counter(one.rate_source for one in surface.expiries)
    yields = Counter(one.dividend_source for one in surface.expiries)
    model = {name: "automatic" if value is None else value for name, value in asdict(analysis.settings).items()}
    model["rates from"] = ", ".join(f"{name} ({count})" for name, count in rates.items())
    model["dividend yields from"] = ", ".join(f"{name} ({count})" for name, count in yields.items())
    parts = [sections.pairs("Data", data), sections.pairs("Coverage", coverage), sections.pairs("Model", model)]
    basis = result.levels.basis
    if basis is not None:
        parts.append(sections.pairs(f"Basis to {basis.future}", {
            "points": plain(basis.points), "scale": plain(basis.scale, 5), "source": basis.source,
            "future": f"{points(basis.future_price)} at {_time(basis.future_ts)}",
            "underlying": f"{points(basis.underlying_price)} at {_time(basis.underlying_ts)}",
        }))  # fmt: skip
    notes = list(dict.fromkeys((*chain.notes, *surface.notes)))
    told = f"<h3>Notes</h3><ul>{''.join(f'<li>{escape(note)}</li>' for note in notes)}</ul>" if notes else ""
    return f'<div class="columns">{"".join(parts)}</div>{told}'


def _time(moment: datetime | None) -> str:
    return "unknown" if moment is None else f"{moment:%Y-%m-%d %H:%M:%S} UTC"


def _script_json(value: Any) -> str:
    """JSON that cannot end the script element it stands in."""
    text = json.dumps(value, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def _asset(name: str) -> str:
    return resources.files("indicators.gex.page").joinpath("assets", name).read_text(encoding="utf-8")
