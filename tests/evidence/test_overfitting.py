"""Probability of backtest overfitting against plain enumeration, on noise, and with a real winner."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from feeds.errors import ConfigError, DataError
from optimize.evidence.overfitting import overfitting, splits


def enumerated(returns, blocks):
    """Every half in turn, in plain Python."""
    length = len(returns) // blocks
    parts = [returns[k * length : (k + 1) * length] for k in range(blocks)]
    logits = []
    for half in itertools.combinations(range(blocks), blocks // 2):
        ours = np.concatenate([parts[k] for k in half])
        theirs = np.concatenate([parts[k] for k in range(blocks) if k not in half])
        scores, others = ([column.mean() / column.std(ddof=1) for column in side.T] for side in (ours, theirs))
        best = max(range(len(scores)), key=lambda column: scores[column])
        rank = 1 + sum(other < others[best] for other in others)
        share = rank / (len(scores) + 1)
        logits.append(np.log(share / (1 - share)))
    return np.array(logits)


@pytest.mark.parametrize("seed", range(5))
def test_equals_enumeration_on_eight_blocks(seed):
    random = np.random.default_rng(seed)
    returns = random.normal(0.001 * seed, 0.02, (205, 12)) + random.normal(0, 0.001, 12)
    found = overfitting(returns, 8)
    expected = enumerated(returns, 8)
    assert len(found.logits) == splits(8) == 70
    np.testing.assert_allclose(found.logits, expected, rtol=0, atol=1e-12)
    assert found.probability == np.mean(expected <= 0)


def test_about_a_half_on_noise():
    random = np.random.default_rng(3)
    found = [overfitting(random.normal(0.0, 0.01, (480, 30)), 8).probability for _ in range(60)]
    assert np.mean(found) == pytest.approx(0.5, abs=0.08)


def test_none_with_one_dominant_column():
    random = np.random.default_rng(5)
    returns = random.normal(0.0, 0.01, (800, 20))
    returns[:, 7] += 0.01
    found = overfitting(returns, 16)
    assert found.probability == 0.0
    assert found.loss == 0.0
    assert len(found.logits) == 12_870


def test_a_column_that_never_moves_counts_with_zero():
    random = np.random.default_rng(6)
    returns = np.stack([np.zeros(80), random.normal(-0.05, 0.01, 80)], axis=1)
    found = overfitting(returns, 4)
    assert found.chosen.tolist() == [0.0] * 6  # doing nothing beats losing
    assert found.probability == 0.0


@pytest.mark.parametrize(("shape", "blocks", "error"), [
    ((80, 1), 8, DataError), ((10, 3), 8, DataError), ((80, 3), 7, ConfigError), ((80, 3), 0, ConfigError),
])  # fmt: skip
def test_too_little_to_judge(shape, blocks, error):
    with pytest.raises(error):
        overfitting(np.random.default_rng(1).normal(size=shape), blocks)


def test_a_gap_is_named():
    returns = np.random.default_rng(1).normal(size=(80, 3))
    returns[17, 2] = np.nan
    with pytest.raises(DataError, match="configuration 2 has nan in row 17"):
        overfitting(returns, 8)
