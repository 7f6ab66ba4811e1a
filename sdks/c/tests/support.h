// What every topic needs: a mesh that nobody else is in, and checks that say what went wrong.

#pragma once

#include <commy.h>

// In this order: cmocka.h uses what the first three declare.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/// Longer than anything here takes, in milliseconds.
enum { LIMIT_MS = 30000 };

/// Fails the test, with the library's own words, where something fails that must not.
#define must(call) assert_status(COMMY_STATUS_OK, (call), #call, __FILE__, __LINE__)
/// Fails the test where something ends in any other way.
#define ends(status, call) assert_status((status), (call), #call, __FILE__, __LINE__)

static inline void assert_status(CommyStatus expected, CommyStatus status, const char *call,
                                 const char *file, int line) {
  if (status != expected) {
    print_error("%s is %s, and %s is expected; the last error is: %s\n", call,
                commy_status_name((int32_t)status), commy_status_name((int32_t)expected),
                commy_last_error_message());
    _fail(file, line);
  }
}

/// Fails the test where the last error of this thread does not say something.
static inline void assert_told(const char *text) {
  if (strstr(commy_last_error_message(), text) == NULL) {
    fail_msg("the last error does not say `%s`: %s", text, commy_last_error_message());
  }
}

static inline void pause_ms(long milliseconds) {
  const struct timespec time = {milliseconds / 1000, milliseconds % 1000 * 1000000};
  nanosleep(&time, NULL);
}

/// Milliseconds since some moment.
static inline double now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

/// Fails the test where something does not come to hold that nothing tells of.
#define eventually(condition)                                                                      \
  do {                                                                                             \
    const double begun_ = now_ms();                                                                \
    while (!(condition)) {                                                                         \
      if (now_ms() - begun_ > LIMIT_MS) {                                                          \
        fail_msg("not within %d ms: %s", LIMIT_MS, #condition);                                    \
      }                                                                                            \
      pause_ms(1);                                                                                 \
    }                                                                                              \
  } while (0)

/// How many times slower than usual this run is, as whoever runs it under valgrind says: loops are
/// that much shorter.
static inline long slowness(void) {
  const char *said = getenv("COMMY_SLOWNESS");
  const long times = said == NULL ? 1 : strtol(said, NULL, 10);
  return times < 1 ? 1 : times;
}

/// A mesh of its own for a test, in this process alone.
static inline CommyMesh created(void) {
  static int number = 0;
  char name[64];
  snprintf(name, sizeof name, "test-%ld-%d", (long)getpid(), ++number);
  const CommyMeshOptions options = {.size = sizeof options, .name = name, .local_only = true};
  CommyMesh mesh;
  must(commy_create_mesh(&options, &mesh));
  return mesh;
}

static inline CommyMesh started(void) {
  const CommyMesh mesh = created();
  must(commy_start_mesh(mesh));
  return mesh;
}

/// A handler that answers with what it was sent.
static inline void echo(CommyInvocation invocation, const CommyRequest *request, void *context) {
  (void)context;
  commy_complete(invocation, &request->message);
}

static inline CommyRegistration serve(CommyMesh mesh, const char *service,
                                      CommyHandleRequest handle, void *context) {
  CommyRegistration registration;
  must(commy_register_service_simple(mesh, service, "1.0.0", handle, context, &registration));
  return registration;
}

/// Runs the tests of a topic, or those whose names match COMMY_TEST; none may leave a handle
/// behind.
static inline int left_nothing(void **state) {
  (void)state;
  const size_t left = commy_handle_count();
  if (left != 0) {
    print_error("%zu handles are left\n", left);
  }
  return left == 0 ? 0 : -1;
}
#define topic_of(tests)                                                                            \
  (cmocka_set_test_filter(getenv("COMMY_TEST")), cmocka_run_group_tests(tests, NULL, left_nothing))
