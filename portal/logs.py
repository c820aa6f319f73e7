"""
The log for the operator: a line for each event, as text or as JSON, and nothing that anybody wrote.

What our own code logs is written in full. Of other loggers only the message template is: the arguments of their
messages, and the messages of errors, may quote an address, a name or a text. Of an error the kind and the place remain.
"""

from __future__ import annotations

import json
import logging
import sys
import threading
import traceback
from collections.abc import Mapping
from datetime import UTC, datetime
from types import TracebackType
from typing import Any

NAME = "hearthside"
TEXT, JSON = "text", "json"
FORMATS = (TEXT, JSON)
QUIET_LIBRARIES = ("tortoise", "asyncpg", "aiosqlite")  # at DEBUG they print the values that they bind

log = logging.getLogger(NAME)


def configure_logging(line_format: str) -> None:
    """Write every line of this process to standard error, as *line_format*; keep a level that was set before."""
    root = logging.getLogger()
    if not root.handlers:
        root.addHandler(logging.StreamHandler())
        root.setLevel(logging.INFO)
    for handler in root.handlers:
        handler.setFormatter(JsonFormatter() if line_format == JSON else TextFormatter())
    silence_libraries()
    logging.captureWarnings(capture=True)
    sys.unraisablehook = lambda found: _log_unhandled("could not be raised", found.exc_value)
    threading.excepthook = lambda found: _log_unhandled("ended a thread", found.exc_value)
    sys.excepthook = _log_fatal


def silence_libraries() -> None:
    """Silence the libraries that would print what they store."""
    for name in QUIET_LIBRARIES:
        logging.getLogger(name).setLevel(logging.WARNING)


def describe_error(error: BaseException) -> dict[str, str]:
    """Return the type of an error and where it was raised, never its message."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f"{'/'.join(frames[-1].filename.split('/')[-2:])}:{frames[-1].lineno}" if frames else ""
    return {"error": type(error).__name__, "place": place}


class SafeFormatter(logging.Formatter):
    """Formats of a record only what may be logged."""

    def build_fields(self, record: logging.LogRecord) -> dict[str, Any]:
        """Return the fields of a line, in their order."""
        fields: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "from": record.name,
            "said": _get_message(record),
        }
        fields |= getattr(record, "told", {})
        if record.exc_info and record.exc_info[1] is not None:
            fields |= describe_error(record.exc_info[1])
        return fields


class JsonFormatter(SafeFormatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """Write a record."""
        return json.dumps(self.build_fields(record), ensure_ascii=True)


class TextFormatter(SafeFormatter):
    """The message first, then the fields."""

    def format(self, record: logging.LogRecord) -> str:
        """Write a record."""
        fields = self.build_fields(record)
        first = " ".join(str(fields.pop(name)) for name in ("at", "level", "from", "said"))
        return " ".join([first, *(f"{name}={value}" for name, value in fields.items())])


def log_event(level: int, message: str, fields: Mapping[str, object] | None = None) -> None:
    """Write a line of our own."""
    log.log(level, message, extra={"told": dict(fields or {})})


def _get_message(record: logging.LogRecord) -> str:
    # uvicorn's notices are about itself: its process, its address.
    if record.name == NAME or (record.name == "uvicorn.error" and record.levelno == logging.INFO):
        said = record.getMessage()
    elif record.name == "py.warnings":  # path:line: kind: message
        said = ": ".join(
            str(record.args[0] if isinstance(record.args, tuple) and record.args else "").split(": ")[:2]
        )
    else:
        said = str(record.msg)
    return said.partition("\n")[0]


def _log_unhandled(what: str, error: BaseException | None) -> None:
    log_event(logging.ERROR, f"an error {what}", describe_error(error) if error else {})


def _log_fatal(kind: type[BaseException], error: BaseException, _: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        return
    log_event(logging.CRITICAL, "an error nobody foresaw ended this command", describe_error(error))
