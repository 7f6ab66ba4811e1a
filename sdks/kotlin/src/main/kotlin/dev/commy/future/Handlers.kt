package dev.commy.future

import dev.commy.CallContext
import dev.commy.Message
import dev.commy.ServiceBuilder
import kotlinx.coroutines.future.await
import java.util.concurrent.CompletionStage

/**
 * Answers a method, in Java.
 *
 * It is called in the executor that its service chose. A future that fails, or an exception that is thrown, is told to
 * the caller as a coroutine's would be. When the caller gives up, a `CompletableFuture` is cancelled.
 */
public fun interface FutureHandler {
    /** Begins to answer a request. */
    public fun handle(
        request: Message,
        context: CallContext,
    ): CompletionStage<Message>
}

/** The methods of a service, in Java. */
public class Handlers {
    private val methods = mutableListOf<Pair<String?, FutureHandler>>()

    /** Answers one method. */
    public fun method(
        name: String,
        handler: FutureHandler,
    ): Handlers = apply { methods += name to handler }

    /** Answers every method that is not declared by name. */
    public fun anyMethod(handler: FutureHandler): Handlers = apply { methods += null to handler }

    internal fun declareIn(builder: ServiceBuilder) {
        for ((name, handler) in methods) {
            if (name == null) {
                builder.anyMethod { request: Message -> handler.handle(request, this).await() }
            } else {
                builder.method(name) { request: Message -> handler.handle(request, this).await() }
            }
        }
    }
}
