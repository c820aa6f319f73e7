"""
What a process does so that its memory is read by nobody else: no core dumps, no tracing, freed memory overwritten.

Whoever starts another program loses the first two, so a program of ours that is started by `own_process` is run by this
file, which needs nothing of ours.
"""

from __future__ import annotations

import ctypes
import os
import resource
import runpy
import sys
from collections.abc import Mapping, Sequence
from types import MappingProxyType

PR_SET_DUMPABLE = 4  # linux/prctl.h
PYTHON_ALLOCATOR, LIBRARY_TUNABLES = "PYTHONMALLOC", "GLIBC_TUNABLES"
ALLOCATOR: Mapping[str, str] = MappingProxyType(
    {
        PYTHON_ALLOCATOR: "malloc",
        LIBRARY_TUNABLES: "glibc.malloc.tcache_count=0:glibc.malloc.perturb=165",
    }
)
"""
Variables with which whatever is freed is overwritten at once. They count at a program's start only.

Python's own allocator and glibc's cache of each thread would keep what was freed as it was; the rest of glibc
overwrites it when it is told to.
"""


def forbid_dumps() -> None:
    """Forbid core dumps of this process, and that anybody but a superuser traces it or reads its memory."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)


def build_wiping_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """Return *environment* with what has freed memory overwritten; other tunables that an operator set stay."""
    theirs = environment.get(LIBRARY_TUNABLES, "").removesuffix(ALLOCATOR[LIBRARY_TUNABLES]).rstrip(":")
    tunables = f"{theirs}:{ALLOCATOR[LIBRARY_TUNABLES]}" if theirs else ALLOCATOR[LIBRARY_TUNABLES]
    return {**environment, **ALLOCATOR, LIBRARY_TUNABLES: tunables}


def restart_with_wiping() -> None:
    """Start this very program anew in this process, once, so that whatever it frees from now on is overwritten."""
    wanted = build_wiping_environment(os.environ)
    if wanted != dict(os.environ) and _has_wiping_library():
        os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], wanted)  # noqa: S606 - our own command line


def _has_wiping_library() -> bool:
    """Return whether the C library is the one that the variables are for."""
    try:
        return bool(os.confstr("CS_GNU_LIBC_VERSION"))
    except (OSError, ValueError):
        return False


def _run(arguments: Sequence[str]) -> None:
    """Run the program that the first of *arguments* names, as if it had been started with them."""
    forbid_dumps()
    sys.argv = [*arguments]
    runpy.run_path(arguments[0], run_name="__main__")


if __name__ == "__main__":
    _run(sys.argv[1:])
