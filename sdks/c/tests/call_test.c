// Calls and their answers, also late ones from other threads.

#include "support.h"

#include <pthread.h>

static void an_answer_comes_back(void **state) {
  (void)state;
  const CommyMesh mesh = started();
  const CommyRegistration registration = serve(mesh, "echo", echo, NULL);
  const CommyPair headers[] = {{"trace", "42"}};
  const CommyMessage request = {.payload = "hi",
                                .payload_length = 2,
                                .content_type = "text/plain",
                                .headers = headers,
                                .headers_length = 1};
  CommyReply reply;
  const CommyReplyView *view;
  must(commy_call(mesh, "echo", "say", &request, NULL, &reply));
  must(commy_view_reply(reply, &view));
  assert_int_equal(view->message.payload_length, 2);
  assert_memory_equal(view->message.payload, "hi", 2);
  assert_string_equal(view->message.content_type, "text/plain");
  assert_int_equal(view->message.headers_length, 1);
  assert_string_equal(view->message.headers[0].key, "trace");
  assert_string_equal(view->message.headers[0].value, "42");
  assert_true(strlen(view->served_by) > 0);
  must(commy_free_reply(reply));
  must(commy_call(mesh, "echo", NULL, NULL, NULL, NULL));
  must(commy_deregister_service(registration));
  must(commy_destroy_mesh(mesh));
}

static void *complete_later(void *context) {
  const CommyInvocation invocation = *(CommyInvocation *)context;
  pause_ms(20);
  const CommyMessage reply = {.payload = "later", .payload_length = 5};
  commy_complete(invocation, &reply);
  return NULL;
}

typedef struct {
  pthread_t thread;
  CommyInvocation invocation;
} Later;

static void answer_later(CommyInvocation invocation, const CommyRequest *request, void *context) {
  (void)request;
  Later *later = context;
  later->invocation = invocation;
  pthread_create(&later->thread, NULL, complete_later, &later->invocation);
}

static void an_answer_may_come_later_from_any_thread(void **state) {
  (void)state;
  const CommyMesh mesh = started();
  Later later;
  const CommyRegistration registration = serve(mesh, "later", answer_later, &later);
  CommyReply reply;
  const CommyReplyView *view;
  must(commy_call(mesh, "later", NULL, NULL, NULL, &reply));
  must(commy_view_reply(reply, &view));
  assert_memory_equal(view->message.payload, "later", 5);
  must(commy_free_reply(reply));
  pthread_join(later.thread, NULL);
  ends(COMMY_STATUS_INVALID_ARGUMENT, commy_complete(later.invocation, NULL));
  must(commy_deregister_service(registration));
  must(commy_destroy_mesh(mesh));
}

static void pass_on(CommyInvocation invocation, const CommyRequest *request, void *context) {
  const CommyMesh mesh = *(const CommyMesh *)context;
  CommyReply reply;
  const CommyReplyView *view;
  if (commy_call(mesh, "echo", NULL, &request->message, NULL, &reply) != COMMY_STATUS_OK) {
    const CommyFailure failure = {.size = sizeof failure,
                                  .kind = COMMY_FAILURE_KIND_INTERNAL,
                                  .reason = commy_last_error_message()};
    commy_fail(invocation, &failure);
    return;
  }
  commy_view_reply(reply, &view);
  commy_complete(invocation, &view->message);
  commy_free_reply(reply);
}

static void a_handler_may_call(void **state) {
  (void)state;
  CommyMesh mesh = started();
  const CommyRegistration inner = serve(mesh, "echo", echo, NULL);
  const CommyRegistration outer = serve(mesh, "front", pass_on, &mesh);
  must(commy_call(mesh, "front", NULL, NULL, NULL, NULL));
  must(commy_deregister_service(outer));
  must(commy_deregister_service(inner));
  must(commy_destroy_mesh(mesh));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(an_answer_comes_back),
      cmocka_unit_test(an_answer_may_come_later_from_any_thread),
      cmocka_unit_test(a_handler_may_call),
  };
  return topic_of(tests);
}
