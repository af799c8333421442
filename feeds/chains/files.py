"""Chains in files: canonical rows as CSV or Parquet, and the layouts of other sources."""

from __future__ import annotations

import gzip
import json
import math
import os
import zlib
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from feeds.chains.chain import Chain
from feeds.errors import ConfigError, DataError

if TYPE_CHECKING:
    import pandas as pd

METADATA = b"navale.chain"
"""Key of the Parquet metadata that holds what is known about a chain besides its rows."""


def read_chain(
    path: str | os.PathLike[str],
    *,
    symbol: str | None = None,
    session: date | None = None,
    asof: datetime | None = None,
) -> Chain:
    """The chain in a file.

    Canonical rows (feeds.chains.chain.COLUMNS; CSV, Parquet or Feather), optionally with columns spot, spot_ts and
    prev_close; Cboe's quotedata CSV, answers of Cboe and Massive (.json, .json.gz); or tables of the layouts in
    feeds.chains.layouts, recognised by their columns. symbol, session (a date) or asof (an instant) choose where a file
    holds several; a file that holds one needs none. Raises DataError naming file, row, value and cure.
    """
    if asof is not None and asof.tzinfo is None:
        raise ConfigError(f"asof={asof} has no UTC offset; give an aware datetime")
    name = str(path)
    lowered = name.lower()
    if lowered.endswith((".json", ".json.gz")):
        return _checked(_read_answer(Path(path)), symbol, session, asof)
    if lowered.endswith((".csv", ".csv.gz")):
        from feeds.chains.quotedata import is_quotedata, read_quotedata

        if is_quotedata(Path(path)):
            return _checked(read_quotedata(Path(path)), symbol, session, asof)
    from feeds.reading import read_file

    table = read_file(path)
    from feeds.chains.layouts import LAYOUTS, read_layout

    held = set(table.columns)
    dated = {"expiry", "root", "strike", "right"} <= held and not any(item.columns <= held for item in LAYOUTS)
    if "expiry_ts_utc" in held or dated:
        return canonical_chain(table, name, symbol=symbol, session=session, asof=asof, known=_metadata(Path(path)))
    return read_layout(table, name, symbol=symbol, session=session, asof=asof)


def canonical_chain(
    table: pd.DataFrame,
    name: str,
    *,
    symbol: str | None = None,
    session: date | None = None,
    asof: datetime | None = None,
    known: dict[str, Any] | None = None,
) -> Chain:
    """The chain in a table of canonical rows. known: what the file says besides its rows (`facts`)."""
    from feeds.chains.canonical import Source, times

    told = known or {}
    held = sorted(table["underlying"].dropna().astype(str).unique()) if "underlying" in table.columns else []
    if symbol not in held and (len(held) > 1 or (held and symbol is not None)):
        other = f", not {symbol}" if symbol is not None else ""
        raise DataError(f"{name}: holds {', '.join(held[:10])}{other}; choose one with symbol=")
    if len(held) > 1:
        table = table[table["underlying"] == symbol]
    if (session is not None or asof is not None) and "asof_utc" in table.columns:
        instants = times(table, "asof_utc", Source(name, table))
        table = table[_chosen(instants, session, asof, name)]
    moment = asof if "asof_utc" not in table.columns or table["asof_utc"].isna().all() else None
    if moment is not None and session is not None:
        _check_session(moment, session, name)
    spot_ts = told.get("spot_ts")
    return Chain.from_rows(
        table,
        symbol=symbol,
        asof=moment,
        spot_ts=datetime.fromisoformat(spot_ts) if spot_ts else None,
        spot_source=told.get("spot_source") or "given",
        source="synthetic" if _made_up(table, told) else "file",
        detail=name,
        feed=told.get("feed"),
        notes=tuple(told.get("notes", ())),
    )


def write_chain(chain: Chain, path: str | os.PathLike[str]) -> Path:
    """Write a chain as canonical rows (.csv or .parquet), replacing the file in one step; returns its path.

    The columns spot, spot_ts and prev_close are added; numbers keep every bit. Parquet also keeps source and notes.
    """
    target = Path(path)
    table = with_spot(chain)
    temporary = target.with_name(f".{target.name}.{os.getpid()}.part")
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        if target.suffix == ".csv":
            table.to_csv(temporary, index=False)
        elif target.suffix == ".parquet":
            _write_parquet(table, facts(chain), temporary)
        else:
            raise ConfigError(f"{target}: a chain is written as .csv or .parquet; change the name")
        os.replace(temporary, target)
    finally:
        temporary.unlink(missing_ok=True)
    return target


def with_spot(chain: Chain) -> pd.DataFrame:
    """Canonical rows with the columns spot, spot_ts and prev_close."""
    import pandas as pd

    stamp = pd.Timestamp(chain.spot_ts) if chain.spot_ts else pd.NaT
    return chain.rows.assign(
        spot=chain.spot,
        spot_ts=pd.Series([stamp] * len(chain.rows), index=chain.rows.index, dtype="datetime64[ns, UTC]"),
        prev_close=chain.prev_close,
    )


def facts(chain: Chain) -> dict[str, Any]:
    """What a chain holds besides its rows, as JSON takes it."""
    return {
        "symbol": chain.symbol,
        "asof": chain.asof.isoformat(),
        "spot": None if math.isnan(chain.spot) else chain.spot,
        "spot_ts": chain.spot_ts.isoformat() if chain.spot_ts else None,
        "spot_source": chain.spot_source,
        "source": chain.source,
        "detail": chain.detail,
        "feed": chain.feed,
        "prev_close": None if math.isnan(chain.prev_close) else chain.prev_close,
        "notes": list(chain.notes),
    }


def _write_parquet(table: pd.DataFrame, known: dict[str, Any], path: Path) -> None:
    import pyarrow
    import pyarrow.parquet

    arrow = pyarrow.Table.from_pandas(table, preserve_index=False)
    kept = {**(arrow.schema.metadata or {}), METADATA: json.dumps(known, sort_keys=True).encode()}
    pyarrow.parquet.write_table(arrow.replace_schema_metadata(kept), path, compression="zstd")


def _read_answer(path: Path) -> Chain:
    """A recorded answer of Cboe or Massive."""
    from feeds.chains.cboe_json import chain_of_answer
    from feeds.chains.massive_json import chain_of_pages

    name = str(path)
    try:
        body = path.read_bytes()
        document = json.loads(gzip.decompress(body) if name.lower().endswith(".gz") else body)
    except FileNotFoundError:
        raise DataError(f"{name}: no such file; check the path") from None
    except (OSError, EOFError, zlib.error, UnicodeDecodeError, json.JSONDecodeError) as problem:
        raise DataError(f"{name}: cannot be read as JSON: {problem}; write or download it again") from problem
    pages = document if isinstance(document, list) else [document]
    if pages and all(isinstance(page, dict) and "results" in page for page in pages):
        return chain_of_pages(pages, name)
    return chain_of_answer(document, name, source="file")


def _made_up(table: pd.DataFrame, known: dict[str, Any]) -> bool:
    """Whether a chain was synthetic when it was written: it stays so in every file."""
    columns = [table[name] for name in ("iv_source", "greek_source") if name in table.columns]
    return known.get("source") == "synthetic" or any((column == "synthetic").any() for column in columns)


def _metadata(path: Path) -> dict[str, Any]:
    """What a Parquet file of ours says besides its rows; nothing for other files."""
    if path.suffix != ".parquet":
        return {}
    import pyarrow.parquet

    held = (pyarrow.parquet.read_schema(path).metadata or {}).get(METADATA)
    return dict(json.loads(held)) if held else {}


def _chosen(instants: pd.Series, session: date | None, asof: datetime | None, name: str) -> Any:
    """Which rows are of the wanted instant or session."""
    from feeds.chains.contracts import session_of

    if asof is not None:
        chosen = (instants == asof).to_numpy()
        wanted = str(asof)
    else:
        days = {stamp: session_of(stamp.to_pydatetime(warn=False)) for stamp in instants.dropna().unique()}
        chosen = (instants.map(days) == session).to_numpy()
        wanted = str(session)
    if not chosen.any():
        held = ", ".join(str(stamp) for stamp in sorted(instants.dropna().unique())[:5])
        raise DataError(f"{name}: holds nothing of {wanted}; it holds {held}")
    return chosen


def _check_session(moment: datetime, session: date, name: str) -> None:
    from feeds.chains.contracts import session_of

    if session_of(moment) != session:
        raise DataError(f"{name}: is of session {session_of(moment)}, not {session}; choose another file or session")


def _checked(chain: Chain, symbol: str | None, session: date | None, asof: datetime | None) -> Chain:
    """A file that holds one chain must hold the one that was asked for."""
    if symbol is not None and chain.symbol != symbol:
        raise DataError(f"{chain.detail}: holds {chain.symbol}, not {symbol}; give --chain the file of {symbol}")
    if asof is not None and chain.asof != asof:
        raise DataError(f"{chain.detail}: is of {chain.asof}, not {asof}; leave asof out or choose another file")
    if session is not None:
        _check_session(chain.asof, session, chain.detail)
    return chain
