package dev.commy

import dev.commy.ffi.Query
import dev.commy.ffi.ServiceSpec

// What a service is registered as, and what it is selected by, as the boundary takes it.

internal fun serviceSpec(
    name: String,
    version: String,
    tags: Collection<String>,
    metadata: Map<String, String>,
    weight: Int,
    zone: String?,
    region: String?,
    maxInFlight: Int,
) = ServiceSpec(
    service = text("the service's name", name),
    version = text("the version", version),
    tags = texts("a tag", tags),
    metadata = texts("metadata", metadata),
    weight = count("weight", weight),
    zone = zone?.let { text("the zone", it) },
    region = region?.let { text("the region", it) },
    maxInFlight = count("maxInFlight", maxInFlight),
)

internal fun query(
    service: String?,
    version: String?,
    tags: Collection<String>,
    metadata: Map<String, String>,
    health: Set<Health>?,
    zone: String?,
    region: String?,
) = Query(
    service = service?.let { text("the service's name", it) },
    version = version?.let { text("the version", it) },
    tags = texts("a tag", tags),
    metadata = texts("metadata", metadata),
    health = health?.map(Health::lower),
    zone = zone?.let { text("the zone", it) },
    region = region?.let { text("the region", it) },
)
