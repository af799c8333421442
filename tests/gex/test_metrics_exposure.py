"""Exposures by contract, strike and expiry against loops; sign models."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from gex.hand_surfaces import call, chain_of, greeks, market, put, surface

from feeds.errors import ConfigError, DataError
from indicators.gex.analysing import analyse
from indicators.gex.settings import GexSettings
from indicators.gex.sign_models import SIGN_MODELS, Flow, sign_model

SIGNS = {
    "naive": {"C": 1, "P": -1},
    "short_all": {"C": -1, "P": -1},
    "short_calls_long_puts": {"C": -1, "P": 1},
    "long_all": {"C": 1, "P": 1},
}


def test_the_table_of_signs_is_that_of_the_specification():
    assert sorted(SIGNS) == sorted(SIGN_MODELS)


@pytest.mark.parametrize("model", sorted(SIGNS))
def test_totals_are_loops_over_the_contracts(model):
    spot, rate, dividend, options = 100.0, 0.04, 0.015, chain_of(11)
    totals = analyse(surface(options, spot, rate=rate, dividend=dividend), GexSettings(sign_model=model)).totals
    net = call_gex = put_gex = shares = delta = vanna = charm = 0.0
    for option in options:
        values, sign = greeks(option, spot, rate, dividend), SIGNS[model][option.right]
        size = option.oi * option.multiplier
        gex = values["gamma"] * size * spot**2 * 0.01
        net += sign * gex
        shares += sign * values["gamma"] * size
        call_gex, put_gex = call_gex + gex * (option.right == "C"), put_gex + gex * (option.right == "P")
        delta += values["delta"] * size * spot
        vanna += sign * values["vanna"] * size * spot * 0.01
        charm += sign * values["charm"] * size * spot / 365
    assert totals.net == pytest.approx(net, rel=1e-10)
    assert (totals.call, totals.put) == pytest.approx((call_gex, put_gex), rel=1e-12)
    assert totals.gross == pytest.approx(call_gex + put_gex, rel=1e-12)
    assert totals.net_over_gross == pytest.approx(net / (call_gex + put_gex), rel=1e-10)
    assert totals.net_gamma_shares_per_pt == pytest.approx(shares, rel=1e-10)
    assert totals.option_delta_usd == pytest.approx(delta, rel=1e-10)
    assert totals.vanna_usd_per_vol_pt == pytest.approx(vanna, rel=1e-10)
    assert totals.charm_usd_per_day == pytest.approx(charm, rel=1e-10)
    assert totals.contracts == len(options)


def test_strikes_expiries_and_matrix_add_up_to_the_total():
    result = analyse(market(), GexSettings())
    table = result.strikes
    assert (np.diff(table.strike) > 0).all()
    assert table.net.sum() == pytest.approx(result.totals.net, rel=1e-10)
    assert table.call.sum() == pytest.approx(result.totals.call) and table.put.sum() == pytest.approx(result.totals.put)
    assert np.allclose(table.net, table.call - table.put, atol=1e-6)
    assert result.matrix.shape == (len(table.strike), len(result.surface.expiries))
    assert np.allclose(result.matrix.sum(axis=1), table.net)
    assert result.matrix.sum(axis=0) == pytest.approx([row.totals.net for row in result.by_expiry])
    assert table.call_oi.sum() + table.put_oi.sum() == result.surface.oi.sum()
    shares = (table.call + table.put) / result.totals.gross
    assert result.concentration_hhi == pytest.approx(float((shares**2).sum()))


def test_one_strike_holds_everything():
    result = analyse(surface([call(100, 10), put(100, 10)]), GexSettings())
    assert result.concentration_hhi == pytest.approx(1.0)


def test_the_multiplier_of_the_contract_counts():
    small, large = (
        analyse(surface([call(100, 10, gamma=0.02, multiplier=size)]), GexSettings()) for size in (50.0, 100.0)
    )
    assert (small.totals.net, large.totals.net) == pytest.approx((1000.0, 2000.0))


def test_missing_interest_adds_nothing_and_is_no_zero():
    options = [call(105, float("nan")), call(110, 500), put(90, 500)]
    result = analyse(surface(options), GexSettings())
    assert result.totals.contracts == 2
    assert result.totals.call == pytest.approx(analyse(surface(options[1:]), GexSettings()).totals.call)
    assert result.oi_score == pytest.approx(2 / 3)


def test_no_interest_at_all_is_information_not_an_error():
    result = analyse(surface([call(110, 0.0), put(90, 0.0)]), GexSettings())
    assert result.totals.gross == 0 and np.isnan(result.totals.net_over_gross)
    assert result.flip.level is None and result.flip.status == "too_few_contracts"
    assert result.regime == "NEUTRAL" and result.call_wall is None and result.max_pain is None
    assert result.pins == () and np.isnan(result.pcr_oi) and np.isnan(result.concentration_hhi)
    assert result.vol_trigger.level is None


def trades(*rows: tuple[object, ...]) -> pd.DataFrame:
    when = surface([call(110, 1), put(90, 1)]).expiries[0].settles
    table = [("TEST", when, strike, right, size, side) for strike, right, size, side in rows]
    return pd.DataFrame(table, columns=["root", "expiry_ts_utc", "strike", "right", "size", "aggressor"])


def test_flow_is_the_other_side_of_the_aggressor():
    chain = surface([call(110, 1000), put(90, 1000), put(95, 1000)])
    flow = Flow(
        trades((110.0, "C", 30, "buy"), (110.0, "C", 10, "sell"), (90.0, "P", 5, "sell"), (95.0, "P", 7, "unknown"))
    )
    positions = dict(zip(chain.strike.tolist(), flow.positions(chain).tolist(), strict=True))
    assert positions[110] == -20 and positions[90] == 5 and np.isnan(positions[95])
    result = analyse(chain, GexSettings(), model=flow)
    gamma = dict(zip(chain.strike.tolist(), chain.gamma.tolist(), strict=True))
    assert result.totals.net == pytest.approx((-20 * gamma[110] + 5 * gamma[90]) * 100 * 100**2 * 0.01)
    assert result.totals.contracts == 2 and result.sign_model == "flow"


@pytest.mark.parametrize(
    "row, message", [((110.0, "C", 30, "bought"), "bought"), ((110.0, "C", 0, "buy"), "size 0 is not above 0")]
)
def test_flow_refuses_trades_it_cannot_read(row, message):
    with pytest.raises(DataError, match=message):
        Flow(trades(row)).positions(surface([call(110, 1)]))
    with pytest.raises(DataError, match="no column 'size'"):
        Flow(trades(row).drop(columns="size")).positions(surface([call(110, 1)]))


def test_unknown_names_are_refused_with_the_choice():
    with pytest.raises(ConfigError, match="'dealer' is unknown; choose one of naive"):
        sign_model("dealer")
    with pytest.raises(ConfigError, match="needs signed trades"):
        analyse(market(), GexSettings(sign_model="flow"))


@pytest.mark.parametrize("field, value", [("sigma", np.nan), ("gamma", np.inf), ("years", 0.0), ("strike", -1.0)])
def test_a_surface_that_cannot_be_priced_is_refused(field, value):
    chain = surface([call(110, 10), put(90, 10)])
    values = getattr(chain, field).copy()
    values[1] = value
    with pytest.raises(DataError, match=field):
        analyse(replace(chain, **{field: values}), GexSettings())


def test_an_empty_surface_and_a_wrong_previous_analysis_are_refused():
    with pytest.raises(DataError, match="no contract can be used"):
        analyse(surface([]), GexSettings())
    other = analyse(surface([call(110, 10), put(90, 10)], symbol="OTHER"), GexSettings())
    with pytest.raises(DataError, match="previous analysis is of OTHER"):
        analyse(surface([call(110, 10), put(90, 10)]), GexSettings(), previous=other)
