"""What is noted on the day of a dosing session: the medicine as told, and readings. The vault keeps the rows."""

__all__ = ["lines", "record"]
