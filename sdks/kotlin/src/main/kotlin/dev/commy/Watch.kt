package dev.commy

/**
 * A view of the instances that match a query: first those that match now, as [ChangeKind.ADDED], then every change.
 * Made by [Mesh.openWatch]; most programs collect the flow of [Mesh.watch] instead.
 */
public class Watch internal constructor(
    source: WatchSource,
) : Stream<Change>(source)

internal class WatchSource(
    private val raw: dev.commy.ffi.Watch,
) : Source<Change> {
    override suspend fun next(): Change? =
        unlessFreed({ raw.uniffiIsDestroyed }) { awaiting { raw.next() } }?.let(Change::lift)

    override fun end() {
        raw.end()
        raw.destroy()
    }
}
