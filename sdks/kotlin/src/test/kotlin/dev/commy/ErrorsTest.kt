package dev.commy

import dev.commy.ffi.ErrorInfo
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.withTimeout
import kotlinx.serialization.json.JsonPrimitive
import kotlinx.serialization.json.buildJsonObject
import kotlinx.serialization.json.put
import org.junit.jupiter.api.AfterEach
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Assertions.assertSame
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.BeforeEach
import org.junit.jupiter.api.Test
import org.junit.jupiter.params.ParameterizedTest
import org.junit.jupiter.params.provider.MethodSource
import java.util.logging.Handler
import java.util.logging.LogRecord
import java.util.logging.Logger
import kotlin.time.Duration.Companion.milliseconds
import kotlin.time.Duration.Companion.seconds
import dev.commy.ffi.CommyException as RawException

/** Every failure is an exception by its status, with what is known of it; the process goes on. */
class ErrorsTest {
    private class Custom(
        message: String?,
    ) : Exception(message)

    private class Unprintable : Exception() {
        override val message: String get() = error("not even this")
    }

    private val logged = mutableListOf<LogRecord>()
    private val logger = Logger.getLogger("dev.commy")
    private val recorder =
        object : Handler() {
            override fun publish(record: LogRecord) {
                synchronized(logged) { logged += record }
            }

            override fun flush() = Unit

            override fun close() = Unit
        }

    @BeforeEach
    fun `what handlers throw is logged, too`() {
        logger.useParentHandlers = false
        logger.addHandler(recorder)
    }

    @AfterEach
    fun `log as before`() {
        logger.useParentHandlers = true
        logger.removeHandler(recorder)
    }

    private suspend fun Mesh.failing(failure: suspend CallContext.() -> Unit): Registration =
        service("fails") {
            method<Unit, Unit>("now") { failure() }
            method("fine") { _: Unit -> "fine" }
        }

    private suspend inline fun <reified E : CommyException> Mesh.failure(): E {
        val error = failsWith<E> { call<Unit>("fails", "now", timeout = 5.seconds) }
        assertEquals("fine", call<String>("fails", "fine"))
        assertEquals(0, stats.requestsInFlight)
        return error
    }

    @Test
    fun `an exception that a handler does not catch is told by its class and message`() =
        meshTest { mesh ->
            val registration = mesh.failing { throw Custom("it broke: ä") }
            val error = mesh.failure<CommyException.HandlerFailed>()
            assertEquals(Status.HANDLER_FAILED, error.status)
            assertEquals("Custom" to "it broke: ä", error.code to error.reason)
            assertEquals(Place("fails", "now", registration.instance.id, 1), error.place)
            assertEquals(
                listOf("fails", "now", registration.instance.id, 1),
                error.run {
                    listOf(service, method, instanceId, attempts)
                },
            )
            assertNull(error.details)
            assertEquals("it broke: ä", error.message)
        }

    @Test
    fun `a handler's own error brings its code and details`() =
        meshTest { mesh ->
            val details =
                buildJsonObject {
                    put("left", 2)
                    put("of", "ä")
                }
            mesh.failing { throw HandlerException("OUT_OF_STOCK", "2 left", details) }
            val error = mesh.failure<CommyException.HandlerFailed>()
            assertEquals(listOf("OUT_OF_STOCK", "2 left", details), error.run { listOf(code, reason, details) })
            assertEquals(emptyList<LogRecord>(), logged)
        }

    @ParameterizedTest
    @MethodSource("hardToTell")
    fun `an exception that is hard to tell is told all the same`(hard: Hard) =
        meshTest { mesh ->
            mesh.failing { throw hard.error() }
            val error = mesh.failure<CommyException.HandlerFailed>()
            assertEquals(hard.code to hard.reason, error.code to error.reason)
        }

    data class Hard(
        val code: String,
        val reason: String,
        val error: () -> Throwable,
    )

    @Test
    fun `a handler whose own time is up is a failure of its own`() =
        meshTest { mesh ->
            mesh.failing { withTimeout(1.milliseconds) { CompletableDeferred<Unit>().await() } }
            assertEquals("TimeoutCancellationException", mesh.failure<CommyException.HandlerFailed>().code)
        }

    @Test
    fun `an endless code does not silence the failure`() =
        meshTest { mesh ->
            mesh.failing { throw HandlerException("C".repeat(1000), "r".repeat(100_000)) }
            assertTrue(mesh.failure<CommyException>().status in setOf(Status.HANDLER_FAILED, Status.INTERNAL))
        }

    @Test
    fun `a request that a handler cannot understand is an invalid argument`() =
        meshTest { mesh ->
            mesh.failing { throw BadRequestException("an order needs an id") }
            assertEquals("an order needs an id", mesh.failure<CommyException.InvalidArgument>().reason)
        }

    @Test
    fun `a handler of any method may say that it lacks one`() =
        meshTest { mesh ->
            mesh.service("picky") { anyMethod<Unit, Unit> { throw UnknownMethodException("picky has no $method") } }
            failsWith<CommyException.Unimplemented>("picky has no wish") { mesh.call<Unit>("picky", "wish") }
        }

    @Test
    fun `what a handler throws is logged where it runs, once`() =
        meshTest { mesh ->
            mesh.failing { throw Custom("mine") }
            mesh.failure<CommyException.HandlerFailed>()
            val record = logged.single()
            assertEquals("handler fails.now threw", record.message)
            assertTrue(record.thrown is Custom)
        }

    @Test
    fun `every status of the interface has its exception, with the number of every language`() {
        val raw = RawException::class.java.declaredClasses.filter { RawException::class.java.isAssignableFrom(it) }
        val ours = CommyException::class.java.declaredClasses
        assertEquals(raw.map { it.simpleName }.sorted(), ours.map { it.simpleName }.sorted())
        val words = ours.map { it.simpleName.replace(Regex("(?<=.)(?=[A-Z])"), "_").uppercase() }
        assertEquals(words.sorted(), Status.entries.map { it.name }.sorted())
        assertEquals(
            listOf(1, 3, 4, 5, 6, 7, 8, 9, 12, 13, 14, 16, 100),
            Status.entries.map { it.code },
        )
    }

    @ParameterizedTest
    @MethodSource("rawErrors")
    fun `every raw error becomes its exception with all fields`(raw: Pair<RawException, Status>) {
        val error = raw.first.lifted()
        assertEquals(raw.second, error.status)
        assertEquals(raw.first.javaClass.simpleName, error.javaClass.simpleName)
        assertEquals("why" to Place("s", "m", "i", 2), error.reason to error.place)
        if (error is CommyException.HandlerFailed) assertEquals("C" to JsonPrimitive(1), error.code to error.details)
    }

    @Test
    fun `details of another language that are not JSON are handed over as text`() {
        for (text in listOf("{broken", "NaN", "word")) {
            val error = RawException.HandlerFailed(ErrorInfo("why", detailsJson = text)).lifted()
            assertEquals(JsonPrimitive(text), (error as CommyException.HandlerFailed).details)
        }
    }

    @Test
    fun `a defect of the library is internal`() {
        failsWith<CommyException.Internal>(
            "a panic",
        ) { translated { throw dev.commy.ffi.InternalException("a panic") } }
    }

    @Test
    fun `exceptions can be caught by when`() {
        val told =
            when (val error: CommyException = CommyException.NotFound("no orders", Place("orders"))) {
                is CommyException.NotFound -> error.service
                is CommyException.HandlerFailed -> error.code
                else -> error.reason
            }
        assertSame("orders", told)
    }

    companion object {
        @JvmStatic
        fun hardToTell() =
            listOf(
                Hard("IllegalStateException", "IllegalStateException") { IllegalStateException() },
                Hard("Custom", "Custom") { Custom("") },
                Hard("Unprintable", "Unprintable") { Unprintable() },
                Hard("Custom", "half \\ud83d") { Custom("half \ud83d") },
                Hard("AssertionError", "not so") { AssertionError("not so") },
                Hard("StackOverflowError", "StackOverflowError") { StackOverflowError() },
                Hard("NotFound", "no such order") { CommyException.NotFound("no such order", Place("other")) },
                Hard("Exception", "anonymous") { object : Exception("anonymous") {} },
            )

        @JvmStatic
        fun rawErrors(): List<Pair<RawException, Status>> {
            val info = ErrorInfo("why", "s", "m", "i", 2u, "C", "1")
            return listOf(
                RawException.Cancelled(info) to Status.CANCELLED,
                RawException.InvalidArgument(info) to Status.INVALID_ARGUMENT,
                RawException.DeadlineExceeded(info) to Status.DEADLINE_EXCEEDED,
                RawException.NotFound(info) to Status.NOT_FOUND,
                RawException.AlreadyExists(info) to Status.ALREADY_EXISTS,
                RawException.PermissionDenied(info) to Status.PERMISSION_DENIED,
                RawException.ResourceExhausted(info) to Status.RESOURCE_EXHAUSTED,
                RawException.FailedPrecondition(info) to Status.FAILED_PRECONDITION,
                RawException.Unimplemented(info) to Status.UNIMPLEMENTED,
                RawException.Internal(info) to Status.INTERNAL,
                RawException.Unavailable(info) to Status.UNAVAILABLE,
                RawException.Unauthenticated(info) to Status.UNAUTHENTICATED,
                RawException.HandlerFailed(info) to Status.HANDLER_FAILED,
            )
        }
    }
}
