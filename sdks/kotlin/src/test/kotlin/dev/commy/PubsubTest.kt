package dev.commy

import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.CoroutineStart
import kotlinx.coroutines.async
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.flow.map
import kotlinx.coroutines.flow.take
import kotlinx.coroutines.flow.toList
import kotlinx.coroutines.launch
import kotlinx.coroutines.yield
import org.junit.jupiter.api.Assertions.assertArrayEquals
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.params.ParameterizedTest
import org.junit.jupiter.params.provider.MethodSource
import java.util.Collections

/** Events reach every subscription whose filter matches, in order, or are lost as it says. */
class PubsubTest {
    private suspend inline fun <reified T> Subscription.taken(count: Int): List<T> =
        asFlow().take(count).toList().map { it.value<T>() }

    @Test
    fun `an event brings its value, headers and origin`() =
        meshTest { mesh ->
            mesh.openSubscription("orders/*").use { events ->
                mesh.publish("orders/created", Order(1), headers = mapOf("trace" to "ä"))
                val event = events.receive()!!
                assertEquals("orders/created" to Order(1), event.topic to event.value<Order>())
                assertEquals(mapOf("trace" to "ä"), event.headers)
                assertEquals(mesh.nodeId to "application/json", event.publisher to event.contentType)
                assertEquals(0, event.missed)
                assertEquals("""{"id":1,"items":[]}""", event.payload.decodeToString())
                assertTrue("orders/created" in event.toString())
            }
        }

    @ParameterizedTest
    @MethodSource("filters")
    fun `a filter matches by segments`(filter: Pair<String, List<String>>) =
        meshTest { mesh ->
            mesh.openSubscription(filter.first).use { events ->
                for (topic in listOf("a", "b", "a/b", "a/b/c")) mesh.publish(topic, topic)
                assertEquals(filter.second, events.taken<String>(filter.second.size))
            }
        }

    @Test
    fun `every subscription gets every event in order`() =
        meshTest { mesh ->
            val subscriptions = List(5) { mesh.openSubscription("numbers") }
            repeat(100) { mesh.publish("numbers", it) }
            for (events in subscriptions) {
                assertEquals((0 until 100).toList(), events.taken<Int>(100))
                events.close()
            }
        }

    @Test
    fun `a flow subscribes when it is collected, tells so, and ends with its mesh`() =
        test {
            val mesh = Mesh(newName())
            mesh.start()
            val subscribed = CompletableDeferred<Unit>()
            val events = mesh.subscribe("topic") { subscribed.complete(Unit) }
            mesh.publish("topic", "before anybody listens")
            val heard = async { events.map { it.value<String>() }.toList() }
            subscribed.await()
            mesh.publish("topic", "now")
            mesh.publish("topic", "then")
            mesh.stop()
            assertEquals(listOf("now", "then"), heard.await())
        }

    @Test
    fun `each collector of a flow has a subscription of its own`() =
        meshTest { mesh ->
            val collecting =
                List(3) {
                    val subscribed = CompletableDeferred<Unit>()
                    subscribed to async { mesh.subscribe("topic") { subscribed.complete(Unit) }.first().value<Int>() }
                }
            collecting.forEach { it.first.await() }
            mesh.publish("topic", 7)
            assertEquals(listOf(7, 7, 7), collecting.map { it.second.await() })
            assertEquals(3, mesh.stats.eventsDelivered)
        }

    @Test
    fun `what is thrown once it is subscribed ends the flow`() =
        meshTest { mesh ->
            failsWith<IllegalStateException>("mine") { mesh.subscribe("topic") { error("mine") }.first() }
            failsWith<IllegalStateException>("mine") {
                mesh.subscribe("topic") { mesh.publish("topic") }.collect { error("mine") }
            }
            mesh.publish("topic")
            assertEquals(1, mesh.stats.eventsDelivered)
        }

    @Test
    fun `a slow collector makes a publisher wait, if it says so`() =
        meshTest { mesh ->
            val subscribed = CompletableDeferred<Unit>()
            val begun = CompletableDeferred<Unit>()
            val mayGoOn = CompletableDeferred<Unit>()
            val heard =
                async {
                    mesh
                        .subscribe("numbers", capacity = 1, overflow = Overflow.BLOCK) { subscribed.complete(Unit) }
                        .take(4)
                        .map {
                            begun.complete(Unit)
                            mayGoOn.await()
                            it.value<Int>()
                        }.toList()
                }
            subscribed.await()
            mesh.publish("numbers", 0)
            begun.await()
            mesh.publish("numbers", 1) // The collector is at work on one, and one waits.
            val waiting = async(start = CoroutineStart.UNDISPATCHED) { mesh.publish("numbers", 2) }
            repeat(100) { mesh.publish("elsewhere") }
            assertFalse(waiting.isCompleted)
            mayGoOn.complete(Unit)
            waiting.await()
            mesh.publish("numbers", 3)
            assertEquals(listOf(0, 1, 2, 3), heard.await())
        }

    @Test
    fun `sequence numbers rise`() =
        meshTest { mesh ->
            mesh.openSubscription("**").use { events ->
                for (topic in listOf("a", "b", "a")) mesh.publish(topic)
                val sequences =
                    events
                        .asFlow()
                        .take(3)
                        .map { it.sequence }
                        .toList()
                assertEquals(sequences.sorted().distinct(), sequences)
            }
        }

    @ParameterizedTest
    @MethodSource("policies")
    fun `a full queue loses what its policy says, and tells`(policy: Policy) =
        meshTest { mesh ->
            mesh.openSubscription("numbers", capacity = 3, overflow = policy.overflow).use { events ->
                repeat(5) { mesh.publish("numbers", it) }
                val seen = events.asFlow().take(3).toList()
                assertEquals(policy.kept, seen.map { it.value<Int>() })
                assertEquals(policy.missed, seen.map { it.missed })
                assertEquals(2L to 2L, events.dropped to mesh.stats.eventsDropped)
                mesh.publish("numbers", 5)
                val last = events.receive()!!
                assertEquals(5 to 2 - policy.missed.sum(), last.value<Int>() to last.missed)
                events.close()
                assertEquals(2, events.dropped)
            }
        }

    data class Policy(
        val overflow: Overflow,
        val kept: List<Int>,
        val missed: List<Long>,
    )

    @Test
    fun `a closed subscription takes nothing more`() =
        meshTest { mesh ->
            val events = mesh.openSubscription("topic")
            val waiting = async(start = CoroutineStart.UNDISPATCHED) { events.receive() }
            events.close()
            events.close()
            mesh.publish("topic", 1)
            assertNull(waiting.await())
            assertNull(events.receive())
            assertEquals(emptyList<Event>(), events.asFlow().toList())
            assertEquals(0, events.dropped)
        }

    @Test
    fun `a wait that is cancelled loses no event`() =
        meshTest { mesh ->
            mesh.openSubscription("numbers").use { events ->
                val seen = Collections.synchronizedList(mutableListOf<Int?>())
                repeat(200) { number ->
                    val waiting = launch { seen += events.receive()?.value<Int>() }
                    repeat(number % 5) { yield() }
                    mesh.publish("numbers", number)
                    repeat(number % 7) { yield() }
                    waiting.cancelAndJoin()
                }
                while (seen.size < 200) seen += events.receive()?.value<Int>()
                assertEquals((0 until 200).toList(), seen.toList())
            }
        }

    @Test
    fun `an event that is not what is asked for does not end the subscription`() =
        meshTest { mesh ->
            mesh.openSubscription("topic").use { events ->
                mesh.publish("topic", Message.ofJson("{"))
                mesh.publish("topic", byteArrayOf(0, -1))
                val broken = events.receive()!!
                failsWith<CommyException.InvalidArgument>(
                    "the event on 'topic' cannot be read",
                ) { broken.value<Order>() }
                assertEquals("{", broken.message.text())
                assertArrayEquals(byteArrayOf(0, -1), events.receive()?.value<ByteArray>())
            }
        }

    @ParameterizedTest
    @MethodSource("badTopics")
    fun `a bad topic is refused`(topic: String) =
        meshTest { mesh -> failsWith<CommyException.InvalidArgument> { mesh.publish(topic) } }

    @ParameterizedTest
    @MethodSource("badFilters")
    fun `a bad filter is refused`(filter: String) =
        meshTest { mesh ->
            failsWith<CommyException.InvalidArgument> { mesh.openSubscription(filter) }
            failsWith<CommyException.InvalidArgument> { mesh.subscribe(filter).first() }
        }

    @Test
    fun `options that break a rule are refused`() =
        meshTest { mesh ->
            for (capacity in listOf(0, 65_537, -1)) {
                failsWith<CommyException.InvalidArgument> { mesh.openSubscription("topic", capacity) }
                failsWith<CommyException.InvalidArgument> { mesh.subscribe("topic", capacity).first() }
            }
        }

    @Test
    fun `publishing to nobody succeeds and is counted`() =
        meshTest { mesh ->
            mesh.publish("topic", 1)
            mesh.openSubscription("topic").use { events ->
                mesh.publish("topic", 2)
                assertEquals(listOf(2), events.taken<Int>(1))
            }
            assertEquals(listOf(2L, 1L, 0L), mesh.stats.run { listOf(eventsPublished, eventsDelivered, eventsDropped) })
        }

    companion object {
        @JvmStatic
        fun filters() =
            listOf(
                "a" to listOf("a"),
                "*" to listOf("a", "b"),
                "a/*" to listOf("a/b"),
                "*/b" to listOf("a/b"),
                "a/**" to listOf("a", "a/b", "a/b/c"),
                "**" to listOf("a", "b", "a/b", "a/b/c"),
                "**/c" to listOf("a/b/c"),
            )

        @JvmStatic
        fun policies() =
            listOf(
                Policy(Overflow.DROP_OLDEST, listOf(2, 3, 4), listOf(2, 0, 0)),
                Policy(Overflow.DROP_NEWEST, listOf(0, 1, 2), listOf(0, 0, 0)),
            )

        @JvmStatic
        fun badTopics() = listOf("", "t".repeat(257), "/a", "a/", "a//b", "has space", "größe", "a/*", "**", "\udcff")

        @JvmStatic
        fun badFilters() = listOf("", "t".repeat(257), "/a", "a//b", "a*", "***", "größe", "\udcff")
    }
}
