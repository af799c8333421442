"""Runs on disk: save, list, reopen. A folder is whole or absent, and needs nothing else to be reopened."""

from __future__ import annotations

import difflib
import hashlib
import itertools
import re
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from feeds.errors import ConfigError, DataError, NavaleError
from optimize.manifest import (
    FORMAT,
    describe,
    plain_fields,
    read_account,
    read_bars,
    read_parameters,
    read_stamp,
    seal,
)
from optimize.run import Run
from optimize.storage import MANIFEST, checksum, from_json, nulled, place, to_json, write_text, writing_to
from strategies.execution.account import Account

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping


def save(run: Run, root: str | Path = "runs", *, tearsheet: bool = False, created: Any = None) -> Path:
    """Write a run to `root`/<id>/ and return that folder.

    It holds manifest.json (settings, data, versions, a checksum of every file and of itself), fills.parquet (the
    ledger, rejections included), equity.parquet, levels.parquet, metrics.json (null where undefined),
    bars-<symbol>.parquet and, on demand, tearsheet.html. The id sorts by time:
    "20240131T143000Z-AtrTrend-SPX-1a2b3c4d"; its end is a hash of what was run and of the ledger, equal for equal runs.
    All is written to a hidden folder that is renamed last. Raises ConfigError naming `root` when it cannot be written.
    created: time of the run, default now.
    """
    stamp = pd.Timestamp.now(tz="UTC") if created is None else pd.Timestamp(created).tz_convert("UTC")
    home = Path(root)
    with writing_to(home):
        home.mkdir(parents=True, exist_ok=True)
        part = Path(tempfile.mkdtemp(dir=home, prefix=".saving-"))
        try:
            part.chmod(0o755)
            return place(part, home, _write(run, part, _name(run, stamp), stamp, tearsheet))
        except BaseException:
            shutil.rmtree(part, ignore_errors=True)
            raise


def _write(run: Run, part: Path, name: str, stamp: pd.Timestamp, tearsheet: bool) -> dict[str, Any]:
    """Every file of a run but its manifest, which is returned."""
    manifest = describe(run, name, stamp)
    for symbol, file in _write_tables(run, part).items():
        manifest["data"][symbol]["file"] = file
    write_text(part / "metrics.json", to_json(nulled(run.metrics)))
    if tearsheet:
        from optimize.tearsheet import tearsheet as write_tearsheet

        write_tearsheet(run, part / "tearsheet.html")
    written = sorted(part.iterdir())
    manifest["files"] = {item.name: checksum(item) for item in written}
    manifest["sizes"] = {item.name: item.stat().st_size for item in written}
    return manifest | {"seal": seal(manifest)}


def open_run(run: str | Path, root: str | Path = "runs") -> Run:
    """A saved run, by id, by the beginning of an id, or by its folder; equal to the one saved, to the last bit.

    Raises DataError with the nearest ids when there is none, and naming the folder when something in it is missing or
    was changed.
    """
    folder = _find(run, Path(root))
    manifest = _manifest(folder)
    try:
        _verify(folder, manifest["files"])
        found = _read(folder, manifest)
        _same_id(folder, manifest["id"], found)
        return found
    except (KeyError, TypeError, ValueError, OSError) as problem:
        raise _corrupted(folder, f"{type(problem).__name__}: {problem}") from problem


def list_runs(root: str | Path = "runs") -> pd.DataFrame:
    """Saved runs, oldest first: id, created, strategy, symbols, engine, window and the main figures.

    A folder that cannot be read, lacks a file or has other figures than were saved is listed with what is wrong in
    column `problem`, and without figures. What is inside the tables is checked when a run is opened. An absent root has
    no runs.
    """
    rows = [_row(folder) for folder in _folders(Path(root))]
    columns = ("id", "created", "strategy", "symbols", "engine", "start", "end", "total_return", "sharpe")
    return pd.DataFrame(rows, columns=[*columns, "max_drawdown", "trades", "ruined", "problem"])


def _row(folder: Path) -> dict[str, Any]:
    try:
        told = _manifest(folder)
        _verify(folder, told["files"], told.get("sizes", {}))
        figures = from_json(folder / "metrics.json")
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
    except (NavaleError, KeyError, TypeError, ValueError, OSError) as problem:
        return {"id": folder.name, "problem": f"{type(problem).__name__}: {problem}"}


def _folders(root: Path) -> list[Path]:
    if not root.exists():
        return []
    if not root.is_dir():
        raise ConfigError(f"{root} is a file, and runs are kept in a folder; name another one")
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
    symbols = list(run.bars)
    told = _safe("-".join(symbols) if len(symbols) <= 3 else f"{symbols[0]}-and-{len(symbols) - 1}-more")
    end = next(_ends(run, [str(read_account(plain_fields(run.account)))]))  # as a manifest gives the account back
    return f"{stamp:%Y%m%dT%H%M%SZ}-{_safe(run.strategy_name)}-{told}-{end}"


def _ends(run: Run, accounts: Iterable[str]) -> Iterator[str]:
    """The end of the id for each spelling of the account: a hash of settings, window, bars and ledger."""
    rest = "".join(f"{symbol} {bars.fingerprint}\n" for symbol, bars in run.bars.items())
    last = (rest + run.ledger.to_csv(index=False)).encode()
    for account in accounts:
        first = f"{run.strategy_repr}\n{run.engine}\n{account}\n{run.start}\n{run.end}\n"
        yield hashlib.sha256(first.encode() + last).hexdigest()[:8]


def _same_id(folder: Path, told: str, run: Run) -> None:
    """Refuse a run whose settings, bars or ledger are not those that its id was made of."""
    end = re.search(r"-([0-9a-f]{8})(-\d{1,4})?$", told)
    if end is None or end[1] not in _ends(run, _spellings(run.account)):
        raise _corrupted(folder, f"{MANIFEST} was changed since it was saved, its settings do not belong to id {told}")


def _spellings(account: Account) -> Iterator[str]:
    """The account as text, then with its own numbers as numpy writes them: ids were once made of the account as it was
    given, and np.float64(0.002) is written otherwise than 0.002."""
    numbers = re.compile(r"(?<==)(-?\d[^,)]*|inf)")
    words, plain = numbers.split(str(account)), numbers.split(str(Account()))
    yield from map("".join, itertools.product(*(
        (word, f"np.float64({word})") if k % 2 and word != plain[k] else (word,) for k, word in enumerate(words)
    )))  # fmt: skip


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


def _manifest(folder: Path) -> dict[str, Any]:
    """What the manifest says, when it fits its own seal; those of earlier versions have none."""
    found = from_json(folder / MANIFEST)
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        raise DataError(
            f"{folder}: {MANIFEST} has another format than {FORMAT}; open it with the version that wrote it"
        )
    if "seal" in found and found["seal"] != seal(found):
        raise _corrupted(folder, f"{MANIFEST} was changed since it was saved")
    return found


def _verify(folder: Path, files: Mapping[str, str], sizes: Mapping[str, int] | None = None) -> None:
    """Refuse a file that is missing or was changed. sizes: compare these instead of reading the tables, for a list."""
    for name, expected in files.items():
        path = folder / name
        if Path(name).name != name or not path.is_file():
            raise _corrupted(folder, f"{name} is missing")
        if sizes is not None and path.suffix != ".json":
            changed = path.stat().st_size != sizes.get(name, path.stat().st_size)
        else:
            changed = checksum(path) != expected
        if changed:
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
