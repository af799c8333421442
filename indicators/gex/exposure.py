"""Dollars of delta that dealers must trade per 1 % move: per contract, strike, expiry and in total."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from indicators.gex.analysis import StrikeTable, Totals
from indicators.gex.grouping import grouped
from indicators.gex.sign_models import SignModel
from indicators.gex.surface import Floats, Surface


@dataclass(frozen=True, eq=False)
class Exposures:
    """One element per contract: GEX = gamma x position x multiplier x spot² x 0.01 [usd of delta per 1 % move].

    position: dealers' contracts, 0 where the sign model or the open interest does not say; oi: 0 where missing;
    net: signed; gross: abs(net).
    """

    surface: Surface
    position: Floats
    oi: Floats
    net: Floats
    gross: Floats
    sums: Floats
    """Per expiry (rows) the additive fields of Totals: call, put, net, shares, delta, vanna, charm, contracts."""


def exposures(surface: Surface, model: SignModel) -> Exposures:
    """What dealers hold under the model. Missing open interest adds nothing and is never replaced.

    Vanna: usd of delta per vol point (0.01); charm: usd of delta per calendar day (a 365th of a year), both of the
    dealers' position. option_delta_usd is of the open interest itself, without a sign model: only its change means
    something. Source: Perfiliev; SqueezeMetrics.
    """
    position = np.nan_to_num(model.positions(surface), nan=0.0)
    oi = np.nan_to_num(surface.oi, nan=0.0)
    spot, shares = surface.spot, position * surface.multiplier
    per_point = surface.gamma * shares
    net = per_point * (spot * spot * 0.01)
    gross = np.abs(net)
    fields = (
        np.where(surface.is_call, gross, 0.0),
        np.where(surface.is_call, 0.0, gross),
        net,
        per_point,
        surface.delta * oi * surface.multiplier * spot,
        surface.vanna * shares * (spot * 0.01),
        surface.charm * shares * (spot / 365.0),
        (position != 0).astype(np.float64),
    )
    count = len(surface.expiries)
    sums = np.stack([grouped(field, surface.expiry, count) for field in fields], axis=1)
    return Exposures(surface, position, oi, net, gross, sums)


def totals(exposure: Exposures, expiries: Sequence[int] | NDArray[np.int64] | None = None) -> Totals:
    """Sum over some expiries, or over all."""
    rows = exposure.sums if expiries is None else exposure.sums[np.asarray(expiries, dtype=np.int64)]
    call, put, net, shares, delta, vanna, charm, contracts = (float(value) for value in rows.sum(axis=0))
    gross = call + put
    return Totals(
        call=call,
        put=put,
        gross=gross,
        net=net,
        net_over_gross=net / gross if gross > 0 else float("nan"),
        net_gamma_shares_per_pt=shares,
        option_delta_usd=delta,
        vanna_usd_per_vol_pt=vanna,
        charm_usd_per_day=charm,
        contracts=int(contracts),
    )


class Strikes:
    """Exposures by strike, of all contracts or of some expiries. Roots share their strikes."""

    def __init__(self, exposure: Exposures) -> None:
        self.exposure = exposure
        self._strike, self._place = np.unique(exposure.surface.strike, return_inverse=True)

    def table(self, expiries: Sequence[int] | None = None) -> StrikeTable:
        """One row per strike of the whole chain; expiries: those that count (None: all)."""
        exposure, call = self.exposure, self.exposure.surface.is_call
        held = np.ones(len(call), dtype=bool)
        if expiries is not None:
            chosen = np.zeros(len(exposure.surface.expiries), dtype=bool)
            chosen[list(expiries)] = True
            held = chosen[exposure.surface.expiry]

        def summed(values: Floats, mask: NDArray[np.bool_]) -> Floats:
            return grouped(np.where(mask, values, 0.0), self._place, len(self._strike))

        return StrikeTable(
            strike=self._strike,
            call=summed(exposure.gross, call & held),
            put=summed(exposure.gross, ~call & held),
            net=summed(exposure.net, held),
            call_oi=summed(exposure.oi, call & held),
            put_oi=summed(exposure.oi, ~call & held),
        )

    def matrix(self) -> Floats:
        """Net GEX by strike (rows) and expiry (columns)."""
        rows, columns = len(self._strike), len(self.exposure.surface.expiries)
        cells = self._place * columns + self.exposure.surface.expiry
        return grouped(self.exposure.net, cells, rows * columns).reshape(rows, columns)


def concentration(table: StrikeTable) -> float:
    """Herfindahl index of the gross by strike: 1 when one strike holds everything; NaN without exposure."""
    gross = table.call + table.put
    total = float(gross.sum())
    return float(np.sum((gross / total) ** 2)) if total > 0 else float("nan")
