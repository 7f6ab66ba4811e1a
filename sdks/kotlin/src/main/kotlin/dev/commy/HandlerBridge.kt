package dev.commy

import dev.commy.ffi.Failure
import dev.commy.ffi.FailureKind
import dev.commy.ffi.IncomingRequest
import dev.commy.ffi.Invocation
import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.CoroutineStart
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.Job
import kotlinx.coroutines.SupervisorJob
import kotlinx.coroutines.TimeoutCancellationException
import kotlinx.coroutines.launch
import kotlinx.serialization.json.Json
import java.lang.System.Logger.Level
import java.util.concurrent.ConcurrentHashMap
import java.util.concurrent.atomic.AtomicReference
import kotlin.coroutines.CoroutineContext

/**
 * From the runtime's threads to Kotlin's handlers and back: one answer for every request.
 *
 * The runtime calls it on a thread of its own, which must not wait, so each request becomes a coroutine in the context
 * that the service chose. Knows nothing of meshes, names or registrations.
 */
internal class HandlerBridge(
    private val service: Service,
    private val json: Json,
    context: CoroutineContext,
) : dev.commy.ffi.Handler {
    private val codec = Codec(json)

    // A job of the user's would make each failure of a handler its own, and wait for handlers that may never end.
    private val scope = CoroutineScope(context.minusKey(Job) + SupervisorJob())
    private val running = ConcurrentHashMap<Long, Job>()

    override fun start(
        invocation: Invocation,
        request: IncomingRequest,
    ) {
        val answer = Answer(invocation)
        try {
            val method = service.find(request.method)
            if (method == null) {
                val names =
                    service.methods.keys
                        .sorted()
                        .joinToString()
                val reason = "${request.service} has no method '${request.method}'; it has $names"
                answer.fail(failure(FailureKind.UNKNOWN_METHOD, reason))
            } else {
                launch(method, request, answer)
            }
        } catch (error: Throwable) {
            // Nothing may escape to the runtime's thread, and nobody may wait for what will not come.
            answer.fail(failure(FailureKind.INTERNAL, "the handler of ${request.service} cannot run: $error"))
        }
    }

    override fun cancel(invocationId: ULong) {
        running[invocationId.toLong()]?.cancel(CancellationException("nobody waits for the answer any more"))
    }

    private fun launch(
        method: Method,
        request: IncomingRequest,
        answer: Answer,
    ) {
        val id = request.invocationId.toLong()
        val context = CallContext.lift(request, json)
        val message = Codec.lift(request.message)
        val job = scope.launch(start = CoroutineStart.LAZY) { answer.give(outcome(method, message, context)) }
        running[id] = job
        // Also if it never began, because it was cancelled before, or its dispatcher took it no more.
        job.invokeOnCompletion { cause ->
            running.remove(id)
            answer.fail(failure(FailureKind.INTERNAL, "the handler's coroutine was cancelled: ${cause?.message}"))
        }
        job.start()
    }

    /** What the handler answers: a message or a failure. */
    private suspend fun outcome(
        method: Method,
        message: Message,
        context: CallContext,
    ): Any {
        val value =
            try {
                method.handler(context, request(method, message))
            } catch (error: Throwable) {
                return thrown(error, context)
            }
        return try {
            Codec.lower(codec.message(value, method.reply))
        } catch (error: CommyException.ResourceExhausted) {
            failure(FailureKind.INTERNAL, error.reason)
        } catch (error: RuntimeException) {
            val where = "${context.service} returned from '${context.method}'"
            failure(FailureKind.INTERNAL, "$where what cannot be sent: ${error.message}")
        }
    }

    private fun request(
        method: Method,
        message: Message,
    ): Any? =
        try {
            codec.value<Any?>(message, method.request)
        } catch (error: IllegalArgumentException) {
            throw BadRequestException("the payload is not the ${method.request} that is asked for: ${error.message}")
        }

    private fun thrown(
        error: Throwable,
        context: CallContext,
    ): Any {
        if (error is CancellationException && error !is TimeoutCancellationException) throw error
        val told = error is HandlerException || error is BadRequestException || error is UnknownMethodException
        if (!told) {
            LOGGER.log(Level.ERROR, "handler ${context.service}.${context.method} threw", error)
        }
        return failureOf(error)
    }

    /** The one answer that a request gets: the first counts, and frees what the runtime holds for it. */
    private class Answer(
        invocation: Invocation,
    ) {
        private val waiting = AtomicReference<Invocation?>(invocation)

        fun give(outcome: Any) {
            if (outcome is Failure) fail(outcome) else take { complete(outcome as dev.commy.ffi.Message) }
        }

        fun fail(failure: Failure) = take { fail(failure) }

        private fun take(tell: Invocation.() -> Unit) {
            val invocation = waiting.getAndSet(null) ?: return
            try {
                invocation.tell()
            } finally {
                invocation.destroy()
            }
        }
    }

    companion object {
        private val LOGGER = System.getLogger("dev.commy")

        /** The context in which handlers run, if it has threads of its own: the runtime's must not wait. */
        fun checked(context: CoroutineContext): CoroutineContext {
            if (context[kotlin.coroutines.ContinuationInterceptor] === Dispatchers.Unconfined) {
                throw CommyException.InvalidArgument("handlers cannot run in Dispatchers.Unconfined: they need threads")
            }
            return context
        }
    }
}
