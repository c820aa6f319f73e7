"""The pages: read the form, call the domain, show the result. Home, today and records are here, the others in rooms."""

__all__ = ["home", "leaving_steps", "records", "today"]
