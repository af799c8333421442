"""Which crossing counts, what a missing flip says, its quality and band, the cumulative method and the vol trigger."""

from __future__ import annotations

from math import exp, sqrt

import numpy as np
import pytest
from gex.hand_surfaces import NAIVE, call, chain_of, market, net_at, put, surface

from feeds.errors import ConfigError
from indicators.gex.analysing import analyse
from indicators.gex.settings import GexSettings

DEFAULT = GexSettings()
YEARS = 30 / 365


def flip_of(options, spot=100.0, **settings):
    return analyse(surface(options, spot), GexSettings(**settings)).flip


def root(low: float, high: float, sigma: float = 0.2, years: float = YEARS) -> float:
    """Where a call and a put of the same size, volatility and time cancel."""
    return sqrt(low * high) * exp(-(sigma**2) / 2 * years)


def test_one_contract_is_too_few():
    flip = flip_of([call(100, 10)])
    assert flip.level is None and flip.status == "too_few_contracts" and flip.quality == "unknown"


def test_one_strike_is_one_sided():
    assert flip_of([call(100, 20), put(100, 10)]).status == "one_sided_positive"
    assert flip_of([call(100, 10), put(100, 20)]).status == "one_sided_negative"


def test_the_crossing_nearest_to_spot_is_chosen_among_several():
    options = [put(90, 1000), call(98, 1000), put(106, 1000), call(114, 1000)]
    options = [option.__class__(**{**option.__dict__, "days": 7.0}) for option in options]
    flip = flip_of(options)
    assert flip.status == "multiple"
    years = 7 / 365
    expected = [root(90, 98, years=years), root(98, 106, years=years), root(106, 114, years=years)]
    assert [crossing.level for crossing in flip.crossings] == pytest.approx(expected, rel=1e-4)
    assert [crossing.upward for crossing in flip.crossings] == [True, False, True]
    assert flip.level == min((c.level for c in flip.crossings), key=lambda level: abs(level - 100))
    assert flip.quality_score <= 1 / 3 and flip.quality in ("ambiguous", "moderate")


@pytest.mark.parametrize("middle", [1.115, 0.885, 1.15, 0.84, 1.21, 0.78])
def test_the_grid_widens_until_it_holds_a_distant_flip(middle):
    """11.5 % is too far on the ±15 % grid; ±25 % takes up to 16.7 %, ±35 % up to 23.3 %."""
    low, high = 100 * middle * 0.95, 100 * middle * 1.05
    flip = flip_of([call(high, 1000), put(low, 1000)])
    assert flip.status == "ok" and flip.level == pytest.approx(root(low, high), abs=1e-6)


@pytest.mark.parametrize("middle, reason", [(1.28, "far"), (0.70, "far"), (1.33, "edge")])
def test_a_flip_too_far_away_is_told_but_not_used(middle, reason):
    flip = flip_of(
        [
            call(100 * middle * 1.06, 1000),
            put(100 * middle * 0.94, 1000),
        ]
    )
    assert flip.level is None and flip.status == "edge_only" and flip.quality == "edge"
    assert [crossing.reason for crossing in flip.crossings] == [reason]
    assert not flip.crossings[0].valid and flip.band is None


def test_a_weak_crossing_does_not_count():
    """Three days: nothing is left of the gamma of 85 and 115 at their middle."""
    flip = flip_of([call(113, 1000, days=3.0), put(88, 1000, days=3.0)])
    assert flip.level is None and flip.status == "weak_only"
    assert [crossing.reason for crossing in flip.crossings] == ["weak"]


def test_contracts_minutes_before_settlement_do_not_break_anything():
    flip = flip_of([call(110, 1000, days=5 / 1440), put(90, 1000, days=5 / 1440)])
    assert flip.level is None and flip.status in ("weak_only", "one_sided_positive", "one_sided_negative")


def test_days_weights_keep_todays_spike_from_pinning_the_flip():
    """With weights min(1, days / 5) the flip is the root of the weighted loop, and the total is not touched."""
    options = [call(103, 3000, days=0.25), put(99, 1000, days=0.25), call(110, 4000), put(92, 4000)]
    weighted = [o.__class__(**{**o.__dict__, "oi": o.oi * min(1, o.days / 5)}) for o in options]
    plain, eased = flip_of(options), flip_of(options, dte_weight_ref=5.0)
    assert eased.level != pytest.approx(plain.level, abs=0.01)
    assert net_at(weighted, eased.level - 1e-6) < 0 < net_at(weighted, eased.level + 1e-6)
    totals = [analyse(surface(options), GexSettings(dte_weight_ref=ref)).totals for ref in (0.0, 5.0)]
    assert totals[0] == totals[1]


def test_the_quality_of_two_contracts_by_hand():
    """Monday 2 March 2026, 10:00 in New York, to 1 April, 11:00: 6 + 21 x 6.5 + 1.5 = 144 trading hours."""
    options = [call(110, 1000), put(90, 1000)]
    flip = flip_of(options)
    trading = 144 / (252 * 6.5)
    flips = [root(90, 110), root(90, 110, 0.18), root(90, 110, 0.22), root(90, 110, years=trading)]
    assert flip.band == pytest.approx((min(flips), max(flips)), abs=1e-5)
    profile = [abs(net_at(options, 100 * (1 + step * 0.0025))) for step in range(-60, 61)]
    slope = (net_at(options, flip.level + 1e-4) - net_at(options, flip.level - 1e-4)) / 2e-4
    steep = min(1.0, abs(slope) / (0.15 * float(np.quantile(profile, 0.9))))
    stable = exp(-(max(flips) - min(flips)) / 0.5)
    assert flip.quality_score == pytest.approx(steep * stable, rel=1e-4)
    assert flip.quality == "clear"


def test_borrowed_volatilities_lower_the_quality():
    options = [call(110, 1000), put(90, 1000, greek_source="borrowed")]
    result = analyse(surface(options), DEFAULT)
    direct = flip_of([call(110, 1000), put(90, 1000)])
    expected = direct.quality_score * result.totals.call / result.totals.gross
    assert result.flip.quality_score == pytest.approx(expected, rel=1e-6)


def test_a_flip_that_only_today_makes_is_unstable():
    """Without today's expiry no crossing is left: the quality says so."""
    options = [put(99, 5000, days=0.25), call(101, 5000, days=0.25), call(100, 10), call(102, 10)]
    buckets = {0.25: {"0dte"}, 30.0: {"monthly"}}
    flip = analyse(surface(options, buckets=buckets), DEFAULT).flip
    assert flip.level is not None and flip.quality_score == 0 and flip.quality == "ambiguous"


def test_the_band_holds_the_flip_without_today():
    result = analyse(market(), DEFAULT)
    low, high = result.flip.band
    assert low <= result.flip.level <= high
    assert low - 1e-3 <= result.buckets["ex_next_expiry"].flip <= high + 1e-3


def test_the_cumulative_method_by_hand():
    """Gamma .01 each, 100 x 100² x .01 = 10,000 per contract: net by strike -300, -100, +200, +400 units of 100.

    Running: -300, -400, -200, +200: zero halfway between the last two strikes.
    """
    options = [
        put(90, 300, gamma=0.01),
        put(95, 100, gamma=0.01),
        call(105, 200, gamma=0.01),
        call(110, 400, gamma=0.01),
    ]
    result = analyse(surface(options), GexSettings(flip_method="cumulative"))
    assert result.flip.cumulative_level == pytest.approx(107.5)
    assert result.flip.level == result.flip.cumulative_level and result.flip.status == "ok"
    assert result.flip.quality == "unknown" and result.flip.distance_pts == pytest.approx(7.5)
    grid = flip_of(options)
    assert grid.cumulative_level == pytest.approx(107.5) and grid.level != pytest.approx(107.5, abs=1)
    assert 95 < grid.level < 100  # nearest listed strike: 95
    assert grid.cumulative_gamma_at_flip_strike == pytest.approx(-400 * 0.01 * 100 * 100)


def test_the_regime_reads_the_method_in_use():
    """Below the cumulative flip at 107.5, above that of the grid; net is positive."""
    options = [
        put(90, 300, gamma=0.01),
        put(95, 100, gamma=0.01),
        call(105, 200, gamma=0.01),
        call(110, 400, gamma=0.01),
    ]
    regimes = [analyse(surface(options), GexSettings(flip_method=method)).regime for method in ("grid", "cumulative")]
    assert regimes == ["POS", "MIXED"]


def test_the_cumulative_method_without_a_change_of_sign():
    flip = flip_of([call(100, 10), call(105, 10)], flip_method="cumulative")
    assert flip.level is None and flip.status == "one_sided_positive" and flip.cumulative_level is None


def test_unknown_methods_are_refused():
    with pytest.raises(ConfigError, match="flip_method 'magic' is unknown; choose one of grid, cumulative"):
        flip_of([call(110, 1), put(90, 1)], flip_method="magic")
    with pytest.raises(ConfigError, match="vol_trigger_mode"):
        flip_of([call(110, 1), put(90, 1)], vol_trigger_mode="std_vega")
    with pytest.raises(ConfigError, match=r"vol_trigger_ratio 1\.5"):
        flip_of([call(110, 1), put(90, 1)], vol_trigger_ratio=1.5)


@pytest.mark.parametrize("ratio", [0.1, 0.3, 0.7])
def test_the_vol_trigger_is_where_the_profile_is_a_part_of_its_peak(ratio):
    options = [call(110, 1000), put(90, 1000)]
    result = analyse(surface(options), GexSettings(vol_trigger_ratio=ratio))
    levels = np.linspace(result.flip.level, 110.0, 20_001)
    net = [net_at(options, float(level)) for level in levels[::100]]
    trigger = result.vol_trigger
    assert result.flip.level < trigger.level < 110
    assert net_at(options, trigger.level) == pytest.approx(ratio * max(net), rel=1e-3)
    assert (trigger.mode, trigger.ratio) == ("profile_ratio", ratio)
    assert trigger.cumulative_expo == pytest.approx(-result.totals.put)


def test_the_vol_trigger_needs_a_positive_peak_above_the_flip():
    mirror = analyse(surface([call(110, 1000), put(90, 1000)]), GexSettings(sign_model="short_calls_long_puts"))
    assert mirror.flip.level is not None and mirror.vol_trigger.level is None
    assert analyse(surface([call(110, 1000)]), DEFAULT).vol_trigger.level is None


def test_the_vol_trigger_is_the_last_level_below_the_peak():
    """A hump at 99, almost nothing at 102.5, the peak at 106: the profile passes 30 % of the peak three times."""
    options = [put(94, 1000, days=2.0), call(99, 500, days=2.0), call(106, 1000, days=2.0)]
    result = analyse(surface(options), DEFAULT)
    assert result.flip.level < 99
    peak = max(net_at(options, level) for level in np.linspace(99, 109, 2001))
    assert net_at(options, 99.0) > 0.3 * peak > net_at(options, 102.5) > 0
    assert 102.5 < result.vol_trigger.level < 106


def test_the_other_modes_of_the_vol_trigger():
    options = [
        put(90, 200, gamma=0.01),
        put(95, 100, gamma=0.01),
        call(105, 300, gamma=0.01),
        call(110, 400, gamma=0.01),
    ]
    seed = analyse(surface(options), GexSettings(vol_trigger_mode="seed_cum30")).vol_trigger
    assert seed.level == 95 and seed.cumulative_expo == pytest.approx(300 * 0.01 * 100 * 100)
    alias = analyse(surface(options), GexSettings(vol_trigger_mode="alias_flip"))
    assert alias.vol_trigger.level == alias.flip.level


@pytest.mark.parametrize("seed", range(6))
def test_no_crossing_of_the_loop_on_the_grid_is_missed(seed):
    options = chain_of(seed)
    flip = flip_of(options)
    grid = [100 * (1 + step * 0.0025) for step in range(-60, 61)]
    signs = np.sign([net_at(options, level, NAIVE) for level in grid])
    found = [crossing for crossing in flip.crossings if 85 <= crossing.level <= 115]
    assert len(found) == int(np.count_nonzero(np.diff(signs)))


@pytest.mark.parametrize("days", [4.0, 10.0, 15.0, 18.0, 19.25, 19.75, 20.0, 25.0])
def test_a_crossing_is_weak_below_a_tenth_of_the_p90(days):
    """Both sides of the rule, from the loop: within ±2 % of the crossing against the p90 over ±15 %."""
    options = [call(112, 1000, days=days), put(89, 1000, days=days)]
    grid = 100 * (1 + 0.0025 * np.arange(-60, 61))
    size = np.abs([net_at(options, level) for level in grid])
    level = root(89, 112, years=days / 365)
    near = size[np.abs(grid - level) <= 2.0].max()
    flip = flip_of(options)
    assert (flip.level is not None) == bool(near >= 0.10 * np.quantile(size, 0.9))
    assert [crossing.level for crossing in flip.crossings] == pytest.approx([level], rel=1e-6)


def test_the_rule_of_weakness_is_met_and_missed_by_some_of_those_days():
    found = [flip_of([call(112, 1000, days=days), put(89, 1000, days=days)]).status for days in (19.25, 19.75)]
    assert found == ["weak_only", "ok"]
