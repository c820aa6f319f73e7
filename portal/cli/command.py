"""
The `hearthside` command.

What a command needs is imported when it runs: most need neither the pages nor the server.
"""

from __future__ import annotations

import argparse
import os
import pkgutil
import sys
from collections.abc import Mapping
from types import MappingProxyType

from journal.errors import JournalError
from journal.installation.private_process import forbid_dumps, restart_with_wiping
from journal.roles import STAFF_POSITIONS
from portal import __version__, logs

COMMANDS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "run": (
            "serve:run",
            "migrate, load the demonstration into an empty data folder, and serve on this machine",
        ),
        "serve": ("serve:serve", "serve; the database must have been migrated"),
        "migrate": ("migrate:migrate_database", "bring the database to this version's shape"),
        "setup-link": (
            "setup_link:print_setup_link",
            "print a one-time link with which one of the staff opens an account",
        ),
        "announce-restore": (
            "backup:announce_restore",
            "tell everybody once that a backup was restored; `restore` does so by itself",
        ),
        "backup": (
            "backup:back_up",
            "copy the database to a new file, also while the service runs",
        ),
        "closing-notice": (
            "closing_notice:send_closing_notice",
            "tell each patient until when to take their records; first show what would be sent",
        ),
        "confirm-clock": (
            "clock:confirm_clock",
            "say that the clock is right, so that deleting for good goes on after it jumped",
        ),
        "doctor": ("doctor:run_doctor", "look the installation over and say what to mend"),
        "head": (
            "audit:write_whole_head",
            "write where the audit log ends and how far each account has come, to be kept elsewhere",
        ),
        "restore": ("backup:restore", "put a backup into an empty data folder"),
        "rotate-server-key": (
            "rotate_server_key:rotate_server_key",
            "change the server key, also while the service runs",
        ),
        "verify-audit": (
            "audit:verify_audit",
            "check the audit log, against a head kept elsewhere",
        ),
    }
)
"""For each command the function that runs it, and what it does."""
FILE_COMMANDS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "verify-records": (
            "verify_records:verify_records",
            "say whether an archive of records is whole, and whose; on any machine",
        ),
    }
)
"""The commands that need neither settings nor a database, and load nothing of either."""
SERVING = frozenset({"run", "serve"})
"""The commands whose process opens what people wrote, again and again, for as long as it runs."""


def main(arguments: list[str] | None = None) -> int:
    """
    Run one command; return its exit code: 0 done, 1 refused, 2 not understood.

    Args:
        arguments: Those of this process unless given. Only then can it start itself anew.
    """
    options = build_parser().parse_args(arguments)
    forbid_dumps()
    options.can_restart = arguments is None
    if options.can_restart and options.command in SERVING:
        restart_with_wiping()
    if options.command in FILE_COMMANDS:
        place = FILE_COMMANDS[options.command][0]
        return int(pkgutil.resolve_name(f"portal.cli.{place}")(options))
    return _run_configured(options)


def _run_configured(options: argparse.Namespace) -> int:
    from portal.config import Config, ConfigError

    environment = dict(os.environ)
    if options.data:
        environment["HEARTHSIDE_DATA"] = options.data
    logs.silence_libraries()
    try:
        config = Config.from_mapping(environment)
        return int(pkgutil.resolve_name(f"portal.cli.{COMMANDS[options.command][0]}")(config, options))
    except ConfigError as error:
        between = " " if len(error.problems) == 1 else "\n  "
        print("Hearthside cannot start:", *error.problems, sep=between, file=sys.stderr)
        return 2
    except JournalError as error:
        print(error.message, file=sys.stderr)
        return 1


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line; the name of the command is in `command`."""
    parser = argparse.ArgumentParser(
        prog="hearthside", description="A sealed journal, shared on the patient's terms."
    )
    parser.add_argument("--version", action="version", version=f"hearthside {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND", dest="command")
    for name, (_, help_text) in COMMANDS.items():
        description = f"{help_text[0].upper()}{help_text[1:]}."
        command = commands.add_parser(name, help=help_text, description=description)
        command.add_argument("--data", help="folder for the database (HEARTHSIDE_DATA)")
        _add_options(name, command)
    for name, (_, help_text) in FILE_COMMANDS.items():
        description = f"{help_text[0].upper()}{help_text[1:]}."
        _add_options(name, commands.add_parser(name, help=help_text, description=description))
    return parser


def _add_options(name: str, command: argparse.ArgumentParser) -> None:
    if name in SERVING:
        command.add_argument("--check", action="store_true", help="only say whether it would start")
    match name:
        case "run":
            command.add_argument("--no-demo", action="store_true", help="start with an empty practice")
        case "setup-link":
            command.add_argument(
                "--role",
                choices=[one.key for one in STAFF_POSITIONS],
                default=STAFF_POSITIONS[0].key,
                help="what they are here (therapist); an administrator lets people in and reads nothing",
            )
        case "closing-notice":
            _add_closing_options(command)
        case "backup" | "restore":
            command.add_argument("file", metavar="FILE", help="the backup")
        case "announce-restore" | "doctor" | "head":
            _add_rollback_options(name, command)
        case "verify-records":
            command.add_argument(
                "file",
                metavar="FILE",
                help="the age file, its zip archive, or the folder it was unpacked into",
            )
            command.add_argument(
                "--key",
                metavar="FILE",
                help="the private key that opens the age file, of age or ssh; without it a passphrase is asked for",
            )
            command.add_argument(
                "--fingerprint",
                metavar="DIGITS",
                default="",
                help="the 30 digits that the signature has to be of, from the person's account page",
            )
        case "rotate-server-key":
            command.add_argument(
                "--finish",
                action="store_true",
                help="put the old key away, once everything is sealed under the new one and every service uses it",
            )
        case "verify-audit":
            command.add_argument(
                "--head",
                metavar="FILE",
                help="a head kept earlier, or several, one a line; - reads standard input",
            )
            command.add_argument(
                "--all",
                action="store_true",
                help="check from the first event on, and not only what came since the log was last found whole",
            )
            command.add_argument(
                "--chain",
                action="store_true",
                help="first chain the events that wait, which a service that runs does by itself",
            )
            command.add_argument(
                "--write-head",
                metavar="FILE",
                help="where to keep the head if the log is intact; a head that is there is checked first; - prints it",
            )


def _add_rollback_options(name: str, command: argparse.ArgumentParser) -> None:
    match name:
        case "announce-restore":
            command.add_argument(
                "--until",
                metavar="MOMENT",
                default="",
                help="the last moment that is in the backup, in UTC: 2026-11-20T03:15; else that of what is in it",
            )
        case "head":
            command.add_argument(
                "file",
                metavar="FILE",
                help="where to; what is there is checked first and then replaced; - prints it",
            )
            command.add_argument(
                "--head", metavar="FILE", help="heads kept earlier, to check first; - reads standard input"
            )
        case "doctor":
            command.add_argument(
                "--head",
                metavar="FILE",
                help="a head kept earlier, with which the accounts are compared; - reads standard input",
            )


def _add_closing_options(command: argparse.ArgumentParser) -> None:
    wanted = command.add_mutually_exclusive_group(required=True)
    wanted.add_argument(
        "--until", metavar="DAY", default="", help="the last day on which records can be taken: 2027-03-31"
    )
    wanted.add_argument(
        "--withdraw", action="store_true", help="take the day off the pages; nobody is told by mail"
    )
    command.add_argument("--send", action="store_true", help="send it, and say it on the pages")
