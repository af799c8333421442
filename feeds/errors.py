"""Exceptions of the package. The class says who must act; the message says what, where and the cure."""


class NavaleError(Exception):
    """Base of every error that Navale raises on purpose."""


class DataError(NavaleError):
    """Market data are missing, malformed or too short: fix the source."""


class ConfigError(NavaleError):
    """A setting is unknown, out of bounds or contradicts another: fix the configuration."""


class ParameterError(ConfigError):
    """A strategy or indicator was given an unknown or out-of-bounds parameter: fix the call."""


class DefinitionError(ConfigError):
    """A strategy or indicator class is declared wrongly: fix the class."""


class ParityError(NavaleError):
    """Two engines disagree: stop, trade nothing, report a bug."""


class WorkerLost(NavaleError):
    """Worker processes died more often than chance explains: look at memory, at the machines, at the kernel."""
