"""The product's pages, compiled once for all the processes of a run: that took each of them longer than to start."""

from __future__ import annotations

import os
from contextlib import suppress
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from tests.memory import find_memory

if TYPE_CHECKING:
    import pytest
    from jinja2 import Environment

    from portal.web.pages import Templates

COMPILED = "COMPILED_PAGES"
"""What the environment calls the folder with what one process compiled and the others need not."""


def compile_once(config: pytest.Config) -> None:
    """Have the processes of this run share what they compile, in a folder that goes with the run."""
    if COMPILED not in os.environ:
        folder = TemporaryDirectory(prefix="hearthside-pages-", dir=find_memory())
        os.environ[COMPILED] = folder.name
        config.add_cleanup(folder.cleanup)


def build_shared_templates() -> Templates:
    """Return the product's pages as it builds them; each is compiled where no other process has done so."""
    from jinja2 import FileSystemBytecodeCache
    from jinja2.bccache import Bucket

    from portal.web.pages import Templates, build_environment

    class _Shared(FileSystemBytecodeCache):
        def dump_bytecode(self, bucket: Bucket) -> None:
            # On a disk that a test has broken, a page that nobody compiled before is shown all the same.
            with suppress(OSError):
                super().dump_bytecode(bucket)

    def build(language: str) -> Environment:
        environment = build_environment(language)
        if folder := os.environ.get(COMPILED):
            environment.bytecode_cache = _Shared(folder, f"__jinja2_{language}_%s.cache")
        return environment

    return Templates(build)
