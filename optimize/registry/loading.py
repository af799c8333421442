"""Reading a frozen configuration: every way in which it may not be what was promoted has a refusal of its own."""

from __future__ import annotations

import datetime
import hashlib
import json
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from feeds.errors import ConfigError, NavaleError
from optimize.registry.events import RETIRED, Event
from optimize.registry.frozen_config import EXPORTED, SEAL, FrozenConfig, Market
from optimize.registry.kernel_hash import kernel_hash
from optimize.registry.record import DamagedRegistry, Record
from optimize.registry.store import Registry, RegistryBusy
from optimize.registry.strategy_source import find_strategy, same_file

if TYPE_CHECKING:
    from strategies.base import Strategy

ANEW = "export it again: navale configs export"


class ConfigRefused(ConfigError):
    """A configuration may not trade. check: "file", "changed-byte", "registry-missing", "registry-busy",
    "registry-differs", "registry-export", "history", "skipped-stage", "retired", "stage", "demoted", "synthetic",
    "strategy", "kernel"."""

    def __init__(self, check: str, message: str) -> None:
        super().__init__(message)
        self.check = check


def load_config(
    path: str | Path, registry: str | Path, *, purpose: str = "paper", now: datetime.datetime
) -> FrozenConfig:
    """The configuration of a file, if it is what the registry knows and the running code would trade it unchanged.

    purpose: "paper" takes stages paper and live, "live" only live. Raises ConfigRefused, whose `check` names what is
    wrong, and ConfigError for another purpose. After refit_by it loads, with a warning.
    """
    if purpose not in EXPORTED:
        raise ConfigError(f"purpose={purpose!r} is unknown; use 'paper' or 'live'")
    path = Path(path)
    told, sha256 = read_sealed(path)
    try:
        with Registry(registry, create=False) as opened:
            record, history = _known(opened, path, told)
            folder = opened.folder
    except DamagedRegistry as error:
        raise ConfigRefused(error.check, f"{path}: {error}") from error
    except ConfigRefused:
        raise
    except RegistryBusy as error:
        raise ConfigRefused("registry-busy", f"{path}: {error}") from error
    except NavaleError as error:
        raise ConfigRefused("registry-missing", f"{path}: {error}") from error
    _require_export(path, sha256, told, history)
    _require_stage(path, told, record, history, sha256, purpose)
    strategy, warnings = _strategy(path, record, folder)
    if now.date() > record.refit_by:
        warnings.append(f"refit_by was {record.refit_by}: navale reoptimize {record.id} files a successor")
    return FrozenConfig(
        path, sha256, record.id, history[-1].to_stage, strategy, record.kernel_hash, _markets(record), record.account,
        record.refit_by, record.synthetic, tuple(warnings),
    )  # fmt: skip


def read_sealed(path: Path) -> tuple[dict[str, Any], str]:
    """Content of the file and the hash of all its bytes. ConfigRefused when a byte is not what was sealed."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ConfigRefused(
            "file", f"{path}: cannot be read ({error}); give a file of `navale configs export`"
        ) from error
    place = content.rfind(b"[seal]")
    found = SEAL.fullmatch(content[place:]) if place >= 0 else None
    if found is None:
        raise ConfigRefused("changed-byte", f"{path}: it does not end with the seal it was written with; {ANEW}")
    if hashlib.sha256(content[:place]).hexdigest() != found[1].decode():
        raise ConfigRefused("changed-byte", f"{path}: it was changed after it was written; {ANEW}")
    try:
        told = tomllib.loads(content[:place].decode())
        return told, hashlib.sha256(content).hexdigest()
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigRefused("file", f"{path}: not TOML ({error}); {ANEW}") from error


def _known(registry: Registry, path: Path, told: dict[str, Any]) -> tuple[Record, tuple[Event, ...]]:
    name = str(told.get("record", ""))
    try:
        record = registry.record(name)
    except (DamagedRegistry, RegistryBusy):
        raise
    except NavaleError as error:
        raise ConfigRefused("registry-missing", f"{path}: {error}") from error
    if record.id != name or record.digest != told.get("record_sha256"):
        raise ConfigRefused(
            "registry-differs",
            f"{path}: record {record.id} in {registry.path} is not the one that was exported; {ANEW}",
        )
    return record, registry.history(record)


def _require_export(path: Path, sha256: str, told: dict[str, Any], history: tuple[Event, ...]) -> None:
    if _export_of(history, sha256) is None:
        raise ConfigRefused("registry-export", f"{path}: the registry knows no export of this very file; {ANEW}")
    written = [row.get("hash") for row in told.get("history", [])]
    if written != [event.hash for event in history[: len(written)]]:
        raise ConfigRefused("history", f"{path}: the registry's history is not the one that was exported; {ANEW}")


def _export_of(history: tuple[Event, ...], sha256: str) -> int | None:
    return next((event.step for event in history
                 if event.kind == "exported" and json.loads(event.details).get("sha256") == sha256), None)  # fmt: skip


def _require_stage(
    path: Path, told: dict[str, Any], record: Record, history: tuple[Event, ...], sha256: str, purpose: str
) -> None:
    stage = history[-1].to_stage
    accepted = EXPORTED if purpose == "paper" else ("live",)
    if stage == RETIRED:
        raise ConfigRefused("retired", f"{path}: {record.id} is retired: {history[-1].why}")
    if stage not in accepted:
        raise ConfigRefused("stage", f"{path}: {record.id} is at {stage}; {purpose} takes {' and '.join(accepted)}")
    since = [event for event in history[_export_of(history, sha256) :] if event.kind == "demoted"]
    if since:
        raise ConfigRefused("demoted", f"{path}: {record.id} was demoted after this export: {since[-1].why}; {ANEW}")
    if told["stage"] not in accepted:
        raise ConfigRefused("stage", f"{path}: exported at {told['stage']}; {purpose} takes a file exported at "
                                     f"{' or '.join(accepted)}; {ANEW}")  # fmt: skip
    if record.synthetic and purpose == "live":
        raise ConfigRefused("synthetic", f"{path}: {record.id} was found on synthetic data, which never trade live")


def _strategy(path: Path, record: Record, folder: Path) -> tuple[Strategy, list[str]]:
    source = record.content["source"]
    try:
        cls = find_strategy(source, folder)
        strategy = cls(**record.content["parameters"])
        now = kernel_hash(strategy)
    except (NavaleError, OSError) as error:
        raise ConfigRefused("strategy", f"{path}: the strategy of {record.id} cannot be made: {error}") from error
    if now != record.kernel_hash:
        raise ConfigRefused(
            "kernel",
            f"{path}: the running code would compile other kernels ({now[:12]}) than {record.id} was promoted with "
            f"({record.kernel_hash[:12]}); run its commit {record.content['code']['commit'][:12] or '(unknown)'}, or "
            "file and promote a new candidate",
        )
    if same_file(source, cls):
        return strategy, []
    return strategy, [f"the file that declares {source['class']} was edited, its kernels are the same"]


def _markets(record: Record) -> dict[str, Market]:
    from feeds.instrument import Instrument

    return {symbol: Market(Instrument(**told["instrument"]), told["timeframe"], told["calendar"], told["source"])
            for symbol, told in record.content["data"].items()}  # fmt: skip
