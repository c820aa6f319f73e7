"""
Every table put back to an earlier moment, one at a time and all together; with and without the server key.

Who notices stands in `NOTICED`: whoever opens a page, in the browser in which they saw more; or whoever compares with
the head that they kept elsewhere. What nobody notices is in `SAYS_NOTHING`, with what it cannot do.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from html import unescape
from pathlib import Path

import pytest
import pytest_asyncio

from journal.audit.verification import verify_log
from journal.operations.account_marks import AccountMark, compare_marks, find_deleted, load_marks
from journal.store.foreign_objects import load_models
from tests.attacks.conftest import BEGINNINGS, Target
from tests.attacks.test_swapped import names
from tests.attacks.world import World
from tests.cast import Furniture

