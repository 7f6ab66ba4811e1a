// Finding services.

#include "support.h"

static void queries_choose_by_version_and_service(void **state) {
  (void)state;
  const CommyMesh mesh = started();
  const CommyRegistration orders = serve(mesh, "orders", echo, NULL);
  const CommyRegistration stock = serve(mesh, "stock", echo, NULL);
  CommyQuery query = {.size = sizeof query, .service = "orders", .version = "^1.0"};
  size_t count = 0;
  uint64_t active = 0;
  must(commy_discover_services_count(mesh, &query, &count));
  assert_int_equal(count, 1);
  query.version = "^2";
  must(commy_discover_services_count(mesh, &query, &count));
  assert_int_equal(count, 0);
  must(commy_get_active_service_count(mesh, &active));
  assert_int_equal(active, 2);
  query.version = "newest";
  ends(COMMY_STATUS_INVALID_ARGUMENT, commy_discover_services_count(mesh, &query, &count));
  must(commy_deregister_service(orders));
  must(commy_deregister_service(stock));
  must(commy_destroy_mesh(mesh));
}

static void a_list_is_in_order_and_has_an_end(void **state) {
  (void)state;
  const CommyMesh mesh = started();
  const CommyRegistration stock = serve(mesh, "stock", echo, NULL);
  const CommyRegistration orders = serve(mesh, "orders", echo, NULL);
  CommyInstances list;
  const CommyInstanceView *view;
  must(commy_discover_services(mesh, NULL, &list));
  must(commy_view_instance(list, 0, &view));
  assert_string_equal(view->service, "orders");
  must(commy_view_instance(list, 1, &view));
  assert_string_equal(view->service, "stock");
  ends(COMMY_STATUS_INVALID_ARGUMENT, commy_view_instance(list, 2, &view));
  assert_null(view);
  must(commy_free_instances(list));
  ends(COMMY_STATUS_INVALID_ARGUMENT, commy_free_instances(list));
  must(commy_deregister_service(orders));
  must(commy_deregister_service(stock));
  must(commy_destroy_mesh(mesh));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(queries_choose_by_version_and_service),
      cmocka_unit_test(a_list_is_in_order_and_has_an_end),
  };
  return topic_of(tests);
}
