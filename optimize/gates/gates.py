"""Gates: what a walk-forward must show before its candidate may be promoted.

A gate compares one judged figure with a threshold. There is no switch to leave one out, and nothing stands in for a
figure that is missing: what is not shown has not passed.
"""

from __future__ import annotations

import hashlib
import json
import math
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from feeds.errors import ConfigError
from indicators.declaration import suggestion
from optimize.evidence.figures import FIGURES

VERSION = 1
BOUNDS = ("at_least", "at_most", "above")
KEYS = ("name", "value", "why", *BOUNDS)


@dataclass(frozen=True)
class Gate:
    """value: name of a figure (optimize.evidence.figures.FIGURES). bound: "at_least", "at_most" or "above". why: the
    reason for the threshold, in a sentence."""

    name: str
    value: str
    bound: str
    threshold: float
    why: str

    def passes(self, value: float) -> bool:
        """What is not finite never passes."""
        if not math.isfinite(value):
            return False
        if self.bound == "at_least":
            return value >= self.threshold
        return value <= self.threshold if self.bound == "at_most" else value > self.threshold


@dataclass(frozen=True)
class Gates:
    """A declared list of gates. source: where it was read from; hash: sha256 of what it means, prose and order left
    out."""

    version: int
    gates: tuple[Gate, ...]
    source: str

    @property
    def hash(self) -> str:
        meant = sorted((gate.name, gate.value, gate.bound, gate.threshold) for gate in self.gates)
        return hashlib.sha256(json.dumps([self.version, meant]).encode()).hexdigest()

    @property
    def figures(self) -> tuple[str, ...]:
        """Names of the figures that the gates read."""
        return tuple(dict.fromkeys(gate.value for gate in self.gates))


@dataclass(frozen=True)
class GateResult:
    """One gate against one judgement. value: NaN when missing. said: the outcome in a sentence. why: the reason for the
    threshold."""

    name: str
    figure: str
    value: float
    bound: str
    threshold: float
    passed: bool
    said: str
    why: str


@dataclass(frozen=True)
class GateReport:
    """All gates. passed: every one of them, and there is at least one."""

    results: tuple[GateResult, ...]
    version: int
    hash: str
    source: str

    @property
    def passed(self) -> bool:
        return bool(self.results) and all(result.passed for result in self.results)

    @property
    def failed(self) -> tuple[GateResult, ...]:
        return tuple(result for result in self.results if not result.passed)

    @property
    def default(self) -> bool:
        """Whether these are the gates that come along, as far as they mean something; prose may differ."""
        return self.hash == load_gates().hash

    def to_json(self) -> dict[str, Any]:
        """Plain data; a missing value is None."""
        from optimize.storage import nulled

        rows = [asdict(result) for result in self.results]
        told = {"passed": self.passed, "version": self.version, "hash": self.hash, "source": self.source,
                "default": self.default, "gates": rows}  # fmt: skip
        plain: dict[str, Any] = nulled(told)
        return plain


def load_gates(path: str | Path | None = None) -> Gates:
    """Gates from a TOML file; the default ones without a path. ConfigError, naming the place, for a file that is
    missing or empty, for an unknown key, figure or version, a gate given twice and a threshold that is no number."""
    if path is None:
        source = "default gates"
        text = resources.files("optimize").joinpath("assets", "gates.toml").read_text(encoding="utf-8")
    else:
        source = str(path)
        try:
            text = Path(path).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"{source}: cannot be read ({error}); name a file of gates") from error
    return read_gates(text, source)


def read_gates(text: str, source: str) -> Gates:
    """Gates from TOML text; errors as in `load_gates`."""
    try:
        told = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{source}: is no TOML: {error}") from error
    _known(source, told, ("version", "gate"))
    version = told.get("version")
    if isinstance(version, bool) or version != VERSION or not isinstance(version, int):
        raise ConfigError(f"{source}: version={version!r}; this release reads version = {VERSION}")
    entries = told.get("gate")
    if not isinstance(entries, list) or not entries:
        raise ConfigError(f"{source}: holds no [[gate]]; without gates nothing can pass")
    gates = tuple(_gate(f"{source}, gate {k + 1}", entry) for k, entry in enumerate(entries))
    for k, gate in enumerate(gates):
        for other in gates[:k]:
            if gate.name == other.name:
                raise ConfigError(f"{source}: gate {gate.name!r} is given twice; keep one")
            if (gate.value, gate.bound) == (other.value, other.bound):
                raise ConfigError(f"{source}: {other.name!r} and {gate.name!r} both say {gate.bound} of {gate.value}")
    return Gates(version, gates, source)


def _gate(place: str, entry: Any) -> Gate:
    if not isinstance(entry, dict):
        raise ConfigError(f"{place}: is no table; write [[gate]]")
    _known(place, entry, KEYS)
    for key in ("name", "value", "why"):
        if not isinstance(entry.get(key), str) or not entry[key].strip():
            raise ConfigError(f"{place}: {key}={entry.get(key)!r} must be a text")
    if entry["value"] not in FIGURES:
        raise ConfigError(f"{place}: no figure {entry['value']!r}{suggestion(entry['value'], list(FIGURES))}")
    bounds = [bound for bound in BOUNDS if bound in entry]
    if len(bounds) != 1:
        raise ConfigError(f"{place}: give one of {', '.join(BOUNDS)}; it has {', '.join(bounds) or 'none'}")
    threshold = entry[bounds[0]]
    if isinstance(threshold, bool) or not isinstance(threshold, (int, float)) or not math.isfinite(threshold):
        raise ConfigError(f"{place}: {bounds[0]}={threshold!r} must be a number")
    return Gate(entry["name"], entry["value"], bounds[0], float(threshold), entry["why"])


def _known(place: str, told: Mapping[str, Any], keys: tuple[str, ...]) -> None:
    for key in told:
        if key not in keys:
            raise ConfigError(f"{place}: unknown key {key!r}{suggestion(key, list(keys))}")


def laxer(rows: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """Names of the default gates that a report's rows (GateReport.to_json) leave out or ask less than."""
    found = []
    for gate in load_gates().gates:
        if not any(row["figure"] == gate.value and _covers(row["bound"], row["threshold"], gate) for row in rows):
            found.append(gate.name)
    return tuple(found)


def _covers(bound: str, threshold: float, gate: Gate) -> bool:
    """Whether whatever passes this bound passes the gate too."""
    if "at_most" in (bound, gate.bound):
        return bound == gate.bound and threshold <= gate.threshold
    return threshold > gate.threshold or (threshold == gate.threshold and bound in (gate.bound, "above"))


def check_gates(values: Mapping[str, float], missing: Mapping[str, str], gates: Gates) -> GateReport:
    """Every gate against judged figures. A figure that is absent or NaN fails its gate, with the reason of `missing`.
    ConfigError for an empty list of gates."""
    if not gates.gates:
        raise ConfigError(f"{gates.source}: no gates; without gates nothing can pass")
    results = tuple(_result(gate, values, missing) for gate in gates.gates)
    return GateReport(results, gates.version, gates.hash, gates.source)


def _result(gate: Gate, values: Mapping[str, float], missing: Mapping[str, str]) -> GateResult:
    value = float(values.get(gate.value, math.nan))
    passed = gate.passes(value)
    label = FIGURES[gate.value].label
    if math.isnan(value):
        said = f"{label} is missing: {missing.get(gate.value, 'it was not computed')}"
    elif math.isinf(value):
        said = f"{label} is not finite: {value}"
    else:
        number, threshold = apart(value, gate.threshold)
        said = f"{label} {number} {_relation(gate, value)} {threshold}"
    return GateResult(gate.name, gate.value, value, gate.bound, gate.threshold, passed, said, gate.why)


def _relation(gate: Gate, value: float) -> str:
    if value == gate.threshold:
        return "is not above" if gate.bound == "above" else "is just"
    return "is above" if value > gate.threshold else "is below"


def apart(value: float, threshold: float) -> tuple[str, str]:
    """Both numbers with as many digits as it takes to see that they differ, two at least (none for whole numbers)."""
    if value == int(value) and threshold == int(threshold):
        return f"{int(value):,}", f"{int(threshold):,}"
    for digits in range(2, 16):
        shown = f"{value:,.{digits}f}", f"{threshold:,.{digits}f}"
        if value == threshold or shown[0] != shown[1]:
            return shown
    return repr(value), repr(threshold)
