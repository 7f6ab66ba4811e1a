// Registering, draining, health, and who frees what a handler is given.

#include "support.h"

static void a_registration_shows_its_instance(void **state) {
  (void)state;
  const CommyMesh mesh = started();
  const char *const tags[] = {"b", "a"};
  const CommyPair metadata[] = {{"tier", "gold"}};
  const CommyServiceSpec spec = {.size = sizeof spec,
                                 .service = "orders",
                                 .version = "1.2.3",
                                 .tags = tags,
                                 .tags_length = 2,
                                 .metadata = metadata,
                                 .metadata_length = 1,
                                 .weight = 7};
  const CommyHandler handler = {.size = sizeof handler, .handle = echo};
  CommyRegistration registration;
  CommyInstances list;
  const CommyInstanceView *view;
  must(commy_register_service(mesh, &spec, &handler, &registration));
  must(commy_registered_instance(registration, &list));
  must(commy_view_instance(list, 0, &view));
  assert_string_equal(view->service, "orders");
  assert_string_equal(view->version, "1.2.3");
  assert_int_equal(view->tags_length, 2);
  assert_string_equal(view->metadata[0].value, "gold");
  assert_int_equal(view->weight, 7);
  assert_int_equal(view->health, COMMY_HEALTH_HEALTHY);
  assert_null(view->endpoint);
  must(commy_free_instances(list));
  must(commy_deregister_service(registration));
  ends(COMMY_STATUS_INVALID_ARGUMENT, commy_deregister_service(registration));
  must(commy_destroy_mesh(mesh));
}

static void count_release(void *context) { atomic_fetch_add((atomic_int *)context, 1); }

static void a_context_is_released_once_and_only_if_it_was_taken(void **state) {
  (void)state;
  const CommyMesh mesh = started();
  atomic_int released = 0;
  const CommyHandler handler = {
      .size = sizeof handler, .handle = echo, .context = &released, .release = count_release};
  CommyRegistration registration;
  CommyServiceSpec spec = {.size = sizeof spec, .service = "not a name"};
  ends(COMMY_STATUS_INVALID_ARGUMENT, commy_register_service(mesh, &spec, &handler, &registration));
  assert_int_equal(released, 0);
  spec.service = "orders";
  must(commy_register_service(mesh, &spec, &handler, &registration));
  must(commy_deregister_service(registration));
  must(commy_destroy_mesh(mesh));
  eventually(released == 1);
}

static void an_unhealthy_instance_is_not_called(void **state) {
  (void)state;
  const CommyMesh mesh = started();
  const CommyRegistration registration = serve(mesh, "orders", echo, NULL);
  must(commy_set_health(registration, COMMY_HEALTH_UNHEALTHY));
  size_t count = 7;
  must(commy_discover_services_count(mesh, NULL, &count));
  assert_int_equal(count, 0);
  ends(COMMY_STATUS_INVALID_ARGUMENT, commy_set_health(registration, (CommyHealth)99));
  assert_told("99 is no health");
  bool finished = false;
  must(commy_drain_service(registration, 1000, &finished));
  assert_true(finished);
  must(commy_free_registration(registration));
  must(commy_destroy_mesh(mesh));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_registration_shows_its_instance),
      cmocka_unit_test(a_context_is_released_once_and_only_if_it_was_taken),
      cmocka_unit_test(an_unhealthy_instance_is_not_called),
  };
  return topic_of(tests);
}
