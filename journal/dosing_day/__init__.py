"""The day of a dosing session: medicine as told, readings, what was asked for too early. The vault keeps the rows."""

__all__ = ["lines", "record", "requests"]
