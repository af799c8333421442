"""Canonical rows as different programs write them: one chain, whatever quotes, spaces and line ends a CSV has."""

from __future__ import annotations

import csv
from datetime import UTC, datetime

import pandas as pd
import pytest

from feeds.chains.files import read_chain
from feeds.errors import DataError

ROWS = pd.DataFrame(
    {
        "asof_utc": "2026-01-05T20:00:00Z", "underlying": "TEST", "root": "TEST",
        "expiry_ts_utc": "2026-02-04T21:00:00Z", "strike": [90.0, 110.0], "right": ["P", "C"], "multiplier": 100.0,
        "oi": [10.0, 20.0], "iv": 0.2, "spot": 100.0,
    }
)  # fmt: skip
PLAIN = ROWS.to_csv(index=False)
FORMS = {
    "every cell in quotes": ROWS.to_csv(index=False, quoting=csv.QUOTE_ALL),
    "texts in quotes": ROWS.to_csv(index=False, quoting=csv.QUOTE_NONNUMERIC),
    "a space after each comma": PLAIN.replace(",", ", "),
    "line ends of Windows": PLAIN.replace("\n", "\r\n"),
    "byte order mark": "\ufeff" + PLAIN,
    "byte order mark and quotes": "\ufeff" + ROWS.to_csv(index=False, quoting=csv.QUOTE_ALL),
    "semicolons": ROWS.to_csv(index=False, sep=";"),
    "blank lines at the end": PLAIN + "\n\n",
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_is_the_same_chain(tmp_path, form):
    (tmp_path / "plain.csv").write_text(PLAIN, encoding="utf-8")
    (tmp_path / "other.csv").write_text(FORMS[form], encoding="utf-8", newline="")
    plain, other = (read_chain(tmp_path / name, symbol="TEST") for name in ("plain.csv", "other.csv"))
    pd.testing.assert_frame_equal(plain.rows, other.rows)
    assert (plain.spot, plain.asof) == (other.spot, other.asof)


def test_a_date_and_a_root_say_when_a_contract_settles(tmp_path):
    """SPX settles in the morning of the third Friday, SPXW in the afternoon."""
    dated = ROWS.drop(columns="expiry_ts_utc").assign(expiry="2026-01-16", root=["SPX", "SPXW"], underlying="SPX")
    dated.to_csv(tmp_path / "dated.csv", index=False)
    settles = read_chain(tmp_path / "dated.csv", symbol="SPX").rows.set_index("root")["expiry_ts_utc"]
    assert settles["SPX"] == datetime(2026, 1, 16, 14, 30, tzinfo=UTC)
    assert settles["SPXW"] == datetime(2026, 1, 16, 21, 0, tzinfo=UTC)


def test_a_date_without_root_is_refused(tmp_path):
    ROWS.drop(columns=["expiry_ts_utc", "root"]).assign(expiry="2026-01-16").to_csv(tmp_path / "a.csv", index=False)
    with pytest.raises(DataError, match="expiry_ts_utc"):
        read_chain(tmp_path / "a.csv", symbol="TEST")
