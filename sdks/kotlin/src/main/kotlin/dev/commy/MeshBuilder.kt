package dev.commy

import kotlinx.coroutines.Dispatchers
import kotlinx.serialization.json.Json
import kotlin.coroutines.CoroutineContext
import kotlin.time.Duration
import kotlin.time.Duration.Companion.seconds
import dev.commy.ffi.Balance as RawBalance

/** How a call chooses one of several instances that could answer it. */
public enum class Balance {
    /** Each in turn. */
    ROUND_ROBIN,

    /** At random, in proportion to the instances' weights. */
    WEIGHTED,

    /** The less loaded of two drawn at random, by calls in flight and a moving average of latency. */
    LEAST_LOADED,

    /** Always the same instance for the same routing key, while the set of instances is the same. */
    CONSISTENT_HASH,
    ;

    internal fun lower(): RawBalance =
        when (this) {
            ROUND_ROBIN -> RawBalance.ROUND_ROBIN
            WEIGHTED -> RawBalance.WEIGHTED
            LEAST_LOADED -> RawBalance.LEAST_LOADED
            CONSISTENT_HASH -> RawBalance.CONSISTENT_HASH
        }
}

/**
 * When calls to a failing instance are refused, as [CommyException.Unavailable], without being sent. Failures are
 * `UNAVAILABLE`, `INTERNAL` and `DEADLINE_EXCEEDED`; a handler's own failure is an answer.
 *
 * @property requestsMin how many calls a window must hold before their failures count: 1 to 1,000,000
 * @property failureRatio the share of failures in a window that opens the circuit: above 0, at most 1
 * @property window the length of a window: 1 millisecond to an hour
 * @property open how long an open circuit refuses calls before it lets one try: 1 millisecond to an hour
 */
public data class CircuitBreaker(
    val requestsMin: Int = 20,
    val failureRatio: Double = 0.5,
    val window: Duration = 10.seconds,
    val open: Duration = 5.seconds,
) {
    internal fun lower() =
        dev.commy.ffi.CircuitBreaker(
            count("requestsMin", requestsMin),
            failureRatio,
            milliseconds("the window of the breaker", window),
            milliseconds("the open time of the breaker", open),
        )
}

/** What a mesh is created with: the options in the block of [Mesh]'s constructor. */
@CommyDsl
public class MeshBuilder internal constructor() {
    /** The zone that this node's services are in unless they say otherwise, such as `eu-1a`. */
    public var zone: String? = null

    /** The region that this node's services are in unless they say otherwise, such as `eu-1`. */
    public var region: String? = null

    /** How long a call may take that names no timeout; at least a millisecond. */
    public var callTimeout: Duration = 30.seconds

    /** How long [Mesh.stop] and [Registration.deregister] let calls in flight finish. */
    public var drainTimeout: Duration = 5.seconds

    /** The largest payload of a request, reply or event, in bytes; at most 1 GiB. */
    public var maxPayloadBytes: Long = 8L * 1024 * 1024

    /** How calls choose among equal instances unless they say otherwise. */
    public var balance: Balance = Balance.LEAST_LOADED

    /** When calls to a failing instance are refused without being sent; never when null. */
    public var breaker: CircuitBreaker? = null

    /**
     * Whether the mesh keeps to this process: nothing is opened, and nobody is found. Otherwise it finds the processes
     * of its user on this host by itself, with no port and no configuration.
     */
    public var localOnly: Boolean = false

    /** How this node takes part in routing. */
    public var mode: FabricMode = FabricMode.PEER

    /**
     * Endpoints to listen on for other hosts, such as `tls/0.0.0.0:7447`: `tcp/`, `tls/` or `quic/`, a host and a port.
     */
    public var listen: List<String> = emptyList()

    /** Endpoints of nodes or routers on other hosts to connect to, such as `tls/mesh.example.org:7447`. */
    public var connect: List<String> = emptyList()

    /** The certificates for `tls/` and `quic/` endpoints, which need them. */
    public var tls: TlsOptions? = null

    /** Whether nodes on the local network are looked for by multicast. */
    public var multicast: Boolean = false

    /** Whether plain `tcp/` to other hosts is allowed, where whoever listens reads everything. */
    public var allowInsecure: Boolean = false

    /** Whether large payloads between processes of one host are shared through memory. */
    public var sharedMemory: Boolean = true

    /** The context, such as a dispatcher, in which handlers run unless their service says otherwise. */
    public var context: CoroutineContext = Dispatchers.Default

    /** How values become JSON and back. */
    public var json: Json = DEFAULT_JSON

    internal val declared = mutableListOf<DeclaredService>()

    /**
     * Declares a service that [Mesh.start] registers, at each start anew. The parameters are those of [Mesh.service].
     */
    public fun service(
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
    ) {
        val spec = serviceSpec(name, version, tags, metadata, weight, zone, region, maxInFlight)
        declared += DeclaredService(spec, context, ServiceBuilder().apply(methods))
    }

    internal fun lower(name: String): dev.commy.ffi.MeshOptions {
        if (maxPayloadBytes < 0) {
            throw CommyException.InvalidArgument("maxPayloadBytes must not be negative, not $maxPayloadBytes")
        }
        return dev.commy.ffi.MeshOptions(
            name = text("the mesh's name", name),
            zone = zone?.let { text("the zone", it) },
            region = region?.let { text("the region", it) },
            callTimeoutMs = milliseconds("callTimeout", callTimeout),
            drainTimeoutMs = milliseconds("drainTimeout", drainTimeout),
            maxPayloadBytes = maxPayloadBytes.toULong(),
            balance = balance.lower(),
            breaker = breaker?.lower(),
            localOnly = localOnly,
            mode = mode.lower(),
            listen = texts("an endpoint to listen on", listen),
            connect = texts("an endpoint to connect to", connect),
            tls = tls?.lower(),
            multicast = multicast,
            allowInsecure = allowInsecure,
            sharedMemory = sharedMemory,
        )
    }

    public companion object {
        /** What [json] is at first: all fields are written, and those that a type does not have are ignored. */
        @JvmField
        public val DEFAULT_JSON: Json =
            Json {
                encodeDefaults = true
                ignoreUnknownKeys = true
            }
    }
}

/** A service as it was declared, to be registered at each start. */
internal class DeclaredService(
    val spec: dev.commy.ffi.ServiceSpec,
    val context: CoroutineContext?,
    val methods: ServiceBuilder,
)
