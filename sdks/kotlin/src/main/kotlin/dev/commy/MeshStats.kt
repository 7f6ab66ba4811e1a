package dev.commy

/**
 * Counters of one mesh since it was created. All but the gauges only rise.
 *
 * @property callsOk calls made that got a reply
 * @property callsFailed calls made that failed, by status
 * @property callsInFlight gauge: calls made that have no answer yet
 * @property requestsHandled requests that handlers of this mesh were given
 * @property requestsInFlight gauge: requests that handlers of this mesh are at work on
 * @property eventsPublished events published
 * @property eventsDelivered events put into queues of this mesh's subscriptions
 * @property eventsDropped events that this mesh's subscriptions lost by their overflow policy
 * @property registrations gauge: registrations of this mesh
 * @property peers gauge: other nodes of the mesh that are connected
 * @property fabricMessages messages that went over the fabric, either way; one within this process never does
 * @property bytesSent payload bytes handed to the fabric, by all meshes of this name in this process
 * @property bytesReceived payload bytes that came from the fabric, for all meshes of this name in this process
 */
public data class MeshStats(
    val callsOk: Long,
    val callsFailed: Map<Status, Long>,
    val callsInFlight: Long,
    val requestsHandled: Long,
    val requestsInFlight: Long,
    val eventsPublished: Long,
    val eventsDelivered: Long,
    val eventsDropped: Long,
    val registrations: Long,
    val peers: Long,
    val fabricMessages: Long,
    val bytesSent: Long,
    val bytesReceived: Long,
) {
    internal companion object {
        fun lift(stats: dev.commy.ffi.MeshStats) =
            MeshStats(
                callsOk = stats.callsOk.toLong(),
                callsFailed =
                    stats.callsFailed.entries.associate { (name, count) ->
                        Status.valueOf(name) to
                            count.toLong()
                    },
                callsInFlight = stats.callsInFlight.toLong(),
                requestsHandled = stats.requestsHandled.toLong(),
                requestsInFlight = stats.requestsInFlight.toLong(),
                eventsPublished = stats.eventsPublished.toLong(),
                eventsDelivered = stats.eventsDelivered.toLong(),
                eventsDropped = stats.eventsDropped.toLong(),
                registrations = stats.registrations.toLong(),
                peers = stats.peers.toLong(),
                fabricMessages = stats.fabricMessages.toLong(),
                bytesSent = stats.bytesSent.toLong(),
                bytesReceived = stats.bytesReceived.toLong(),
            )
    }
}
