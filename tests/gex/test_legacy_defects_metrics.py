"""Defects of the original (spec §6) that the metrics must not repeat; the number is the defect's."""

from __future__ import annotations

import numpy as np
import pytest
from gex.hand_surfaces import Option, call, market, net_at, put, surface

from feeds.errors import ConfigError
from indicators.gex import bias, walls
from indicators.gex.analysing import analyse
from indicators.gex.max_pain import max_pain
from indicators.gex.settings import GexSettings
from indicators.gex.sign_models import SIGN_MODELS

DEFAULT = GexSettings()


def test_b01_both_signs_of_the_total_and_both_regimes_occur():
    long, short = (
        analyse(surface([call(105, calls), put(95, puts)]), DEFAULT) for calls, puts in ((900, 300), (300, 900))
    )
    assert long.totals.net > 0 and long.regime == "POS"
    assert short.totals.net < 0 and short.regime == "NEG"
    assert DEFAULT.sign_model == "naive"
    original = analyse(surface([call(105, 900), put(95, 300)]), GexSettings(sign_model="short_all"))
    assert original.totals.net == -original.totals.gross and original.regime == "NEG"


def test_b04_max_pain_pays_least_and_not_most():
    chain = market()
    for row in analyse(chain, DEFAULT).by_expiry:
        own = np.array([chain.expiries[place].settles == row.settles for place in chain.expiry])
        levels = np.unique(chain.strike[own])
        sign = np.where(chain.is_call[own], 1, -1)
        paid = [float((chain.oi[own] * np.maximum(0, sign * (level - chain.strike[own]))).sum()) for level in levels]
        assert row.max_pain == levels[int(np.argmin(paid))]
        assert row.max_pain not in (levels[0], levels[-1], levels[int(np.argmax(paid))])


def test_b05_the_lowest_strike_is_no_flip():
    """The original's running sum starts at 0, so its first strike "crosses"; so does the smallest absolute sum."""
    options = [put(85, 0.0), put(90, 1000), call(110, 1000), call(115, 10)]
    result = analyse(surface(options), DEFAULT)
    running = np.cumsum(result.strikes.net)
    assert int(np.argmin(np.abs(running))) == 0
    assert result.flip.level == pytest.approx(99.3, abs=0.2)
    assert result.flip.cumulative_level > 90
    one_sign = analyse(surface([call(85, 0.0), call(90, 100), call(110, 100)]), DEFAULT)
    assert one_sign.flip.level is None and one_sign.flip.cumulative_level is None


def test_b06_totals_come_from_the_contracts():
    """The sign stored is the sign used; calls and puts are no fixed 40/60; the profile at the flip is no half total."""
    result = analyse(surface([call(105, 900), put(95, 300), put(90, 50)]), GexSettings(sign_model="short_all"))
    assert result.sign_model == "short_all" and result.totals.net < 0
    result = analyse(market(), DEFAULT)
    assert result.totals.call / result.totals.gross != pytest.approx(0.4, abs=0.01)
    assert result.totals.net == pytest.approx(result.totals.call - result.totals.put)
    assert result.totals.net == pytest.approx(result.strikes.net.sum())
    assert abs(result.flip.profile_at_flip) < 1e-6 * result.totals.gross < abs(0.5 * result.totals.net)


def test_b15_the_put_wall_is_never_above_the_call_wall_in_the_side_modes():
    for seed in range(20):
        random = np.random.default_rng(seed)
        options = [
            Option(right, float(strike), float(random.integers(1, 5000)))
            for strike in range(6400, 6601, 5)
            for right in "CP"
        ]
        for mode in ("net_gamma_side", "oi_side"):
            result = analyse(surface(options, 6500.0), GexSettings(wall_mode=mode))
            assert result.put_wall.strike <= 6500 <= result.call_wall.strike
    book = [call(6500, 900), put(6550, 950), call(6600, 100), put(6400, 100)]
    original = analyse(surface(book, 6500.0), GexSettings(wall_mode="oi"))
    assert original.put_wall.strike == 6550 and original.call_wall.strike == 6500


def test_b16_a_lone_peak_is_a_pin_on_a_grid_of_any_spacing():
    """The original's off-by-one compares a strike with itself and finds none."""
    for step in (5, 10, 25):
        strikes = np.arange(4900, 5101, step)
        options = [call(float(strike), 400.0 if strike == 5000 else 100.0, gamma=0.001) for strike in strikes]
        (pin,) = analyse(surface(options, 5000.0), DEFAULT).pins
        assert pin.strike == 5000.0 and pin.strength == pytest.approx(4.0)


def test_b17_the_terms_of_the_bias_move_the_way_their_theory_says():
    base = bias.Evidence(
        spot=100.0, regime="POS", net=1.0, median_abs_net=1.0, flip=None, call_wall=None, put_wall=None, z_pcr=None,
        z_skew=None, max_pain=None, front_share=1.0, vix=None, vix3m=None,
    )  # fmt: skip

    def direction(**change: object) -> float:
        values = {name: getattr(base, name) for name in base.__dataclass_fields__}
        return bias.bias(bias.Evidence(**{**values, **change}), oi_score=1.0).direction

    from indicators.gex.analysis import Crossing

    assert direction(flip=Crossing(99.5, True, True, "")) > 0 > direction(flip=Crossing(100.5, True, True, ""))
    assert direction(max_pain=100.5) > 0 > direction(max_pain=99.5)
    assert direction(z_pcr=-1.0) > 0 > direction(z_pcr=1.0)
    assert direction(z_skew=-1.0) > 0 > direction(z_skew=1.0)
    assert direction(vix=15.0, vix3m=16.0) > 0 > direction(vix=16.0, vix3m=15.0)
    assert direction(call_wall=110.0, put_wall=99.0) > 0 > direction(call_wall=101.0, put_wall=90.0)


def test_b20_levels_are_not_the_ends_of_the_chain():
    """Neither walls as extreme strikes nor zero gamma as the smallest absolute gamma."""
    chain = market()
    result = analyse(chain, DEFAULT)
    ends = (chain.strike.min(), chain.strike.max())
    assert result.call_wall.strike not in ends and result.put_wall.strike not in ends
    smallest = float(result.strikes.strike[int(np.argmin(np.abs(result.strikes.net)))])
    assert abs(result.flip.level - smallest) > 10 and result.max_pain not in ends
    with pytest.raises(ConfigError):
        walls.walls(result.strikes, 5000.0, "highest_listed")
    with pytest.raises(ConfigError):
        analyse(chain, GexSettings(vol_trigger_mode="vega_std"))


def test_b23_skew_does_not_depend_on_which_strikes_are_listed():
    """The original subtracts mean volatilities, so far puts make skew; at 25 delta they do not."""

    def smile(low: float) -> list[Option]:
        return [
            Option(right, float(strike), 10.0, 30.0, 0.2 - 0.3 * (strike / 100 - 1))
            for strike in np.arange(low, 121, 1.0)
            for right in "CP"
            if (strike < 100) == (right == "P")
        ]

    narrow, wide = (analyse(surface(smile(low)), DEFAULT) for low in (85.0, 60.0))
    assert wide.skew_25d_put_atm == pytest.approx(narrow.skew_25d_put_atm, abs=1e-12)
    assert wide.risk_reversal_25d == pytest.approx(narrow.risk_reversal_25d, abs=1e-12) and wide.risk_reversal_25d < 0
    assert wide.iv_skew_puts_minus_calls > narrow.iv_skew_puts_minus_calls + 0.02


@pytest.mark.parametrize("model", sorted(SIGN_MODELS))
def test_b13_the_flip_is_a_sign_change_of_an_independent_loop_or_there_is_none(model):
    """The original's tests skip when the flip is missing and accept any strike otherwise."""
    model_of = SIGN_MODELS[model]
    options = [put(92, 900), call(97, 100), put(101, 200), call(108, 800)]
    flip = analyse(surface(options), GexSettings(sign_model=model)).flip
    signs = {"C": model_of.call, "P": model_of.put}
    if model in ("short_all", "long_all"):
        assert flip.level is None and flip.status.startswith("one_sided")
    else:
        below, above = (net_at(options, flip.level + step, signs) for step in (-1e-6, 1e-6))
        assert below * above < 0


def test_b04_the_original_would_have_said_the_end_of_the_chain():
    strike = np.array([90.0, 100.0, 110.0])
    both = np.repeat(strike, 2), np.tile([True, False], 3), np.tile([10.0, 10.0], 3)
    assert max_pain(*both, 100.0) == 100.0
