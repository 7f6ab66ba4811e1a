// What the shop serves: inventory in the warehouse, payments and orders at the counter.

#include "shop.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

enum { ITEMS = 2, PAYMENT_MAX = 100, TEXT_MAX = 96 };

static const struct {
  const char *item;
  int price;
} prices[ITEMS] = {{"tea", 4}, {"cup", 60}};

/// What is on the shelves, by the order of the prices.
static struct {
  pthread_mutex_t lock;
  int left[ITEMS];
} shelves = {PTHREAD_MUTEX_INITIALIZER, {10, 2}};

/// Reads an order: which item, and how many of it; false if it is none.
static bool read_order(const cJSON *order, int *item, int *count) {
  const char *name = cJSON_GetStringValue(cJSON_GetObjectItem(order, "item"));
  const cJSON *wanted = cJSON_GetObjectItem(order, "count");
  *count = cJSON_IsNumber(wanted) ? wanted->valueint : 0;
  for (*item = 0; *item < ITEMS; (*item)++) {
    if (name != NULL && strcmp(name, prices[*item].item) == 0) {
      return *count > 0;
    }
  }
  return false;
}

/// Takes from a shelf, or puts back; gives how many are left, and whether there were enough.
static bool change_shelf(int item, int taken, int *left) {
  pthread_mutex_lock(&shelves.lock);
  const bool is_enough = shelves.left[item] >= taken;
  if (is_enough) {
    shelves.left[item] -= taken;
  }
  *left = shelves.left[item];
  pthread_mutex_unlock(&shelves.lock);
  return is_enough;
}

static void inventory(CommyInvocation invocation, const CommyRequest *request, void *context) {
  (void)context;
  int item, count, left;
  cJSON *wanted = json_of(&request->message);
  const bool is_order = read_order(wanted, &item, &count);
  cJSON_Delete(wanted);
  if (strcmp(request->method, "levels") == 0) {
    cJSON *levels = cJSON_CreateObject();
    for (item = 0; item < ITEMS; item++) {
      change_shelf(item, 0, &left);
      cJSON_AddNumberToObject(levels, prices[item].item, left);
    }
    complete_json(invocation, levels);
  } else if (!is_order) {
    fail(invocation, COMMY_FAILURE_KIND_BAD_REQUEST, NULL, "that is not on the shelves");
  } else if (strcmp(request->method, "reserve") == 0) {
    if (change_shelf(item, count, &left)) {
      complete_json(invocation, cJSON_CreateNumber(left));
      return;
    }
    char reason[TEXT_MAX], details[TEXT_MAX];
    snprintf(reason, sizeof reason, "%d of %s left", left, prices[item].item);
    snprintf(details, sizeof details, "{\"left\":%d}", left);
    const CommyFailure failure = {
        .size = sizeof failure, .code = "OUT_OF_STOCK", .reason = reason, .details_json = details};
    commy_fail(invocation, &failure);
  } else if (strcmp(request->method, "release") == 0) {
    change_shelf(item, -count, &left);
    complete_json(invocation, cJSON_CreateNull());
  } else {
    fail(invocation, COMMY_FAILURE_KIND_UNKNOWN_METHOD, NULL, request->method);
  }
}

static void payments(CommyInvocation invocation, const CommyRequest *request, void *context) {
  (void)context;
  cJSON *amount = json_of(&request->message);
  if (strcmp(request->method, "charge") != 0) {
    fail(invocation, COMMY_FAILURE_KIND_UNKNOWN_METHOD, NULL, request->method);
  } else if (!cJSON_IsNumber(amount)) {
    fail(invocation, COMMY_FAILURE_KIND_BAD_REQUEST, NULL, "an amount is a number");
  } else if (amount->valueint > PAYMENT_MAX) {
    char reason[TEXT_MAX];
    snprintf(reason, sizeof reason, "%d is over the limit of %d", amount->valueint, PAYMENT_MAX);
    fail(invocation, COMMY_FAILURE_KIND_APPLICATION, "DECLINED", reason);
  } else {
    complete_json(invocation, cJSON_CreateNumber(amount->valueint));
  }
  cJSON_Delete(amount);
}

/// Tells of an order in an event.
static void tell(CommyMesh mesh, const char *topic, const char *id, const char *code) {
  cJSON *event = cJSON_CreateObject();
  cJSON_AddStringToObject(event, "id", id);
  if (code != NULL) {
    cJSON_AddStringToObject(event, "code", code);
  }
  publish_json(mesh, topic, event);
}

/// Reserves what is ordered, charges for it, and tells of it. It runs in a thread of commy's own,
/// so it may wait for what it calls.
static void orders(CommyInvocation invocation, const CommyRequest *request, void *context) {
  static atomic_int orders_made;
  const CommyMesh mesh = *(const CommyMesh *)context;
  int item, count;
  cJSON *order = json_of(&request->message);
  const bool is_order = read_order(order, &item, &count);
  cJSON_Delete(order);
  if (strcmp(request->method, "create") != 0) {
    fail(invocation, COMMY_FAILURE_KIND_UNKNOWN_METHOD, NULL, request->method);
    return;
  }
  if (!is_order) {
    fail(invocation, COMMY_FAILURE_KIND_BAD_REQUEST, NULL, "that is not sold here");
    return;
  }
  const char *name = prices[item].item;
  // What is left of the caller's time is all that these calls may take.
  const uint64_t left_ms = request->time_left_ms > 0 ? request->time_left_ms : 1;
  if (call_json(mesh, "inventory", "reserve", order_of(name, count), left_ms, NULL) !=
      COMMY_STATUS_OK) {
    pass_on(invocation);
    return;
  }
  char id[TEXT_MAX];
  cJSON *paid = NULL;
  snprintf(id, sizeof id, "order-%d", atomic_fetch_add(&orders_made, 1) + 1);
  if (call_json(mesh, "payments", "charge", cJSON_CreateNumber(prices[item].price * count), left_ms,
                &paid) == COMMY_STATUS_OK) {
    cJSON *sold = cJSON_CreateObject();
    cJSON_AddStringToObject(sold, "id", id);
    cJSON_AddItemToObject(sold, "paid", paid);
    tell(mesh, "orders/created", id, NULL);
    complete_json(invocation, sold);
    return;
  }
  // What succeeds leaves the last error of a thread alone.
  must(call_json(mesh, "inventory", "release", order_of(name, count), 0, NULL));
  tell(mesh, "orders/declined", id, commy_last_error()->code);
  pass_on(invocation);
}

static void serve(CommyMesh mesh, const CommyServiceSpec *spec, CommyHandleRequest handle,
                  void *context) {
  const CommyHandler handler = {.size = sizeof handler, .handle = handle, .context = context};
  CommyRegistration registration;
  must(commy_register_service(mesh, spec, &handler, &registration));
  // It lasts until the mesh is stopped; only the handle goes.
  must(commy_free_registration(registration));
}

void serve_warehouse(CommyMesh mesh) {
  const CommyServiceSpec spec = {.size = sizeof spec, .service = "inventory", .version = "1.0.0"};
  serve(mesh, &spec, inventory, NULL);
}

void serve_counter(CommyMesh mesh) {
  static CommyMesh served;
  served = mesh;
  const char *const tags[] = {"entrance"};
  CommyServiceSpec spec = {.size = sizeof spec, .service = "payments", .version = "1.0.0"};
  serve(mesh, &spec, payments, NULL);
  spec.service = "orders";
  spec.version = "2.1.0";
  spec.tags = tags;
  spec.tags_length = 1;
  serve(mesh, &spec, orders, &served);
}
