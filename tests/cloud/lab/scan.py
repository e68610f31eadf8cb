"""Asks every TCP port of an address whether it answers: python -m tests.cloud.lab.scan ADDRESS

Run in the lab's network; it prints the open ports as a JSON list.
"""

import asyncio
import json
import sys

PORTS = range(1, 65536)
AT_ONCE = 500
SECONDS = 2.0  # for an answer; a port that drops packets counts as closed


async def is_open(address: str, port: int, turn: asyncio.Semaphore) -> bool:
    async with turn:
        try:
            _, writer = await asyncio.wait_for(asyncio.open_connection(address, port), SECONDS)
        except (OSError, TimeoutError):
            return False
        writer.close()
        return True


async def open_ports(address: str) -> list[int]:
    """Return the TCP ports that accept a connection."""
    turn = asyncio.Semaphore(AT_ONCE)
    answers = await asyncio.gather(*(is_open(address, port, turn) for port in PORTS))
    return [port for port, answer in zip(PORTS, answers, strict=True) if answer]


if __name__ == "__main__":
    print(json.dumps(asyncio.run(open_ports(sys.argv[1]))))
