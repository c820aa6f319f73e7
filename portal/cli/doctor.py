"""`hearthside doctor`: check an installation, and print what to fix."""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path

from journal.operations.diagnostics import Finding, Verdict, mend, note, of_contacts, of_database, well
from journal.store.address import file_of, shown
from portal.cli.environment_checks import around, looked
from portal.config import Config

KEY_FILE = "HEARTHSIDE_SERVER_KEY_FILE"


def examine(config: Config, options: argparse.Namespace) -> int:
    """Print a line for each check; return 1 when something has to be fixed."""
    house = config.house()
    findings = [
        *looked(lambda: _of_files(config)),
        _of_origin(config),
        _of_mail(config),
        *around(config, house.clock()),
        *asyncio.run(of_database(config.database_url, house, public=config.secure)),
        of_contacts(house.clock()),
    ]
    for one in findings:
        print(f"{one.verdict}  {one.sentence}")
    wrong = sum(one.verdict is Verdict.MEND for one in findings)
    print(f"\n{wrong} to mend." if wrong else "\nNothing to mend.")
    return 1 if wrong else 0


def _of_files(config: Config) -> list[Finding]:
    database = file_of(config.database_url)
    folders = {config.data} | ({database.parent} if database else set())
    found = [_of_mode(folder, "folder", "700") for folder in sorted(folders) if folder.is_dir()]
    if config.key_file is None:
        return [
            *found,
            note(
                f"The server key is in the environment. A file that only the service reads is safer: {KEY_FILE}."
            ),
        ]
    if config.key_is_beside_the_data:
        found.append(
            note(
                f"The server key lies beside the data. For real people, keep it apart and name it: {KEY_FILE}."
            )
        )
    return [*found, _of_mode(config.key_file, "server key", "600")]


def _of_mail(config: Config) -> Finding:
    if config.mail is None:
        return note(
            "No mail is sent: nobody is told of a new device or password. Others need HEARTHSIDE_SMTP_HOST."
        )
    return well(f"Mail goes out through {config.mail.host}, from {config.mail.sender}.")


def _of_mode(path: Path, what: str, mode: str) -> Finding:
    if not path.exists():
        return mend(f"There is no {what} at {shown(path)}. Put it back from where you keep the copy.")
    if path.stat().st_mode & 0o077:
        return mend(
            f"Others on this machine can reach the {what} {shown(path)}. Run: chmod {mode} {shown(path)}"
        )
    return well(f"Only its owner can reach the {what} {shown(path)}.")


def _of_origin(config: Config) -> Finding:
    if config.secure:
        return well(f"People come by https, at {config.origin}.")
    if config.host not in ("127.0.0.1", "::1", "localhost"):
        return mend(
            f"The service listens on {config.host} without https. Listen on 127.0.0.1 behind a TLS proxy,"
            " and set HEARTHSIDE_ORIGIN to its https address."
        )
    return note(f"People reach {config.origin} from this machine only. Others need https: HEARTHSIDE_ORIGIN.")
