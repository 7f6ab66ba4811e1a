"""The mesh: the few verbs with which a program serves, finds, calls and tells others.

Owns the order of things: what is registered when, and what ends with a stop. Everything else is
its neighbours': conversion, dispatch and decisions.
"""

from __future__ import annotations

import asyncio
import warnings
import weakref
from collections.abc import Iterable, Mapping
from types import TracebackType
from typing import Any, Callable, NamedTuple, TypeVar, Union

from commy import argument, call, endpoint, events, fabric, instance, process, service, stats
from commy import breaker as circuit
from commy.breaker import CircuitBreaker
from commy.call import Reply
from commy.desk import Answered
from commy.desks import Desks
from commy.dispatch import Dispatcher
from commy.endpoint import Check
from commy.errors import RAW_ERRORS, lift
from commy.events import Overflow, Subscription
from commy.fabric import FabricMode, TlsOptions
from commy.follower import Follower
from commy.instance import Balance, HealthFilter, ServiceInstance
from commy.library import raw
from commy.registration import Registration
from commy.stats import MeshStats
from commy.watch import Watch

T = TypeVar("T", bound=Union[type, Callable[..., Any]])

THREADS = 32
"""How many plain handlers of one registration run at once, unless it says otherwise."""


class Declared(NamedTuple):
    """A service as it was declared, to be registered at each start."""

    target: Any
    spec: raw.ServiceSpec
    threads: int


class Mesh:
    """This process's membership in a mesh. Creating one starts nothing.

    ``name`` is the scope of discovery: 1 to 64 bytes of ASCII letters, digits, ``_``, ``-`` and
    ``.``. ``zone`` and ``region`` are those of its services unless they say otherwise.
    ``call_timeout`` (at least 0.001) and ``drain_timeout`` are in seconds: how long a call may take
    that names no timeout, and how long :meth:`stop` lets calls in flight finish. A payload larger
    than ``max_payload_bytes`` (at most 2**30) is refused. ``balance`` is how calls choose among
    equal instances; a ``breaker`` makes them avoid one that fails.

    A mesh finds the other processes of its user on this host that use its name, with no port and no
    configuration, unless it is ``local_only``. For other hosts, ``listen`` and ``connect`` name
    endpoints such as ``"tls/0.0.0.0:7447"``; ``tls/`` and ``quic/`` need the certificates in
    ``tls``, and plain ``tcp/`` beyond this host needs ``allow_insecure``. ``multicast`` looks for
    nodes on the local network. As a ``"client"``, ``mode`` reaches all others through one router.
    ``shared_memory`` carries large payloads between processes of this host.

    Options that break a rule raise InvalidArgument. Every method but those that are documented to
    work without needs a mesh that runs, and raises FailedPrecondition otherwise.

    >>> import asyncio
    >>> async def main():
    ...     async with Mesh("example") as mesh:
    ...         @mesh.service("greeter")
    ...         async def greet(name):
    ...             return f"hello {name}"
    ...         return await mesh.call("greeter", payload="Ann", timeout=2.0)
    >>> asyncio.run(main())
    'hello Ann'
    """

    def __init__(
        self,
        name: str,
        *,
        zone: str | None = None,
        region: str | None = None,
        call_timeout: float = 30.0,
        drain_timeout: float = 5.0,
        max_payload_bytes: int = 8 * 2**20,
        balance: Balance | str = Balance.LEAST_LOADED,
        breaker: CircuitBreaker | None = None,
        local_only: bool = False,
        mode: FabricMode | str = FabricMode.PEER,
        listen: Iterable[str] = (),
        connect: Iterable[str] = (),
        tls: TlsOptions | None = None,
        multicast: bool = False,
        allow_insecure: bool = False,
        shared_memory: bool = True,
    ) -> None:
        self._is_started = False
        process.guard()
        self._name = argument.text("the mesh's name", name)
        options = raw.MeshOptions(
            name=self._name,
            zone=argument.optional_text("zone", zone),
            region=argument.optional_text("region", region),
            call_timeout_ms=argument.milliseconds("call_timeout", call_timeout),
            drain_timeout_ms=argument.milliseconds("drain_timeout", drain_timeout),
            max_payload_bytes=argument.whole("max_payload_bytes", max_payload_bytes, argument.U64_MAX),
            balance=instance.lower_balance(balance),
            breaker=circuit.lower(breaker),
            local_only=argument.flag("local_only", local_only),
            mode=fabric.lower_mode(mode),
            listen=argument.texts("listen", listen),
            connect=argument.texts("connect", connect),
            tls=fabric.lower_tls(tls),
            multicast=argument.flag("multicast", multicast),
            allow_insecure=argument.flag("allow_insecure", allow_insecure),
            shared_memory=argument.flag("shared_memory", shared_memory),
        )
        try:
            self._inner = raw.Mesh(options)
        except RAW_ERRORS as error:
            raise lift(error) from None
        self._declared: list[Declared] = []
        self._unregistered: list[Declared] = []
        self._registrations: dict[Registration, None] = {}
        self._dispatchers: weakref.WeakSet[Dispatcher] = weakref.WeakSet()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._desks = Desks(self._inner)

    @property
    def name(self) -> str:
        """The name of the mesh. Works on a mesh that does not run."""
        return self._name

    @property
    def node_id(self) -> str:
        """The id of this process's node in the mesh. Works on a mesh that does not run."""
        process.guard()
        return str(self._inner.node_id())

    @property
    def is_running(self) -> bool:
        """Whether the mesh is started and not stopped."""
        process.guard()
        return bool(self._inner.is_running())

    @property
    def registrations(self) -> tuple[Registration, ...]:
        """What is registered and advertised here, in the order in which it was."""
        return tuple(self._registrations)

    async def start(self) -> None:
        """Starts the mesh and registers the services that were declared by :meth:`service`.

        Starting one that runs does nothing; a stopped one can be started again. If a declared
        service cannot be registered, the mesh is stopped again and the error raised.
        """
        process.adopt(self)
        try:
            await self._inner.start()
        except RAW_ERRORS as error:
            raise lift(error) from None
        self._is_started = True
        self._loop = asyncio.get_running_loop()
        self._desks.of(self._loop)
        try:
            while self._unregistered:
                await self._host(self._unregistered.pop(0), self._loop)
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Stops the mesh: refuses new calls, lets those in flight finish up to ``drain_timeout``,
        withdraws its registrations, ends its watches and subscriptions.

        Stopping one that does not run does nothing.
        """
        process.guard()
        try:
            await self._inner.stop()
        except RAW_ERRORS as error:
            raise lift(error) from None
        self._is_started = False
        self._registrations.clear()
        self._unregistered = list(self._declared)
        process.release(self)

    async def _abandon(self) -> None:
        """Stops without waiting for handlers. Called when the interpreter ends."""
        for dispatcher in list(self._dispatchers):
            dispatcher.abandon()
        self._desks.close()
        await self.stop()

    async def __aenter__(self) -> Mesh:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.stop()

    def __del__(self) -> None:
        if self._is_started and not process.is_forked():
            # Not by repr: in a cycle of garbage, the library's part of this may be gone already.
            warnings.warn(f"mesh {self._name!r} was not stopped", ResourceWarning, source=self, stacklevel=2)

    def __repr__(self) -> str:
        if process.is_forked():
            return "<commy.Mesh of another process>"
        return f"<commy.Mesh {self.name!r} {'running' if self.is_running else 'not running'}>"

    # Serving.

    def service(
        self,
        name: str,
        *,
        version: str = "0.0.0",
        tags: Iterable[str] = (),
        metadata: Mapping[str, str] | None = None,
        weight: int = 100,
        zone: str | None = None,
        region: str | None = None,
        max_in_flight: int = 1024,
        threads: int = THREADS,
    ) -> Callable[[T], T]:
        """Declares the decorated class or function to be a service; what it decorates is unchanged.

        The public methods of a class are the service's methods, async or plain, those it inherits
        too; it is instantiated, without arguments, at each start. A function answers every method.
        Either takes the payload and, as a second parameter without a default, its
        :class:`~commy.service.Context`; what it returns is the reply.

        Before the mesh is started, this only declares, and :meth:`start` registers. On a mesh that
        runs, it registers before it returns: errors are raised here, and the wait, a fraction of a
        millisecond, is for this process alone. Use :meth:`register` for an object that needs
        arguments, and to get the registration.

        The options are those of :meth:`register`.
        """
        spec = instance.spec(
            name,
            version=version,
            tags=tags,
            metadata=metadata,
            weight=weight,
            zone=zone,
            region=region,
            max_in_flight=max_in_flight,
        )

        def declare(target: T) -> T:
            declared = Declared(target, spec, _threads(threads))
            if self.is_running:
                loop = self._desks.loop() or self._loop
                process.outside_loop(lambda: self._host(declared, loop))
            else:
                self._unregistered.append(declared)
            self._declared.append(declared)
            return target

        return declare

    async def register(
        self,
        name: str,
        handler: Any,
        *,
        version: str = "0.0.0",
        tags: Iterable[str] = (),
        metadata: Mapping[str, str] | None = None,
        weight: int = 100,
        zone: str | None = None,
        region: str | None = None,
        max_in_flight: int = 1024,
        threads: int = THREADS,
    ) -> Registration:
        """Registers an instance of a service that this process hosts, until it is deregistered or
        the mesh is stopped.

        ``handler`` is an object with public methods, a class that needs no arguments, or a
        function. Async methods run in the event loop of this call; plain ones in at most
        ``threads`` threads of this registration's own, with a copy of this call's context
        variables. ``version`` is semantic; at most 32 ``tags`` and 64 entries of ``metadata`` are
        what callers may select by; ``weight`` is 1 to 1,000; ``max_in_flight``, 1 to 65,536, is how
        many requests may be under way: one more is ResourceExhausted to its caller.

        >>> import asyncio
        >>> async def main():
        ...     async with Mesh("example") as mesh:
        ...         await mesh.register("double", lambda number: 2 * number, version="1.0.0")
        ...         return await mesh.call("double", payload=21)
        >>> asyncio.run(main())
        42
        """
        spec = instance.spec(
            name,
            version=version,
            tags=tags,
            metadata=metadata,
            weight=weight,
            zone=zone,
            region=region,
            max_in_flight=max_in_flight,
        )
        loop = asyncio.get_running_loop()
        self._desks.of(loop)
        return await self._host(Declared(handler, spec, _threads(threads)), loop)

    async def _host(self, declared: Declared, loop: asyncio.AbstractEventLoop | None) -> Registration:
        process.guard()
        spec = declared.spec
        target = service.service_of(declared.target)
        handler = Dispatcher(target, spec.service, loop, declared.threads, spec.max_in_flight)
        # Plain handlers are asked past the loop, so that one that is busy does not hold them up.
        desk = self._desks.find(loop) if target.is_async else None
        try:
            inner = await self._inner.register(spec, handler if desk is None else desk.handler(handler))
        except RAW_ERRORS as error:
            raise lift(error) from None
        self._dispatchers.add(handler)
        return self._made(inner)

    async def advertise(
        self,
        name: str,
        address: str,
        *,
        check: Check | None = None,
        version: str = "0.0.0",
        tags: Iterable[str] = (),
        metadata: Mapping[str, str] | None = None,
        weight: int = 100,
        zone: str | None = None,
        region: str | None = None,
    ) -> Registration:
        """Makes known an instance that runs elsewhere, at an address such as
        ``http://127.0.0.1:8080`` or ``tcp://db:5432``.

        With a ``check``, :class:`~commy.Http` or :class:`~commy.Tcp`, it is probed, and can be
        discovered once the probe succeeds; without, it is taken to be healthy. It is dialled by
        its users: :meth:`call` refuses it with FailedPrecondition and names the address.
        """
        process.guard()
        spec = instance.spec(
            name,
            version=version,
            tags=tags,
            metadata=metadata,
            weight=weight,
            zone=zone,
            region=region,
        )
        where = argument.text("the address", address)
        probed = endpoint.lower(check)
        try:
            inner = await self._inner.advertise(spec, where, probed)
        except RAW_ERRORS as error:
            raise lift(error) from None
        return self._made(inner)

    def _made(self, inner: raw.Registration) -> Registration:
        # Given only what it removes itself from, so that it does not keep the mesh alive.
        registration = Registration(inner, self._registrations)
        self._registrations[registration] = None
        return registration

    # Finding.

    def discover(
        self,
        service: str | None = None,
        *,
        version: str | None = None,
        tags: Iterable[str] = (),
        metadata: Mapping[str, str] | None = None,
        health: HealthFilter = None,
        zone: str | None = None,
        region: str | None = None,
    ) -> list[ServiceInstance]:
        """The instances that match now, ordered by service and id, from local knowledge.

        All of every service, unless narrowed: ``version`` is a requirement in Cargo's syntax, such
        as ``"^1.2"`` or ``">=1, <3"``; an instance must have all ``tags`` and ``metadata``, and a
        ``health`` that is asked for, which is ``"healthy"`` when none is.
        """
        process.guard()
        query = instance.query(
            service, version=version, tags=tags, metadata=metadata, health=health, zone=zone, region=region
        )
        try:
            found = self._inner.discover(query)
        except RAW_ERRORS as error:
            raise lift(error) from None
        return [instance.lift(one) for one in found]

    def watch(
        self,
        service: str | None = None,
        *,
        version: str | None = None,
        tags: Iterable[str] = (),
        metadata: Mapping[str, str] | None = None,
        health: HealthFilter = None,
        zone: str | None = None,
        region: str | None = None,
    ) -> Watch:
        """Watches the instances that match, as :meth:`discover` would find them: first those that
        match now, as ``added``, then every change from this moment on.

        >>> import asyncio
        >>> async def main():
        ...     async with Mesh("example") as mesh, mesh.watch("orders") as changes:
        ...         await mesh.register("orders", lambda order: order)
        ...         async for change in changes:
        ...             return f"{change.kind} {change.instance.service}"
        >>> asyncio.run(main())
        'added orders'
        """
        process.guard()
        query = instance.query(
            service, version=version, tags=tags, metadata=metadata, health=health, zone=zone, region=region
        )
        try:
            return Watch(self._inner.watch(query))
        except RAW_ERRORS as error:
            raise lift(error) from None

    def active_service_count(self) -> int:
        """How many services have at least one healthy instance."""
        process.guard()
        try:
            return int(self._inner.active_service_count())
        except RAW_ERRORS as error:
            raise lift(error) from None

    def stats(self) -> MeshStats:
        """The counters of this mesh. Works on a mesh that does not run."""
        process.guard()
        return stats.lift(self._inner.stats())

    # Calling.

    async def call(
        self,
        service: str,
        method: str = "",
        payload: object = None,
        *,
        headers: Mapping[str, str] | None = None,
        content_type: str | None = None,
        timeout: float | None = None,
        idempotent: bool = False,
        routing_key: str | None = None,
        balance: Balance | str | None = None,
        zone_first: bool = True,
        version: str | None = None,
        tags: Iterable[str] = (),
        metadata: Mapping[str, str] | None = None,
    ) -> Any:
        """Calls a service and returns its answer: a value from JSON, or bytes if it is not JSON.

        ``payload`` is bytes, carried untouched, or a value that JSON can express; TypeError for
        any other. ``timeout`` is in seconds; the mesh's ``call_timeout`` when None, and zero is
        DeadlineExceeded at once. ``idempotent`` says that executing the call twice does no harm, so
        that it may be retried. ``routing_key``, at most 1,024 bytes, chooses the instance under
        ``consistent_hash`` balancing. ``version``, ``tags`` and ``metadata`` narrow the choice as
        in :meth:`discover`; ``zone_first`` prefers an instance in this mesh's zone.

        Raises a :class:`~commy.errors.CommyError` by its status; HandlerFailed when the handler
        raised. Cancelling the task that awaits cancels the handler.
        """
        process.guard()
        head, body = call.lower(
            service,
            method,
            payload,
            headers,
            content_type,
            timeout,
            idempotent,
            routing_key,
            balance,
            zone_first,
            version,
            tags,
            metadata,
        )
        reply = await self._send(head, body)
        return call.value(reply, service, method)

    async def request(
        self,
        service: str,
        method: str = "",
        payload: object = None,
        *,
        headers: Mapping[str, str] | None = None,
        content_type: str | None = None,
        timeout: float | None = None,
        idempotent: bool = False,
        routing_key: str | None = None,
        balance: Balance | str | None = None,
        zone_first: bool = True,
        version: str | None = None,
        tags: Iterable[str] = (),
        metadata: Mapping[str, str] | None = None,
    ) -> Reply:
        """As :meth:`call`, and returns the whole reply: headers, content type and who served it."""
        process.guard()
        head, body = call.lower(
            service,
            method,
            payload,
            headers,
            content_type,
            timeout,
            idempotent,
            routing_key,
            balance,
            zone_first,
            version,
            tags,
            metadata,
        )
        reply = await self._send(head, body)
        value = call.value(reply, service, method)
        return Reply(value, reply.headers, reply.content_type, reply.served_by)

    async def _send(self, head: bytes, body: bytes) -> Answered:
        try:
            return await self._desks.here().call(head, body)
        except RAW_ERRORS as error:
            raise lift(error) from None

    # Telling.

    async def publish(
        self,
        topic: str,
        value: object = None,
        *,
        headers: Mapping[str, str] | None = None,
        content_type: str | None = None,
    ) -> None:
        """Publishes an event on a topic, such as ``orders/created``: 1 to 256 bytes of segments
        joined by ``/``. ``value`` is as the payload of :meth:`call`."""
        process.guard()
        head, body = events.lower(topic, value, headers, content_type)
        try:
            await self._desks.here().publish(head, body)
        except RAW_ERRORS as error:
            raise lift(error) from None

    def subscribe(
        self, topics: str, *, capacity: int = 256, overflow: Overflow | str = Overflow.DROP_OLDEST
    ) -> Subscription:
        """Subscribes to the topics that match a filter, in which ``*`` stands for any one segment
        and ``**`` for any number of them.

        At most ``capacity`` events, 1 to 65,536, wait to be taken; ``overflow`` says what happens
        to one more. Subscribed once it is awaited, entered by ``async with`` or iterated over.

        >>> import asyncio
        >>> async def main():
        ...     async with Mesh("example") as mesh, mesh.subscribe("orders/*") as events:
        ...         await mesh.publish("orders/created", {"id": 1})
        ...         async for event in events:
        ...             return event.topic, event.value
        >>> asyncio.run(main())
        ('orders/created', {'id': 1})
        """
        process.guard()
        options = events.lower_options(capacity, overflow)
        where = argument.text("the filter of topics", topics)

        async def subscribe() -> Follower:
            try:
                return Follower(self._desks, await self._inner.subscribe(where, options))
            except RAW_ERRORS as error:
                raise lift(error) from None

        return Subscription(topics, subscribe)


def _threads(threads: int) -> int:
    return max(1, argument.whole("threads", threads))
