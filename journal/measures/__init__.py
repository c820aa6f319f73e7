"""Published measures: their texts as data, how they are filled in and added up. The vault keeps the rows."""

__all__ = ["instruments", "lines", "records", "scores", "scoring"]
