"""From the runtime's threads to Python's handlers and back: one answer for every request.

The runtime calls :class:`Dispatcher` on a thread of its own, which must not wait: an async handler
becomes a task of the event loop in which it was registered, a plain one is run by a worker thread.
Knows nothing of meshes, names or registrations.
"""

from __future__ import annotations

import asyncio
import contextvars
import logging
from collections.abc import Awaitable
from typing import Any, Protocol

from commy import failure, payload, service
from commy.desk import Asked, Desk
from commy.errors import InvalidArgument
from commy.library import raw
from commy.service import Context, Method, Service
from commy.workers import Workers

log = logging.getLogger("commy")

Loop = asyncio.AbstractEventLoop


class Waiting(Protocol):
    """A request that waits for its answer; the first counts."""

    def complete(self, reply: raw.Message) -> None: ...

    def fail(self, failure: raw.Failure) -> None: ...


class AtDesk:
    """A request that waits at a desk."""

    __slots__ = ("desk", "number")

    def __init__(self, desk: Desk, number: int) -> None:
        self.desk = desk
        self.number = number

    def complete(self, reply: raw.Message) -> None:
        self.desk.reply(self.number, reply.content_type, reply.headers, reply.payload)

    def fail(self, failure: raw.Failure) -> None:
        self.desk.fail(self.number, failure)


class Job:
    """One request on its way through this process."""

    __slots__ = ("context", "invocation", "method", "number", "payload", "task")

    def __init__(self, invocation: Waiting, number: int, context: Context, payload: bytes, method: Method) -> None:
        self.invocation: Waiting | None = invocation
        self.method = method
        self.number = number
        self.payload = payload
        self.context = context
        self.task: asyncio.Task[None] | None = None

    def input(self) -> Any:
        """The value that the handler is given."""
        value, self.payload = self.payload, b""
        try:
            return payload.decode(value, self.context.content_type)
        except InvalidArgument as error:
            raise failure.BadRequest(str(error)) from None


class Dispatcher(raw.Handler):
    """Answers the requests of one registration."""

    def __init__(self, target: Service, name: str, loop: Loop | None, threads: int, max_in_flight: int) -> None:
        self._target = target
        self._loop = loop
        self._variables = contextvars.copy_context()
        # Requests that nobody waits for any more may still hold a thread: they, too, are bounded.
        self._workers = Workers(name, threads, max(max_in_flight, threads))
        self._jobs: dict[int, Job] = {}
        self._abandoned = False

    def __del__(self) -> None:
        # The runtime holds the last reference: it goes with the registration.
        self._workers.close()

    # Called by the runtime, on a thread of its own.

    def start(self, invocation: raw.Invocation, request: raw.IncomingRequest) -> None:
        method = self._target.find(request.method)
        if method is None:
            invocation.fail(self._unknown(request.service, request.method))
            return
        number = request.invocation_id
        job = Job(invocation, number, service.lift(request), request.message.payload, method)
        self._jobs[number] = job
        try:
            if self._abandoned:
                raise RuntimeError("the interpreter is ending")
            if method.is_async:
                self._on_loop(self._begin, job)
            else:
                variables = self._variables.copy()
                self._workers.submit(lambda: variables.run(self._work, job))
        except RuntimeError as error:
            self._fail(job, failure.internal(f"the handler of {request.service} cannot run: {error}"))

    def cancel(self, invocation_id: int) -> None:
        job = self._jobs.get(invocation_id)
        if job is None:
            return
        job.context.cancelled = True
        if job.task is not None or job.method.is_async:
            try:
                self._on_loop(self._stop, job)
            except RuntimeError:  # the loop is closed, and with it the task is gone
                self._fail(job, failure.internal("the request was cancelled"))

    # Called on the event loop's thread.

    def asked(self, desk: Desk, request: Asked) -> None:
        """A request at a desk: of a service all of whose methods are async."""
        waiting = AtDesk(desk, request.number)
        method = self._target.find(request.method)
        if method is None:
            waiting.fail(self._unknown(request.service, request.method))
            return
        job = Job(waiting, request.number, service.context_of(request), request.payload, method)
        self._jobs[job.number] = job
        # In the context of the registration, of which the task gets a copy.
        self._variables.run(self._begin, job)

    def _begin(self, job: Job, result: Awaitable[Any] | None = None) -> None:
        if job.context.cancelled and result is None:
            self._fail(job, failure.internal("the request was cancelled before it began"))
            return
        assert self._loop is not None
        job.task = self._loop.create_task(self._answer(job, result))
        job.task.add_done_callback(lambda _: self._settle(job))

    async def _answer(self, job: Job, result: Awaitable[Any] | None) -> None:
        try:
            if result is None:
                result = job.method(job.input(), job.context)
            self._complete(job, await result)
        except asyncio.CancelledError:
            self._fail(job, failure.internal("the handler's task was cancelled"))
            raise
        except Exception as error:
            self._raised(job, error)
        except BaseException as error:  # KeyboardInterrupt or SystemExit: answered, then passed on
            self._raised(job, error)
            raise

    def _stop(self, job: Job) -> None:
        if job.task is not None:
            job.task.cancel()

    def _settle(self, job: Job) -> None:
        """A task that was cancelled before its first step has run nothing, so not answered."""
        if job.invocation is not None:
            self._fail(job, failure.internal("the handler's task was cancelled before it began"))

    # Called on a worker's thread.

    def _work(self, job: Job) -> None:
        if job.context.cancelled:
            self._fail(job, failure.internal("the request was cancelled before it began"))
            return
        try:
            result = job.method(job.input(), job.context)
            if asyncio.iscoroutine(result) or asyncio.isfuture(result):
                # Such as an async method behind a plain decorator: only its loop can await it.
                self._hand_over(job, result)
            else:
                self._complete(job, result)
        except BaseException as error:  # the thread serves other requests: nothing may end it
            self._raised(job, error)

    def _hand_over(self, job: Job, result: Awaitable[Any]) -> None:
        try:
            self._on_loop(self._begin, job, result)
        except RuntimeError as error:
            if asyncio.iscoroutine(result):
                result.close()
            self._fail(job, failure.internal(f"the handler cannot be awaited: {error}"))

    # Called on any thread.

    def _unknown(self, name: str, method: str) -> raw.Failure:
        names = ", ".join(sorted(self._target.methods))
        return failure.unknown_method(f"{name} has no method {method!r}; it has {names}")

    def _on_loop(self, function: Any, *arguments: Any) -> None:
        """Has the event loop call a function soon, or raises RuntimeError."""
        if self._loop is None:
            raise RuntimeError("it is async, and was registered where no event loop ran")
        self._loop.call_soon_threadsafe(function, *arguments, context=self._variables)

    def _complete(self, job: Job, result: Any) -> None:
        try:
            message = payload.encode(result)
        except Exception as error:
            reason = f"{job.context.service} returned from {job.context.method!r} what cannot be sent: {error}"
            self._fail(job, failure.internal(reason))
            return
        invocation = self._take(job)
        if invocation is not None:
            invocation.complete(message)

    def _raised(self, job: Job, error: BaseException) -> None:
        if isinstance(error, (failure.HandlerError, failure.BadRequest, failure.UnknownMethod)):
            log.debug("%s.%s: %s", job.context.service, job.context.method, error)
        elif not job.context.cancelled:
            log.error("handler %s.%s raised", job.context.service, job.context.method, exc_info=error)
        self._fail(job, failure.lower(error))

    def _fail(self, job: Job, answer: raw.Failure) -> None:
        invocation = self._take(job)
        if invocation is not None:
            invocation.fail(answer)

    def _take(self, job: Job) -> Waiting | None:
        """The invocation, for the one answer that it gets."""
        self._jobs.pop(job.number, None)
        invocation, job.invocation = job.invocation, None
        return invocation

    def abandon(self) -> None:
        """Answers all that is under way: the interpreter ends, and no handler will finish."""
        self._abandoned = True
        for job in list(self._jobs.values()):
            self._fail(job, failure.internal("the process of the handler is ending"))
