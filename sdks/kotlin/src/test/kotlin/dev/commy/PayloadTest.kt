package dev.commy

import kotlinx.coroutines.CompletableDeferred
import kotlinx.serialization.Serializable
import kotlinx.serialization.json.Json
import kotlinx.serialization.json.JsonElement
import kotlinx.serialization.json.JsonPrimitive
import kotlinx.serialization.json.buildJsonObject
import kotlinx.serialization.json.put
import org.junit.jupiter.api.Assertions.assertArrayEquals
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.params.ParameterizedTest
import org.junit.jupiter.params.provider.MethodSource
import org.junit.jupiter.params.provider.ValueSource

/** Bytes travel untouched, other values as JSON; what is neither, or too large, is refused. */
class PayloadTest {
    @Serializable
    sealed interface Shape

    @Serializable
    data class Circle(
        val radius: Double,
    ) : Shape

    @Serializable
    data class Page<T>(
        val items: List<T>,
    )

    @Serializable
    enum class Colour { RED, GREEN }

    @Serializable
    data class Positive(
        val value: Int,
    ) {
        init {
            require(value > 0) { "value must be positive, not $value" }
        }
    }

    @Serializable
    class Endless(
        var next: Endless? = null,
    )

    @ParameterizedTest
    @ValueSource(ints = [0, 1, 255, 65_536, MIB])
    fun `bytes travel untouched`(size: Int) =
        meshTest { mesh ->
            mesh.echo()
            val payload = ByteArray(size) { it.toByte() }
            val reply = mesh.request("echo", payload = payload)
            assertArrayEquals(payload, reply.payload)
            assertArrayEquals(payload, reply.value<ByteArray>())
            assertEquals("application/octet-stream", reply.contentType)
        }

    @Test
    fun `bytes are handed over and taken back as they are, whatever they are said to be`() =
        meshTest { mesh ->
            val seen = mutableListOf<String>()
            mesh.service("reverse") {
                anyMethod { bytes: ByteArray ->
                    seen += contentType
                    bytes.reversedArray()
                }
            }
            assertEquals("cba", mesh.call<ByteArray>("reverse", payload = "abc".encodeToByteArray()).decodeToString())
            assertEquals("}{", mesh.call<ByteArray>("reverse", payload = Message.ofJson("{}")).decodeToString())
            assertEquals(listOf("application/octet-stream", "application/json"), seen)
        }

    @ParameterizedTest
    @ValueSource(
        strings = [
            "null", "true", "0", "-1", "9223372036854775808", "0.1", "-1e-300", "\"\"", "\"ä€🎉\\u0000\\n\"",
            "[]", "{}", "[1,[2,[3]]]", "{\"ä\":{\"b\":[null]}}",
        ],
    )
    fun `JSON travels as it is`(json: String) =
        meshTest { mesh ->
            mesh.echo()
            val value = Json.parseToJsonElement(json)
            assertEquals(value, mesh.call<JsonElement>("echo", payload = value))
        }

    @Test
    fun `values travel by their classes`() =
        meshTest { mesh ->
            mesh.echo()
            assertEquals("text", mesh.call<String>("echo", payload = "text"))
            assertEquals(Int.MIN_VALUE, mesh.call<Int>("echo", payload = Int.MIN_VALUE))
            assertEquals(Long.MAX_VALUE, mesh.call<Long>("echo", payload = Long.MAX_VALUE))
            assertEquals(true, mesh.call<Boolean>("echo", payload = true))
            assertEquals(Colour.GREEN, mesh.call<Colour>("echo", payload = Colour.GREEN))
            assertEquals(listOf(Order(1), null), mesh.call<List<Order?>>("echo", payload = listOf(Order(1), null)))
            assertEquals(setOf(1, 2), mesh.call<Set<Int>>("echo", payload = setOf(1, 2)))
            assertEquals(
                mapOf("a" to Order(1)),
                mesh.call<Map<String, Order>>("echo", payload = mapOf("a" to Order(1))),
            )
            assertEquals(listOf(1, 2), mesh.call<List<Int>>("echo", payload = intArrayOf(1, 2)))
            assertEquals(listOf("a"), mesh.call<List<String>>("echo", payload = arrayOf("a")))
            val page = Page(listOf(Order(1)))
            assertEquals(page, mesh.call<Page<Order>>("echo", payload = Message.of(page)))
            failsWith<CommyException.InvalidArgument>("is generic: say its type with Message.of(value)") {
                mesh.call<Page<Order>>("echo", payload = page)
            }
        }

    @Test
    fun `a subclass of a sealed class can be read as either`() =
        meshTest { mesh ->
            mesh.service("shapes") {
                method("any") { shape: Shape -> shape }
                method("circle") { circle: Circle -> circle.radius }
            }
            assertEquals(Circle(1.5), mesh.call<Shape>("shapes", "any", Circle(1.5)))
            assertEquals(1.5, mesh.call<Double>("shapes", "circle", Circle(1.5)))
            assertEquals(
                listOf(Circle(1.0)),
                mesh.call<List<Shape>>("echo".also { mesh.echo() }, payload = listOf(Circle(1.0))),
            )
        }

    @Test
    fun `JSON on the wire is compact UTF-8, with all fields`() =
        meshTest { mesh ->
            val seen = mutableListOf<String>()
            mesh.service("raw") { anyMethod<Message, Unit> { seen += "$contentType ${it.text()}" } }
            mesh.call<Unit>("raw", payload = mapOf("ä" to listOf(1, 2)), contentType = "application/cbor")
            mesh.call<Unit>("raw", payload = Order(1))
            mesh.call<Unit>("raw")
            assertEquals(
                listOf(
                    """application/cbor {"ä":[1,2]}""",
                    """application/json {"id":1,"items":[]}""",
                    "application/json null",
                ),
                seen,
            )
        }

    @Test
    fun `fields that a type does not have are ignored, unless the mesh's JSON says otherwise`() {
        val order =
            buildJsonObject {
                put("id", 1)
                put("more", true)
            }
        meshTest { mesh ->
            mesh.service("orders") { anyMethod { order: Order -> order.id } }
            assertEquals(1, mesh.call<Int>("orders", payload = order))
        }
        meshTest({ json = Json }) { mesh ->
            mesh.service("orders") { anyMethod { order: Order -> order.id } }
            failsWith<CommyException.InvalidArgument>(
                "unknown key 'more'",
            ) { mesh.call<Int>("orders", payload = order) }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = ["application/json", "Application/JSON; charset=utf-8"])
    fun `bytes that say they are JSON are decoded`(contentType: String) =
        meshTest { mesh ->
            mesh.echo()
            val payload = " {\"id\": 1} ".encodeToByteArray()
            assertEquals(Order(1), mesh.call<Order>("echo", payload = payload, contentType = contentType))
        }

    @ParameterizedTest
    @MethodSource("notJson")
    fun `a request that is not the JSON it says is an invalid argument`(bad: Pair<String, ByteArray>) =
        meshTest { mesh ->
            var calls = 0
            mesh.service("count") { anyMethod<JsonElement, Int> { ++calls } }
            failsWith<CommyException.InvalidArgument>("the payload is not the") {
                mesh.call<Int>("count", payload = bad.second, contentType = "application/json")
            }
            assertEquals(1, mesh.call<Int>("count", payload = 1))
        }

    @Test
    fun `a request that does not fit the handler's type is an invalid argument, and says why`() =
        meshTest { mesh ->
            mesh.service("orders") {
                method("create") { order: Order -> order.id }
                method("positive") { positive: Positive -> positive.value }
            }
            failsWith<CommyException.InvalidArgument>("Field 'id' is required") {
                mesh.call<Int>("orders", "create", emptyMap<String, Int>())
            }
            failsWith<CommyException.InvalidArgument>("it is 'application/octet-stream' and not JSON") {
                mesh.call<Int>("orders", "create", byteArrayOf(1))
            }
            failsWith<CommyException.InvalidArgument>("value must be positive, not 0") {
                mesh.call<Int>("orders", "positive", mapOf("value" to 0))
            }
            failsWith<CommyException.InvalidArgument> { mesh.call<Int>("orders", "create") }
        }

    @Test
    fun `a reply that is not what is asked for is internal, and says who sent it`() =
        meshTest { mesh ->
            mesh.service("broken") {
                method("json") { _: Unit -> Message.ofJson("{") }
                method("bytes") { _: Unit -> byteArrayOf(1) }
                method("other") { _: Unit -> Receipt(1) }
            }
            for (method in listOf("json", "bytes", "other")) {
                val error =
                    failsWith<CommyException.Internal>("the reply cannot be read as dev.commy.Order") {
                        mesh.call<Order>("broken", method)
                    }
                assertEquals("broken" to method, error.service to error.method)
                assertEquals(mesh.discover("broken").single().id, error.instanceId)
            }
        }

    @Test
    fun `a value that JSON or UTF-8 cannot express is refused`() =
        meshTest { mesh ->
            mesh.echo()
            val endless = Endless().apply { next = this }
            val circle = mutableListOf<Any>().apply { add(this) }
            val bad =
                listOf(
                    Double.NaN,
                    Float.POSITIVE_INFINITY,
                    listOf(Double.NaN),
                    JsonPrimitive(Double.NaN),
                    "half \ud83d",
                    mapOf("\udcff" to 1),
                    Thread.currentThread(),
                    listOf(Any()),
                    mapOf(Order(1) to 1),
                    endless,
                    circle,
                )
            for (value in bad) {
                failsWith<CommyException.InvalidArgument>("a payload must be bytes or a value that JSON can express") {
                    mesh.call<Unit>("echo", payload = value)
                }
            }
            failsWith<CommyException.InvalidArgument> { mesh.publish("topic", Double.NaN) }
        }

    @Test
    fun `a handler that returns what cannot be sent is internal`() =
        meshTest { mesh ->
            mesh.service("wrong") {
                method("nan") { _: Unit -> Double.NaN }
                method("half") { _: Unit -> "half \ud83d" }
                method("endless") { _: Unit -> Endless().apply { next = this } }
                method("header") { _: Unit -> Message(ByteArray(0), headers = mapOf("key" to "\udcff")) }
            }
            for (method in listOf("nan", "half", "endless", "header")) {
                failsWith<CommyException.Internal>("what cannot be sent") { mesh.call<Unit>("wrong", method) }
            }
        }

    @Test
    fun `a payload over the limit is refused on every way`() =
        meshTest { mesh ->
            val large = ByteArray(16 * MIB)
            mesh.echo()
            mesh.service("large") { anyMethod { _: Unit -> large } }
            failsWith<CommyException.ResourceExhausted>("bytes") { mesh.call<ByteArray>("echo", payload = large) }
            failsWith<CommyException.ResourceExhausted>("bytes") { mesh.call<ByteArray>("large") }
            failsWith<CommyException.ResourceExhausted>("bytes") { mesh.publish("topic", large) }
            assertEquals("small", mesh.call<String>("echo", payload = "small"))
        }

    @Test
    fun `a payload over the default limit passes where the limit is raised`() =
        meshTest({ maxPayloadBytes = 16L * MIB }) { mesh ->
            mesh.echo()
            val large = ByteArray(16 * MIB) { it.toByte() }
            assertTrue(large.contentEquals(mesh.call<ByteArray>("echo", payload = large)))
            failsWith<CommyException.ResourceExhausted> { mesh.call<ByteArray>("echo", payload = large + 1) }
        }

    @Test
    fun `a reply names its own content type`() =
        meshTest { mesh ->
            val asked = CompletableDeferred<String>()
            mesh.service("image") {
                anyMethod { message: Message ->
                    asked.complete(message.contentType)
                    Message("PNG".encodeToByteArray(), "image/png", mapOf("etag" to "1"))
                }
            }
            val reply = mesh.request("image", payload = "?".encodeToByteArray(), contentType = "text/plain")
            assertEquals("PNG" to "image/png", reply.value<ByteArray>().decodeToString() to reply.contentType)
            assertEquals(mapOf("etag" to "1"), reply.value<Message>().headers)
            assertEquals("text/plain", asked.await())
            assertEquals("Message(3 bytes of image/png, headers={etag=1})", reply.message.toString())
            assertEquals(Message("PNG".encodeToByteArray(), "image/png", mapOf("etag" to "1")), reply.message)
        }

    companion object {
        const val MIB = 1024 * 1024

        @JvmStatic
        fun notJson() =
            listOf(
                "nothing" to ByteArray(0),
                "an open brace" to "{".encodeToByteArray(),
                "an unfinished string" to "\"\\".encodeToByteArray(),
                "not UTF-8" to byteArrayOf(-1),
                "a byte order mark" to byteArrayOf(0xEF.toByte(), 0xBB.toByte(), 0xBF.toByte(), '1'.code.toByte()),
                "UTF-16" to "\"ä\"".toByteArray(Charsets.UTF_16),
                "NaN" to "NaN".encodeToByteArray(),
                "Infinity" to "[Infinity]".encodeToByteArray(),
                "a bare word" to "{\"a\": word}".encodeToByteArray(),
                "a leading zero" to "01".encodeToByteArray(),
                "two values" to "1 2".encodeToByteArray(),
                "a comma too many" to "[1,]".encodeToByteArray(),
                "a line end in a string" to "\"a\nb\"".encodeToByteArray(),
                "a comment" to "1 // one".encodeToByteArray(),
                "endless nesting" to "[".repeat(100_000).encodeToByteArray(),
            )
    }
}
