// Watching services come and go.

#include "support.h"

static void expect(CommyWatch watch, CommyChangeKind kind, const char *service) {
  CommyChange change;
  const CommyChangeView *view;
  must(commy_next_change(watch, LIMIT_MS, &change));
  must(commy_view_change(change, &view));
  assert_int_equal(view->kind, kind);
  assert_string_equal(view->instance.service, service);
  must(commy_free_change(change));
  ends(COMMY_STATUS_INVALID_ARGUMENT, commy_view_change(change, &view));
  assert_null(view);
}

static void what_is_there_is_added_and_what_goes_is_removed(void **state) {
  (void)state;
  const CommyMesh mesh = started();
  const CommyRegistration orders = serve(mesh, "orders", echo, NULL);
  CommyWatch watch;
  CommyChange change;
  must(commy_watch_services(mesh, NULL, &watch));
  expect(watch, COMMY_CHANGE_KIND_ADDED, "orders");
  ends(COMMY_STATUS_DEADLINE_EXCEEDED, commy_next_change(watch, 20, &change));
  const CommyRegistration stock = serve(mesh, "stock", echo, NULL);
  expect(watch, COMMY_CHANGE_KIND_ADDED, "stock");
  must(commy_deregister_service(orders));
  expect(watch, COMMY_CHANGE_KIND_REMOVED, "orders");
  must(commy_close_watch(watch));
  ends(COMMY_STATUS_INVALID_ARGUMENT, commy_next_change(watch, 0, &change));
  must(commy_deregister_service(stock));
  must(commy_destroy_mesh(mesh));
}

static void a_watch_ends_with_its_mesh(void **state) {
  (void)state;
  const CommyMesh mesh = started();
  CommyWatch watch;
  CommyChange change = {7};
  must(commy_watch_services(mesh, NULL, &watch));
  must(commy_stop_mesh(mesh));
  must(commy_next_change(watch, LIMIT_MS, &change));
  assert_int_equal(change.id, 0);
  must(commy_close_watch(watch));
  must(commy_destroy_mesh(mesh));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_is_there_is_added_and_what_goes_is_removed),
      cmocka_unit_test(a_watch_ends_with_its_mesh),
  };
  return topic_of(tests);
}
