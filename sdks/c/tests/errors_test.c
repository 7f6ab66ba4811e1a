// What errors tell, and that every misuse is one.

#include "support.h"

#include <pthread.h>

static void refuse(CommyInvocation invocation, const CommyRequest *request, void *context) {
  (void)context;
  CommyFailure failure = {.size = sizeof failure,
                          .code = "OUT_OF_STOCK",
                          .reason = "no tea left",
                          .details_json = "{\"left\":0}"};
  if (strcmp(request->method, "reserve") != 0) {
    failure = (CommyFailure){.size = sizeof failure,
                             .kind = COMMY_FAILURE_KIND_UNKNOWN_METHOD,
                             .reason = "no such method"};
  }
  commy_fail(invocation, &failure);
}

static void a_handlers_failure_arrives_whole(void **state) {
  (void)state;
  const CommyMesh mesh = started();
  const CommyRegistration registration = serve(mesh, "stock", refuse, NULL);
  ends(COMMY_STATUS_HANDLER_FAILED, commy_call(mesh, "stock", "reserve", NULL, NULL, NULL));
  const CommyErrorView *error = commy_last_error();
  assert_int_equal(error->status, COMMY_STATUS_HANDLER_FAILED);
  assert_string_equal(error->code, "OUT_OF_STOCK");
  assert_string_equal(error->reason, "no tea left");
  assert_string_equal(error->details_json, "{\"left\":0}");
  assert_string_equal(error->service, "stock");
  assert_string_equal(error->method, "reserve");
  assert_non_null(error->instance_id);
  ends(COMMY_STATUS_UNIMPLEMENTED, commy_call(mesh, "stock", "dance", NULL, NULL, NULL));
  ends(COMMY_STATUS_NOT_FOUND, commy_call(mesh, "nobody", NULL, NULL, NULL, NULL));
  uint64_t count = 0;
  must(commy_failed_calls(mesh, COMMY_STATUS_NOT_FOUND, &count));
  assert_int_equal(count, 1);
  ends(COMMY_STATUS_INVALID_ARGUMENT, commy_failed_calls(mesh, 99, &count));
  must(commy_deregister_service(registration));
  must(commy_destroy_mesh(mesh));
}

static void a_mesh_that_does_not_run_cannot_call(void **state) {
  (void)state;
  const CommyMesh mesh = created();
  ends(COMMY_STATUS_FAILED_PRECONDITION, commy_call(mesh, "stock", NULL, NULL, NULL, NULL));
  must(commy_destroy_mesh(mesh));
}

static void every_wrong_handle_is_told_for_what_it_is(void **state) {
  (void)state;
  const CommyMesh mesh = started();
  CommyToken token;
  must(commy_create_token(&token));
  ends(COMMY_STATUS_INVALID_ARGUMENT, commy_start_mesh((CommyMesh){0}));
  assert_told("null handle");
  ends(COMMY_STATUS_INVALID_ARGUMENT, commy_start_mesh((CommyMesh){token.id}));
  assert_told("not of a mesh");
  ends(COMMY_STATUS_INVALID_ARGUMENT, commy_start_mesh((CommyMesh){mesh.id + 1000}));
  assert_told("foreign");
  must(commy_free_token(token));
  ends(COMMY_STATUS_INVALID_ARGUMENT, commy_free_token(token));
  assert_told("stale");
  ends(COMMY_STATUS_INVALID_ARGUMENT, commy_free_event((CommyEvent){1}));
  ends(COMMY_STATUS_INVALID_ARGUMENT, commy_fail((CommyInvocation){UINT64_MAX}, NULL));
  must(commy_destroy_mesh(mesh));
}

static void every_wrong_argument_is_refused(void **state) {
  (void)state;
  const CommyMesh mesh = started();
  ends(COMMY_STATUS_INVALID_ARGUMENT, commy_create_mesh(NULL, NULL));
  assert_told("NULL");
  CommyMesh other;
  CommyMeshOptions options = {.name = "sizeless"};
  ends(COMMY_STATUS_INVALID_ARGUMENT, commy_create_mesh(&options, &other));
  assert_told("the size of a CommyMeshOptions is 0");
  options = (CommyMeshOptions){.size = sizeof options};
  ends(COMMY_STATUS_INVALID_ARGUMENT, commy_create_mesh(&options, &other));
  options = (CommyMeshOptions){.size = sizeof options, .name = "m", .balance = (CommyBalance)77};
  ends(COMMY_STATUS_INVALID_ARGUMENT, commy_create_mesh(&options, &other));
  assert_told("77 is no balancing");
  ends(COMMY_STATUS_INVALID_ARGUMENT, commy_call(mesh, NULL, NULL, NULL, NULL, NULL));
  assert_told("the service is NULL");
  ends(COMMY_STATUS_INVALID_ARGUMENT, commy_call(mesh,
                                                 "or\xff"
                                                 "ders",
                                                 NULL, NULL, NULL, NULL));
  assert_told("index 2");
  const CommyPair twice[] = {{"a", "1"}, {"a", "2"}};
  const CommyMessage request = {.headers = twice, .headers_length = 2};
  ends(COMMY_STATUS_INVALID_ARGUMENT, commy_call(mesh, "orders", NULL, &request, NULL, NULL));
  assert_told("given twice");
  CommyRegistration registration;
  ends(COMMY_STATUS_INVALID_ARGUMENT,
       commy_register_service_simple(mesh, "orders", NULL, NULL, NULL, &registration));
  must(commy_destroy_mesh(mesh));
}

static void *look(void *context) {
  *(bool *)context = commy_last_error() == NULL && commy_last_error_message()[0] == '\0';
  return NULL;
}

static void an_error_is_its_threads_own(void **state) {
  (void)state;
  ends(COMMY_STATUS_INVALID_ARGUMENT, commy_start_mesh((CommyMesh){0}));
  pthread_t thread;
  bool is_clean = false;
  assert_int_equal(pthread_create(&thread, NULL, look, &is_clean), 0);
  pthread_join(thread, NULL);
  assert_true(is_clean);
  assert_told("null handle");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_handlers_failure_arrives_whole),
      cmocka_unit_test(a_mesh_that_does_not_run_cannot_call),
      cmocka_unit_test(every_wrong_handle_is_told_for_what_it_is),
      cmocka_unit_test(every_wrong_argument_is_refused),
      cmocka_unit_test(an_error_is_its_threads_own),
  };
  return topic_of(tests);
}
