package dev.commy

import dev.commy.ffi.ChangeKind as RawChangeKind
import dev.commy.ffi.Health as RawHealth
import dev.commy.ffi.Reach as RawReach

/** Whether an instance can be called. */
public enum class Health {
    /** Advertised and not probed often enough yet to say. */
    STARTING,

    /** It answers. */
    HEALTHY,

    /** Its owner or its probe says that it does not answer. */
    UNHEALTHY,

    /** It finishes the calls that it has and takes no new ones. */
    DRAINING,
    ;

    internal fun lower(): RawHealth =
        when (this) {
            STARTING -> RawHealth.STARTING
            HEALTHY -> RawHealth.HEALTHY
            UNHEALTHY -> RawHealth.UNHEALTHY
            DRAINING -> RawHealth.DRAINING
        }

    internal companion object {
        fun lift(health: RawHealth) =
            when (health) {
                RawHealth.STARTING -> STARTING
                RawHealth.HEALTHY -> HEALTHY
                RawHealth.UNHEALTHY -> UNHEALTHY
                RawHealth.DRAINING -> DRAINING
            }
    }
}

/** How this node reaches an instance. */
public enum class Reach {
    /** It is hosted in this process. */
    IN_PROCESS,

    /** It is hosted by another node of the mesh. */
    FABRIC,

    /** It is advertised: its users dial its endpoint themselves. */
    ENDPOINT,
    ;

    internal companion object {
        fun lift(reach: RawReach) =
            when (reach) {
                RawReach.IN_PROCESS -> IN_PROCESS
                RawReach.FABRIC -> FABRIC
                RawReach.ENDPOINT -> ENDPOINT
            }
    }
}

/**
 * An instance of a service, as this node knows it.
 *
 * @property id the id of the instance, unique in the mesh
 * @property nodeId the id of the node that registered it
 * @property service the name of the service
 * @property version the version of the service, by semantic versioning
 * @property tags the tags, in order
 * @property metadata the metadata
 * @property weight the share of calls under [Balance.WEIGHTED], relative to the other instances
 * @property zone the zone, if it has one
 * @property region the region, if it has one
 * @property health the health at the time of the answer
 * @property endpoint the address to dial, for an advertised instance; none for a hosted one
 * @property reach how this node reaches it
 * @property revision the revision of this node's service table at which the instance last changed
 */
public data class ServiceInstance(
    val id: String,
    val nodeId: String,
    val service: String,
    val version: String,
    val tags: List<String>,
    val metadata: Map<String, String>,
    val weight: Int,
    val zone: String?,
    val region: String?,
    val health: Health,
    val endpoint: String?,
    val reach: Reach,
    val revision: Long,
) {
    internal companion object {
        fun lift(instance: dev.commy.ffi.ServiceInstance) =
            ServiceInstance(
                id = instance.id,
                nodeId = instance.nodeId,
                service = instance.service,
                version = instance.version,
                tags = instance.tags,
                metadata = instance.metadata,
                weight = instance.weight.toInt(),
                zone = instance.zone,
                region = instance.region,
                health = Health.lift(instance.health),
                endpoint = instance.endpoint,
                reach = Reach.lift(instance.reach),
                revision = instance.revision.toLong(),
            )
    }
}

/** What happened to an instance, as seen through a query. */
public enum class ChangeKind {
    /** It began to match the query. */
    ADDED,

    /** It still matches, and something about it changed. */
    UPDATED,

    /** It is gone, or no longer matches the query. */
    REMOVED,
    ;

    internal companion object {
        fun lift(kind: RawChangeKind) =
            when (kind) {
                RawChangeKind.ADDED -> ADDED
                RawChangeKind.UPDATED -> UPDATED
                RawChangeKind.REMOVED -> REMOVED
            }
    }
}

/**
 * A change to the instances that a watch sees.
 *
 * @property kind what happened
 * @property instance the instance after the change; for [ChangeKind.REMOVED], as it was last seen
 * @property revision the revision of this node's service table in which the change was seen
 */
public data class Change(
    val kind: ChangeKind,
    val instance: ServiceInstance,
    val revision: Long,
) {
    internal companion object {
        fun lift(change: dev.commy.ffi.Change) =
            Change(ChangeKind.lift(change.kind), ServiceInstance.lift(change.instance), change.revision.toLong())
    }
}
