"""Runs on disk: save, list, reopen. A folder is whole or absent, and needs nothing else to be reopened."""

from __future__ import annotations

import difflib
import hashlib
import re
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from feeds.errors import DataError, NavaleError
from optimize.manifest import FORMAT, describe, read_account, read_bars, read_parameters, read_stamp
from optimize.run import Run
from optimize.storage import MANIFEST, checksum, from_json, nulled, place, to_json, write_text

if TYPE_CHECKING:
    from collections.abc import Mapping


def save(run: Run, root: str | Path = "runs", *, tearsheet: bool = False, created: Any = None) -> Path:
    """Write a run to `root`/<id>/ and return that folder.

    It holds manifest.json (settings, data, versions, a checksum of every file), fills.parquet (the ledger, rejections
    included), equity.parquet, levels.parquet, metrics.json (null where undefined), bars-<symbol>.parquet and, on
    demand, tearsheet.html. The id sorts by time: "20240131T143000Z-AtrTrend-SPX-1a2b3c4d"; its end is a hash of what
    was run and of the ledger, equal for equal runs. All is written to a hidden folder that is renamed last.
    created: time of the run, default now.
    """
    stamp = pd.Timestamp.now(tz="UTC") if created is None else pd.Timestamp(created).tz_convert("UTC")
    home = Path(root)
    home.mkdir(parents=True, exist_ok=True)
    part = Path(tempfile.mkdtemp(dir=home, prefix=".saving-"))
    try:
        part.chmod(0o755)
        name = _name(run, stamp)
        manifest = describe(run, name, stamp)
        tables = _write_tables(run, part)
        for symbol, file in tables.items():
            manifest["data"][symbol]["file"] = file
        write_text(part / "metrics.json", to_json(nulled(run.metrics)))
        if tearsheet:
            from optimize.tearsheet import tearsheet as write_tearsheet

            write_tearsheet(run, part / "tearsheet.html")
        manifest["files"] = {item.name: checksum(item) for item in sorted(part.iterdir())}
        return place(part, home, manifest)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise


def open_run(run: str | Path, root: str | Path = "runs") -> Run:
    """A saved run, by id, by the beginning of an id, or by its folder; equal to the one saved, to the last bit.

    Raises DataError with the nearest ids when there is none, and naming the folder when something in it is missing or
    was changed.
    """
    folder = _find(run, Path(root))
    manifest = from_json(folder / MANIFEST)
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise DataError(
            f"{folder}: {MANIFEST} has another format than {FORMAT}; open it with the version that wrote it"
        )
    try:
        _verify(folder, manifest["files"])
        return _read(folder, manifest)
    except (KeyError, TypeError, ValueError, OSError) as problem:
        raise _corrupted(folder, f"{type(problem).__name__}: {problem}") from problem


def list_runs(root: str | Path = "runs") -> pd.DataFrame:
    """Saved runs, oldest first: id, created, strategy, symbols, engine, window and the main figures.

    Folders that cannot be read are listed with what is wrong in column `problem`. An absent root has no runs.
    """
    rows = [_row(folder) for folder in _folders(Path(root))]
    columns = ("id", "created", "strategy", "symbols", "engine", "start", "end", "total_return", "sharpe")
    return pd.DataFrame(rows, columns=[*columns, "max_drawdown", "trades", "ruined", "problem"])


def _row(folder: Path) -> dict[str, Any]:
    try:
        told, figures = from_json(folder / MANIFEST), from_json(folder / "metrics.json")
        names = ("total_return", "sharpe", "max_drawdown", "trades")
        return {
            "id": folder.name,
            "created": pd.Timestamp(told["created"]),
            "strategy": told["strategy"],
            "symbols": ", ".join(told["data"]),
            "engine": told["engine"],
            "start": read_stamp(told["window"]["start"]),
            "end": read_stamp(told["window"]["end"]),
            "ruined": told["ruined"],
            "problem": "",
            **{name: figures[name] for name in names},
        }
    except (NavaleError, KeyError, TypeError, ValueError) as problem:
        return {"id": folder.name, "problem": f"{type(problem).__name__}: {problem}"}


def _folders(root: Path) -> list[Path]:
    if not root.is_dir():
        return []
    return sorted(item for item in root.iterdir() if item.is_dir() and not item.name.startswith("."))


def _find(run: str | Path, root: Path) -> Path:
    given = Path(run)
    if (given / MANIFEST).is_file():
        return given
    known = [folder.name for folder in _folders(root)]
    matches = [name for name in known if name == str(run)] or [name for name in known if name.startswith(str(run))]
    if str(run) and len(matches) == 1:
        return root / matches[0]
    if str(run) and matches:
        raise DataError(f"{run!r} names {len(matches)} runs in {root}: {', '.join(matches[:5])}; give more of the id")
    near = [name for name in known if str(run).lower() in name.lower()]
    near = near or difflib.get_close_matches(str(run), known, n=3, cutoff=0.4)
    hint = f"; nearest: {', '.join(near[:3])}" if near else f"; it holds {len(known)} runs"
    raise DataError(f"no run {str(run)!r} in {root}{hint}")


def _name(run: Run, stamp: pd.Timestamp) -> str:
    digest = hashlib.sha256(f"{run.strategy_repr}\n{run.engine}\n{run.account}\n{run.start}\n{run.end}\n".encode())
    for symbol, bars in run.bars.items():
        digest.update(f"{symbol} {bars.fingerprint}\n".encode())
    digest.update(run.ledger.to_csv(index=False).encode())
    symbols = list(run.bars)
    told = _safe("-".join(symbols) if len(symbols) <= 3 else f"{symbols[0]}-and-{len(symbols) - 1}-more")
    return f"{stamp:%Y%m%dT%H%M%SZ}-{_safe(run.strategy_name)}-{told}-{digest.hexdigest()[:8]}"


def _safe(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9.]+", "-", text).strip("-.")[:60] or "x"


def _write_tables(run: Run, folder: Path) -> dict[str, str]:
    run.ledger.to_parquet(folder / "fills.parquet")
    run.equity.to_frame().to_parquet(folder / "equity.parquet")
    if run.levels is not None:
        run.levels.to_parquet(folder / "levels.parquet")
    files: dict[str, str] = {}
    for number, (symbol, bars) in enumerate(run.bars.items(), 1):
        plain = f"bars-{_safe(symbol)}.parquet"
        files[symbol] = plain if plain not in files.values() else f"bars-{_safe(symbol)}-{number}.parquet"
        bars.frame.to_parquet(folder / files[symbol])
    return files


def _verify(folder: Path, files: Mapping[str, str]) -> None:
    for name, expected in files.items():
        path = folder / name
        if Path(name).name != name or not path.is_file():
            raise _corrupted(folder, f"{name} is missing")
        if checksum(path) != expected:
            raise _corrupted(folder, f"{name} was changed since it was saved")


def _corrupted(folder: Path, what: str) -> DataError:
    return DataError(f"run {folder} is corrupted: {what}; restore the folder from a copy or run it again")


def _read(folder: Path, manifest: dict[str, Any]) -> Run:
    bars = {}
    for symbol, told in manifest["data"].items():
        bars[symbol] = read_bars(told, pd.read_parquet(folder / Path(told["file"]).name))
        if bars[symbol].fingerprint != told["fingerprint"]:
            raise _corrupted(folder, f"bars of {symbol} have another fingerprint than the manifest")
    has_levels = "levels.parquet" in manifest["files"]
    return Run(
        strategy_repr=manifest["strategy"],
        strategy_name=manifest["strategy_name"],
        parameters=read_parameters(manifest["parameters"]),
        engine=manifest["engine"],
        bars=bars,
        account=read_account(manifest["account"]),
        ledger=pd.read_parquet(folder / "fills.parquet"),
        equity=pd.read_parquet(folder / "equity.parquet")["equity"],
        levels=pd.read_parquet(folder / "levels.parquet") if has_levels else None,
        start=read_stamp(manifest["window"]["start"]),
        end=read_stamp(manifest["window"]["end"]),
        ruined=manifest["ruined"],
        seconds=manifest["seconds"],
    )
