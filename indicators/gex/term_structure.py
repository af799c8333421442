"""Exposures, flips and max pain by expiry, and by bucket of expiries."""

from __future__ import annotations

from collections.abc import Mapping
from zoneinfo import ZoneInfo

import numpy as np

from indicators.gex.analysis import BucketRow, ExpiryRow
from indicators.gex.exposure import Exposures, Strikes, totals
from indicators.gex.flip import Search, find_flip
from indicators.gex.grouping import grouped
from indicators.gex.max_pain import max_pain
from indicators.gex.repricing import Profiles
from indicators.gex.settings import GexSettings
from indicators.gex.surface import Expiry, Floats
from indicators.gex.walls import walls

NEW_YORK = ZoneInfo("America/New_York")
BUCKETS = ("all", "0dte", "weekly", "monthly", "ex_next_expiry", "ex_next_opex")


def bucket_members(expiries: tuple[Expiry, ...]) -> dict[str, list[int]]:
    """Places of the expiries of every bucket; the next expiry and the next OPEX are whole days (all their roots)."""
    day = [expiry.settles.astimezone(NEW_YORK).date() for expiry in expiries]
    places = list(range(len(expiries)))
    monthly = [place for place in places if "monthly" in expiries[place].buckets]
    front, opex = min(day, default=None), min((day[place] for place in monthly), default=None)
    members = {name: [place for place in places if name in expiries[place].buckets] for name in BUCKETS[1:4]}
    return {
        "all": places,
        **members,
        "ex_next_expiry": [place for place in places if day[place] != front],
        "ex_next_opex": [place for place in places if day[place] != opex or place not in monthly],
    }


def oi_by_expiry(exposure: Exposures) -> Floats:
    """Open interest [contracts] of each expiry."""
    return grouped(exposure.oi, exposure.surface.expiry, len(exposure.surface.expiries))


def expiry_rows(exposure: Exposures, profiles: Profiles) -> tuple[ExpiryRow, ...]:
    """One row per expiry: totals, max pain and flip (looked for within ±15 % only) and share of the whole gross."""
    surface = exposure.surface
    order = np.argsort(surface.expiry, kind="stable")
    bounds = np.searchsorted(surface.expiry[order], np.arange(len(surface.expiries) + 1))
    gross = float(exposure.gross.sum())
    rows = []
    for place, expiry in enumerate(surface.expiries):
        own = order[bounds[place] : bounds[place + 1]]
        total = totals(exposure, [place])
        chosen = find_flip(profiles, [place], widen=False).chosen
        rows.append(
            ExpiryRow(
                settles=expiry.settles,
                root=expiry.root,
                years=expiry.years,
                totals=total,
                max_pain=max_pain(
                    surface.strike[own],
                    surface.is_call[own],
                    exposure.oi[own] * surface.multiplier[own],
                    surface.spot,
                ),
                flip=chosen.level if chosen else None,
                share=total.gross / gross if gross > 0 else float("nan"),
            )
        )
    return tuple(rows)


def bucket_rows(
    strikes: Strikes, profiles: Profiles, settings: GexSettings, everything: Search
) -> Mapping[str, BucketRow]:
    """Totals, flip and walls of every bucket; an empty one has status too_few_contracts and no walls.

    everything: the search over all expiries.
    """
    exposure, rows = strikes.exposure, {}
    for name, members in bucket_members(exposure.surface.expiries).items():
        whole = name == "all"
        search = everything if whole else find_flip(profiles, members, decay_days=settings.dte_weight_ref)
        table = strikes.table(None if whole else members)
        calls, puts = walls(table, exposure.surface.spot, settings.wall_mode)
        rows[name] = BucketRow(
            totals=totals(exposure, members),
            flip=search.chosen.level if search.chosen else None,
            flip_status=search.status,
            call_wall=calls[0].strike if calls else None,
            put_wall=puts[0].strike if puts else None,
        )
    return rows
