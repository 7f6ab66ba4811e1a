"""A registration: one instance that this mesh made known, and what its owner may do with it."""

from __future__ import annotations

from types import TracebackType

from commy import argument, instance, process
from commy.errors import RAW_ERRORS, lift
from commy.instance import Health, ServiceInstance
from commy.library import raw


class Registration:
    """An instance that this mesh registered or advertised.

    It lasts until it is deregistered or its mesh is stopped, whether or not this object is kept.
    Used in ``async with``, it is deregistered at the end of the block.
    """

    def __init__(self, inner: raw.Registration, siblings: dict[Registration, None]) -> None:
        self._inner = inner
        self._siblings = siblings

    @property
    def instance(self) -> ServiceInstance:
        """The instance as it is now, or as it last was."""
        process.guard()
        return instance.lift(self._inner.instance())

    async def set_health(self, health: Health | str) -> None:
        """Reports ``"healthy"`` or ``"unhealthy"``, of a hosted instance or an advertised one
        without a check; anything else is InvalidArgument or FailedPrecondition."""
        process.guard()
        lowered = instance.lower_health(health)
        try:
            await self._inner.set_health(lowered)
        except RAW_ERRORS as error:
            raise lift(error) from None

    async def drain(self, timeout: float = 5.0) -> bool:
        """Takes no new calls and waits until those in flight are finished, at most ``timeout``
        seconds. Returns whether all were; the instance stays registered as draining."""
        process.guard()
        limit = argument.milliseconds("timeout", timeout)
        try:
            return bool(await self._inner.drain(limit))
        except RAW_ERRORS as error:
            raise lift(error) from None

    async def deregister(self) -> None:
        """Drains for at most the mesh's ``drain_timeout``, then withdraws the instance. Doing it
        twice does nothing."""
        process.guard()
        try:
            await self._inner.deregister()
        except RAW_ERRORS as error:
            raise lift(error) from None
        self._siblings.pop(self, None)

    async def __aenter__(self) -> Registration:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.deregister()

    def __repr__(self) -> str:
        known = self.instance
        return f"<commy.Registration of {known.service} {known.version}, {known.health}, id {known.id}>"
