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

/// One handle of each kind: live ones, or those that are freed.
typedef struct {
  CommyMesh mesh;
  CommyRegistration registration;
  CommyInstances instances;
  CommyWatch watch;
  CommyChange change;
  CommyReply reply;
  CommyToken token;
  CommySubscription subscription;
  CommyEvent event;
  CommyInvocation invocation;
} Handles;

/// Answers, and notes by which invocation.
static void note(CommyInvocation invocation, const CommyRequest *request, void *context) {
  *(CommyInvocation *)context = invocation;
  commy_complete(invocation, &request->message);
}

static Handles every_kind(void) {
  static CommyInvocation noted;
  Handles all = {.mesh = started()};
  must(commy_subscribe(all.mesh, "a", NULL, &all.subscription));
  must(commy_publish(all.mesh, "a", NULL));
  must(commy_next_event(all.subscription, LIMIT_MS, &all.event));
  must(commy_watch_services(all.mesh, NULL, &all.watch));
  all.registration = serve(all.mesh, "noted", note, &noted);
  must(commy_next_change(all.watch, LIMIT_MS, &all.change));
  must(commy_discover_services(all.mesh, NULL, &all.instances));
  must(commy_call(all.mesh, "noted", NULL, NULL, NULL, &all.reply));
  must(commy_create_token(&all.token));
  // Its invocation ended with its answer.
  all.invocation = noted;
  return all;
}

static void free_all(Handles all) {
  must(commy_free_event(all.event));
  must(commy_close_subscription(all.subscription));
  must(commy_free_change(all.change));
  must(commy_close_watch(all.watch));
  must(commy_free_instances(all.instances));
  must(commy_free_reply(all.reply));
  must(commy_free_token(all.token));
  must(commy_deregister_service(all.registration));
  must(commy_destroy_mesh(all.mesh));
}

/// Tries an expression with `id` being null, stale, foreign, of another kind, and nonsense.
#define refuses(stale, other, expression)                                                          \
  do {                                                                                             \
    const uint64_t wrong[] = {0, (stale).id, (stale).id + 1000000, (other).id, UINT64_MAX, 1};     \
    for (size_t index = 0; index < sizeof wrong / sizeof *wrong; index++) {                        \
      const uint64_t id = wrong[index];                                                            \
      ends(COMMY_STATUS_INVALID_ARGUMENT, expression);                                             \
    }                                                                                              \
  } while (0)

static void no_function_takes_a_wrong_handle(void **state) {
  (void)state;
  const Handles stale = every_kind();
  free_all(stale);
  const Handles live = every_kind();
  const CommyServiceSpec spec = {.size = sizeof spec, .service = "other"};
  const CommyHandler handler = {.size = sizeof handler, .handle = echo};
  const CommyFailure failure = {.size = sizeof failure, .reason = "none"};
  CommyMeshStats stats = {.size = sizeof stats};
  CommyRegistration registration;
  CommySubscription subscription;
  CommyInstances instances;
  CommyWatch watch;
  CommyChange change;
  CommyEvent event;
  const CommyInstanceView *instance;
  const CommyChangeView *changed;
  const CommyReplyView *reply;
  const CommyEventView *shown;
  const char *text;
  bool answer;
  size_t count;
  uint64_t number;

  refuses(stale.mesh, live.token, commy_start_mesh((CommyMesh){id}));
  refuses(stale.mesh, live.token, commy_stop_mesh((CommyMesh){id}));
  refuses(stale.mesh, live.token, commy_destroy_mesh((CommyMesh){id}));
  refuses(stale.mesh, live.token, commy_is_mesh_running((CommyMesh){id}, &answer));
  refuses(stale.mesh, live.token, commy_mesh_name((CommyMesh){id}, &text));
  refuses(stale.mesh, live.token, commy_mesh_node_id((CommyMesh){id}, &text));
  refuses(stale.mesh, live.token, commy_mesh_stats((CommyMesh){id}, &stats));
  refuses(stale.mesh, live.token, commy_failed_calls((CommyMesh){id}, 5, &number));
  refuses(stale.mesh, live.token,
          commy_register_service_simple((CommyMesh){id}, "a", NULL, echo, NULL, &registration));
  refuses(stale.mesh, live.token,
          commy_register_service((CommyMesh){id}, &spec, &handler, &registration));
  refuses(stale.mesh, live.token,
          commy_advertise_service((CommyMesh){id}, &spec, "tcp://a:1", NULL, &registration));
  refuses(stale.mesh, live.token, commy_discover_services((CommyMesh){id}, NULL, &instances));
  refuses(stale.mesh, live.token, commy_discover_services_count((CommyMesh){id}, NULL, &count));
  refuses(stale.mesh, live.token, commy_get_active_service_count((CommyMesh){id}, &number));
  refuses(stale.mesh, live.token, commy_watch_services((CommyMesh){id}, NULL, &watch));
  refuses(stale.mesh, live.token, commy_call((CommyMesh){id}, "a", NULL, NULL, NULL, NULL));
  refuses(stale.mesh, live.token, commy_publish((CommyMesh){id}, "a", NULL));
  refuses(stale.mesh, live.token, commy_subscribe((CommyMesh){id}, "a", NULL, &subscription));

  refuses(stale.registration, live.mesh, commy_deregister_service((CommyRegistration){id}));
  refuses(stale.registration, live.mesh, commy_drain_service((CommyRegistration){id}, 1, &answer));
  refuses(stale.registration, live.mesh,
          commy_set_health((CommyRegistration){id}, COMMY_HEALTH_HEALTHY));
  refuses(stale.registration, live.mesh,
          commy_registered_instance((CommyRegistration){id}, &instances));
  refuses(stale.registration, live.mesh, commy_free_registration((CommyRegistration){id}));

  refuses(stale.instances, live.mesh, commy_instance_count((CommyInstances){id}, &count));
  refuses(stale.instances, live.mesh, commy_view_instance((CommyInstances){id}, 0, &instance));
  refuses(stale.instances, live.mesh, commy_free_instances((CommyInstances){id}));
  refuses(stale.watch, live.mesh, commy_next_change((CommyWatch){id}, 0, &change));
  refuses(stale.watch, live.mesh, commy_close_watch((CommyWatch){id}));
  refuses(stale.change, live.mesh, commy_view_change((CommyChange){id}, &changed));
  refuses(stale.change, live.mesh, commy_free_change((CommyChange){id}));
  refuses(stale.reply, live.mesh, commy_view_reply((CommyReply){id}, &reply));
  refuses(stale.reply, live.mesh, commy_free_reply((CommyReply){id}));
  refuses(stale.token, live.mesh, commy_cancel((CommyToken){id}));
  refuses(stale.token, live.mesh, commy_free_token((CommyToken){id}));
  refuses(stale.subscription, live.mesh, commy_next_event((CommySubscription){id}, 0, &event));
  refuses(stale.subscription, live.mesh, commy_dropped_events((CommySubscription){id}, &number));
  refuses(stale.subscription, live.mesh, commy_close_subscription((CommySubscription){id}));
  refuses(stale.event, live.mesh, commy_view_event((CommyEvent){id}, &shown));
  refuses(stale.event, live.mesh, commy_free_event((CommyEvent){id}));
  refuses(stale.invocation, live.mesh, commy_complete((CommyInvocation){id}, NULL));
  refuses(stale.invocation, live.mesh, commy_fail((CommyInvocation){id}, &failure));
  // One that is over is cancelled; that is what the question is for.
  must(commy_is_cancelled(stale.invocation, &answer));
  assert_true(answer);
  ends(COMMY_STATUS_INVALID_ARGUMENT, commy_is_cancelled((CommyInvocation){0}, &answer));
  ends(COMMY_STATUS_INVALID_ARGUMENT, commy_is_cancelled((CommyInvocation){live.mesh.id}, &answer));

  // Nothing of this did anything to those that are right.
  must(commy_call(live.mesh, "noted", NULL, NULL, NULL, NULL));
  free_all(live);
}

static void no_function_writes_through_null(void **state) {
  (void)state;
  const Handles live = every_kind();
  const CommyServiceSpec spec = {.size = sizeof spec, .service = "other"};
  const CommyHandler handler = {.size = sizeof handler, .handle = echo};
  const CommyMeshOptions options = {.size = sizeof options, .name = "m"};
  const CommyStatus wrong = COMMY_STATUS_INVALID_ARGUMENT;
  ends(wrong, commy_create_mesh(&options, NULL));
  ends(wrong, commy_is_mesh_running(live.mesh, NULL));
  ends(wrong, commy_mesh_name(live.mesh, NULL));
  ends(wrong, commy_mesh_node_id(live.mesh, NULL));
  ends(wrong, commy_mesh_stats(live.mesh, NULL));
  ends(wrong, commy_failed_calls(live.mesh, 5, NULL));
  ends(wrong, commy_register_service_simple(live.mesh, "a", NULL, echo, NULL, NULL));
  ends(wrong, commy_register_service(live.mesh, &spec, &handler, NULL));
  ends(wrong, commy_register_service(live.mesh, NULL, &handler, &(CommyRegistration){0}));
  ends(wrong, commy_register_service(live.mesh, &spec, NULL, &(CommyRegistration){0}));
  ends(wrong, commy_advertise_service(live.mesh, &spec, "tcp://a:1", NULL, NULL));
  ends(wrong, commy_advertise_service(live.mesh, &spec, NULL, NULL, &(CommyRegistration){0}));
  ends(wrong, commy_drain_service(live.registration, 0, NULL));
  ends(wrong, commy_registered_instance(live.registration, NULL));
  ends(wrong, commy_discover_services(live.mesh, NULL, NULL));
  ends(wrong, commy_discover_services_count(live.mesh, NULL, NULL));
  ends(wrong, commy_get_active_service_count(live.mesh, NULL));
  ends(wrong, commy_instance_count(live.instances, NULL));
  ends(wrong, commy_view_instance(live.instances, 0, NULL));
  ends(wrong, commy_watch_services(live.mesh, NULL, NULL));
  ends(wrong, commy_next_change(live.watch, 0, NULL));
  ends(wrong, commy_view_change(live.change, NULL));
  ends(wrong, commy_view_reply(live.reply, NULL));
  ends(wrong, commy_create_token(NULL));
  ends(wrong, commy_subscribe(live.mesh, "a", NULL, NULL));
  ends(wrong, commy_subscribe(live.mesh, NULL, NULL, &(CommySubscription){0}));
  ends(wrong, commy_publish(live.mesh, NULL, NULL));
  ends(wrong, commy_next_event(live.subscription, 0, NULL));
  ends(wrong, commy_view_event(live.event, NULL));
  ends(wrong, commy_dropped_events(live.subscription, NULL));
  ends(wrong, commy_is_cancelled(live.invocation, NULL));
  size_t count;
  must(commy_discover_services_count(live.mesh, NULL, &count));
  // What could not be handed over was not registered.
  assert_int_equal(count, 1);
  free_all(live);
}

static void a_handler_that_answers_wrongly_may_still_answer(CommyInvocation invocation,
                                                            const CommyRequest *request,
                                                            void *context) {
  atomic_int *refused = context;
  const CommyMessage bad = {.content_type = "text/\xff"};
  const CommyFailure sizeless = {.reason = "none"};
  const CommyFailure reasonless = {.size = sizeof reasonless};
  const CommyFailure kindless = {
      .size = sizeof kindless, .kind = (CommyFailureKind)9, .reason = "none"};
  *refused = (commy_complete(invocation, &bad) == COMMY_STATUS_INVALID_ARGUMENT) +
             (commy_fail(invocation, NULL) == COMMY_STATUS_INVALID_ARGUMENT) +
             (commy_fail(invocation, &sizeless) == COMMY_STATUS_INVALID_ARGUMENT) +
             (commy_fail(invocation, &reasonless) == COMMY_STATUS_INVALID_ARGUMENT) +
             (commy_fail(invocation, &kindless) == COMMY_STATUS_INVALID_ARGUMENT);
  commy_complete(invocation, &request->message);
  // Once is enough.
  *refused += commy_complete(invocation, NULL) == COMMY_STATUS_INVALID_ARGUMENT;
  *refused += commy_fail(invocation, &kindless) == COMMY_STATUS_INVALID_ARGUMENT;
}

static void an_answer_that_breaks_a_rule_is_none(void **state) {
  (void)state;
  const CommyMesh mesh = started();
  atomic_int refused = 0;
  const CommyRegistration registration =
      serve(mesh, "clumsy", a_handler_that_answers_wrongly_may_still_answer, &refused);
  must(commy_call(mesh, "clumsy", NULL, NULL, NULL, NULL));
  eventually(refused == 7);
  must(commy_deregister_service(registration));
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
      cmocka_unit_test(no_function_takes_a_wrong_handle),
      cmocka_unit_test(no_function_writes_through_null),
      cmocka_unit_test(an_answer_that_breaks_a_rule_is_none),
      cmocka_unit_test(an_error_is_its_threads_own),
  };
  return topic_of(tests);
}
