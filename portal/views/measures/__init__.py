"""Published measures, as a patient fills them in and looks back at them."""

__all__ = ["filling", "overview", "score_entry"]
