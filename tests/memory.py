"""Where there is memory enough, what tests write lies in it and on no disk, for which each commit would wait."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

MEMORY = Path("/dev/shm")
ROOM = 1 << 30
"""Bytes that must be free: containers commonly have a few megabytes there, and a run needs several hundred."""


def find_memory(*, programs: bool = False) -> Path | None:
    """
    Return the folder that lies in memory, or None where there is none, or too little room in it.

    Args:
        programs: They have to start from there, which containers commonly refuse.
    """
    if not MEMORY.is_dir() or not os.access(MEMORY, os.W_OK) or shutil.disk_usage(MEMORY).free < ROOM:
        return None
    return None if programs and os.statvfs(MEMORY).f_flag & os.ST_NOEXEC else MEMORY
