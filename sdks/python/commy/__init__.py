"""commy: a service mesh that you import.

>>> import asyncio, commy
>>> async def main():
...     async with commy.Mesh("shop") as mesh:
...         @mesh.service("orders", version="1.0.0")
...         class Orders:
...             async def create(self, order):
...                 return {**order, "state": "created"}
...         return await mesh.call("orders", "create", {"id": 1})
>>> asyncio.run(main())
{'id': 1, 'state': 'created'}

``commy.Mesh`` is for asyncio, ``commy.blocking.Mesh`` for scripts and threads. Errors are in
``commy.errors``. All times are in seconds.
"""

from commy import blocking, errors, library
from commy.breaker import CircuitBreaker
from commy.call import Reply
from commy.endpoint import Http, Tcp
from commy.errors import CommyError, HandlerFailed, Status
from commy.events import Event, Overflow, Subscription
from commy.fabric import FabricMode, TlsOptions
from commy.failure import BadRequest, HandlerError, UnknownMethod
from commy.instance import Balance, Health, Reach, ServiceInstance
from commy.mesh import Mesh
from commy.payload import Message
from commy.registration import Registration
from commy.service import Context, method
from commy.stats import MeshStats
from commy.watch import Change, ChangeKind, Watch

__all__ = [
    "BadRequest",
    "Balance",
    "Change",
    "ChangeKind",
    "CircuitBreaker",
    "CommyError",
    "Context",
    "Event",
    "FabricMode",
    "HandlerError",
    "HandlerFailed",
    "Health",
    "Http",
    "Mesh",
    "MeshStats",
    "Message",
    "Overflow",
    "Reach",
    "Registration",
    "Reply",
    "ServiceInstance",
    "Status",
    "Subscription",
    "Tcp",
    "TlsOptions",
    "UnknownMethod",
    "Watch",
    "blocking",
    "errors",
    "method",
]

__version__ = library.version()
