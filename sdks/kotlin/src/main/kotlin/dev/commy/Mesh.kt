package dev.commy

import kotlinx.coroutines.NonCancellable
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.sync.Mutex
import kotlinx.coroutines.sync.withLock
import kotlinx.coroutines.withContext
import java.lang.System.Logger.Level
import java.lang.ref.Cleaner
import java.util.concurrent.atomic.AtomicBoolean
import kotlin.coroutines.CoroutineContext
import kotlin.time.Duration

/**
 * This process's membership in a mesh. Creating one starts nothing.
 *
 * ```
 * Mesh("shop") { zone = "eu-1" }.use { mesh ->
 *     mesh.service("orders", version = "1.2.0") {
 *         method("create") { order: Order -> Receipt(order.id) }
 *     }
 *     println(mesh.call<Receipt>("orders", "create", Order(1)))
 * }
 * ```
 *
 * A mesh finds the other processes of its user on this host that use its name, with no port and no configuration,
 * unless it is [MeshBuilder.localOnly]. For other hosts, [MeshBuilder.listen] and [MeshBuilder.connect] name endpoints.
 *
 * Every operation but [name], [nodeId], [isRunning], [stats], [start] and [stop] needs a mesh that runs, and throws
 * [CommyException.FailedPrecondition] otherwise. A mesh may be used from any thread and any coroutine.
 *
 * @param name the scope of discovery: 1 to 64 bytes of segments joined by `.`, each of ASCII letters, digits, `_` and
 *   `-`, beginning with a letter or digit
 * @param configure sets options and declares services that every start registers
 * @throws CommyException.InvalidArgument if the name or an option breaks a rule
 */
public class Mesh(
    name: String,
    configure: MeshBuilder.() -> Unit = {},
) {
    private val raw: dev.commy.ffi.Mesh
    private val options = MeshBuilder().apply(configure)
    private val lifecycle = Mutex()
    private val registered = Registrations()
    private val isStarted = AtomicBoolean(false)

    @PublishedApi
    internal val codec: Codec = Codec(options.json)

    init {
        NativeLibrary.load()
        HandlerBridge.checked(options.context)
        raw = translated { dev.commy.ffi.Mesh(options.lower(name)) }
        CLEANER.register(this, Dropped(name, isStarted))
    }

    /** The name of the mesh. */
    public val name: String get() = raw.name()

    /** The id of this process's node in the mesh. */
    public val nodeId: String get() = raw.nodeId()

    /** Whether the mesh is started and not stopped. */
    public val isRunning: Boolean get() = raw.isRunning()

    /** What is registered and advertised here, in the order in which it was. */
    public val registrations: List<Registration> get() = registered.toList()

    /** The counters of this mesh. */
    public val stats: MeshStats get() = MeshStats.lift(raw.stats())

    // Life.

    /**
     * Starts the mesh and registers the services that it was configured with.
     *
     * Starting one that runs does nothing; a stopped one can be started again. If a service cannot be registered, the
     * mesh is stopped again.
     */
    public suspend fun start() {
        lifecycle.withLock {
            if (isStarted.get()) return
            awaiting { raw.start() }
            isStarted.set(true)
            try {
                options.declared.forEach { host(it.spec, it.context, it.methods) }
            } catch (error: Throwable) {
                withContext(NonCancellable) { end() }
                throw error
            }
        }
    }

    /**
     * Stops the mesh: refuses new calls, lets those in flight finish up to the drain timeout, withdraws its
     * registrations, ends its watches and subscriptions. Stopping one that does not run does nothing.
     */
    public suspend fun stop() {
        lifecycle.withLock { end() }
    }

    private suspend fun end() {
        awaiting { raw.stop() }
        isStarted.set(false)
        registered.clear()
    }

    /** Starts the mesh, runs the block, and stops the mesh, however the block ends. */
    public suspend inline fun <T> use(block: (Mesh) -> T): T {
        var failure: Throwable? = null
        try {
            start()
            return block(this)
        } catch (error: Throwable) {
            failure = error
            throw error
        } finally {
            stopAfter(failure)
        }
    }

    /** Stops also if the coroutine is cancelled; what went wrong before is more telling than what does now. */
    @PublishedApi
    internal suspend fun stopAfter(failure: Throwable?): Unit =
        withContext(NonCancellable) {
            try {
                stop()
            } catch (error: CommyException) {
                failure?.addSuppressed(error) ?: throw error
            }
        }

    // Serving.

    /**
     * Registers an instance of a service that this process hosts, until it is deregistered or the mesh is stopped.
     * Once this is begun it is not cancelled, so that nothing is registered that nobody knows of.
     *
     * @param name the name of the service, such as `billing.invoices`: 1 to 128 bytes, by the rules of a mesh's name
     * @param version the version of the service, by semantic versioning
     * @param tags tags that queries and calls may ask for, at most 32
     * @param metadata metadata that queries and calls may ask for, at most 64 entries
     * @param weight the share of calls under [Balance.WEIGHTED], relative to the other instances: 1 to 1,000
     * @param zone the zone; the mesh's own when null
     * @param region the region; the mesh's own when null
     * @param maxInFlight how many calls the instance handles at once, 1 to 65,536; one more is
     *   [CommyException.ResourceExhausted] to its caller
     * @param context the context, such as a dispatcher, in which handlers run; the mesh's own when null. Handlers that
     *   block belong in `Dispatchers.IO`. A job in it is ignored
     * @param methods declares the methods
     */
    public suspend fun service(
        name: String,
        version: String = "0.0.0",
        tags: Collection<String> = emptyList(),
        metadata: Map<String, String> = emptyMap(),
        weight: Int = 100,
        zone: String? = null,
        region: String? = null,
        maxInFlight: Int = 1024,
        context: CoroutineContext? = null,
        methods: ServiceBuilder.() -> Unit,
    ): Registration {
        val spec = serviceSpec(name, version, tags, metadata, weight, zone, region, maxInFlight)
        return host(spec, context, ServiceBuilder().apply(methods))
    }

    private suspend fun host(
        spec: dev.commy.ffi.ServiceSpec,
        context: CoroutineContext?,
        methods: ServiceBuilder,
    ): Registration {
        val handlers = HandlerBridge.checked(context?.let(options.context::plus) ?: options.context)
        val bridge = HandlerBridge(methods.build(codec), options.json, handlers)
        return withContext(NonCancellable) { registered.add(awaiting { raw.register(spec, bridge) }) }
    }

    /**
     * Makes known an instance that runs elsewhere, at an address such as `http://127.0.0.1:8080` or `tcp://db:5432`.
     *
     * With a [check] it is probed, and can be discovered once the probe succeeds; without, it is taken to be healthy.
     * It is dialled by its users: [call] refuses it with [CommyException.FailedPrecondition] and names the address.
     * The other parameters are those of [service].
     */
    public suspend fun advertise(
        name: String,
        endpoint: String,
        check: HealthCheck? = null,
        version: String = "0.0.0",
        tags: Collection<String> = emptyList(),
        metadata: Map<String, String> = emptyMap(),
        weight: Int = 100,
        zone: String? = null,
        region: String? = null,
    ): Registration {
        val spec = serviceSpec(name, version, tags, metadata, weight, zone, region, MAX_IN_FLIGHT)
        val address = text("the endpoint", endpoint)
        val probed = check?.lower()
        return withContext(NonCancellable) { registered.add(awaiting { raw.advertise(spec, address, probed) }) }
    }

    // Finding.

    /**
     * The instances that match now, ordered by service and id, from local knowledge: this waits for nothing.
     *
     * @param service the name of the service; every service when null
     * @param version a requirement on the version, in Cargo's syntax, such as `^1.2` or `>=1, <3`
     * @param tags tags that an instance must all have
     * @param metadata metadata entries that an instance must all have
     * @param health the health that an instance must have one of; healthy when null
     * @param zone the zone that an instance must be in
     * @param region the region that an instance must be in
     */
    public fun discover(
        service: String? = null,
        version: String? = null,
        tags: Collection<String> = emptyList(),
        metadata: Map<String, String> = emptyMap(),
        health: Set<Health>? = null,
        zone: String? = null,
        region: String? = null,
    ): List<ServiceInstance> {
        val query = query(service, version, tags, metadata, health, zone, region)
        return translated { raw.discover(query) }.map(ServiceInstance::lift)
    }

    /**
     * A cold flow of the instances that match, as [discover] finds them: first those that match now, as
     * [ChangeKind.ADDED], then every change. An instance that changes faster than it is collected is told once, as it
     * then is. The flow ends when the mesh is stopped. The parameters are those of [discover].
     */
    public fun watch(
        service: String? = null,
        version: String? = null,
        tags: Collection<String> = emptyList(),
        metadata: Map<String, String> = emptyMap(),
        health: Set<Health>? = null,
        zone: String? = null,
        region: String? = null,
    ): Flow<Change> {
        val query = query(service, version, tags, metadata, health, zone, region)
        return flowFrom { WatchSource(translated { raw.watch(query) }) }
    }

    /** A watch that begins now and must be closed; [watch] does both by itself. The parameters are those of [discover]. */
    public fun openWatch(
        service: String? = null,
        version: String? = null,
        tags: Collection<String> = emptyList(),
        metadata: Map<String, String> = emptyMap(),
        health: Set<Health>? = null,
        zone: String? = null,
        region: String? = null,
    ): Watch {
        val query = query(service, version, tags, metadata, health, zone, region)
        return Watch(WatchSource(translated { raw.watch(query) }))
    }

    /** How many services have at least one healthy instance. */
    public fun activeServiceCount(): Long = translated { raw.activeServiceCount() }.toLong()

    // Calling.

    /**
     * Calls a service and returns its answer: from JSON, or the payload itself for a [ByteArray].
     *
     * Cancelling the coroutine, by `withTimeout` or otherwise, cancels the call in the runtime and the handler where it
     * runs. The other parameters are those of [request].
     *
     * @throws CommyException by its status, [CommyException.HandlerFailed] when the handler threw
     */
    public suspend inline fun <reified R> call(
        service: String,
        method: String = "",
        payload: Any? = null,
        timeout: Duration? = null,
        headers: Map<String, String> = emptyMap(),
        contentType: String? = null,
        idempotent: Boolean = false,
        routingKey: String? = null,
        balance: Balance? = null,
        zoneFirst: Boolean = true,
        version: String? = null,
        tags: Collection<String> = emptyList(),
        metadata: Map<String, String> = emptyMap(),
    ): R =
        request(
            service,
            method,
            payload,
            timeout,
            headers,
            contentType,
            idempotent,
            routingKey,
            balance,
            zoneFirst,
            version,
            tags,
            metadata,
        ).value<R>()

    /**
     * As [call], and returns the whole reply: headers, content type, and who served it.
     *
     * @param service the name of the service
     * @param method the method that is asked for: 0 to 128 bytes of ASCII letters, digits, `_`, `-`, `.` and `/`
     * @param payload a [ByteArray], carried untouched, a [Message], or any value that kotlinx.serialization can convert
     *   by its class, also lists and maps of such; [Message.of] for a generic one
     * @param timeout how long the call may take; the mesh's own when null. Zero is [CommyException.DeadlineExceeded] at
     *   once, and nothing is sent
     * @param headers headers for the handler, at most 64
     * @param contentType what the payload is, if it is something else than it seems
     * @param idempotent whether executing the call twice does no harm, so that it may be retried on another instance
     * @param routingKey the key by which [Balance.CONSISTENT_HASH] chooses the instance, at most 1,024 bytes
     * @param balance how this call is balanced; as the mesh says when null
     * @param zoneFirst whether an instance in this mesh's own zone, when there is one, is preferred over others
     * @param version a requirement on the version of the instance, in Cargo's syntax
     * @param tags tags that the instance must all have
     * @param metadata metadata entries that the instance must all have
     */
    public suspend fun request(
        service: String,
        method: String = "",
        payload: Any? = null,
        timeout: Duration? = null,
        headers: Map<String, String> = emptyMap(),
        contentType: String? = null,
        idempotent: Boolean = false,
        routingKey: String? = null,
        balance: Balance? = null,
        zoneFirst: Boolean = true,
        version: String? = null,
        tags: Collection<String> = emptyList(),
        metadata: Map<String, String> = emptyMap(),
    ): Reply {
        val target = text("the service's name", service)
        val message = codec.outgoing(payload, type = null, headers, contentType)
        val request = dev.commy.ffi.Request(text("the method", method), Codec.lower(message))
        val options =
            dev.commy.ffi.CallOptions(
                timeoutMs = timeout?.let { milliseconds("timeout", it) },
                idempotent = idempotent,
                routingKey = routingKey?.let { text("the routing key", it) },
                balance = balance?.lower(),
                zoneFirst = zoneFirst,
                version = version?.let { text("the version", it) },
                tags = texts("a tag", tags),
                metadata = texts("metadata", metadata),
            )
        val reply = awaiting { raw.call(target, request, options) }
        return Reply(Codec.lift(reply.message), reply.servedBy, codec, Place(service, method, reply.servedBy, 1))
    }

    // Telling.

    /**
     * Publishes an event on a topic, such as `orders/created`: 1 to 256 bytes of segments joined by `/`.
     *
     * The value, headers and content type are as the payload of [request].
     */
    public suspend fun publish(
        topic: String,
        value: Any? = null,
        headers: Map<String, String> = emptyMap(),
        contentType: String? = null,
    ) {
        val where = text("the topic", topic)
        val message = Codec.lower(codec.outgoing(value, type = null, headers, contentType))
        awaiting { raw.publish(where, message) }
    }

    /**
     * A cold flow of the events whose topics match a filter, in which a segment `*` stands for any one segment and `**`
     * for any number of them. Each collector has a subscription of its own, from when it begins to collect until it
     * ends. The flow ends when the mesh is stopped.
     *
     * Events wait in a queue while the collector is at work on one, so a slow collector meets [overflow].
     *
     * @param filter which topics
     * @param capacity how many events may wait, 1 to 65,536
     * @param overflow what happens to one more
     * @param onSubscribed called when a collector is subscribed: every event published from then on is for it
     */
    public fun subscribe(
        filter: String,
        capacity: Int = 256,
        overflow: Overflow = Overflow.DROP_OLDEST,
        onSubscribed: suspend () -> Unit = {},
    ): Flow<Event> {
        val options = dev.commy.ffi.SubscribeOptions(count("capacity", capacity), overflow.lower())
        val topics = text("the filter of topics", filter)
        return flowFrom { subscription(topics, options).also { subscribed(it, onSubscribed) } }
    }

    /**
     * Subscribes now; the subscription must be closed. [subscribe] does both by itself. The parameters are those of
     * [subscribe].
     */
    public suspend fun openSubscription(
        filter: String,
        capacity: Int = 256,
        overflow: Overflow = Overflow.DROP_OLDEST,
    ): Subscription {
        val options = dev.commy.ffi.SubscribeOptions(count("capacity", capacity), overflow.lower())
        return Subscription(subscription(text("the filter of topics", filter), options))
    }

    private suspend fun subscription(
        filter: String,
        options: dev.commy.ffi.SubscribeOptions,
    ) = SubscriptionSource(awaiting { raw.subscribe(filter, options) }, codec)

    private suspend fun subscribed(
        source: SubscriptionSource,
        tell: suspend () -> Unit,
    ) {
        try {
            tell()
        } catch (error: Throwable) {
            source.end()
            throw error
        }
    }

    override fun toString(): String = "Mesh($name, ${if (isRunning) "running" else "not running"})"

    /** Tells of a mesh that is let go while it runs. Holds nothing of it. */
    private class Dropped(
        private val name: String,
        private val isStarted: AtomicBoolean,
    ) : Runnable {
        override fun run() {
            if (isStarted.get()) {
                LOGGER.log(Level.WARNING, "mesh $name was let go while it ran: stop it, or run it by `use`")
            }
        }
    }

    private companion object {
        /** Of no meaning for what is advertised; the runtime's own default. */
        const val MAX_IN_FLIGHT = 1024

        val CLEANER: Cleaner = Cleaner.create()
        val LOGGER: System.Logger = System.getLogger("dev.commy")
    }
}
