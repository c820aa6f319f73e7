"""What is changed, and the tests that look."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Room:
    """
    Files that are changed together, and the tests that should notice.

    Attributes:
        changed: Patterns of the files.
        tests: What pytest is given.
        options: More that it is given.
        anew: What it is given besides where everything is imported anew.
        longest: Seconds of tests at most, as they took when the code was unchanged: a mutant that lives so long has
            survived.
    """

    changed: tuple[str, ...]
    tests: tuple[str, ...]
    options: tuple[str, ...] = ()
    anew: tuple[str, ...] = ()
    longest: float = 15.0

    def list_files(self) -> list[str]:
        """Return the changed files, as paths from the root."""
        return sorted(
            str(path.relative_to(ROOT))
            for pattern in self.changed
            for path in ROOT.glob(pattern)
            if path.name != "__init__.py"
        )


ROOMS = {
    "crypto": Room(
        ("crypto/*.py",),
        ("tests/crypto",),
        # These read the source, which stays as it is.
        (
            "--ignore=tests/crypto/test_format_page.py",
            "--ignore=tests/crypto/test_format_map.py",
            "--deselect=tests/crypto/test_vectors.py::test_generator_makes_the_committed_vectors",
        ),
        # Nothing of the layers above is needed.
        ("--confcutdir=tests/crypto",),
    ),
    "authorisation": Room(
        (
            "portal/access/*.py",
            "journal/actor.py",
            "journal/roles.py",
            "journal/care/links.py",
            "journal/care/link_keys.py",
            "journal/care/lifecycle.py",
            "journal/authentication/web_sessions.py",
        ),
        (
            "tests/portal/access",
            "tests/portal/test_addresses.py",
            "tests/portal/test_held_routes.py",
            "tests/portal/views/sharing",
            "tests/portal/views/sign_in",
            "tests/portal/views/account",
            "tests/journal/care",
            "tests/journal/authentication",
            "tests/journal/sharing",
            "tests/journal/notices",
            "tests/journal/key_rotation",
            "tests/journal/account_reset",
        ),
        ("-k", "not postgres"),
    ),
}
