package dev.commy.future

import dev.commy.Change
import dev.commy.CommyException
import dev.commy.Event
import dev.commy.Health
import dev.commy.HealthCheck
import dev.commy.Mesh
import dev.commy.MeshStats
import dev.commy.Message
import dev.commy.Registration
import dev.commy.Reply
import dev.commy.ServiceInstance
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.Job
import kotlinx.coroutines.SupervisorJob
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.future.future
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import java.time.Duration
import java.util.concurrent.CompletableFuture
import java.util.function.Consumer
import kotlin.time.toKotlinDuration

/**
 * A [Mesh] for Java: the same verbs, with futures in the place of coroutines.
 *
 * ```java
 * try (var mesh = new FutureMesh("shop")) {
 *     mesh.start().join();
 *     mesh.service("orders", new Handlers()
 *         .method("create", (request, context) ->
 *             CompletableFuture.completedFuture(Message.ofJson("{\"order\":1}")))).join();
 *     var reply = mesh.call("orders", "create", Message.ofJson("{\"id\":1}")).join();
 *     System.out.println(reply.getMessage().text());
 * }
 * ```
 *
 * A future that fails does so with a [CommyException]. Cancelling a future cancels its operation, and a call's handler
 * where it runs.
 */
public class FutureMesh
    @JvmOverloads
    constructor(
        name: String,
        options: MeshOptions = MeshOptions(),
    ) : AutoCloseable {
        private val mesh = Mesh(name, options::applyTo)
        private val scope = CoroutineScope(SupervisorJob() + Dispatchers.Default)

        /** The name of the mesh. */
        public val name: String get() = mesh.name

        /** The id of this process's node in the mesh. */
        public val nodeId: String get() = mesh.nodeId

        /** Whether the mesh is started and not stopped. */
        public val isRunning: Boolean get() = mesh.isRunning

        /** The counters of this mesh. */
        public val stats: MeshStats get() = mesh.stats

        /** What is registered and advertised here, in the order in which it was. */
        public val registrations: List<FutureRegistration>
            get() = mesh.registrations.map { FutureRegistration(it, scope) }

        /** As [Mesh.start]. */
        public fun start(): CompletableFuture<Void?> = scope.done { mesh.start() }

        /** As [Mesh.stop]. */
        public fun stop(): CompletableFuture<Void?> = scope.done { mesh.stop() }

        /** Stops the mesh and waits until it has stopped. */
        override fun close() {
            runBlocking { mesh.stop() }
        }

        /** As [Mesh.service]: registers an instance of a service whose methods are the [handlers]. */
        @JvmOverloads
        public fun service(
            name: String,
            handlers: Handlers,
            options: ServiceOptions = ServiceOptions(),
        ): CompletableFuture<FutureRegistration> =
            scope.future {
                val registration =
                    options.run {
                        mesh.service(name, version, tags, metadata, weight, zone, region, maxInFlight, context) {
                            handlers.declareIn(this)
                        }
                    }
                FutureRegistration(registration, scope)
            }

        /** As [Mesh.advertise]: makes known an instance that runs elsewhere. */
        @JvmOverloads
        public fun advertise(
            name: String,
            endpoint: String,
            check: HealthCheck? = null,
            options: ServiceOptions = ServiceOptions(),
        ): CompletableFuture<FutureRegistration> =
            scope.future {
                val registration =
                    options.run { mesh.advertise(name, endpoint, check, version, tags, metadata, weight, zone, region) }
                FutureRegistration(registration, scope)
            }

        /** As [Mesh.discover]: the instances that match now. */
        @JvmOverloads
        public fun discover(query: Query = Query()): List<ServiceInstance> =
            query.run { mesh.discover(service, version, tags, metadata, health, zone, region) }

        /** As [Mesh.watch]: gives each change to a consumer, in a thread of the runtime's, until the watch is closed. */
        public fun watch(
            query: Query,
            consumer: Consumer<Change>,
        ): Listening {
            val changes = query.run { mesh.watch(service, version, tags, metadata, health, zone, region) }
            return listen(changes, consumer)
        }

        /** As [Mesh.activeServiceCount]. */
        public fun activeServiceCount(): Long = mesh.activeServiceCount()

        /** As [Mesh.request]: calls a service. */
        @JvmOverloads
        public fun call(
            service: String,
            method: String,
            message: Message,
            options: CallOptions = CallOptions(),
        ): CompletableFuture<Reply> =
            scope.future {
                options.run {
                    mesh.request(
                        service,
                        method,
                        message,
                        timeout?.toKotlinDuration(),
                        idempotent = idempotent,
                        routingKey = routingKey,
                        balance = balance,
                        zoneFirst = zoneFirst,
                        version = version,
                        tags = tags,
                        metadata = metadata,
                    )
                }
            }

        /** As [Mesh.publish]: publishes an event on a topic. */
        public fun publish(
            topic: String,
            message: Message,
        ): CompletableFuture<Void?> = scope.done { mesh.publish(topic, message) }

        /**
         * As [Mesh.subscribe]: gives each event to a consumer, one after the other, in a thread of the library's. The
         * future is done once it is subscribed: every event published from then on is for the consumer.
         */
        @JvmOverloads
        public fun subscribe(
            filter: String,
            consumer: Consumer<Event>,
            options: SubscribeOptions = SubscribeOptions(),
        ): CompletableFuture<Listening> =
            scope.future {
                val events = mesh.openSubscription(filter, options.capacity, options.overflow)
                val job = scope.launch(Dispatchers.IO) { events.use { it.asFlow().collect(consumer::accept) } }
                job.invokeOnCompletion { events.close() }
                Listening(job)
            }

        private fun <T> listen(
            items: Flow<T>,
            consumer: Consumer<T>,
        ): Listening = Listening(scope.launch(Dispatchers.IO) { items.collect(consumer::accept) })

        override fun toString(): String = mesh.toString()
    }

/** A watch or subscription whose items a consumer is given. It ends when it is closed, or its mesh is stopped. */
public class Listening internal constructor(
    private val job: Job,
) : AutoCloseable {
    /** Whether no item will come any more. */
    public val isClosed: Boolean get() = job.isCompleted

    /** Ends it. An item that the consumer is at work on is finished. */
    override fun close() {
        job.cancel()
    }
}

/** A [Registration] for Java. */
public class FutureRegistration internal constructor(
    private val registration: Registration,
    private val scope: CoroutineScope,
) {
    /** The instance as it is now, or as it last was. */
    public val instance: ServiceInstance get() = registration.instance

    /** As [Registration.setHealth]. */
    public fun setHealth(health: Health): CompletableFuture<Void?> = scope.done { registration.setHealth(health) }

    /** As [Registration.drain]: whether all calls in flight were finished in time. */
    public fun drain(timeout: Duration): CompletableFuture<Boolean> =
        scope.future { registration.drain(timeout.toKotlinDuration()) }

    /** As [Registration.deregister]. */
    public fun deregister(): CompletableFuture<Void?> = scope.done { registration.deregister() }

    override fun toString(): String = registration.toString()
}

private fun CoroutineScope.done(operation: suspend () -> Unit): CompletableFuture<Void?> =
    future {
        operation()
        null
    }
