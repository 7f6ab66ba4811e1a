"""A small shop: orders, inventory and payments call each other with JSON and tell of it in events.

Invoices are sent by an outside HTTP server, Python's own, that knows nothing of commy: it is
advertised, probed, found and dialled, and it drops out of discovery when it is stopped.

`python shop.py` has all of it in one process, checks what it shows, and ends with exit code 0 only
if all of it is as it should be. `python shop.py counter` and `python shop.py warehouse`, each in a
terminal of its own, are parts that find and call each other. The shops of the other languages have
the same parts, and theirs will do.
"""

from __future__ import annotations

import asyncio
import contextlib
import http.server
import json
import sys
import threading
import time
import urllib.request
from typing import Any

from commy import BadRequest, ChangeKind, Context, HandlerError, Http, Mesh, errors

OTHERS = {"counter": "warehouse", "warehouse": "counter"}
"""The parts of the shop, and what each of them needs."""


class Inventory:
    """What is on the shelves. Plain methods: they run in threads, so a lock guards the shelves."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.stock = {"tea": 10, "cup": 2}

    def reserve(self, wanted: dict[str, Any]) -> dict[str, int]:
        item, count = wanted["item"], wanted["count"]
        with self.lock:
            left = self.stock.get(item, 0)
            if left < count:
                raise HandlerError("OUT_OF_STOCK", f"{left} of {item} left", details={"left": left})
            self.stock[item] = left - count
            return {"left": self.stock[item]}

    def release(self, wanted: dict[str, Any]) -> None:
        with self.lock:
            self.stock[wanted["item"]] += wanted["count"]

    def levels(self) -> dict[str, int]:
        with self.lock:
            return dict(self.stock)


class Payments:
    LIMIT = 100

    async def charge(self, payment: dict[str, Any], context: Context) -> dict[str, Any]:
        if payment["amount"] > self.LIMIT:
            raise HandlerError("DECLINED", f"{payment['amount']} is over the limit of {self.LIMIT}")
        return {"paid": payment["amount"], "order": context.headers["order-id"]}


class Orders:
    def __init__(self, mesh: Mesh) -> None:
        self.mesh = mesh
        self.prices = {"tea": 4, "cup": 60}
        self.count = 0

    async def create(self, order: dict[str, Any], context: Context) -> dict[str, Any]:
        if order.get("item") not in self.prices or order.get("count", 0) < 1:
            raise BadRequest(f"an order names an item of {sorted(self.prices)} and a count, not {order}")
        self.count += 1
        number = f"order-{self.count}"
        amount = self.prices[order["item"]] * order["count"]
        # What is left of the caller's time is all that these calls may take.
        try:
            await self.mesh.call("inventory", "reserve", order, timeout=context.time_left)
        except errors.HandlerFailed as refused:
            # Passed on on purpose: what another service says is not this one's word by itself.
            raise HandlerError(refused.code, refused.reason, details=refused.details) from None
        try:
            headers = {"order-id": number}
            payment = {"amount": amount}
            left = context.time_left
            receipt = await self.mesh.call("payments", "charge", payment, headers=headers, timeout=left)
        except errors.HandlerFailed as declined:
            await self.mesh.call("inventory", "release", order)
            await self.mesh.publish("orders/declined", {"id": number, "why": declined.code})
            raise HandlerError(declined.code, declined.reason) from None
        await self.mesh.publish("orders/created", {"id": number, **order})
        return {"id": number, "receipt": receipt}


async def serve(mesh: Mesh, *parts: str) -> None:
    """Registers the services of some parts of the shop."""
    if "warehouse" in parts:
        await mesh.register("inventory", Inventory, version="1.0.0")
    if "counter" in parts:
        await mesh.register("payments", Payments, version="1.0.0")
        await mesh.register("orders", Orders(mesh), version="2.1.0", tags=["entrance"])


class Invoicing(http.server.BaseHTTPRequestHandler):
    """The outside server: a health page, and invoices."""

    def do_GET(self) -> None:
        self.answer({"status": "up"})

    def do_POST(self) -> None:
        order = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.answer({"invoice": f"invoice for {order['id']}"})

    def answer(self, value: dict[str, str]) -> None:
        body = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


def check(what: str, found: object, expected: object) -> None:
    if found != expected:
        raise SystemExit(f"{what}: found {found!r}, expected {expected!r}")
    print(f"{what}: {found}")


async def refused(mesh: Mesh, order: dict[str, Any]) -> str:
    """Why an order is refused."""
    try:
        return f"it was not: {await mesh.call('orders', 'create', order)}"
    except errors.HandlerFailed as error:
        return error.code
    except errors.InvalidArgument as error:
        return error.status.name


async def sell(mesh: Mesh) -> None:
    async with mesh.subscribe("orders/*") as events:
        sold = await mesh.call("orders", "create", {"item": "tea", "count": 3}, timeout=2.0)
        check("an order", sold, {"id": "order-1", "receipt": {"paid": 12, "order": "order-1"}})
        check("more cups than there are", await refused(mesh, {"item": "cup", "count": 3}), "OUT_OF_STOCK")
        check("more than the card allows", await refused(mesh, {"item": "cup", "count": 2}), "DECLINED")
        check("an order for nothing", await refused(mesh, {"item": "moon"}), "INVALID_ARGUMENT")
        check("what is left", await mesh.call("inventory", "levels"), {"tea": 7, "cup": 2})

        many = [mesh.call("orders", "create", {"item": "tea", "count": 1}) for _ in range(7)]
        check("seven at once", len({order["id"] for order in await asyncio.gather(*many)}), 7)
        check("one more", await refused(mesh, {"item": "tea", "count": 1}), "OUT_OF_STOCK")

        told = [event for event in [await events.next() for _ in range(9)] if event is not None]
        check("the first event", (told[0].topic, told[0].value["id"]), ("orders/created", "order-1"))
        check("the second event", (told[1].topic, told[1].value["why"]), ("orders/declined", "DECLINED"))
        check("the others", {event.topic for event in told[2:]}, {"orders/created"})


async def invoice(mesh: Mesh) -> None:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Invoicing)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    address = f"http://127.0.0.1:{server.server_port}"
    async with mesh.watch("invoicing") as changes:
        try:
            await mesh.advertise("invoicing", address, check=Http("/health", interval=0.05, timeout=0.5, fall=2))
            change = await changes.next()
            assert change is not None
            check("the outside server is", str(change.kind), "added")
            (found,) = mesh.discover("invoicing")
            check("found at its address", found.endpoint == address, True)
            check("dialled by us", await dial(found.endpoint), {"invoice": "invoice for order-1"})
            try:
                await mesh.call("invoicing", "create")
            except errors.FailedPrecondition as error:
                check("and not through the mesh", address in error.reason, True)
        finally:
            server.shutdown()
            server.server_close()
            thread.join()
        change = await changes.next()
        assert change is not None
        check("stopped, it is", change.kind is ChangeKind.REMOVED, True)
        check("and found no more", mesh.discover("invoicing"), [])


async def dial(endpoint: str | None) -> object:
    def post() -> object:
        request = urllib.request.Request(f"{endpoint}/invoices", data=json.dumps({"id": "order-1"}).encode())
        with urllib.request.urlopen(request, timeout=5.0) as response:
            return json.load(response)

    return await asyncio.get_running_loop().run_in_executor(None, post)


async def whole() -> None:
    """All of the shop in one process, which keeps to itself."""
    async with Mesh("shop", call_timeout=5.0, local_only=True) as mesh:
        await serve(mesh, *OTHERS)
        check("services", mesh.active_service_count(), 3)
        await sell(mesh)
        await invoice(mesh)
        check("messages that left this process", mesh.stats().fabric_messages, 0)
    print("the shop is closed: all as it should be")


async def part(name: str) -> None:
    """One part of the shop, which finds the other wherever it runs, until Ctrl-C."""
    other = OTHERS[name]
    needs = "inventory" if other == "warehouse" else "orders"
    opened = time.monotonic()
    async with Mesh("shop", call_timeout=5.0) as mesh, mesh.watch(needs) as changes:
        if name == "warehouse":  # the counter sells once it knows of a warehouse
            await serve(mesh, name)
        say(f"the {name} is open as node {mesh.node_id[:8]}, and looks for the {other} (Ctrl-C closes it)")
        async for change in changes:
            where = f"node {change.instance.node_id[:8]}"
            if change.kind is ChangeKind.REMOVED:
                say(f"the {other} on {where} is closed")
            elif change.kind is ChangeKind.ADDED:
                say(f"found the {other} on {where}, {time.monotonic() - opened:.3f} s after opening")
                with contextlib.suppress(errors.NotFound, errors.Unavailable):  # it may close just now
                    say(await greet(mesh, other))
                if not mesh.registrations:
                    await serve(mesh, name)


async def greet(mesh: Mesh, other: str) -> str:
    """Calls the other part, and says what it answered."""
    try:
        if other == "warehouse":
            return f"in the warehouse there are {await mesh.call('inventory', 'levels')}"
        return f"sold by the counter: {await mesh.call('orders', 'create', {'item': 'tea', 'count': 1})}"
    except errors.HandlerFailed as error:
        return f"the {other} refuses: {error.code}, {error.reason}"


def say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    if len(sys.argv) == 1:
        asyncio.run(whole())
    elif len(sys.argv) == 2 and sys.argv[1] in OTHERS:
        with contextlib.suppress(KeyboardInterrupt):
            asyncio.run(part(sys.argv[1]))
    else:
        raise SystemExit(f"usage: python shop.py [{'|'.join(OTHERS)}]")
