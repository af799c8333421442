"""The indicators over joined levels, on bars worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from indicators import GexBalance, GexDistance, GexRange, GexRegime

NAN = float("nan")


def regimes(close, flip, ratio, **parameters):
    table = {
        "close": np.array(close, float),
        "gex_flip": np.array(flip, float),
        "gex_net_over_gross": np.array(ratio, float),
    }
    return GexRegime(**parameters).run(table).tolist()


def same(found, expected):
    np.testing.assert_array_equal(np.array(found, float), np.array(expected, float))


def test_distance_is_above_zero_for_a_level_over_the_price():
    found = GexDistance().run(
        {"close": np.array([100.0]), "gex_flip": np.array([98.0]), "gex_call_wall": np.array([105.0]),
         "gex_put_wall": np.array([90.0]), "gex_pin_1": np.array([103.0]), "gex_pin_2": np.array([99.0])}
    )  # fmt: skip
    assert [values[0] for values in found] == pytest.approx([-0.02, 0.05, -0.10, -0.01])


@pytest.mark.parametrize(("pins", "expected"), [((101.0, NAN), 0.01), ((NAN, 96.0), -0.04), ((NAN, NAN), NAN)])
def test_one_pin_is_enough(pins, expected):
    one = {name: np.array([100.0]) for name in ("close", "gex_flip", "gex_call_wall", "gex_put_wall")}
    found = GexDistance().run(one | {"gex_pin_1": np.array([pins[0]]), "gex_pin_2": np.array([pins[1]])})
    assert found.pin[0] == pytest.approx(expected, nan_ok=True)


def test_a_missing_level_leaves_the_others():
    columns = {name: np.array([100.0]) for name in GexDistance.inputs} | {"gex_flip": np.array([NAN])}
    found = GexDistance().run(columns)
    assert np.isnan(found.flip[0]) and found.call_wall[0] == 0.0


def test_place_between_the_walls():
    table = {"close": np.array([90.0, 95.0, 110.0, 120.0, 100.0]), "gex_put_wall": np.array([90.0] * 4 + [110.0]),
             "gex_call_wall": np.array([110.0] * 4 + [100.0])}  # fmt: skip
    same(GexRange().run(table), [0.0, 0.25, 1.0, 1.5, NAN])


def test_balance_is_a_mean_over_known_bars_only():
    ratio = np.array([0.2, 0.4, NAN, 0.1, 0.3])
    same(GexBalance().run({"gex_net_over_gross": ratio}), ratio)
    found = GexBalance(period=2).run({"gex_net_over_gross": ratio})
    np.testing.assert_allclose(found, [NAN, 0.3, NAN, NAN, 0.2])


def test_regime_needs_both_signs_to_agree():
    # ratio and side of the flip: both up, both down, ratio up below the flip, ratio down above it, too small a ratio
    same(regimes([101, 99, 99, 101, 101], [100] * 5, [0.3, -0.3, 0.3, -0.3, 0.04]), [1, -1, 0, 0, 0])


def test_without_a_flip_the_ratio_decides():
    same(regimes([101, 99], [NAN, NAN], [0.3, -0.3]), [1, -1])


def test_a_small_ratio_changes_the_regime_on_the_second_bar():
    # 0.06 is above neutral 0.05 and not above decisive 0.08
    same(regimes([101, 99, 99, 99], [100] * 4, [0.3, -0.06, -0.06, -0.06]), [1, 1, -1, -1])
    same(regimes([101, 99, 101, 99, 99], [100] * 5, [0.3, -0.06, 0.06, -0.06, -0.06]), [1, 1, 1, 1, -1])
    same(regimes([101, 99], [100] * 2, [0.3, -0.09]), [1, -1])


def test_a_hole_forgets_what_came_before():
    same(regimes([101, 101, 99], [100] * 3, [0.3, NAN, -0.06]), [1, NAN, -1])
