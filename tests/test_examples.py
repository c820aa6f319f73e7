"""The examples that operators copy: what they name is there."""

from __future__ import annotations

import re

import pytest

from portal.cli.command import main
from portal.config import PREFIX, SETTINGS
from tests.test_architecture import FORBIDDEN_IN_PAGES, ROOT

UNIT = (ROOT / "docs" / "examples" / "hearthside.service").read_text(encoding="utf-8")
NGINX = (ROOT / "docs" / "examples" / "nginx.conf").read_text(encoding="utf-8")


def test_the_unit_names_settings_and_a_command_that_are_there(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Each setting is one of ours, and the command is understood."""
    known = {PREFIX + one.name for one in SETTINGS}
    named = dict(re.findall(r"^Environment=([A-Z_]+)=(.+)$", UNIT, re.MULTILINE))
    assert {name.removesuffix("_FILE") for name in named} <= known
    (command,) = re.findall(r"^ExecStart=\S+/hearthside (\w+)$", UNIT, re.MULTILINE)
    with pytest.raises(SystemExit) as told:
        main([command, "--help"])
    assert told.value.code == 0
    assert "serve" in capsys.readouterr().out


def test_the_unit_writes_to_one_folder_and_keeps_no_traces() -> None:
    """Read-only but for the data; nothing of the memory is written to a disk."""
    for line in (
        "ProtectSystem=strict",
        "StateDirectoryMode=0700",
        "LimitCORE=0",
        "MemorySwapMax=0",
        "UMask=0077",
    ):
        assert f"\n{line}\n" in UNIT
    assert "ReadWritePaths" not in UNIT


def test_the_unit_waits_and_tries_again_for_good() -> None:
    """A database on the network that comes late, or is away for an hour, leaves nobody to start the service by hand."""
    for line in (
        "Wants=network-online.target",
        "After=network-online.target postgresql.service",
        "StartLimitIntervalSec=0",
        "Restart=on-failure",
    ):
        assert f"\n{line}\n" in UNIT
    assert "StartLimitBurst" not in UNIT


def test_the_proxy_keeps_nothing() -> None:
    """No addresses in a log and no bodies in temporary files; host and source are passed on."""
    for directive in (
        r"access_log\s+off",
        r"proxy_max_temp_file_size\s+0",
        r"client_body_buffer_size\s+4m",
        r"client_max_body_size\s+4m",
        r"Host\s+\$http_host",
        r"X-Forwarded-For \$proxy_add_x_forwarded_for",
    ):
        assert re.search(directive, NGINX), directive


def test_the_proxy_calls_nothing_unsaved_that_nobody_knows_of() -> None:
    """Its own answer, where ours was killed on the way: neither saved nor not, how to go on, and kept nowhere."""
    (away,) = re.findall(r"error_page 502 504 = @away;\n    location @away {\n(.+?)\n    }", NGINX, re.DOTALL)
    assert "return 503" in away
    assert "we cannot tell whether it was saved" in away
    assert "reload this page" in away
    assert re.search(r"Cache-Control no-store always;", away)
    assert "not an emergency service" in away
    assert not any(pattern.search(away) for pattern in FORBIDDEN_IN_PAGES.values())
