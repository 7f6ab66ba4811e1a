// One part of the shop in a process of its own, which finds the other part wherever it runs.

#include "shop.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/// How many characters of a node's id are shown.
enum { SHORT = 8 };

typedef struct {
  const char *name;
  /// The service by which it is found.
  const char *service;
} Part;

static const Part counter = {"counter", "orders"}, warehouse = {"warehouse", "inventory"};

static double seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/// Closes the part when a line comes on standard input; never if there will be none.
static void *wait_for_line(void *context) {
  if (getchar() != EOF) {
    must(commy_stop_mesh(*(const CommyMesh *)context));
  }
  return NULL;
}

/// Calls the other part, and says what it answered.
static void greet(CommyMesh mesh, const Part *other) {
  cJSON *reply = NULL;
  const CommyStatus status =
      other == &warehouse ? call_json(mesh, "inventory", "levels", cJSON_CreateNull(), 0, &reply)
                          : call_json(mesh, "orders", "create", order_of("tea", 1), 0, &reply);
  if (status == COMMY_STATUS_OK) {
    char *text = cJSON_PrintUnformatted(reply);
    printf("%s %s\n",
           other == &warehouse ? "in the warehouse there are" : "sold by the counter:", text);
    free(text);
    cJSON_Delete(reply);
  } else if (status == COMMY_STATUS_HANDLER_FAILED) {
    const CommyErrorView *error = commy_last_error();
    printf("the %s refuses: %s, %s\n", other->name, error->code, error->reason);
  } else if (status != COMMY_STATUS_NOT_FOUND && status != COMMY_STATUS_UNAVAILABLE) {
    // Those two say that it closes just now.
    must(status);
  }
}

int open_part(bool is_counter) {
  const Part *part = is_counter ? &counter : &warehouse;
  const Part *other = is_counter ? &warehouse : &counter;
  const double opened = seconds();
  const CommyMeshOptions options = {
      .size = sizeof options, .name = "shop", .call_timeout_ms = 5000};
  static CommyMesh mesh;
  const char *node;
  setvbuf(stdout, NULL, _IOLBF, 0);
  must(commy_create_mesh(&options, &mesh));
  must(commy_start_mesh(mesh));
  must(commy_mesh_node_id(mesh, &node));
  printf("the %s is open as node %.*s, and looks for the %s (Enter closes it)\n", part->name, SHORT,
         node, other->name);
  pthread_t reader;
  if (pthread_create(&reader, NULL, wait_for_line, &mesh) != 0) {
    return EXIT_FAILURE;
  }
  pthread_detach(reader);

  const CommyQuery query = {.size = sizeof query, .service = other->service};
  CommyWatch watch;
  must(commy_watch_services(mesh, &query, &watch));
  // The counter sells once it knows of a warehouse.
  bool serves = !is_counter;
  if (serves) {
    serve_warehouse(mesh);
  }
  for (;;) {
    CommyChange change;
    const CommyChangeView *view;
    must(commy_next_change(watch, COMMY_FOREVER, &change));
    if (change.id == 0) {
      break;
    }
    must(commy_view_change(change, &view));
    if (view->kind == COMMY_CHANGE_KIND_REMOVED) {
      printf("the %s on node %.*s is closed\n", other->name, SHORT, view->instance.node_id);
    } else if (view->kind == COMMY_CHANGE_KIND_ADDED) {
      printf("found the %s on node %.*s, %.3f s after opening\n", other->name, SHORT,
             view->instance.node_id, seconds() - opened);
      greet(mesh, other);
      if (!serves) {
        serve_counter(mesh);
        serves = true;
      }
    }
    must(commy_free_change(change));
  }
  must(commy_close_watch(watch));
  must(commy_destroy_mesh(mesh));
  return EXIT_SUCCESS;
}
