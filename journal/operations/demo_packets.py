"""Packets that are begun in the demonstration: what was chosen for somebody, and no file yet."""

from __future__ import annotations

import msgspec

from journal.actor import Actor
from journal.i18n import DEFAULT_LANGUAGE
from journal.operations.demo_data import DemoPacket
from journal.packets import drafts, loading


async def begin_packets(clinician: Actor, patient: Actor, packets: tuple[DemoPacket, ...]) -> None:
    """Have the patient, and the clinician of what is shared with them, choose all entries of some kinds."""
    for one in packets:
        actor, whose = (clinician, patient.id) if one.by_clinician else (patient, None)
        ident = await drafts.create_packet(actor, patient=whose)
        packet = await drafts.load_packet(actor, ident)
        source = await loading.load_source(actor, packet)
        pieces: dict[str, tuple[str, ...]] = {}
        for kind in one.kinds:
            pieces |= await loading.load_all_parts(actor, packet.choice, kind, source)
        choice = msgspec.structs.replace(
            packet.choice,
            parts=one.parts,
            pieces=pieces,
            recipient=one.recipient,
            purpose=one.purpose,
            language=DEFAULT_LANGUAGE,
        )
        await drafts.save_choice(actor, ident, 1, choice)
