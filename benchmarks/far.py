"""A server on this machine, made as far away as one in a data centre of the same country.

``python -m benchmarks.far PORT`` prints a port of its own and passes on what comes there, each
piece `DELAY` seconds later in each direction. A process of its own: it takes no time of a client.
"""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

DELAY = 0.005  # seconds, each way
PIECE = 65_536


@contextmanager
def far(port: int) -> Iterator[int]:
    """Give the port by which a server of this machine is far away."""
    command = [sys.executable, "-m", "benchmarks.far", str(port)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as relay:
        try:
            yield int(next(relay.stdout or iter("")))
        finally:
            relay.kill()


async def serve(port: int) -> None:
    """Pass on what comes, for ever."""

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        its_reader, its_writer = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(late(reader, its_writer), late(its_reader, writer))

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


async def late(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Pass on one direction of a connection; pieces keep their order."""
    loop = asyncio.get_running_loop()
    while piece := await reader.read(PIECE):
        loop.call_later(DELAY, writer.write, piece)
    loop.call_later(DELAY, writer.close)


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))
