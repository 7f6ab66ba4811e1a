package dev.commy.future

import dev.commy.Balance
import dev.commy.CircuitBreaker
import dev.commy.FabricMode
import dev.commy.Health
import dev.commy.Mesh
import dev.commy.MeshBuilder
import dev.commy.Overflow
import dev.commy.TlsOptions
import kotlinx.coroutines.asCoroutineDispatcher
import java.time.Duration
import java.util.concurrent.Executor
import kotlin.coroutines.CoroutineContext
import kotlin.time.toKotlinDuration

// Options for Java, which has no named parameters: each method sets one and returns the options.

/** What a mesh is created with; each option is that of [MeshBuilder]. */
public class MeshOptions {
    private val settings = mutableListOf<MeshBuilder.() -> Unit>()

    /** The zone that this node's services are in unless they say otherwise. */
    public fun zone(zone: String): MeshOptions = set { this.zone = zone }

    /** The region that this node's services are in unless they say otherwise. */
    public fun region(region: String): MeshOptions = set { this.region = region }

    /** How long a call may take that names no timeout; 30 seconds if this is not set. */
    public fun callTimeout(timeout: Duration): MeshOptions = set { callTimeout = timeout.toKotlinDuration() }

    /** How long a stop lets calls in flight finish; 5 seconds if this is not set. */
    public fun drainTimeout(timeout: Duration): MeshOptions = set { drainTimeout = timeout.toKotlinDuration() }

    /** The largest payload of a request, reply or event, in bytes; 8 MiB if this is not set. */
    public fun maxPayloadBytes(bytes: Long): MeshOptions = set { maxPayloadBytes = bytes }

    /** How calls choose among equal instances unless they say otherwise. */
    public fun balance(balance: Balance): MeshOptions = set { this.balance = balance }

    /** When calls to a failing instance are refused without being sent. */
    public fun breaker(breaker: CircuitBreaker): MeshOptions = set { this.breaker = breaker }

    /** Has the mesh keep to this process: nothing is opened, and nobody is found. */
    public fun localOnly(): MeshOptions = set { localOnly = true }

    /** How this node takes part in routing; as a peer if this is not set. */
    public fun mode(mode: FabricMode): MeshOptions = set { this.mode = mode }

    /** Endpoints to listen on for other hosts, such as `tls/0.0.0.0:7447`. */
    public fun listen(vararg endpoints: String): MeshOptions = set { listen = endpoints.toList() }

    /** Endpoints of nodes or routers on other hosts to connect to, such as `tls/mesh.example.org:7447`. */
    public fun connect(vararg endpoints: String): MeshOptions = set { connect = endpoints.toList() }

    /** The certificates for `tls/` and `quic/` endpoints, which need them. */
    public fun tls(tls: TlsOptions): MeshOptions = set { this.tls = tls }

    /** Looks for nodes on the local network by multicast. */
    public fun multicast(): MeshOptions = set { multicast = true }

    /** Allows plain `tcp/` to other hosts, where whoever listens reads everything. */
    public fun allowInsecure(): MeshOptions = set { allowInsecure = true }

    /** Whether large payloads between processes of one host are shared through memory; they are if this is not set. */
    public fun sharedMemory(shared: Boolean): MeshOptions = set { sharedMemory = shared }

    /** Where handlers run unless their service says otherwise. */
    public fun executor(executor: Executor): MeshOptions = set { context = executor.asCoroutineDispatcher() }

    private fun set(setting: MeshBuilder.() -> Unit) = apply { settings += setting }

    internal fun applyTo(builder: MeshBuilder) = settings.forEach { it(builder) }
}

/** What a service is registered with; each option is the parameter of [Mesh.service]. */
public class ServiceOptions {
    internal var version = "0.0.0"
    internal var tags: Collection<String> = emptyList()
    internal var metadata: Map<String, String> = emptyMap()
    internal var weight = 100
    internal var zone: String? = null
    internal var region: String? = null
    internal var maxInFlight = 1024
    internal var context: CoroutineContext? = null

    /** The version of the service, by semantic versioning. */
    public fun version(version: String): ServiceOptions = apply { this.version = version }

    /** Tags that queries and calls may ask for. */
    public fun tags(vararg tags: String): ServiceOptions = apply { this.tags = tags.toList() }

    /** Metadata that queries and calls may ask for. */
    public fun metadata(metadata: Map<String, String>): ServiceOptions = apply { this.metadata = metadata }

    /** The share of calls under [Balance.WEIGHTED], relative to the other instances. */
    public fun weight(weight: Int): ServiceOptions = apply { this.weight = weight }

    /** The zone. */
    public fun zone(zone: String): ServiceOptions = apply { this.zone = zone }

    /** The region. */
    public fun region(region: String): ServiceOptions = apply { this.region = region }

    /** How many calls the instance handles at once. */
    public fun maxInFlight(count: Int): ServiceOptions = apply { maxInFlight = count }

    /** Where handlers run. */
    public fun executor(executor: Executor): ServiceOptions = apply { context = executor.asCoroutineDispatcher() }
}

/** Which instances are asked for; each option is the parameter of [Mesh.discover]. */
public class Query {
    internal var service: String? = null
    internal var version: String? = null
    internal var tags: Collection<String> = emptyList()
    internal var metadata: Map<String, String> = emptyMap()
    internal var health: Set<Health>? = null
    internal var zone: String? = null
    internal var region: String? = null

    /** The name of the service. */
    public fun service(service: String): Query = apply { this.service = service }

    /** A requirement on the version, in Cargo's syntax. */
    public fun version(version: String): Query = apply { this.version = version }

    /** Tags that an instance must all have. */
    public fun tags(vararg tags: String): Query = apply { this.tags = tags.toList() }

    /** Metadata entries that an instance must all have. */
    public fun metadata(metadata: Map<String, String>): Query = apply { this.metadata = metadata }

    /** The health that an instance must have one of. */
    public fun health(vararg health: Health): Query = apply { this.health = health.toSet() }

    /** The zone that an instance must be in. */
    public fun zone(zone: String): Query = apply { this.zone = zone }

    /** The region that an instance must be in. */
    public fun region(region: String): Query = apply { this.region = region }
}

/** What a call asks for beyond its request; each option is the parameter of [Mesh.request]. */
public class CallOptions {
    internal var timeout: Duration? = null
    internal var idempotent = false
    internal var routingKey: String? = null
    internal var balance: Balance? = null
    internal var zoneFirst = true
    internal var version: String? = null
    internal var tags: Collection<String> = emptyList()
    internal var metadata: Map<String, String> = emptyMap()

    /** How long the call may take. */
    public fun timeout(timeout: Duration): CallOptions = apply { this.timeout = timeout }

    /** Says that executing the call twice does no harm, so that it may be retried on another instance. */
    public fun idempotent(): CallOptions = apply { idempotent = true }

    /** The key by which [Balance.CONSISTENT_HASH] chooses the instance. */
    public fun routingKey(key: String): CallOptions = apply { routingKey = key }

    /** How this call is balanced. */
    public fun balance(balance: Balance): CallOptions = apply { this.balance = balance }

    /** Whether an instance in this mesh's own zone, when there is one, is preferred over others. */
    public fun zoneFirst(preferred: Boolean): CallOptions = apply { zoneFirst = preferred }

    /** A requirement on the version of the instance, in Cargo's syntax. */
    public fun version(version: String): CallOptions = apply { this.version = version }

    /** Tags that the instance must all have. */
    public fun tags(vararg tags: String): CallOptions = apply { this.tags = tags.toList() }

    /** Metadata entries that the instance must all have. */
    public fun metadata(metadata: Map<String, String>): CallOptions = apply { this.metadata = metadata }
}

/** How events are queued for a subscriber; each option is the parameter of [Mesh.subscribe]. */
public class SubscribeOptions {
    internal var capacity = 256
    internal var overflow = Overflow.DROP_OLDEST

    /** How many events may wait. */
    public fun capacity(capacity: Int): SubscribeOptions = apply { this.capacity = capacity }

    /** What happens to one more. */
    public fun overflow(overflow: Overflow): SubscribeOptions = apply { this.overflow = overflow }
}
