package dev.commy.java;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.commy.Change;
import dev.commy.ChangeKind;
import dev.commy.CommyException;
import dev.commy.Event;
import dev.commy.HandlerException;
import dev.commy.Health;
import dev.commy.Message;
import dev.commy.Overflow;
import dev.commy.Status;
import dev.commy.SupportKt;
import dev.commy.future.CallOptions;
import dev.commy.future.FutureMesh;
import dev.commy.future.Handlers;
import dev.commy.future.MeshOptions;
import dev.commy.future.Query;
import dev.commy.future.ServiceOptions;
import dev.commy.future.SubscribeOptions;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Java uses all of it by futures, and never sees a coroutine. */
@Timeout(30)
class JavaApiTest {
    private final String name = SupportKt.newName();

    private static final Handlers ECHO =
            new Handlers().anyMethod((request, context) -> CompletableFuture.completedFuture(request));

    private static <E extends CommyException> E failsWith(Class<E> kind, CompletableFuture<?> future) {
        var thrown = assertThrows(CompletionException.class, future::join);
        return assertInstanceOf(kind, thrown.getCause());
    }

    private static void await(CountDownLatch latch) throws InterruptedException {
        assertTrue(latch.await(10, TimeUnit.SECONDS));
    }

    /** Waits until the runtime, which tells nobody, has come to what is expected. */
    private static void eventually(BooleanSupplier holds) {
        var deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
        while (!holds.getAsBoolean()) {
            assertTrue(System.nanoTime() < deadline);
            Thread.yield();
        }
    }

    @Test
    void aMeshIsStartedUsedAndClosed() {
        try (var mesh = new FutureMesh(name, new MeshOptions().zone("eu-1a").callTimeout(Duration.ofSeconds(5)))) {
            mesh.start().join();
            assertTrue(mesh.isRunning());
            var options = new ServiceOptions().version("1.2.0").tags("eu").metadata(Map.of("tier", "gold"));
            var handlers =
                    new Handlers()
                            .method(
                                    "create",
                                    (request, context) ->
                                            CompletableFuture.completedFuture(
                                                    Message.ofJson(
                                                            request.text().replace("id", "order"),
                                                            Map.of("method", context.getMethod()))));
            var registration = mesh.service("orders", handlers, options).join();
            assertEquals("1.2.0", registration.getInstance().getVersion());

            var reply = mesh.call("orders", "create", Message.ofJson("{\"id\":1}")).join();
            assertEquals("{\"order\":1}", reply.getMessage().text());
            assertEquals(Map.of("method", "create"), reply.getHeaders());
            assertEquals(registration.getInstance().getId(), reply.getServedBy());

            var found = mesh.discover(new Query().service("orders").version("^1").tags("eu").zone("eu-1a"));
            assertEquals(List.of(registration.getInstance()), found);
            assertEquals(1, mesh.activeServiceCount());
            assertEquals(1, mesh.getStats().getCallsOk());
            registration.deregister().join();
            assertEquals(List.of(), mesh.discover());
        }
        var stopped = new FutureMesh(name);
        assertFalse(stopped.isRunning());
        assertThrows(CommyException.FailedPrecondition.class, stopped::discover);
    }

    @Test
    void bytesTravelUntouched() {
        try (var mesh = new FutureMesh(name)) {
            mesh.start().join();
            mesh.service("echo", ECHO).join();
            var bytes = new byte[] {0, -1, 127};
            var reply = mesh.call("echo", "", new Message(bytes)).join();
            assertArrayEquals(bytes, reply.getPayload());
            assertEquals(Message.OCTET_STREAM, reply.getContentType());
        }
    }

    @Test
    void failuresAreTheSameExceptions() {
        assertThrows(CommyException.InvalidArgument.class, () -> new FutureMesh("no good"));
        try (var mesh = new FutureMesh(name)) {
            failsWith(CommyException.FailedPrecondition.class, mesh.call("orders", "", new Message(new byte[0])));
            mesh.start().join();
            var handlers =
                    new Handlers()
                            .method(
                                    "throws",
                                    (request, context) -> {
                                        throw new HandlerException("OUT_OF_STOCK", "2 left");
                                    })
                            .method(
                                    "fails",
                                    (request, context) ->
                                            CompletableFuture.failedFuture(new IllegalStateException("broken")));
            mesh.service("orders", handlers).join();
            var empty = new Message(new byte[0]);
            var thrown = failsWith(CommyException.HandlerFailed.class, mesh.call("orders", "throws", empty));
            assertEquals("OUT_OF_STOCK", thrown.getCode());
            assertEquals("2 left", thrown.getReason());
            assertEquals(Status.HANDLER_FAILED, thrown.getStatus());
            assertEquals("orders", thrown.getService());
            var failed = failsWith(CommyException.HandlerFailed.class, mesh.call("orders", "fails", empty));
            assertEquals("IllegalStateException", failed.getCode());
            assertEquals("broken", failed.getReason());
            failsWith(CommyException.Unimplemented.class, mesh.call("orders", "other", empty));
            failsWith(CommyException.NotFound.class, mesh.call("nobody", "", empty));
        }
    }

    @Test
    void aCancelledFutureCancelsTheHandlerAndRustStopsWorkingOnTheCall() throws Exception {
        try (var mesh = new FutureMesh(name)) {
            mesh.start().join();
            var begun = new CountDownLatch(1);
            var cancelled = new CountDownLatch(1);
            var stuck =
                    new Handlers()
                            .anyMethod(
                                    (request, context) -> {
                                        var never = new CompletableFuture<Message>();
                                        never.whenComplete((message, error) -> cancelled.countDown());
                                        begun.countDown();
                                        return never;
                                    });
            mesh.service("stuck", stuck).join();
            var call = mesh.call("stuck", "", new Message(new byte[0]));
            await(begun);
            assertEquals(1, mesh.getStats().getRequestsInFlight());
            assertTrue(call.cancel(true));
            assertThrows(CancellationException.class, call::join);
            await(cancelled);
            eventually(() -> mesh.getStats().getRequestsInFlight() == 0);
        }
    }

    @Test
    void aTimeoutIsAnErrorOfItsOwn() {
        try (var mesh = new FutureMesh(name)) {
            mesh.start().join();
            var stuck = new Handlers().anyMethod((request, context) -> new CompletableFuture<>());
            mesh.service("stuck", stuck).join();
            var options = new CallOptions().timeout(Duration.ofMillis(30));
            failsWith(
                    CommyException.DeadlineExceeded.class,
                    mesh.call("stuck", "", new Message(new byte[0]), options));
        }
    }

    @Test
    void handlersRunInTheExecutorOfTheirService() {
        var threads = Executors.newSingleThreadExecutor(task -> new Thread(task, "mine"));
        try (var mesh = new FutureMesh(name)) {
            mesh.start().join();
            var where =
                    new Handlers()
                            .anyMethod(
                                    (request, context) ->
                                            CompletableFuture.completedFuture(
                                                    Message.ofJson('"' + Thread.currentThread().getName() + '"')));
            mesh.service("where", where, new ServiceOptions().executor(threads)).join();
            var reply = mesh.call("where", "", new Message(new byte[0])).join();
            assertTrue(reply.getMessage().text().startsWith("\"mine"), reply.getMessage().text());
        } finally {
            threads.shutdown();
        }
    }

    @Test
    void consumersAreGivenEventsAndChanges() throws Exception {
        try (var mesh = new FutureMesh(name)) {
            mesh.start().join();
            BlockingQueue<Change> changes = new LinkedBlockingQueue<>();
            BlockingQueue<Event> events = new LinkedBlockingQueue<>();
            var watching = mesh.watch(new Query().service("echo"), changes::add);
            var options = new SubscribeOptions().capacity(10).overflow(Overflow.DROP_NEWEST);
            var subscribed = mesh.subscribe("orders/*", events::add, options).join();

            mesh.service("echo", ECHO).join();
            mesh.publish("orders/created", Message.ofJson("{\"id\":1}")).join();
            assertEquals(ChangeKind.ADDED, changes.poll(10, TimeUnit.SECONDS).getKind());
            assertEquals("{\"id\":1}", events.poll(10, TimeUnit.SECONDS).getMessage().text());

            watching.close();
            subscribed.close();
            eventually(() -> subscribed.isClosed() && watching.isClosed());
            mesh.publish("orders/created", Message.ofJson("2")).join();
            assertEquals(List.of(), List.copyOf(events));
        }
    }

    @Test
    void anEndpointIsAdvertisedAndItsHealthReported() {
        try (var mesh = new FutureMesh(name)) {
            mesh.start().join();
            var registration = mesh.advertise("db", "tcp://db.example:5432").join();
            assertEquals("tcp://db.example:5432", mesh.discover().get(0).getEndpoint());
            registration.setHealth(Health.UNHEALTHY).join();
            assertEquals(List.of(), mesh.discover());
            assertEquals(1, mesh.discover(new Query().health(Health.UNHEALTHY)).size());
            assertTrue(registration.drain(Duration.ofSeconds(1)).join());
        }
    }

    @Test
    void aFutureMayBeWaitedForAWhile() {
        try (var mesh = new FutureMesh(name)) {
            mesh.start().join();
            var stuck = new Handlers().anyMethod((request, context) -> new CompletableFuture<>());
            mesh.service("stuck", stuck).join();
            var call = mesh.call("stuck", "", new Message(new byte[0]));
            assertThrows(TimeoutException.class, () -> call.get(20, TimeUnit.MILLISECONDS));
            call.cancel(true);
        }
    }
}
