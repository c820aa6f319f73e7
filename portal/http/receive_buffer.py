"""
What a connection receives, taken out of one buffer that is overwritten at once.

The event loop's own buffer would keep the end of every long request, with what was typed and the cookie, until a longer
one comes.
"""

from __future__ import annotations

import asyncio

BUFFER_SIZE = 64 * 1024  # bytes that are received at once


class ReceiveBuffer:
    """The buffer of a process: the loop fills it and has it read in one step, so one is enough for all connections."""

    __slots__ = ("view", "zeros")

    def __init__(self, size: int = BUFFER_SIZE) -> None:
        self.view = memoryview(bytearray(size))
        self.zeros = bytes(size)

    def take(self, size: int) -> bytes:
        """Return what the first bytes are, and overwrite them."""
        taken = bytes(self.view[:size])
        self.view[:size] = self.zeros[:size]
        return taken


class BufferedConnection(asyncio.BufferedProtocol):
    """One connection as the event loop sees it; everything is passed on to the protocol that reads it."""

    __slots__ = ("buffer", "protocol")

    def __init__(self, protocol: asyncio.Protocol, buffer: ReceiveBuffer) -> None:
        self.protocol, self.buffer = protocol, buffer

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Pass on that it is open."""
        self.protocol.connection_made(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """Pass on that it is closed."""
        self.protocol.connection_lost(exc)

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002 - its size is fixed
        """Return where the loop puts what comes next."""
        return self.buffer.view

    def buffer_updated(self, nbytes: int) -> None:
        """Pass on what came."""
        self.protocol.data_received(self.buffer.take(nbytes))

    def eof_received(self) -> bool | None:
        """Pass on that nothing more comes."""
        return self.protocol.eof_received()

    def pause_writing(self) -> None:
        """Pass on that enough waits to be sent."""
        self.protocol.pause_writing()

    def resume_writing(self) -> None:
        """Pass on that more can be sent."""
        self.protocol.resume_writing()
