"""The tour: the nine steps that every SDK's tour takes, checked as they are taken."""

from __future__ import annotations

import asyncio

import commy
from commy import Mesh

STEPS = 9


class Tour:
    """Counts the steps, and says what each of them showed."""

    def __init__(self) -> None:
        self.taken = 0

    def step(self, title: str, shown: object, holds: bool) -> None:
        if not holds:
            raise SystemExit(f"{self.taken + 1}. {title}: {shown} is not what was expected")
        self.taken += 1
        print(f"{self.taken}. {title}: {shown}")


async def main() -> None:
    tour = Tour()

    tour.step("library version", commy.__version__, commy.__version__.count(".") == 2)

    mesh = Mesh("tour")
    tour.step("create a mesh", mesh, mesh.name == "tour")

    await mesh.start()
    tour.step("start it", mesh, mesh.is_running)

    tour.step("status", f"running as node {mesh.node_id}", mesh.is_running and bool(mesh.node_id))

    @mesh.service("greeter", version="1.0.0", tags=["tour"])
    class Greeter:
        async def greet(self, name: str) -> str:
            return f"hello {name}"

    @mesh.service("adder", version="1.1.0", tags=["tour"])
    def add(numbers: list[int]) -> int:
        return sum(numbers)

    async def reverse(payload: bytes) -> bytes:
        return payload[::-1]

    await mesh.register("reverser", reverse, version="2.0.0", tags=["tour"])
    names = [registration.instance.service for registration in mesh.registrations]
    tour.step("register three services", ", ".join(names), names == ["greeter", "adder", "reverser"])

    # Others may take this tour on this host right now, and their services are in the same mesh.
    found = [one for one in mesh.discover(tags=["tour"]) if one.node_id == mesh.node_id]
    versions = {one.service: one.version for one in found}
    expected = {"adder": "1.1.0", "greeter": "1.0.0", "reverser": "2.0.0"}
    tour.step(
        "find all three", ", ".join(f"{name} {version}" for name, version in versions.items()), versions == expected
    )

    count = mesh.active_service_count()
    tour.step("count the active ones", count, count >= 3)

    answers = [
        await mesh.call("greeter", "greet", "Ann", timeout=2.0),
        await mesh.call("adder", payload=[1, 2, 3], timeout=2.0),
        await mesh.call("reverser", payload=b"abc", timeout=2.0),
    ]
    tour.step("call each", answers, answers == ["hello Ann", 6, b"cba"])

    for registration in mesh.registrations:
        await registration.deregister()
    left = [one for one in mesh.discover() if one.node_id == mesh.node_id]
    await mesh.stop()
    tour.step("clean up", mesh, left == [] and not mesh.is_running)

    print(f"{tour.taken}/{STEPS}")
    if tour.taken != STEPS:
        raise SystemExit(1)


if __name__ == "__main__":
    asyncio.run(main())
