"""A clinician makes, shows and withdraws invitations."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from journal.mail.outbox import deliver_due
from portal.config import Config, ConfigError
from tests.cast import Furniture
from tests.portal.browsing import opened
from tests.portal.conftest import Portal, running
from tests.receiver import receiving


async def test_an_invitation_is_shown_as_link_and_picture_until_withdrawn(any_portal: Portal) -> None:
    """The link works for one person while it is open, and not after it is withdrawn."""
    async with any_portal.client("bob") as bob, any_portal.client() as somebody:
        made = await bob.post("/invitations", data={"name": " Erin <b>Sample</b> "})
        where = made.headers["location"]
        (button,) = (await opened(bob, "/invitations")).markup.all("a", href=where)
        assert (button.words, button.attributes["aria-label"]) == (
            "Show the link",
            "Show the link for Erin <b>Sample</b>",
        )
        page = (await bob.get(where)).text
        assert "Erin &lt;b&gt;Sample&lt;/b&gt;" in page
        assert "data:image/svg+xml" in page
        found = re.search(r"http://127\.0\.0\.1:8000(/invite/[\w-]+)", page)
        assert found
        assert (await somebody.get(found[1])).status_code == 200
        await bob.post(f"{where}/withdrawal")
        assert (await somebody.get(found[1])).status_code == 404
        assert "/invite/" not in (await bob.get(where)).text
        assert not (await opened(bob, "/invitations")).markup.all("a", href=where)


async def test_an_invitation_runs_out(portal: Portal) -> None:
    """After two weeks the link opens nothing, and the list says so."""
    async with portal.client("bob") as bob, portal.client() as somebody:
        where = (await bob.post("/invitations", data={"name": "Erin"})).headers["location"]
        found = re.search(r"http://127\.0\.0\.1:8000(/invite/[\w-]+)", (await bob.get(where)).text)
        assert found
    portal.cast.clock.forward(days=15)
    async with portal.client() as somebody:
        assert (await somebody.get(found[1])).status_code == 404


async def test_an_invitation_without_a_name_is_sent_back(portal: Portal) -> None:
    """A slip is told beside the field."""
    async with portal.client("bob") as bob:
        refused = await bob.post("/invitations", data={"name": "  "})
        assert refused.status_code == 422
        assert "Write who this is for" in refused.text


async def test_another_clinician_sees_none_of_it(portal: Portal) -> None:
    """Invitations are their clinician's own."""
    async with portal.client("bob") as bob, portal.client("charlie") as charlie:
        where = (await bob.post("/invitations", data={"name": "Erin"})).headers["location"]
        assert (await charlie.get(where)).status_code == 404
        assert (await charlie.post(f"{where}/withdrawal")).status_code == 404
        assert "Erin" not in (await charlie.get("/invitations")).text


async def test_without_mail_settings_the_pages_say_so(portal: Portal) -> None:
    """There is no field for an address, and one that is sent all the same is refused beside what was typed."""
    async with portal.client("bob") as bob:
        page = (await bob.get("/invitations")).text
        assert "This site sends no mail" in page
        assert 'name="email"' not in page
        assert "This site sends no mail" in (await bob.get("/account")).text
        refused = await bob.post("/invitations", data={"name": "Erin", "email": "erin@example.org"})
        assert (refused.status_code, "This site sends no mail" in refused.text) == (422, True)


async def test_an_invitation_is_mailed_on_request(
    furnished_sqlite_url: tuple[str, Furniture], tmp_path: Path
) -> None:
    """The form warns before, the page tells after, and the link that arrives is the one on the page."""
    with receiving() as receiver:
        async with running(*furnished_sqlite_url, tmp_path) as portal:
            portal.app.state.installation = replace(portal.app.state.installation, mail=receiver.server())
            async with portal.client("bob") as bob, portal.client() as erin:
                assert "only as private as the mailbox" in (await bob.get("/invitations")).text
                slip = await bob.post("/invitations", data={"name": "Erin", "email": "erin at home"})
                assert (slip.status_code, "erin at home" in slip.text) == (422, True)
                made = await bob.post("/invitations", data={"name": "Erin", "email": "erin@example.org"})
                page = (await bob.get(made.headers["location"])).text
                assert "on its way to the mailbox" in page
                await deliver_due(portal.app.state.installation)
                (text,) = receiver.texts
                (path,) = re.findall(r"https://hearth\.example\.org(/invite/[\w-]+)", text)
                assert path in page
                assert (await erin.get(path)).status_code == 200


def test_settings_for_mail_are_checked_together(tmp_path: Path) -> None:
    """Half of them, a password without a user, and an open way to another machine are told; none is no mail."""
    base = {"HEARTHSIDE_DATA": str(tmp_path / "data"), "HEARTHSIDE_SERVER_KEY": "ab" * 32}
    mail = {"HEARTHSIDE_SMTP_HOST": "mail.example.org", "HEARTHSIDE_MAIL_FROM": "hearth@example.org"}
    assert Config.from_mapping(base).mail is None
    found = Config.from_mapping(base | mail).mail
    assert found is not None
    assert (found.host, found.port, found.security) == ("mail.example.org", 587, "starttls")
    assert "secret" not in repr(replace(found, password="secret"))
    for wrong, named in (
        ({"HEARTHSIDE_MAIL_FROM": ""}, "HEARTHSIDE_MAIL_FROM"),
        ({"HEARTHSIDE_MAIL_FROM": "hearth@example.org\nBcc: x@example.org"}, "HEARTHSIDE_MAIL_FROM"),
        ({"HEARTHSIDE_SMTP_HOST": ""}, "HEARTHSIDE_SMTP_HOST"),
        ({"HEARTHSIDE_SMTP_SECURITY": "none"}, "HEARTHSIDE_SMTP_SECURITY"),
        ({"HEARTHSIDE_SMTP_SECURITY": "ssl"}, "HEARTHSIDE_SMTP_SECURITY"),
        ({"HEARTHSIDE_SMTP_USER": "hearth"}, "HEARTHSIDE_SMTP_PASSWORD"),
        ({"HEARTHSIDE_SMTP_PASSWORD": "secret"}, "HEARTHSIDE_SMTP_USER"),
        ({"HEARTHSIDE_SMTP_TRUST": str(tmp_path / "missing")}, "HEARTHSIDE_SMTP_TRUST"),
    ):
        with pytest.raises(ConfigError, match=named):
            Config.from_mapping(base | mail | wrong)
