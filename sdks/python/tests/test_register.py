"""Classes, objects and functions become services, by decorator or by registration."""

from __future__ import annotations

import asyncio
import contextvars
import functools
import threading
from typing import Any

import pytest

import commy
from commy import Context, Mesh, errors

tenant: contextvars.ContextVar[str] = contextvars.ContextVar("tenant", default="nobody")


class Base:
    async def inherited(self, value: str) -> str:
        return f"inherited {value}"


class Orders(Base):
    kind = "a class attribute"

    def __init__(self, prefix: str = "order") -> None:
        self.prefix = prefix

    @property
    def broken(self) -> str:
        raise AssertionError("no property is computed to find the methods")

    async def create(self, value: str) -> str:
        return f"{self.prefix} {value}"

    def plain(self, value: str) -> str:
        return f"plain {self.prefix} {value}"

    @staticmethod
    def static(value: str) -> str:
        return f"static {value}"

    @classmethod
    async def shared(cls, value: str) -> str:
        return f"{cls.__name__} {value}"

    @commy.method("orders/list-all")
    def list_all(self) -> list[str]:
        return [self.prefix]

    def _private(self, value: str) -> str:
        raise AssertionError("an underscore makes a method private")


async def test_the_public_methods_of_a_decorated_class_are_the_services(name: str) -> None:
    mesh = Mesh(name)
    assert mesh.service("orders", version="1.2.3", tags=["eu"])(Orders) is Orders
    async with mesh:
        assert await mesh.call("orders", "create", "1") == "order 1"
        assert await mesh.call("orders", "plain", "1") == "plain order 1"
        assert await mesh.call("orders", "static", "1") == "static 1"
        assert await mesh.call("orders", "shared", "1") == "Orders 1"
        assert await mesh.call("orders", "inherited", "1") == "inherited 1"
        assert await mesh.call("orders", "orders/list-all") == ["order"]
        for unknown in ("_private", "__init__", "kind", "broken", "list_all", "nothing", ""):
            with pytest.raises(errors.Unimplemented, match="has no method"):
                await mesh.call("orders", unknown)
        (found,) = mesh.discover("orders")
        assert (found.version, found.tags) == ("1.2.3", ("eu",))


async def test_an_object_is_registered_with_its_state(name: str) -> None:
    async with Mesh(name) as mesh:
        await mesh.register("orders", Orders("invoice"))
        assert await mesh.call("orders", "create", "7") == "invoice 7"


async def test_a_function_answers_every_method(name: str) -> None:
    async with Mesh(name) as mesh:

        @mesh.service("echo")
        async def echo(value: str, context: Context) -> str:
            return f"{context.method}: {value}"

        assert await mesh.call("echo", "any", "hi") == "any: hi"
        assert await mesh.call("echo", payload="hi") == ": hi"


@pytest.mark.parametrize(
    ("handler", "expected"),
    [
        (lambda: "nothing", "nothing"),
        (lambda value: value, 4),
        (lambda value, factor=3: value * factor, 12),
        (lambda value, context: context.service, "service"),
        (lambda *values: list(values), [4]),
        (functools.partial(pow, 2), 16),
        (str, "4"),
    ],
)
async def test_a_function_is_given_what_it_takes(name: str, handler: Any, expected: object) -> None:
    async with Mesh(name) as mesh:
        if handler is str:  # a class would be instantiated: behind a function, it converts
            handler = functools.partial(str)
        await mesh.register("service", handler)
        assert await mesh.call("service", payload=4) == expected


async def test_a_callable_object_without_methods_is_a_function(name: str) -> None:
    class Adder:
        async def __call__(self, value: int) -> int:
            return value + 1

    async with Mesh(name) as mesh:
        await mesh.register("adder", Adder())
        assert await mesh.call("adder", payload=1) == 2


async def test_an_async_function_behind_a_plain_decorator_is_awaited_on_its_loop(name: str) -> None:
    async def double(value: int) -> int:
        await asyncio.sleep(0)
        assert asyncio.get_running_loop() is loop
        return 2 * value

    @functools.wraps(double)
    def decorated(value: int) -> Any:
        return double(value)

    loop = asyncio.get_running_loop()
    async with Mesh(name) as mesh:
        await mesh.register("double", decorated)
        assert await mesh.call("double", payload=2) == 4


@pytest.mark.parametrize("bad", [None, 7, lambda one, two, three: None, lambda value, *, needed: None])
async def test_what_cannot_answer_requests_is_a_type_error(name: str, bad: Any) -> None:
    async with Mesh(name) as mesh:
        with pytest.raises(TypeError, match=r"is no service|cannot answer"):
            await mesh.register("bad", bad if bad != 7 else object())


async def test_a_decorator_on_a_running_mesh_registers_at_once(name: str) -> None:
    async with Mesh(name) as mesh:

        @mesh.service("late")
        class Late:
            async def loop_is(self) -> bool:
                return asyncio.get_running_loop() is loop

        loop = asyncio.get_running_loop()
        assert [one.service for one in mesh.discover("late")] == ["late"]
        assert await mesh.call("late", "loop_is") is True
        with pytest.raises(errors.InvalidArgument, match="no good"):
            mesh.service("no good")(Late)


async def test_plain_handlers_run_in_threads_and_async_ones_on_the_loop(name: str) -> None:
    async with Mesh(name) as mesh:

        @mesh.service("where")
        class Where:
            def plain(self) -> bool:
                return threading.current_thread() is here

            async def on_loop(self) -> bool:
                return threading.current_thread() is here

        here = threading.current_thread()
        assert await mesh.call("where", "plain") is False
        assert await mesh.call("where", "on_loop") is True


async def test_a_plain_handler_that_blocks_does_not_block_the_loop(name: str) -> None:
    async with Mesh(name) as mesh:
        entered, may_end = asyncio.Event(), threading.Event()
        loop = asyncio.get_running_loop()

        def block(value: object) -> str:
            loop.call_soon_threadsafe(entered.set)
            may_end.wait()
            return "done"

        await mesh.register("block", block)
        call = asyncio.ensure_future(mesh.call("block"))
        await entered.wait()
        may_end.set()
        assert await call == "done"


async def test_handlers_see_a_copy_of_the_context_variables_of_their_registration(name: str) -> None:
    async with Mesh(name) as mesh:
        tenant.set("acme")

        @mesh.service("tenant")
        class Tenant:
            def plain(self) -> str:
                before = tenant.get()
                tenant.set("changed")
                return before

            async def on_loop(self) -> str:
                before = tenant.get()
                tenant.set("changed")
                return before

        tenant.set("later")
        for _ in range(2):
            assert await mesh.call("tenant", "plain") == "acme"
            assert await mesh.call("tenant", "on_loop") == "acme"
        assert tenant.get() == "later"


@pytest.mark.parametrize("bad", ["", "s" * 129, "has space", "größe", "a/b", "\udcff"])
async def test_a_bad_service_name_is_refused(name: str, bad: str) -> None:
    async with Mesh(name) as mesh:
        with pytest.raises(errors.InvalidArgument):
            await mesh.register(bad, lambda value: value)


@pytest.mark.parametrize(
    "options",
    [
        {"version": "one"},
        {"tags": ["has space"]},
        {"tags": [str(number) for number in range(33)]},
        {"metadata": {"key": "v" * 1025}},
        {"metadata": {"": "value"}},
        {"weight": 0},
        {"weight": 1001},
        {"weight": -1},
        {"max_in_flight": 0},
        {"max_in_flight": 65_537},
        {"zone": "z" * 1000},
    ],
)
async def test_a_spec_that_breaks_a_rule_is_refused(name: str, options: dict[str, Any]) -> None:
    async with Mesh(name) as mesh:
        with pytest.raises(errors.InvalidArgument):
            await mesh.register("service", lambda value: value, **options)
        assert mesh.discover() == []


@pytest.mark.parametrize(
    "options", [{"tags": "letters"}, {"tags": [1]}, {"metadata": {"a": 1}}, {"weight": 1.5}, {"weight": True}]
)
async def test_a_spec_of_wrong_types_is_a_type_error(name: str, options: dict[str, Any]) -> None:
    async with Mesh(name) as mesh:
        with pytest.raises(TypeError):
            await mesh.register("service", lambda value: value, **options)


async def test_a_registration_tells_of_its_instance(name: str) -> None:
    async with Mesh(name, zone="eu-1a") as mesh:
        registration = await mesh.register("orders", Orders, version="2.0.0", metadata={"tier": "gold"}, weight=7)
        instance = registration.instance
        assert (instance.service, instance.version, instance.weight) == ("orders", "2.0.0", 7)
        assert (instance.zone, instance.metadata, instance.node_id) == ("eu-1a", {"tier": "gold"}, mesh.node_id)
        assert (instance.health, instance.reach, instance.endpoint) == ("healthy", "in_process", None)
        assert instance == mesh.discover("orders")[0]
        assert mesh.registrations == (registration,)
        assert repr(registration) == f"<commy.Registration of orders 2.0.0, healthy, id {instance.id}>"
        assert hash(instance) == hash(mesh.discover("orders")[0])


async def test_deregistering_withdraws_the_instance_and_twice_does_nothing(name: str) -> None:
    async with Mesh(name) as mesh:
        async with await mesh.register("orders", Orders) as registration:
            assert await mesh.call("orders", "create", "1") == "order 1"
        assert mesh.discover() == []
        assert mesh.registrations == ()
        await registration.deregister()
        with pytest.raises(errors.NotFound):
            await mesh.call("orders", "create", "1")


async def test_health_that_its_owner_reports_decides_whether_it_is_called(name: str) -> None:
    async with Mesh(name) as mesh:
        registration = await mesh.register("orders", Orders)
        await registration.set_health("unhealthy")
        assert mesh.discover("orders") == []
        assert [one.health for one in mesh.discover("orders", health="unhealthy")] == [commy.Health.UNHEALTHY]
        with pytest.raises(errors.Unavailable):
            await mesh.call("orders", "create", "1", timeout=1.0)
        await registration.set_health(commy.Health.HEALTHY)
        assert await mesh.call("orders", "create", "1") == "order 1"
        for bad in ("draining", "starting", "splendid"):
            with pytest.raises(errors.InvalidArgument):
                await registration.set_health(bad)


async def test_draining_finishes_what_is_in_flight_and_takes_nothing_new(name: str) -> None:
    async with Mesh(name) as mesh:
        begun, may_end = asyncio.Event(), asyncio.Event()

        async def slow(value: str) -> str:
            begun.set()
            await may_end.wait()
            return value

        registration = await mesh.register("slow", slow)
        call = asyncio.ensure_future(mesh.call("slow", payload="done"))
        await begun.wait()
        assert await registration.drain(timeout=0.01) is False
        assert registration.instance.health is commy.Health.DRAINING
        with pytest.raises(errors.Unavailable):
            await mesh.call("slow", timeout=1.0)
        may_end.set()
        assert await call == "done"
        assert await registration.drain() is True
        with pytest.raises(errors.InvalidArgument):
            await registration.drain(timeout=-1)


async def test_a_handler_may_register_and_deregister(name: str) -> None:
    async with Mesh(name) as mesh:

        async def spawn(child: str) -> object:
            await mesh.register(child, lambda value: value)
            return await mesh.call(child, payload="from the child")

        await mesh.register("spawn", spawn)
        assert await mesh.call("spawn", payload="child") == "from the child"
