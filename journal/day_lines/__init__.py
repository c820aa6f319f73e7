"""One line a day, if wanted: mood, sleep, tension, up to three of one's own, a sentence. The vault keeps the rows."""

__all__ = ["lines", "records"]
