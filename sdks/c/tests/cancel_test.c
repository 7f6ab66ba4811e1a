// Deadlines and tokens, and what handlers learn of them.

#include "support.h"

#include <pthread.h>

typedef struct {
  atomic_int begun;
  atomic_int cancelled;
  /// What a function that waits says in the callback.
  atomic_int waiting;
  CommyMesh mesh;
  CommyToken token;
  CommyRegistration registration;
  CommySubscription subscription;
  CommyWatch watch;
} Seen;

static void never(CommyInvocation invocation, const CommyRequest *request, void *context) {
  (void)invocation;
  (void)request;
  atomic_fetch_add(&((Seen *)context)->begun, 1);
}

static void note_cancel(CommyInvocation invocation, void *context) {
  Seen *seen = context;
  bool is_cancelled = false;
  seen->waiting = (int)commy_call(seen->mesh, "never", NULL, NULL, NULL, NULL);
  if (commy_is_cancelled(invocation, &is_cancelled) == COMMY_STATUS_OK && is_cancelled) {
    atomic_fetch_add(&seen->cancelled, 1);
  }
}

static bool reaches(atomic_int *count, int value) {
  for (int waited = 0; *count < value && waited < LIMIT_MS; waited++) {
    pause_ms(1);
  }
  return *count == value;
}

static CommyRegistration serve_never(Seen *seen) {
  const CommyServiceSpec spec = {.size = sizeof spec, .service = "never"};
  const CommyHandler handler = {
      .size = sizeof handler, .handle = never, .cancel = note_cancel, .context = seen};
  CommyRegistration registration;
  must(commy_register_service(seen->mesh, &spec, &handler, &registration));
  return registration;
}

static void a_deadline_tells_the_caller_and_the_handler(void **state) {
  (void)state;
  Seen seen = {.mesh = started()};
  const CommyRegistration registration = serve_never(&seen);
  CommyCallOptions options = {.size = sizeof options, .timeout_ms = 200 * (uint64_t)slowness()};
  ends(COMMY_STATUS_DEADLINE_EXCEEDED, commy_call(seen.mesh, "never", NULL, NULL, &options, NULL));
  assert_true(reaches(&seen.cancelled, 1));
  assert_int_equal(seen.waiting, COMMY_STATUS_FAILED_PRECONDITION);
  options.timeout_ms = COMMY_AT_ONCE;
  ends(COMMY_STATUS_DEADLINE_EXCEEDED, commy_call(seen.mesh, "never", NULL, NULL, &options, NULL));
  assert_int_equal(seen.begun, 1);
  must(commy_deregister_service(registration));
  must(commy_destroy_mesh(seen.mesh));
}

static void *cancel_when_begun(void *context) {
  Seen *seen = context;
  reaches(&seen->begun, 1);
  commy_cancel(seen->token);
  return NULL;
}

static void a_token_cancels_from_another_thread(void **state) {
  (void)state;
  Seen seen = {.mesh = started()};
  const CommyRegistration registration = serve_never(&seen);
  must(commy_create_token(&seen.token));
  pthread_t thread;
  assert_int_equal(pthread_create(&thread, NULL, cancel_when_begun, &seen), 0);
  const CommyCallOptions options = {.size = sizeof options, .token = seen.token};
  ends(COMMY_STATUS_CANCELLED, commy_call(seen.mesh, "never", NULL, NULL, &options, NULL));
  pthread_join(thread, NULL);
  assert_true(reaches(&seen.cancelled, 1));
  ends(COMMY_STATUS_CANCELLED, commy_call(seen.mesh, "never", NULL, NULL, &options, NULL));
  must(commy_cancel(seen.token));
  must(commy_free_token(seen.token));
  ends(COMMY_STATUS_INVALID_ARGUMENT, commy_call(seen.mesh, "never", NULL, NULL, &options, NULL));
  must(commy_deregister_service(registration));
  must(commy_destroy_mesh(seen.mesh));
}

/// Tries all that waits, where nobody may.
static void try_to_wait(Seen *seen) {
  const CommyServiceSpec spec = {.size = sizeof spec, .service = "other"};
  const CommyHandler handler = {.size = sizeof handler, .handle = never};
  CommyRegistration registration;
  CommySubscription subscription;
  CommyEvent event;
  CommyChange change;
  bool finished;
  const CommyStatus statuses[] = {
      commy_start_mesh(seen->mesh),
      commy_stop_mesh(seen->mesh),
      commy_destroy_mesh(seen->mesh),
      commy_register_service(seen->mesh, &spec, &handler, &registration),
      commy_advertise_service(seen->mesh, &spec, "tcp://127.0.0.1:1", NULL, &registration),
      commy_deregister_service(seen->registration),
      commy_drain_service(seen->registration, 0, &finished),
      commy_set_health(seen->registration, COMMY_HEALTH_HEALTHY),
      commy_call(seen->mesh, "never", NULL, NULL, NULL, NULL),
      commy_publish(seen->mesh, "a", NULL),
      commy_subscribe(seen->mesh, "a", NULL, &subscription),
      commy_next_event(seen->subscription, 0, &event),
      commy_next_change(seen->watch, 0, &change),
  };
  const size_t tried = sizeof statuses / sizeof *statuses;
  size_t refused = 0;
  for (size_t index = 0; index < tried; index++) {
    refused += statuses[index] == COMMY_STATUS_FAILED_PRECONDITION;
  }
  // What does not wait may be done.
  size_t count;
  const bool may = commy_discover_services_count(seen->mesh, NULL, &count) == COMMY_STATUS_OK;
  seen->waiting = refused == tried && may ? 1 : -1;
}

static void wait_in_cancel(CommyInvocation invocation, void *context) {
  (void)invocation;
  try_to_wait(context);
}

static void wait_in_release(void *context) { try_to_wait(context); }

static void whoever_may_not_wait_is_told_so_and_does_not(void **state) {
  (void)state;
  Seen seen = {.mesh = started()};
  const CommyServiceSpec spec = {.size = sizeof spec, .service = "never"};
  CommyHandler handler = {
      .size = sizeof handler, .handle = never, .cancel = wait_in_cancel, .context = &seen};
  must(commy_subscribe(seen.mesh, "a", NULL, &seen.subscription));
  must(commy_watch_services(seen.mesh, NULL, &seen.watch));
  must(commy_register_service(seen.mesh, &spec, &handler, &seen.registration));
  const CommyCallOptions options = {.size = sizeof options,
                                    .timeout_ms = 200 * (uint64_t)slowness()};
  ends(COMMY_STATUS_DEADLINE_EXCEEDED, commy_call(seen.mesh, "never", NULL, NULL, &options, NULL));
  eventually(seen.waiting != 0);
  assert_int_equal(seen.waiting, 1);

  seen.waiting = 0;
  handler.cancel = NULL;
  handler.release = wait_in_release;
  CommyRegistration released;
  must(commy_register_service(seen.mesh, &spec, &handler, &released));
  must(commy_deregister_service(released));
  eventually(seen.waiting != 0);
  assert_int_equal(seen.waiting, 1);

  // All of it is as it was.
  must(commy_deregister_service(seen.registration));
  must(commy_close_subscription(seen.subscription));
  must(commy_close_watch(seen.watch));
  must(commy_destroy_mesh(seen.mesh));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_deadline_tells_the_caller_and_the_handler),
      cmocka_unit_test(whoever_may_not_wait_is_told_so_and_does_not),
      cmocka_unit_test(a_token_cancels_from_another_thread),
  };
  return topic_of(tests);
}
