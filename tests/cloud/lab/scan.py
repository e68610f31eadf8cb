"""Asks every TCP port of an address whether it answers: python -m tests.cloud.lab.scan ADDRESS

Run in the lab's network; it prints the open ports as a JSON list.
"""

import asyncio
import json
import sys
from collections.abc import Iterable

PORTS = range(1, 65536)
AT_ONCE = 500
# For an answer. Late is who drops packets, or who is kept waiting by a busy machine: asked again.
SECONDS, SECONDS_AGAIN = 2.0, 20.0


async def is_open(address: str, port: int, seconds: float) -> bool | None:
    """Return whether a port accepts a connection; None where nothing was heard in time."""
    try:
        _, writer = await asyncio.wait_for(asyncio.open_connection(address, port), seconds)
    except TimeoutError:
        return None
    except OSError:
        return False
    writer.close()
    return True


async def ask(address: str, ports: Iterable[int], seconds: float) -> dict[int, bool | None]:
    answers: dict[int, bool | None] = {}
    left = iter(ports)

    async def work() -> None:
        for port in left:
            answers[port] = await is_open(address, port, seconds)

    await asyncio.gather(*(work() for _ in range(AT_ONCE)))
    return answers


async def open_ports(address: str) -> list[int]:
    """Return the TCP ports that accept a connection."""
    answers = await ask(address, PORTS, SECONDS)
    late = [port for port, answer in answers.items() if answer is None]
    answers |= await ask(address, late, SECONDS_AGAIN)
    return sorted(port for port, answer in answers.items() if answer)


if __name__ == "__main__":
    print(json.dumps(asyncio.run(open_ports(sys.argv[1]))))
