// How a mesh begins and ends.

#include "support.h"

static void a_mesh_starts_and_stops_and_starts_again(void **state) {
  (void)state;
  const CommyMesh mesh = created();
  bool running = true;
  must(commy_is_mesh_running(mesh, &running));
  assert_false(running);
  for (int round = 0; round < 2; round++) {
    must(commy_start_mesh(mesh));
    must(commy_start_mesh(mesh));
    must(commy_is_mesh_running(mesh, &running));
    assert_true(running);
    must(commy_stop_mesh(mesh));
    must(commy_stop_mesh(mesh));
    must(commy_is_mesh_running(mesh, &running));
    assert_false(running);
  }
  must(commy_destroy_mesh(mesh));
}

static void a_mesh_knows_its_name_and_node(void **state) {
  (void)state;
  const CommyMesh mesh = created();
  const char *name = NULL, *node = NULL;
  must(commy_mesh_name(mesh, &name));
  must(commy_mesh_node_id(mesh, &node));
  assert_int_equal(strncmp(name, "test-", 5), 0);
  assert_true(strlen(node) > 0);
  must(commy_destroy_mesh(mesh));
}

static void destroying_twice_is_an_error(void **state) {
  (void)state;
  const CommyMesh mesh = started();
  must(commy_destroy_mesh(mesh));
  ends(COMMY_STATUS_INVALID_ARGUMENT, commy_destroy_mesh(mesh));
  assert_told("stale");
  ends(COMMY_STATUS_INVALID_ARGUMENT, commy_start_mesh(mesh));
}

static void a_bad_name_is_refused_with_its_rule(void **state) {
  (void)state;
  CommyMesh mesh = {7};
  CommyMeshOptions options = {.size = sizeof options, .name = "no spaces"};
  ends(COMMY_STATUS_INVALID_ARGUMENT, commy_create_mesh(&options, &mesh));
  assert_told("no spaces");
  assert_int_equal(mesh.id, 0);
}

static void stop_own(CommyInvocation invocation, const CommyRequest *request, void *context) {
  const CommyMesh mesh = *(const CommyMesh *)context;
  commy_complete(invocation, &request->message);
  commy_stop_mesh(mesh);
}

static void a_handler_may_stop_its_own_mesh(void **state) {
  (void)state;
  CommyMesh mesh = started();
  const CommyRegistration registration = serve(mesh, "stop", stop_own, &mesh);
  bool running = true;
  must(commy_call(mesh, "stop", NULL, NULL, NULL, NULL));
  eventually(commy_is_mesh_running(mesh, &running) == COMMY_STATUS_OK && !running);
  must(commy_free_registration(registration));
  must(commy_destroy_mesh(mesh));
}

static void the_names_of_a_status_are_those_of_grpc(void **state) {
  (void)state;
  assert_string_equal(commy_status_name(COMMY_STATUS_OK), "OK");
  assert_string_equal(commy_status_name(COMMY_STATUS_DEADLINE_EXCEEDED), "DEADLINE_EXCEEDED");
  assert_string_equal(commy_status_name(-1), "UNKNOWN");
  unsigned major, minor, patch;
  assert_int_equal(sscanf(commy_version(), "%u.%u.%u", &major, &minor, &patch), 3);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_mesh_starts_and_stops_and_starts_again),
      cmocka_unit_test(a_mesh_knows_its_name_and_node),
      cmocka_unit_test(destroying_twice_is_an_error),
      cmocka_unit_test(a_handler_may_stop_its_own_mesh),
      cmocka_unit_test(the_names_of_a_status_are_those_of_grpc),
      cmocka_unit_test(a_bad_name_is_refused_with_its_rule),
  };
  return topic_of(tests);
}
