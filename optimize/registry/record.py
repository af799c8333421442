"""An immutable record: a candidate, what it was made from, and its evidence."""

from __future__ import annotations

import datetime
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from feeds.errors import ConfigError, DataError
from optimize.storage import nulled

if TYPE_CHECKING:
    from strategies.execution.account import Account

ID = 12  # letters of the hash


class DamagedRegistry(DataError):
    """The registry's rows are not what was written. check: "registry-differs" or "history"."""

    def __init__(self, check: str, message: str) -> None:
        super().__init__(message)
        self.check = check


def canonical(value: Any) -> str:
    """JSON text that is the same for the same value: sorted keys, no spaces, nothing that is not finite."""
    return json.dumps(nulled(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def digest(text: str) -> str:
    """sha256 (hex) of a text."""
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True)
class Record:
    """What was filed, once and for all. text: canonical JSON; content: the same, read.

    content: strategy (repr), source, parameters, kernel_hash, data (per symbol), reading (how to load them again or
    None), account, code, versions, navale, procedure, evidence {judgement, gates}, synthetic, parity (or None),
    refit_by, by, why, when.
    """

    id: str
    digest: str
    text: str

    @classmethod
    def of(cls, content: Mapping[str, Any]) -> Record:
        """A new record; its id is the beginning of the hash of its content."""
        text = canonical(dict(content))
        found = digest(text)
        return cls(found[:ID], found, text)

    @cached_property
    def content(self) -> dict[str, Any]:
        """The content, read from `text`."""
        found: dict[str, Any] = json.loads(self.text)
        return found

    def verify(self) -> None:
        """DamagedRegistry unless id and hash belong to the content."""
        if digest(self.text) != self.digest or self.digest[:ID] != self.id:
            raise DamagedRegistry(
                "registry-differs", f"record {self.id}: the row is not what was filed; restore the registry's file"
            )

    @property
    def kernel_hash(self) -> str:
        """Hash of the kernels that the evidence was made with."""
        return str(self.content["kernel_hash"])

    @property
    def synthetic(self) -> bool:
        """True when some of its data are not a market's."""
        return bool(self.content["synthetic"])

    @property
    def refit_by(self) -> datetime.date:
        """The day after which paper and live warn."""
        return datetime.date.fromisoformat(self.content["refit_by"])

    @property
    def account(self) -> Account:
        """Money, costs and sizing."""
        from optimize.manifest import read_account

        return read_account(self.content["account"])

    @property
    def gates(self) -> dict[str, Any]:
        """The gate report."""
        found: dict[str, Any] = self.content["evidence"]["gates"]
        return found

    def __str__(self) -> str:
        return f"{self.id} {self.content['strategy']}"


def required_text(name: str, value: str) -> str:
    """`by` and `why`, without blanks around; ConfigError when nothing is left."""
    if not isinstance(value, str) or not value.strip():
        raise ConfigError(f"--{name} is blank; say {'who decides' if name == 'by' else 'why'}")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise ConfigError(f"--{name} {value!r} cannot be written as UTF-8; write it anew") from error
    return " ".join(value.split())


def stamp(now: datetime.datetime) -> str:
    """An aware time as UTC text."""
    if now.tzinfo is None:
        raise ConfigError(f"now={now!r} has no zone; give an aware time")
    return now.astimezone(datetime.UTC).isoformat(timespec="microseconds")
