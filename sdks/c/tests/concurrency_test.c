// Many callers, registrations and publishers at once, on many threads, with one handle.

#include "support.h"

#include <pthread.h>

enum { THREADS = 8, CALLS = 1250 };

/// Work for several threads, and whether each did it: a test may fail in its own thread only.
typedef struct {
  CommyMesh mesh;
  int number;
  bool done;
} Part;

static void in_threads(CommyMesh mesh, void *(*work)(void *)) {
  pthread_t threads[THREADS];
  Part parts[THREADS];
  for (int index = 0; index < THREADS; index++) {
    parts[index] = (Part){.mesh = mesh, .number = index};
    assert_int_equal(pthread_create(&threads[index], NULL, work, &parts[index]), 0);
  }
  for (int index = 0; index < THREADS; index++) {
    pthread_join(threads[index], NULL);
    assert_true(parts[index].done);
  }
}

static void *call_many(void *context) {
  Part *part = context;
  for (int count = 0; count < CALLS / slowness(); count++) {
    const int sent[] = {part->number, count};
    const CommyMessage request = {.payload = sent, .payload_length = sizeof sent};
    CommyReply reply;
    const CommyReplyView *view;
    if (commy_call(part->mesh, "echo", NULL, &request, NULL, &reply) != COMMY_STATUS_OK ||
        commy_view_reply(reply, &view) != COMMY_STATUS_OK ||
        view->message.payload_length != sizeof sent ||
        memcmp(view->message.payload, sent, sizeof sent) != 0 ||
        commy_free_reply(reply) != COMMY_STATUS_OK) {
      return NULL;
    }
  }
  part->done = true;
  return NULL;
}

static void ten_thousand_calls_of_many_threads_each_get_their_own_answer(void **state) {
  (void)state;
  const CommyMesh mesh = started();
  CommyRegistration registrations[4];
  for (int index = 0; index < 4; index++) {
    registrations[index] = serve(mesh, "echo", echo, NULL);
  }
  in_threads(mesh, call_many);
  CommyMeshStats stats = {.size = sizeof stats};
  must(commy_mesh_stats(mesh, &stats));
  assert_int_equal(stats.calls_ok, THREADS * (CALLS / slowness()));
  assert_int_equal(stats.requests_handled, stats.calls_ok);
  assert_int_equal(stats.calls_in_flight, 0);
  for (int index = 0; index < 4; index++) {
    must(commy_deregister_service(registrations[index]));
  }
  must(commy_destroy_mesh(mesh));
}

/// What keeps handlers until all of them are there.
typedef struct {
  pthread_barrier_t barrier;
  atomic_int entered;
} Gate;

static void meet(CommyInvocation invocation, const CommyRequest *request, void *context) {
  Gate *gate = context;
  atomic_fetch_add(&gate->entered, 1);
  pthread_barrier_wait(&gate->barrier);
  commy_complete(invocation, &request->message);
}

static void *call_once(void *context) {
  Part *part = context;
  part->done = commy_call(part->mesh, "meet", NULL, NULL, NULL, NULL) == COMMY_STATUS_OK;
  return NULL;
}

static void handlers_of_one_instance_run_side_by_side(void **state) {
  (void)state;
  const CommyMesh mesh = started();
  Gate gate = {.entered = 0};
  pthread_barrier_init(&gate.barrier, NULL, THREADS);
  const CommyRegistration registration = serve(mesh, "meet", meet, &gate);
  in_threads(mesh, call_once);
  assert_int_equal(gate.entered, THREADS);
  must(commy_deregister_service(registration));
  must(commy_destroy_mesh(mesh));
  pthread_barrier_destroy(&gate.barrier);
}

static void an_instance_handles_as_many_calls_at_once_as_it_allows(void **state) {
  (void)state;
  const CommyMesh mesh = started();
  Gate gate = {.entered = 0};
  pthread_barrier_init(&gate.barrier, NULL, 2);
  const CommyServiceSpec spec = {.size = sizeof spec, .service = "meet", .max_in_flight = 1};
  const CommyHandler handler = {.size = sizeof handler, .handle = meet, .context = &gate};
  CommyRegistration registration;
  must(commy_register_service(mesh, &spec, &handler, &registration));
  Part part = {.mesh = mesh};
  pthread_t thread;
  assert_int_equal(pthread_create(&thread, NULL, call_once, &part), 0);
  eventually(gate.entered == 1);
  ends(COMMY_STATUS_RESOURCE_EXHAUSTED, commy_call(mesh, "meet", NULL, NULL, NULL, NULL));
  assert_told("max_in_flight");
  pthread_barrier_wait(&gate.barrier);
  pthread_join(thread, NULL);
  assert_true(part.done);
  must(commy_deregister_service(registration));
  must(commy_destroy_mesh(mesh));
  pthread_barrier_destroy(&gate.barrier);
}

static void *come_and_go(void *context) {
  Part *part = context;
  // Half of the threads register and deregister, and the others call.
  if (part->number % 2 == 0) {
    return call_many(context);
  }
  for (int count = 0; count < 25; count++) {
    CommyRegistration registration;
    if (commy_register_service_simple(part->mesh, "echo", NULL, echo, NULL, &registration) !=
            COMMY_STATUS_OK ||
        commy_deregister_service(registration) != COMMY_STATUS_OK) {
      return NULL;
    }
  }
  part->done = true;
  return NULL;
}

static void calls_go_on_while_instances_come_and_go(void **state) {
  (void)state;
  const CommyMesh mesh = started();
  const CommyRegistration keeper = serve(mesh, "echo", echo, NULL);
  in_threads(mesh, come_and_go);
  size_t count = 0;
  must(commy_discover_services_count(mesh, NULL, &count));
  assert_int_equal(count, 1);
  must(commy_deregister_service(keeper));
  must(commy_destroy_mesh(mesh));
}

static void *publish_many(void *context) {
  Part *part = context;
  for (int count = 0; count < 100; count++) {
    const int sent[] = {part->number, count};
    const CommyMessage event = {.payload = sent, .payload_length = sizeof sent};
    if (commy_publish(part->mesh, "numbers", &event) != COMMY_STATUS_OK) {
      return NULL;
    }
  }
  part->done = true;
  return NULL;
}

static void publishers_on_many_threads_reach_every_subscriber(void **state) {
  (void)state;
  const CommyMesh mesh = started();
  const CommySubscribeOptions options = {.size = sizeof options, .capacity = 1000};
  CommySubscription subscription;
  must(commy_subscribe(mesh, "**", &options, &subscription));
  in_threads(mesh, publish_many);
  int next[THREADS] = {0};
  for (int count = 0; count < THREADS * 100; count++) {
    CommyEvent event;
    const CommyEventView *view;
    int got[2];
    must(commy_next_event(subscription, LIMIT_MS, &event));
    must(commy_view_event(event, &view));
    memcpy(got, view->message.payload, sizeof got);
    assert_int_equal(got[1], next[got[0]]++);
    must(commy_free_event(event));
  }
  must(commy_close_subscription(subscription));
  must(commy_destroy_mesh(mesh));
}

static void *start_and_stop(void *context) {
  Part *part = context;
  for (int count = 0; count < 10; count++) {
    const CommyStatus status =
        part->number % 2 == 0 ? commy_start_mesh(part->mesh) : commy_stop_mesh(part->mesh);
    if (status != COMMY_STATUS_OK) {
      return NULL;
    }
  }
  part->done = true;
  return NULL;
}

static void starting_and_stopping_from_many_threads_ends_as_the_last_one_said(void **state) {
  (void)state;
  const CommyMesh mesh = created();
  in_threads(mesh, start_and_stop);
  must(commy_start_mesh(mesh));
  const CommyRegistration registration = serve(mesh, "echo", echo, NULL);
  must(commy_call(mesh, "echo", NULL, NULL, NULL, NULL));
  must(commy_stop_mesh(mesh));
  must(commy_free_registration(registration));
  must(commy_destroy_mesh(mesh));
}

static void count_down(CommyInvocation invocation, const CommyRequest *request, void *context) {
  const CommyMesh mesh = *(const CommyMesh *)context;
  int number = 0;
  memcpy(&number, request->message.payload, sizeof number);
  if (number > 0) {
    number--;
    const CommyMessage below = {.payload = &number, .payload_length = sizeof number};
    CommyReply reply;
    const CommyReplyView *view;
    if (commy_call(mesh, "countdown", NULL, &below, NULL, &reply) != COMMY_STATUS_OK) {
      const CommyFailure failure = {.size = sizeof failure, .reason = commy_last_error_message()};
      commy_fail(invocation, &failure);
      return;
    }
    commy_view_reply(reply, &view);
    memcpy(&number, view->message.payload, sizeof number);
    commy_free_reply(reply);
    number++;
  }
  const CommyMessage answer = {.payload = &number, .payload_length = sizeof number};
  commy_complete(invocation, &answer);
}

static void a_handler_that_calls_its_own_service_does_not_deadlock(void **state) {
  (void)state;
  CommyMesh mesh = started();
  const CommyRegistration registration = serve(mesh, "countdown", count_down, &mesh);
  const int depth = 100;
  const CommyMessage request = {.payload = &depth, .payload_length = sizeof depth};
  CommyReply reply;
  const CommyReplyView *view;
  int number = 0;
  must(commy_call(mesh, "countdown", NULL, &request, NULL, &reply));
  must(commy_view_reply(reply, &view));
  memcpy(&number, view->message.payload, sizeof number);
  assert_int_equal(number, depth);
  must(commy_free_reply(reply));
  must(commy_deregister_service(registration));
  must(commy_destroy_mesh(mesh));
}

static CommyMesh contested;
static atomic_int destroyed;

static void *destroy(void *context) {
  Part *part = context;
  const CommyStatus status = commy_destroy_mesh(contested);
  atomic_fetch_add(&destroyed, status == COMMY_STATUS_OK);
  part->done = status == COMMY_STATUS_OK || status == COMMY_STATUS_INVALID_ARGUMENT;
  return NULL;
}

static void of_many_threads_that_free_a_handle_one_succeeds(void **state) {
  (void)state;
  for (int round = 0; round < 20; round++) {
    contested = started();
    destroyed = 0;
    in_threads(contested, destroy);
    assert_int_equal(destroyed, 1);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(ten_thousand_calls_of_many_threads_each_get_their_own_answer),
      cmocka_unit_test(handlers_of_one_instance_run_side_by_side),
      cmocka_unit_test(an_instance_handles_as_many_calls_at_once_as_it_allows),
      cmocka_unit_test(calls_go_on_while_instances_come_and_go),
      cmocka_unit_test(publishers_on_many_threads_reach_every_subscriber),
      cmocka_unit_test(starting_and_stopping_from_many_threads_ends_as_the_last_one_said),
      cmocka_unit_test(a_handler_that_calls_its_own_service_does_not_deadlock),
      cmocka_unit_test(of_many_threads_that_free_a_handle_one_succeeds),
  };
  return topic_of(tests);
}
