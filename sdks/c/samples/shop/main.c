// A small shop: orders, inventory and payments call each other with JSON and tell of it in events.
//
// Invoices are sent by an outside HTTP server that knows nothing of commy: it is advertised,
// probed, found and dialled, and it drops out of discovery when it is stopped.
//
// `shop` has all of it in one process, checks what it shows, and fails if any of it is not as it
// should be. `shop counter` and `shop warehouse`, each in a terminal of its own, are parts that
// find and call each other. The shops of the other languages have the same parts, and theirs will
// do.

#include "shop.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MANY = 7, LIMIT_MS = 30000, TEXT_MAX = 256 };

static void check(const char *what, const char *found, const char *expected) {
  if (strcmp(found, expected) != 0) {
    fprintf(stderr, "%s: found %s, expected %s; the last error is: %s\n", what, found, expected,
            commy_last_error_message());
    exit(EXIT_FAILURE);
  }
  printf("%s: %s\n", what, found);
}

static void check_number(const char *what, uint64_t found, uint64_t expected) {
  char texts[2][TEXT_MAX];
  snprintf(texts[0], TEXT_MAX, "%llu", (unsigned long long)found);
  snprintf(texts[1], TEXT_MAX, "%llu", (unsigned long long)expected);
  check(what, texts[0], texts[1]);
}

/// Checks a value, which is freed, by its text.
static void check_json(const char *what, cJSON *found, const char *expected) {
  char *text = cJSON_PrintUnformatted(found);
  check(what, text == NULL ? "nothing" : text, expected);
  free(text);
  cJSON_Delete(found);
}

/// Why an order is refused.
static const char *refused(CommyMesh mesh, const char *item, int count) {
  const CommyStatus status = call_json(mesh, "orders", "create", order_of(item, count), 0, NULL);
  if (status == COMMY_STATUS_OK) {
    return "it was not";
  }
  const CommyErrorView *error = commy_last_error();
  return error->code != NULL ? error->code : commy_status_name((int32_t)error->status);
}

static void *buy_one(void *context) {
  const CommyMesh mesh = *(const CommyMesh *)context;
  must(call_json(mesh, "orders", "create", order_of("tea", 1), 0, NULL));
  return NULL;
}

static void buy_many(CommyMesh mesh) {
  pthread_t buyers[MANY];
  int bought = 0;
  for (int index = 0; index < MANY; index++) {
    if (pthread_create(&buyers[index], NULL, buy_one, &mesh) != 0) {
      exit(EXIT_FAILURE);
    }
  }
  for (int index = 0; index < MANY; index++) {
    bought += pthread_join(buyers[index], NULL) == 0;
  }
  check_number("seven at once", (uint64_t)bought, MANY);
}

/// Checks the topic of the next event, and a text in it unless that is NULL.
static void check_event(CommySubscription events, const char *what, const char *topic,
                        const char *key, const char *text) {
  CommyEvent event;
  const CommyEventView *view;
  must(commy_next_event(events, LIMIT_MS, &event));
  must(commy_view_event(event, &view));
  check(what, view->topic, topic);
  if (key != NULL) {
    cJSON *value = json_of(&view->message);
    check(key, cJSON_GetStringValue(cJSON_GetObjectItem(value, key)), text);
    cJSON_Delete(value);
  }
  must(commy_free_event(event));
}

static void sell(CommyMesh mesh) {
  CommySubscription events;
  cJSON *reply = NULL;
  must(commy_subscribe(mesh, "orders/*", NULL, &events));
  must(call_json(mesh, "orders", "create", order_of("tea", 3), 2000, &reply));
  check_json("an order", reply, "{\"id\":\"order-1\",\"paid\":12}");
  check("more cups than there are", refused(mesh, "cup", 3), "OUT_OF_STOCK");
  check("more than the card allows", refused(mesh, "cup", 2), "DECLINED");
  check("an order for the moon", refused(mesh, "moon", 1), "INVALID_ARGUMENT");
  must(call_json(mesh, "inventory", "levels", cJSON_CreateNull(), 0, &reply));
  check_json("what is left", reply, "{\"tea\":7,\"cup\":2}");
  buy_many(mesh);
  check("one more", refused(mesh, "tea", 1), "OUT_OF_STOCK");
  check_event(events, "the first event", "orders/created", "id", "order-1");
  check_event(events, "the second event", "orders/declined", "code", "DECLINED");
  for (int index = 0; index < MANY; index++) {
    check_event(events, "one of the others", "orders/created", NULL, NULL);
  }
  must(commy_close_subscription(events));
}

/// Checks what happened next to the outside server, and gives its endpoint.
static void check_change(CommyWatch watch, const char *what, CommyChangeKind expected,
                         char endpoint[TEXT_MAX]) {
  CommyChange change;
  const CommyChangeView *view;
  must(commy_next_change(watch, LIMIT_MS, &change));
  must(commy_view_change(change, &view));
  check_number(what, view->kind, expected);
  snprintf(endpoint, TEXT_MAX, "%s", view->instance.endpoint);
  must(commy_free_change(change));
}

static void invoice(CommyMesh mesh) {
  Invoicing *server = open_invoicing();
  if (server == NULL) {
    fprintf(stderr, "the outside server cannot be opened\n");
    exit(EXIT_FAILURE);
  }
  char address[TEXT_MAX], endpoint[TEXT_MAX], answer[TEXT_MAX];
  snprintf(address, sizeof address, "http://127.0.0.1:%d", port_of(server));
  const CommyQuery query = {.size = sizeof query, .service = "invoicing"};
  const CommyServiceSpec spec = {.size = sizeof spec, .service = "invoicing"};
  const CommyHealthCheck probe = {
      .size = sizeof probe, .http_path = "/health", .interval_ms = 50, .fall = 2};
  CommyWatch watch;
  CommyRegistration registration;
  must(commy_watch_services(mesh, &query, &watch));
  must(commy_advertise_service(mesh, &spec, address, &probe, &registration));
  check_change(watch, "the outside server is added", COMMY_CHANGE_KIND_ADDED, endpoint);
  check("found at its address", endpoint, address);
  check("dialled by us", dial(endpoint, "order-1", answer, sizeof answer) ? answer : "nothing",
        "invoice for order-1");
  check("and not through the mesh",
        commy_status_name((int32_t)commy_call(mesh, "invoicing", NULL, NULL, NULL, NULL)),
        "FAILED_PRECONDITION");
  close_invoicing(server);
  check_change(watch, "stopped, it is removed", COMMY_CHANGE_KIND_REMOVED, endpoint);
  size_t count;
  must(commy_discover_services_count(mesh, &query, &count));
  check_number("and found no more", count, 0);
  must(commy_close_watch(watch));
  must(commy_deregister_service(registration));
}

/// All of the shop in one process, which keeps to itself.
static int whole(void) {
  const CommyMeshOptions options = {
      .size = sizeof options, .name = "shop", .call_timeout_ms = 5000, .local_only = true};
  CommyMesh mesh;
  uint64_t active;
  CommyMeshStats stats = {.size = sizeof stats};
  must(commy_create_mesh(&options, &mesh));
  must(commy_start_mesh(mesh));
  serve_warehouse(mesh);
  serve_counter(mesh);
  must(commy_get_active_service_count(mesh, &active));
  check_number("services", active, 3);
  sell(mesh);
  invoice(mesh);
  must(commy_mesh_stats(mesh, &stats));
  check_number("messages that left this process", stats.fabric_messages, 0);
  must(commy_destroy_mesh(mesh));
  check_number("handles that are left", commy_handle_count(), 0);
  printf("the shop is closed: all as it should be\n");
  return EXIT_SUCCESS;
}

int main(int count, char **arguments) {
  if (count == 1) {
    return whole();
  }
  if (count == 2 && strcmp(arguments[1], "counter") == 0) {
    return open_part(true);
  }
  if (count == 2 && strcmp(arguments[1], "warehouse") == 0) {
    return open_part(false);
  }
  fprintf(stderr, "usage: shop [counter|warehouse]\n");
  return EXIT_FAILURE;
}
