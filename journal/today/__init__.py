"""The one next thing of a first page, from plan, phase and what is due, and the order of the rest; keeps nothing."""

__all__ = ["desk", "reminding", "things", "today"]
