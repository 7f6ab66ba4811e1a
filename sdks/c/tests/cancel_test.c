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
  CommyCallOptions options = {.size = sizeof options, .timeout_ms = 200};
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

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_deadline_tells_the_caller_and_the_handler),
      cmocka_unit_test(a_token_cancels_from_another_thread),
  };
  return topic_of(tests);
}
