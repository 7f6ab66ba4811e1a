"""The blocking twin of :class:`commy.Mesh`, for scripts and for threads.

Owns nothing but waiting: each method runs its twin in an event loop in the background.

>>> from commy.blocking import Mesh
>>> with Mesh("example") as mesh:
...     @mesh.service("double")
...     def double(number):
...         return 2 * number
...     mesh.call("double", payload=21, timeout=2.0)
42
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from types import TracebackType
from typing import (
    Any,
    Callable,
    Generic,
    TypeVar,
    Union,
)

from commy import events, mesh, registration, stream, watch
from commy.background import Background
from commy.breaker import CircuitBreaker
from commy.call import Reply
from commy.endpoint import Check
from commy.errors import DeadlineExceeded
from commy.events import Event, Overflow
from commy.fabric import FabricMode, TlsOptions
from commy.instance import Balance, Health, HealthFilter, ServiceInstance
from commy.mesh import THREADS
from commy.stats import MeshStats
from commy.watch import Change

__all__ = ["Mesh", "Registration", "Subscription", "Watch"]

Item = TypeVar("Item")
S = TypeVar("S", bound="Stream[Any]")
T = TypeVar("T", bound=Union[type, Callable[..., Any]])


class Registration:
    """The blocking twin of :class:`commy.Registration`."""

    def __init__(self, inner: registration.Registration, background: Background) -> None:
        self._inner = inner
        self._background = background

    @property
    def instance(self) -> ServiceInstance:
        """The instance as it is now, or as it last was."""
        return self._inner.instance

    def set_health(self, health: Health | str) -> None:
        """Reports ``"healthy"`` or ``"unhealthy"``."""
        self._background.run(self._inner.set_health(health))

    def drain(self, timeout: float = 5.0) -> bool:
        """Takes no new calls and waits at most ``timeout`` seconds until those in flight are
        finished. Returns whether all were."""
        return self._background.run(self._inner.drain(timeout))

    def deregister(self) -> None:
        """Drains, then withdraws the instance. Doing it twice does nothing."""
        self._background.run(self._inner.deregister())

    def __enter__(self) -> Registration:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.deregister()

    def __repr__(self) -> str:
        return repr(self._inner).replace("commy.", "commy.blocking.", 1)


class Stream(Iterator[Item], Generic[Item]):
    """Iterates over what arrives, until it is closed or its mesh is stopped.

    With a ``timeout``, DeadlineExceeded ends an iteration that nothing reached for so many seconds;
    it may be taken up again, and misses nothing.
    """

    def __init__(self, inner: stream.Stream[Item], background: Background, timeout: float | None) -> None:
        self._inner = inner
        self._background = background
        self._timeout = timeout

    def next(self, timeout: float | None = None) -> Item | None:
        """Waits for the next item, at most ``timeout`` seconds, or as long as it takes; None when
        this is closed or its mesh is stopped. Raises DeadlineExceeded, and loses nothing by it."""
        work = _within(self._inner, timeout)
        return self._background.run(work)

    def close(self) -> None:
        """Ends it, from any thread; whoever waits for an item gets none."""
        self._inner.close()

    def __iter__(self: S) -> S:
        return self

    def __next__(self) -> Item:
        item = self.next(self._timeout)
        if item is None:
            raise StopIteration
        return item

    def __enter__(self: S) -> S:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return repr(self._inner).replace("commy.", "commy.blocking.", 1)


class Watch(Stream[Change]):
    """The changes to the instances that match a query: first those that match now, as ``added``."""

    def __init__(self, inner: watch.Watch, background: Background, timeout: float | None) -> None:
        super().__init__(inner, background, timeout)


class Subscription(Stream[Event]):
    """A queue of events whose topics match a filter; subscribed from the start."""

    def __init__(self, inner: events.Subscription, background: Background, timeout: float | None) -> None:
        super().__init__(inner, background, timeout)
        self._subscription = inner

    @property
    def dropped(self) -> int:
        """How many events this subscription has lost by its overflow policy so far."""
        return self._subscription.dropped


class Mesh:
    """This process's membership in a mesh, with blocking methods; usable from several threads.

    Parameters, results and errors are those of :class:`commy.Mesh`, whose documentation holds for
    every method here. Plain handlers run in threads of their own and may use the mesh; async ones
    run in the background and may not, as they would wait for themselves.
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
        self._inner = mesh.Mesh(
            name,
            zone=zone,
            region=region,
            call_timeout=call_timeout,
            drain_timeout=drain_timeout,
            max_payload_bytes=max_payload_bytes,
            balance=balance,
            breaker=breaker,
            local_only=local_only,
            mode=mode,
            listen=listen,
            connect=connect,
            tls=tls,
            multicast=multicast,
            allow_insecure=allow_insecure,
            shared_memory=shared_memory,
        )
        self._background = Background(f"commy-{name}")

    @property
    def name(self) -> str:
        """The name of the mesh."""
        return self._inner.name

    @property
    def node_id(self) -> str:
        """The id of this process's node in the mesh."""
        return self._inner.node_id

    @property
    def is_running(self) -> bool:
        """Whether the mesh is started and not stopped."""
        return self._inner.is_running

    @property
    def registrations(self) -> tuple[Registration, ...]:
        """What is registered and advertised here, in the order in which it was."""
        return tuple(Registration(one, self._background) for one in self._inner.registrations)

    def start(self) -> None:
        """Starts the mesh and registers the services that were declared."""
        self._background.run(self._inner.start())

    def stop(self) -> None:
        """Stops the mesh and its background thread; not from an async handler."""
        self._background.run(self._inner.stop())
        self._background.close()

    def __enter__(self) -> Mesh:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def __repr__(self) -> str:
        return repr(self._inner).replace("commy.", "commy.blocking.", 1)

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
        """Declares the decorated class or function to be a service."""
        return self._inner.service(
            name,
            version=version,
            tags=tags,
            metadata=metadata,
            weight=weight,
            zone=zone,
            region=region,
            max_in_flight=max_in_flight,
            threads=threads,
        )

    def register(
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
        """Registers an instance of a service that this process hosts."""
        work = self._inner.register(
            name,
            handler,
            version=version,
            tags=tags,
            metadata=metadata,
            weight=weight,
            zone=zone,
            region=region,
            max_in_flight=max_in_flight,
            threads=threads,
        )
        return Registration(self._background.run(work), self._background)

    def advertise(
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
        """Makes known an instance that runs elsewhere, probed if a check is given."""
        work = self._inner.advertise(
            name,
            address,
            check=check,
            version=version,
            tags=tags,
            metadata=metadata,
            weight=weight,
            zone=zone,
            region=region,
        )
        return Registration(self._background.run(work), self._background)

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
        """The instances that match now, ordered by service and id."""
        return self._inner.discover(
            service, version=version, tags=tags, metadata=metadata, health=health, zone=zone, region=region
        )

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
        timeout: float | None = None,
    ) -> Watch:
        """Watches the instances that match. ``timeout`` is the longest wait for each change, in
        seconds, when iterating."""
        inner = self._inner.watch(
            service, version=version, tags=tags, metadata=metadata, health=health, zone=zone, region=region
        )
        return Watch(inner, self._background, timeout)

    def active_service_count(self) -> int:
        """How many services have at least one healthy instance."""
        return self._inner.active_service_count()

    def stats(self) -> MeshStats:
        """The counters of this mesh."""
        return self._inner.stats()

    def call(
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
        """Calls a service and returns its answer. Ctrl-C while waiting cancels the handler."""
        return self.request(
            service,
            method,
            payload,
            headers=headers,
            content_type=content_type,
            timeout=timeout,
            idempotent=idempotent,
            routing_key=routing_key,
            balance=balance,
            zone_first=zone_first,
            version=version,
            tags=tags,
            metadata=metadata,
        ).value

    def request(
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
        """As :meth:`call`, and returns the whole reply."""
        work = self._inner.request(
            service,
            method,
            payload,
            headers=headers,
            content_type=content_type,
            timeout=timeout,
            idempotent=idempotent,
            routing_key=routing_key,
            balance=balance,
            zone_first=zone_first,
            version=version,
            tags=tags,
            metadata=metadata,
        )
        return self._background.run(work)

    def publish(
        self,
        topic: str,
        value: object = None,
        *,
        headers: Mapping[str, str] | None = None,
        content_type: str | None = None,
    ) -> None:
        """Publishes an event on a topic."""
        self._background.run(self._inner.publish(topic, value, headers=headers, content_type=content_type))

    def subscribe(
        self,
        topics: str,
        *,
        capacity: int = 256,
        overflow: Overflow | str = Overflow.DROP_OLDEST,
        timeout: float | None = None,
    ) -> Subscription:
        """Subscribes to the topics that match a filter. ``timeout`` is the longest wait for each
        event, in seconds, when iterating."""
        inner = self._inner.subscribe(topics, capacity=capacity, overflow=overflow)
        self._background.run(inner.__aenter__())
        return Subscription(inner, self._background, timeout)


async def _within(source: stream.Stream[Item], seconds: float | None) -> Item | None:
    try:
        return await asyncio.wait_for(source.next(), seconds)
    except asyncio.TimeoutError:
        raise DeadlineExceeded(f"nothing arrived within {seconds} seconds") from None
