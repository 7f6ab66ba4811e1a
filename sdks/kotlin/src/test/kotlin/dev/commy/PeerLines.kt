package dev.commy

import kotlinx.serialization.Serializable
import kotlinx.serialization.json.Json
import kotlinx.serialization.json.JsonElement

// What a test and its peer say to each other, each a line of JSON: the peer's options are its only argument, commands
// come on its standard input, and what it says on its standard output.

/** What a peer is begun with. */
@Serializable
data class PeerOptions(
    val name: String,
    val serves: List<PeerService> = emptyList(),
    val zone: String? = null,
    val region: String? = null,
    val localOnly: Boolean = false,
    val mode: FabricMode = FabricMode.PEER,
    val listen: List<String> = emptyList(),
    val connect: List<String> = emptyList(),
    val certificates: Certificates? = null,
)

/** What a peer registers a worker as. */
@Serializable
data class PeerService(
    val service: String = "workers",
    val version: String = "0.0.0",
    val tags: List<String> = emptyList(),
    val metadata: Map<String, String> = emptyMap(),
    val weight: Int = 100,
    val zone: String? = null,
)

@Serializable
data class Certificates(
    val ca: String,
    val certificate: String,
    val key: String,
) {
    fun options() = TlsOptions(ca, certificate, key)
}

@Serializable
sealed class PeerCommand {
    @Serializable
    data class Register(
        val service: PeerService,
    ) : PeerCommand()

    @Serializable
    data class Deregister(
        val service: String,
    ) : PeerCommand()

    @Serializable
    data class Call(
        val service: String,
        val method: String = "",
        val payload: JsonElement? = null,
    ) : PeerCommand()

    /** Publishes numbers, in order. */
    @Serializable
    data class Publish(
        val topic: String,
        val first: Int,
        val count: Int,
    ) : PeerCommand()

    /** Has it say every event from now on. */
    @Serializable
    data class Subscribe(
        val topics: String,
    ) : PeerCommand()

    /** The nodes that serve it, as the peer knows. */
    @Serializable
    data class Discover(
        val service: String,
    ) : PeerCommand()

    @Serializable
    data object Stats : PeerCommand()

    /** Stops its mesh. */
    @Serializable
    data object Stop : PeerCommand()

    /** Ends as it is: with a mesh that runs, and with calls that wait. */
    @Serializable
    data object Exit : PeerCommand()
}

@Serializable
data class PeerOrder(
    val id: Int,
    val command: PeerCommand,
)

/** A line with an id is an answer; without, it tells of what happened by itself. */
@Serializable
data class PeerLine(
    val id: Int? = null,
    val ok: JsonElement? = null,
    val error: String? = null,
    val told: String? = null,
    val value: JsonElement? = null,
)

/** What a peer tells of an event. */
@Serializable
data class PeerEvent(
    val value: JsonElement,
    val publisher: String,
    val missed: Long,
)

/** What a peer's handler knew of its request. */
@Serializable
data class PeerContext(
    val caller: String,
    val secondsLeft: Double,
    val attempt: Int,
    val headers: Map<String, String>,
)

@Serializable
data class PeerStats(
    val peers: Long,
    val requestsHandled: Long,
    val requestsInFlight: Long,
    val bytesReceived: Long,
)

val LINES: Json = Json { ignoreUnknownKeys = false }
