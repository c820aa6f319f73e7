"""`hearthside doctor`: check an installation, and print what to fix."""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path

from journal.audit.verification import verify_log
from journal.operations.diagnostics import (
    Finding,
    Verdict,
    check_crisis_contacts,
    check_database,
    report_note,
    report_ok,
    report_problem,
)
from journal.store.address import format_path, get_sqlite_file
from journal.store.database import open_for_command
from journal.store.errors import DatabaseRefused
from portal.cli.environment_checks import check_environment, run_check
from portal.cli.head import CannotReadError, KeptHeads, read_heads
from portal.config import Config

KEY_FILE_VARIABLE = "HEARTHSIDE_SERVER_KEY_FILE"


def run_doctor(config: Config, options: argparse.Namespace) -> int:
    """Print a line for each check; return 1 when something has to be fixed."""
    installation = config.installation()
    kept = _read_kept(options.head)
    heads = kept.heads if isinstance(kept, KeptHeads) else ()
    findings = [
        *run_check(lambda: _check_files(config)),
        _check_origin(config),
        _check_mail(config),
        *check_environment(config, installation.clock()),
        *asyncio.run(
            check_database(config.database_url, installation, public=config.is_secure, kept_heads=heads)
        ),
        *_check_head(config, kept),
        check_crisis_contacts(installation.clock()),
    ]
    for one in findings:
        print(f"{one.verdict}  {one.sentence}")
    wrong = sum(one.verdict is Verdict.MEND for one in findings)
    print(f"\n{wrong} to mend." if wrong else "\nNothing to mend.")
    return 1 if wrong else 0


def _check_files(config: Config) -> list[Finding]:
    database = get_sqlite_file(config.database_url)
    folders = {config.data} | ({database.parent} if database else set())
    found = [_check_mode(folder, "folder", "700") for folder in sorted(folders) if folder.is_dir()]
    if config.key_file is None:
        return [
            *found,
            report_note(
                "The server key is in the environment. A file that only the service reads is safer:"
                f" {KEY_FILE_VARIABLE}."
            ),
        ]
    if config.is_key_beside_data:
        found.append(
            report_note(
                f"The server key lies beside the data. For real people, keep it apart and name it: {KEY_FILE_VARIABLE}."
            )
        )
    return [*found, _check_mode(config.key_file, "server key", "600")]


def _read_kept(name: str | None) -> KeptHeads | Finding:
    """Read the head that is kept elsewhere; it is empty where none is given."""
    try:
        return read_heads(name, has_to_exist=True)
    except CannotReadError as error:
        return report_problem(str(error))


def _check_head(config: Config, kept: KeptHeads | Finding) -> list[Finding]:
    """Compare the accounts with a head that is kept elsewhere, where one is given."""
    if isinstance(kept, Finding):
        return [kept]
    if not kept.heads:
        return []
    if not kept.marks:
        return [report_note("The head has no lines of accounts. Keep one that has: hearthside head.")]
    try:
        faults = asyncio.run(_find_faults(config, kept))
    except DatabaseRefused:
        return []  # which the check of the database says
    return [*map(report_problem, faults)] or [report_ok("No account is behind the head that was kept.")]


async def _find_faults(config: Config, kept: KeptHeads) -> list[str]:
    """Look for the accounts; what the log says of deleted ones counts where it is whole from the oldest head on."""
    async with open_for_command(config.database_url):
        report = await verify_log(config.installation(), kept.heads, is_incremental=True)
        return await kept.find_faults(is_log_whole=report.chain_break is None)


def _check_mail(config: Config) -> Finding:
    if config.mail is None:
        return report_note(
            "No mail is sent: nobody is told of a new device or password. Others need HEARTHSIDE_SMTP_HOST."
        )
    return report_ok(f"Mail goes out through {config.mail.host}, from {config.mail.sender}.")


def _check_mode(path: Path, what: str, mode: str) -> Finding:
    if not path.exists():
        return report_problem(
            f"There is no {what} at {format_path(path)}. Put it back from where you keep the copy."
        )
    if path.stat().st_mode & 0o077:
        return report_problem(
            f"Others on this machine can reach the {what} {format_path(path)}. Run: chmod {mode} {format_path(path)}"
        )
    return report_ok(f"Only its owner can reach the {what} {format_path(path)}.")


def _check_origin(config: Config) -> Finding:
    if config.is_secure:
        return report_ok(f"People come by https, at {config.origin}.")
    if config.host not in ("127.0.0.1", "::1", "localhost"):
        return report_problem(
            f"The service listens on {config.host} without https. Listen on 127.0.0.1 behind a TLS proxy,"
            " and set HEARTHSIDE_ORIGIN to its https address."
        )
    return report_note(
        f"People reach {config.origin} from this machine only. Others need https: HEARTHSIDE_ORIGIN."
    )
