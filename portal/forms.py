"""Read a form as text, and give it back as it was typed."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request

ASKED_AGAIN = "asked-again"
"""The password field that `portal.guard` puts into somebody's form; no view ever sees it."""


@dataclass(frozen=True, slots=True)
class Form:
    """A form as it came: every value is text; a field that is missing reads as empty."""

    items: tuple[tuple[str, str], ...] = ()

    @classmethod
    async def read(cls, request: Request) -> Form:
        """Read the body; files, which we never ask for, are left out."""
        form = await request.form(max_fields=500)
        return cls(
            tuple(
                (name, value)
                for name, value in form.multi_items()
                if isinstance(value, str) and name != ASKED_AGAIN
            )
        )

    def __getitem__(self, name: str) -> str:
        """Give the first value of *name*, or nothing."""
        return next((value for key, value in self.items if key == name), "")

    def __contains__(self, name: str) -> bool:
        """Tell whether the form had such a field."""
        return any(key == name for key, _ in self.items)

    def all(self, name: str) -> list[str]:
        """Give every value of *name*."""
        return [value for key, value in self.items if key == name]

    def whole(self, name: str) -> int | None:
        """Give *name* as a whole number, or None when it is empty or is not one."""
        text = self[name].strip()
        return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None

    @property
    def lists(self) -> dict[str, list[str]]:
        """Give every field with all its values."""
        found: dict[str, list[str]] = {}
        for name, value in self.items:
            found.setdefault(name, []).append(value)
        return found
