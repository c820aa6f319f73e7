"""Who has to wait after too many tries: keeps what was counted, by keyed names."""

__all__ = ["attempts", "limits"]
