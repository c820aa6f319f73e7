"""The buffer that all connections are received in."""

from __future__ import annotations

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from portal.http.receive_buffer import BufferedConnection, ReceiveBuffer

SIZE = 64


class Reader(asyncio.Protocol):
    """Keeps what it is passed."""

    def __init__(self) -> None:
        self.received: list[bytes] = []

    def data_received(self, data: bytes) -> None:
        """Keep it."""
        self.received.append(data)


@given(st.lists(st.binary(min_size=1, max_size=SIZE), min_size=1))
def test_what_was_passed_on_is_overwritten(parts: list[bytes]) -> None:
    """Each part arrives as it was sent, of several connections in turn, and nothing of it stays in the buffer."""
    buffer, readers = ReceiveBuffer(SIZE), (Reader(), Reader())
    lines = [BufferedConnection(reader, buffer) for reader in readers]
    for number, part in enumerate(parts):
        line = lines[number % 2]
        line.get_buffer(-1)[: len(part)] = part
        line.buffer_updated(len(part))
        assert bytes(buffer.view) == bytes(SIZE)
    assert [reader.received for reader in readers] == [parts[::2], parts[1::2]]
