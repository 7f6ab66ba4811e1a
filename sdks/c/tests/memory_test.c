// What is over is freed, and what goes on does not grow.

#include "support.h"

#include <malloc.h>
#include <pthread.h>

enum {
  CALLS = 100000,
  CALLBACKS = 10000,
  CANCELLATIONS = 10000,
  /// What may be left over: caches and tables that are kept, and the allocator's own pieces; far
  /// less than one byte for each of the things that are done between two measurements.
  LEFT_OVER_BYTES_MAX = 64 * 1024,
};

/// The bytes of the heap that are in use.
static long in_use(void) {
  const struct mallinfo2 heap = mallinfo2();
  return (long)(heap.uordblks + heap.hblkhd);
}

typedef void (*Work)(CommyMesh mesh, void *context);

/// Does the same work over and over, and checks that what it leaves does not grow with it. Threads
/// end their own work late, so the least of what is found within a second counts.
static void does_not_grow(const char *what, int times, Work work, CommyMesh mesh, void *context) {
  const int rounds = (int)(times / slowness());
  const size_t handles = commy_handle_count();
  // The first fill caches, tables and the memory of changes.
  for (int count = 0; count < rounds / 2; count++) {
    work(mesh, context);
  }
  eventually(commy_handle_count() == handles);
  pause_ms(50);
  const long before = in_use();
  for (int count = 0; count < rounds; count++) {
    work(mesh, context);
  }
  eventually(commy_handle_count() == handles);
  long grown = in_use() - before;
  for (int waited = 0; waited < 100 && grown >= LEFT_OVER_BYTES_MAX; waited++) {
    pause_ms(10);
    grown = in_use() - before;
  }
  print_message("%d %s left %ld bytes\n", rounds, what, grown);
  if (grown >= LEFT_OVER_BYTES_MAX) {
    fail_msg("%d %s left %ld bytes", rounds, what, grown);
  }
}

static void call(CommyMesh mesh, void *context) {
  (void)context;
  const char payload[64] = "";
  const CommyMessage request = {.payload = payload, .payload_length = sizeof payload};
  CommyReply reply;
  const CommyReplyView *view;
  must(commy_call(mesh, "echo", NULL, &request, NULL, &reply));
  must(commy_view_reply(reply, &view));
  assert_int_equal(view->message.payload_length, sizeof payload);
  must(commy_free_reply(reply));
}

static void a_hundred_thousand_calls_leave_nothing(void **state) {
  (void)state;
  const CommyMesh mesh = started();
  const CommyRegistration registration = serve(mesh, "echo", echo, NULL);
  does_not_grow("calls", CALLS, call, mesh, NULL);
  must(commy_deregister_service(registration));
  must(commy_destroy_mesh(mesh));
}

static void take(const CommyEventView *event, void *context) {
  (void)event;
  atomic_fetch_add((atomic_int *)context, 1);
}

static void publish(CommyMesh mesh, void *context) {
  const CommyMessage event = {.payload = "x", .payload_length = 1};
  atomic_int *taken = context;
  const int before = *taken;
  must(commy_publish(mesh, "numbers", &event));
  // One after the other, so that none is dropped.
  while (*taken == before) {
    sched_yield();
  }
}

static void ten_thousand_callbacks_from_threads_of_rust_leave_nothing(void **state) {
  (void)state;
  const CommyMesh mesh = started();
  static atomic_int taken;
  const CommySubscribeOptions options = {
      .size = sizeof options, .on_event = take, .context = &taken};
  CommySubscription subscription;
  must(commy_subscribe(mesh, "numbers", &options, &subscription));
  does_not_grow("callbacks", CALLBACKS, publish, mesh, &taken);
  must(commy_close_subscription(subscription));
  must(commy_destroy_mesh(mesh));
}

/// A handler that never answers, and whoever cancels its calls.
typedef struct {
  atomic_int begun;
  atomic_int cancelled;
  /// What is to be cancelled, once so many were begun.
  _Atomic uint64_t token;
  atomic_int awaited;
  atomic_bool is_over;
} Held;

static void hold(CommyInvocation invocation, const CommyRequest *request, void *context) {
  (void)invocation;
  (void)request;
  atomic_fetch_add(&((Held *)context)->begun, 1);
}

static void count_cancelled(CommyInvocation invocation, void *context) {
  (void)invocation;
  atomic_fetch_add(&((Held *)context)->cancelled, 1);
}

static void *cancel_all(void *context) {
  Held *held = context;
  while (!held->is_over) {
    const uint64_t token = held->begun >= held->awaited ? atomic_exchange(&held->token, 0) : 0;
    if (token != 0) {
      commy_cancel((CommyToken){token});
    } else {
      sched_yield();
    }
  }
  return NULL;
}

static void cancelled_call(CommyMesh mesh, void *context) {
  Held *held = context;
  CommyCallOptions options = {.size = sizeof options};
  must(commy_create_token(&options.token));
  held->awaited = held->begun + 1;
  held->token = options.token.id;
  ends(COMMY_STATUS_CANCELLED, commy_call(mesh, "hold", NULL, NULL, &options, NULL));
  must(commy_free_token(options.token));
}

/// As above, of a service that answers: the cancellation comes before, amid or after the answer.
static void racing_call(CommyMesh mesh, void *context) {
  static int count = 0;
  Held *held = context;
  CommyCallOptions options = {.size = sizeof options};
  CommyReply reply;
  must(commy_create_token(&options.token));
  held->awaited = 0;
  held->token = options.token.id;
  const CommyStatus status = commy_call(mesh, "echo", NULL, NULL, &options, &reply);
  if (status == COMMY_STATUS_OK) {
    must(commy_free_reply(reply));
  } else {
    assert_int_equal(status, COMMY_STATUS_CANCELLED);
    assert_int_equal(reply.id, 0);
  }
  must(commy_free_token(options.token));
  // Cancelled calls come faster than an instance takes them; one that answers is behind them all.
  if (++count % 16 == 0) {
    must(commy_call(mesh, "echo", NULL, NULL, NULL, NULL));
  }
}

static void ten_thousand_cancellations_leave_nothing(void **state) {
  (void)state;
  const CommyMesh mesh = started();
  static Held held;
  const CommyServiceSpec spec = {.size = sizeof spec, .service = "hold"};
  const CommyHandler handler = {
      .size = sizeof handler, .handle = hold, .cancel = count_cancelled, .context = &held};
  CommyRegistration registration;
  must(commy_register_service(mesh, &spec, &handler, &registration));
  const CommyRegistration answering = serve(mesh, "echo", echo, NULL);
  pthread_t thread;
  assert_int_equal(pthread_create(&thread, NULL, cancel_all, &held), 0);
  does_not_grow("cancellations", CANCELLATIONS, cancelled_call, mesh, &held);
  // Each handler that was begun was told.
  eventually(held.cancelled == held.begun);
  does_not_grow("races of cancellation and answer", CANCELLATIONS, racing_call, mesh, &held);
  held.is_over = true;
  pthread_join(thread, NULL);
  must(commy_deregister_service(registration));
  must(commy_deregister_service(answering));
  must(commy_destroy_mesh(mesh));
}

static void failing_call(CommyMesh mesh, void *context) {
  (void)context;
  ends(COMMY_STATUS_NOT_FOUND, commy_call(mesh, "nobody", NULL, NULL, NULL, NULL));
  ends(COMMY_STATUS_INVALID_ARGUMENT, commy_call(mesh, "\xff", NULL, NULL, NULL, NULL));
  ends(COMMY_STATUS_INVALID_ARGUMENT, commy_free_reply((CommyReply){7}));
}

static void every_other_thing(CommyMesh mesh, void *context) {
  (void)context;
  const CommyMessage event = {.payload = "x", .payload_length = 1};
  CommySubscription subscription;
  CommyEvent got;
  CommyWatch watch;
  CommyChange change;
  CommyInstances found;
  const CommyRegistration registration = serve(mesh, "echo", echo, NULL);
  must(commy_watch_services(mesh, NULL, &watch));
  must(commy_next_change(watch, LIMIT_MS, &change));
  must(commy_free_change(change));
  must(commy_close_watch(watch));
  must(commy_discover_services(mesh, NULL, &found));
  must(commy_free_instances(found));
  must(commy_registered_instance(registration, &found));
  must(commy_free_instances(found));
  must(commy_subscribe(mesh, "a", NULL, &subscription));
  must(commy_publish(mesh, "a", &event));
  must(commy_next_event(subscription, LIMIT_MS, &got));
  must(commy_free_event(got));
  must(commy_close_subscription(subscription));
  must(commy_deregister_service(registration));
}

static void the_less_usual_ways_leave_nothing_either(void **state) {
  (void)state;
  const CommyMesh mesh = started();
  does_not_grow("failed calls", 10000, failing_call, mesh, NULL);
  does_not_grow("lives of everything else", 3000, every_other_thing, mesh, NULL);
  must(commy_destroy_mesh(mesh));
}

static void live(CommyMesh mesh, void *context) {
  (void)mesh;
  (void)context;
  const CommyMesh other = started();
  const CommyRegistration registration = serve(other, "echo", echo, NULL);
  must(commy_call(other, "echo", NULL, NULL, NULL, NULL));
  must(commy_destroy_mesh(other));
  must(commy_free_registration(registration));
}

static void meshes_leave_nothing(void **state) {
  (void)state;
  does_not_grow("meshes", 100, live, (CommyMesh){0}, NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_hundred_thousand_calls_leave_nothing),
      cmocka_unit_test(ten_thousand_callbacks_from_threads_of_rust_leave_nothing),
      cmocka_unit_test(ten_thousand_cancellations_leave_nothing),
      cmocka_unit_test(the_less_usual_ways_leave_nothing_either),
      cmocka_unit_test(meshes_leave_nothing),
  };
  return topic_of(tests);
}
