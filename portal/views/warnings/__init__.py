"""What is said in the place of a page: an account that is as it was earlier, and what the witness noticed."""

__all__ = ["earlier_state", "witness"]
