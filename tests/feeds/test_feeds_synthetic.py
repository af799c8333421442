"""Generated prices have the properties that their names promise."""

import numpy as np
import pytest

from feeds import Instrument, load, martingale, planted_edge, regimes
from feeds.errors import ConfigError

MANY = 200_000
SIGMA = 0.01


@pytest.fixture(scope="module")
def flat():
    return martingale(MANY, seed=11, sigma=SIGMA, timeframe="1min")


def mean_is(values, expected, widths=4.5):
    error = np.std(values) / np.sqrt(len(values))
    assert abs(np.mean(values) - expected) < widths * error, (np.mean(values), expected, error)


def test_everything_says_synthetic():
    for name in ("martingale", "planted_edge", "regimes"):
        bars = load(f"synthetic:{name}?bars=50")
        assert bars.synthetic and bars.symbol == f"SYNTHETIC-{name.upper()}"
        assert bars.source.startswith(f"synthetic:{name}?") and bars.notes[0].startswith("synthetic, not a market")
        assert "synthetic" in repr(bars) and bars.adjusted is None
        assert bars.resample("2h").synthetic and bars.window(bars.times[3]).synthetic


def test_real_bars_joined_with_synthetic_ones_are_synthetic():
    bars = load("sample:spx")
    assert not bars.synthetic
    assert bars.join(martingale(50, timeframe="1d", start="2010-01-01"), prefix="fake").synthetic


def test_the_same_seed_gives_the_same_bars_and_another_seed_others():
    assert martingale(100, seed=3) == martingale(100, seed=3) == load("synthetic:martingale?bars=100&seed=3")
    assert martingale(100, seed=3) != martingale(100, seed=4)
    assert load(regimes(60, 2).source) == regimes(60, 2)
    assert load(planted_edge(60, 2, edge=0.001).source) == planted_edge(60, 2, edge=0.001)


def test_more_bars_continue_the_same_series():
    np.testing.assert_array_equal(martingale(100, seed=3).column("close")[:50], martingale(50, seed=3).column("close"))


def test_prices_are_consistent(flat):
    opens, high, low, close = (flat.column(name) for name in ("open", "high", "low", "close"))
    assert (high >= np.maximum(opens, close)).all() and (low <= np.minimum(opens, close)).all()
    assert (low > 0).all() and (flat.column("volume") > 0).all()
    np.testing.assert_array_equal(opens[1:], close[:-1])
    assert flat.times[0].isoformat() == "2020-01-01T00:01:00+00:00"
    assert flat.gaps.count == 0


def test_the_expected_next_price_is_the_present_one(flat):
    close, opens = flat.column("close"), flat.column("open")
    mean_is(close / opens, 1.0)
    returns = np.log(close / opens)
    mean_is(returns, -(SIGMA**2) / 2)
    assert np.std(returns) == pytest.approx(SIGMA, rel=0.01)
    assert abs(np.corrcoef(returns[1:], returns[:-1])[0, 1]) < 4.5 / np.sqrt(MANY)


def test_highs_and_lows_are_those_of_a_continuous_path(flat):
    """A Brownian motion over one bar: E[max] = σ·sqrt(2/π) less half the drift, E[(max-min)²] = 4·ln 2·σ² (Feller)."""
    opens, high, low = (flat.column(name) for name in ("open", "high", "low"))
    drift = SIGMA**2 / 2
    mean_is(np.log(high / opens), SIGMA * np.sqrt(2 / np.pi) - drift / 2, widths=6)
    mean_is(np.log(opens / low), SIGMA * np.sqrt(2 / np.pi) + drift / 2, widths=6)
    mean_is(np.log(high / low) ** 2, 4 * np.log(2) * SIGMA**2, widths=6)


@pytest.mark.parametrize("distance", [0.25, 1.0, 2.0])
def test_a_stop_or_a_target_inside_the_bar_earns_nothing(flat, distance):
    """Optional stopping: sold at the stop (or target) when touched, else at the close, the expected price is the open.
    Prices sampled at a few points would let a stop sell above what was traded."""
    opens, high, low, close = (flat.column(name) for name in ("open", "high", "low", "close"))
    stop, target = opens * np.exp(-distance * SIGMA), opens * np.exp(distance * SIGMA)
    mean_is(np.where(low <= stop, stop, close) / opens, 1.0)
    mean_is(np.where(high >= target, target, close) / opens, 1.0)


def test_a_planted_edge_adds_drift_and_nothing_else():
    plain, planted = martingale(5000, seed=5), planted_edge(5000, seed=5, edge=0.002, persistence=0.98)
    added = np.diff(np.log(planted.column("close"))) - np.diff(np.log(plain.column("close")))
    np.testing.assert_allclose(np.abs(added), 0.002, atol=1e-12)
    np.testing.assert_array_equal(plain.column("volume"), planted.column("volume"))
    switches = np.mean(np.sign(added[1:]) != np.sign(added[:-1]))
    assert abs(switches - 0.02) < 4.5 * np.sqrt(0.02 * 0.98 / 5000)
    none = planted_edge(5000, seed=5, edge=0.0)
    np.testing.assert_array_equal(none.frame, plain.frame)


def test_knowing_the_state_earns_the_edge_and_the_state_is_balanced():
    added = []
    for seed in range(40):
        pair = (planted_edge(2000, seed, edge=0.003), martingale(2000, seed))
        added.append(np.diff(np.log(pair[0].column("close"))) - np.diff(np.log(pair[1].column("close"))))
    shares = [np.mean(path > 0) for path in added]
    assert abs(np.mean(shares) - 0.5) < 4 * np.std(shares) / np.sqrt(len(shares))


def test_regimes_have_their_own_volatility_and_growth():
    bars = regimes(60_000, 7, (0.004, 0.02), drifts=(0.001, -0.001), persistence=0.995)
    opens, close = bars.column("open"), bars.column("close")
    returns = np.log(close / opens)
    window = np.convolve(returns**2, np.ones(50) / 50, mode="valid") ** 0.5
    assert np.quantile(window, 0.1) == pytest.approx(0.004, rel=0.15)
    assert np.quantile(window, 0.9) == pytest.approx(0.02, rel=0.15)
    calm = np.r_[np.zeros(49, bool), window < 0.006]
    assert np.mean(close[calm] / opens[calm]) == pytest.approx(np.exp(0.001), abs=2e-4)


def test_an_instrument_can_be_given():
    es = Instrument("ES", tick=0.25, calendar="CMES")
    assert martingale(50, instrument=es).instrument is es
    assert load("synthetic:martingale?bars=50", instrument=es).instrument is es
    assert load("synthetic:martingale?bars=50", symbol="FAKE").symbol == "FAKE"


@pytest.mark.parametrize(
    ("source", "pieces"),
    [
        ("synthetic:brownian", ["brownian", "martingale, planted_edge, regimes"]),
        ("synthetic:martingale?sede=1", ["'sede'", "did you mean 'seed'", "sigma"]),
        ("synthetic:martingale?seed=one", ["seed='one'", "not a number"]),
        ("synthetic:martingale?seed=-1", ["seed=-1", "0 or more"]),
        ("synthetic:martingale?bars=1", ["bars=1", "2 to"]),
        ("synthetic:martingale?sigma=0", ["sigma=0.0", "above 0"]),
        ("synthetic:martingale?sigma=nan", ["sigma=nan"]),
        ("synthetic:martingale?sigma=50", ["leave the range", "lower sigma"]),
        ("synthetic:martingale?price=-1", ["price=-1.0", "above 0"]),
        ("synthetic:martingale?timeframe=soon", ["'soon'", "'4h'"]),
        ("synthetic:martingale?start=soon", ["'soon'", "no time"]),
        ("synthetic:planted_edge?persistence=2", ["persistence=2.0", "probability"]),
        ("synthetic:planted_edge?edge=inf", ["edge=inf", "finite"]),
        ("synthetic:regimes?sigmas=0.1", ["2 to 10 sigmas", "1 and 3"]),
        ("synthetic:martingale?instrument=x", ["'instrument'"]),
    ],
)
def test_settings_that_make_no_sense(source, pieces):
    with pytest.raises(ConfigError) as caught:
        load(source)
    assert all(piece in str(caught.value) for piece in pieces), str(caught.value)


def test_options_of_files_are_refused():
    with pytest.raises(ConfigError, match=r"tz, label cannot be given: the source sets it"):
        load("synthetic:martingale?bars=50", tz="UTC", label="open")
