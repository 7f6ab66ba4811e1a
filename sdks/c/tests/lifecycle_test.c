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

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_mesh_starts_and_stops_and_starts_again),
      cmocka_unit_test(a_mesh_knows_its_name_and_node),
      cmocka_unit_test(destroying_twice_is_an_error),
      cmocka_unit_test(a_bad_name_is_refused_with_its_rule),
  };
  return topic_of(tests);
}
