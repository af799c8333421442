"""Every indicator class of the package, those to come included, has the properties of the conformance kit."""

import importlib
import pickle

import numpy as np
import pytest

import indicators
from indicators.engines.batch import arrays
from indicators.higher_timeframe import HigherTimeframe
from indicators.vwap import Vwap
from optimize.conformance import check_indicator
from optimize.conformance.bars import is_clock, kit_bars, table_of
from optimize.conformance.indicators import PROBES
from strategies.discovery import built_in

CLASSES = list(built_in("indicator").values())
every_class = pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)

BY_CLOCK = (Vwap, HigherTimeframe)  # they start again with the next session or longer bar: tested in their own files


def instance(cls):
    return cls.example() if hasattr(cls, "example") else cls()


def test_there_are_indicators_to_check():
    assert len(CLASSES) >= 18


@every_class
def test_passes_the_conformance_kit(cls):
    checks = check_indicator(cls)
    assert [check.name for check in checks] == list(PROBES)
    assert not [check for check in checks if not check.passed]
    assert {check.name for check in checks if check.exception} == set(cls.verify_exceptions)


@every_class
def test_survives_pickle_with_the_same_values(cls):
    indicator = instance(cls)
    other = pickle.loads(pickle.dumps(indicator))
    assert other == indicator and hash(other) == hash(indicator) and repr(other) == repr(indicator)
    table = table_of(kit_bars(indicator.columns(), 300), indicator.columns())
    for ours, theirs in zip(arrays(indicator, table), arrays(other, table), strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("cls", [cls for cls in CLASSES if cls not in BY_CLOCK], ids=lambda cls: cls.__name__)
def test_a_missing_value_restarts_it_like_a_fresh_start(cls):
    """After a hole of NaN the values are those of a series that begins there: nothing half warm is ever shown."""
    indicator = instance(cls)
    bars = kit_bars(indicator.columns(), 3 * indicator.total_warmup + 150)
    table = table_of(bars, indicator.columns())
    hole = slice(indicator.total_warmup + 5, indicator.total_warmup + 8)
    for name, values in table.items():
        if not is_clock(name):
            values[hole] = np.nan
    found = arrays(indicator, table)
    fresh = arrays(indicator, {name: values[hole.stop :].copy() for name, values in table.items()})
    for ours, theirs in zip(found, fresh, strict=True):
        assert np.isnan(ours[hole]).all()
        np.testing.assert_array_equal(ours[hole.stop :], theirs)
        assert np.isfinite(theirs).any()


@every_class
def test_is_exported_from_a_file_of_its_own_name(cls):
    assert cls.__name__ in indicators.__all__
    assert getattr(indicators, cls.__name__) is cls
    assert cls.__module__.rpartition(".")[2].replace("_", "") == cls.__name__.lower()
    public = [
        name
        for name, value in vars(importlib.import_module(cls.__module__)).items()
        if isinstance(value, type) and value.__module__ == cls.__module__ and not name.startswith("_")
    ]
    assert public == [cls.__name__]


@every_class
def test_documents_what_a_trader_asks(cls):
    text = cls.__doc__
    assert text.splitlines()[0].strip().endswith(".")
    assert "NaN" in text, "say what happens before the warm-up and where data are missing"
    assert any(word in text for word in ("Source", "Same as", "Same rule")) or cls is HigherTimeframe


def test_unknown_names_of_the_package_are_attribute_errors():
    with pytest.raises(AttributeError, match="no attribute 'Emma'"):
        indicators.Emma  # noqa: B018
    assert set(dir(indicators)) == set(indicators.__all__)
    assert all(hasattr(indicators, name) for name in indicators.__all__)
