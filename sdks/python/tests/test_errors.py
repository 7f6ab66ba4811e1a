"""Every failure is an exception by its status, with what is known of it; the process goes on."""

from __future__ import annotations

import logging
import pickle
from typing import Any

import pytest

import commy
from commy import BadRequest, CommyError, Context, HandlerError, Mesh, Status, UnknownMethod, errors
from commy.library import raw


class Custom(Exception):
    pass


class Unprintable(Exception):
    def __str__(self) -> str:
        raise RuntimeError("not even this")


class Fails:
    async def custom(self) -> None:
        raise Custom("it broke: ä")

    def plain(self) -> None:
        raise Custom("it broke: ä")

    async def told(self) -> None:
        raise HandlerError("OUT_OF_STOCK", "2 left", details={"left": 2, "of": ["ä"]})

    async def bad_request(self) -> None:
        raise BadRequest("an order needs an id")

    async def empty(self) -> None:
        raise ValueError

    async def unprintable(self) -> None:
        raise Unprintable

    async def surrogate(self) -> None:
        raise ValueError("half \ud83d")

    def exits_plainly(self) -> None:
        raise SystemExit(3)

    async def long(self) -> None:
        raise HandlerError("C" * 1000, "r" * 100_000)

    async def forwards(self) -> None:
        raise errors.NotFound("no such order", service="other")

    async def fine(self) -> str:
        return "fine"


@pytest.fixture(autouse=True)
def _quiet(caplog: pytest.LogCaptureFixture) -> None:
    """What handlers raise is logged, too; here it is expected."""
    caplog.set_level(logging.CRITICAL, "commy")


async def failure(mesh: Mesh, method: str) -> errors.HandlerFailed:
    with pytest.raises(errors.HandlerFailed) as caught:
        await mesh.call("fails", method)
    assert await mesh.call("fails", "fine") == "fine"
    return caught.value


@pytest.mark.parametrize("method", ["custom", "plain"])
async def test_an_uncaught_exception_is_told_by_its_class_and_message(name: str, method: str) -> None:
    async with Mesh(name) as mesh:
        registration = await mesh.register("fails", Fails)
        error = await failure(mesh, method)
        assert (error.status, error.code, error.reason) == (Status.HANDLER_FAILED, "Custom", "it broke: ä")
        assert (error.service, error.method, error.attempts) == ("fails", method, 1)
        assert error.instance_id == registration.instance.id
        assert error.details is None
        assert str(error) == "it broke: ä"


async def test_a_handlers_own_error_brings_its_code_and_details(name: str) -> None:
    async with Mesh(name) as mesh:
        await mesh.register("fails", Fails)
        error = await failure(mesh, "told")
        assert (error.code, error.reason, error.details) == ("OUT_OF_STOCK", "2 left", {"left": 2, "of": ["ä"]})
        assert "code='OUT_OF_STOCK'" in repr(error)


@pytest.mark.parametrize(
    ("method", "code", "reason"),
    [
        ("empty", "ValueError", "ValueError"),
        ("unprintable", "Unprintable", "Unprintable"),
        ("surrogate", "ValueError", "half \\ud83d"),
        ("exits_plainly", "SystemExit", "3"),
        ("forwards", "NotFound", "no such order"),
    ],
)
async def test_an_exception_that_is_hard_to_tell_is_told_all_the_same(
    name: str, method: str, code: str, reason: str
) -> None:
    async with Mesh(name) as mesh:
        await mesh.register("fails", Fails)
        error = await failure(mesh, method)
        assert (error.code, error.reason) == (code, reason)


async def test_an_endless_code_does_not_silence_the_failure(name: str) -> None:
    async with Mesh(name) as mesh:
        await mesh.register("fails", Fails)
        with pytest.raises(CommyError) as caught:
            await mesh.call("fails", "long")
        assert caught.value.status in (Status.HANDLER_FAILED, Status.INTERNAL)
        assert await mesh.call("fails", "fine") == "fine"


async def test_a_request_that_a_handler_cannot_understand_is_an_invalid_argument(name: str) -> None:
    async with Mesh(name) as mesh:
        await mesh.register("fails", Fails)
        with pytest.raises(errors.InvalidArgument, match="an order needs an id"):
            await mesh.call("fails", "bad_request")


async def test_a_function_may_say_that_it_lacks_a_method(name: str) -> None:
    async with Mesh(name) as mesh:

        @mesh.service("picky")
        async def picky(value: object, context: Context) -> None:
            raise UnknownMethod(f"picky has no {context.method}")

        with pytest.raises(errors.Unimplemented, match="picky has no wish"):
            await mesh.call("picky", "wish")


async def test_what_a_handler_raises_is_logged_where_it_runs(name: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.ERROR, "commy")
    async with Mesh(name) as mesh:
        await mesh.register("fails", Fails)
        await failure(mesh, "custom")
        await failure(mesh, "told")
    (record,) = caplog.records
    assert record.getMessage() == "handler fails.custom raised"
    assert record.exc_info is not None
    assert isinstance(record.exc_info[1], Custom)


def test_details_that_json_cannot_express_are_refused_where_they_are_given() -> None:
    with pytest.raises(TypeError):
        HandlerError("CODE", "reason", details=object())


def test_every_status_of_the_interface_has_its_exception() -> None:
    variants = {name for name, kind in vars(raw.CommyError).items() if isinstance(kind, type)}
    assert variants == {kind.__name__ for kind in CommyError.__subclasses__()}
    for kind in CommyError.__subclasses__():
        words = "".join(f"_{letter}" if letter.isupper() else letter for letter in kind.__name__).strip("_").upper()
        assert kind.status.name == words
    assert {kind.status for kind in CommyError.__subclasses__()} == set(Status)


@pytest.mark.parametrize("kind", CommyError.__subclasses__())
def test_every_raw_error_becomes_its_exception_with_all_fields(kind: type[CommyError]) -> None:
    info = raw.ErrorInfo(
        reason="why", service="s", method="m", instance_id="i", attempts=2, code="C", details_json='{"a": 1}'
    )
    error = errors.lift(getattr(raw.CommyError, kind.__name__)(info))
    assert type(error) is kind
    assert (error.reason, error.service, error.method) == ("why", "s", "m")
    assert (error.instance_id, error.attempts) == ("i", 2)
    if isinstance(error, errors.HandlerFailed):
        assert (error.code, error.details) == ("C", {"a": 1})


def test_details_of_another_language_that_are_not_json_are_handed_over_as_text() -> None:
    info = raw.ErrorInfo(reason="why", details_json="{broken")
    error = errors.lift(raw.CommyError.HandlerFailed(info))  # type: ignore[attr-defined]
    assert isinstance(error, errors.HandlerFailed)
    assert error.details == "{broken"


def test_a_defect_of_the_library_is_internal() -> None:
    assert errors.lift(raw.InternalError("a panic")).status is Status.INTERNAL


@pytest.mark.parametrize("kind", CommyError.__subclasses__())
def test_errors_survive_pickling(kind: Any) -> None:
    fields = {"service": "s", "attempts": 3}
    error = kind("why", **fields, code="C", details=[1]) if kind is errors.HandlerFailed else kind("why", **fields)
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is kind
    assert vars(again) == vars(error)
    assert repr(again) == repr(error)
    assert str(again) == "why"


def test_errors_are_what_python_calls_them() -> None:
    assert issubclass(errors.DeadlineExceeded, TimeoutError)
    assert issubclass(errors.InvalidArgument, ValueError)
    assert issubclass(errors.NotFound, LookupError)
    assert commy.errors.CommyError is commy.CommyError
