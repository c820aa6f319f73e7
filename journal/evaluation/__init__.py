"""An evaluation before treatment: what it asks, how answers are written, and its versions. The vault keeps the rows."""

__all__ = ["changes", "conditions", "form_fields", "lines", "records", "reviewing"]
