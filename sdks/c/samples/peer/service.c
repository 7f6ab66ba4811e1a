// The service of the peer, as docs/interop.md has it.

#include "peer.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { HELD_MAX = 64, ITEMS_MAX = 32 };

// Requests of `hold`, which are never answered, by their ids.
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static uint64_t held[HELD_MAX];

/// Replaces one id by another; whether the first was there.
static bool replace(uint64_t old, uint64_t new) {
  bool found = false;
  pthread_mutex_lock(&lock);
  for (int index = 0; index < HELD_MAX && !found; index++) {
    found = held[index] == old;
    if (found) {
      held[index] = new;
    }
  }
  pthread_mutex_unlock(&lock);
  return found;
}

/// Nobody waits for this one any more. It is told once, whoever notices it first.
static void let_go(CommyInvocation invocation, void *context) {
  (void)context;
  if (replace(invocation.id, 0)) {
    say(telling("let go"));
  }
}

static void hold(CommyInvocation invocation) {
  bool is_cancelled = false;
  say(telling("held"));
  replace(0, invocation.id);
  // Asked for after it is noted: a cancellation before that found nothing to let go.
  must(commy_is_cancelled(invocation, &is_cancelled));
  if (is_cancelled) {
    let_go(invocation, NULL);
  }
}

static void handle(CommyInvocation invocation, const CommyRequest *request, void *context) {
  (void)context;
  CommyFailure failure = {.size = sizeof failure};
  if (strcmp(request->method, "echo") == 0 || strcmp(request->method, "bytes") == 0) {
    commy_complete(invocation, &request->message);
  } else if (strcmp(request->method, "hold") == 0) {
    hold(invocation);
  } else if (strcmp(request->method, "fail") == 0) {
    failure.code = "OUT_OF_STOCK";
    failure.reason = "none of tea left";
    failure.details_json = "{\"left\":0,\"of\":[\"tea\"]}";
    commy_fail(invocation, &failure);
  } else {
    failure.kind = COMMY_FAILURE_KIND_UNKNOWN_METHOD;
    failure.reason = request->method;
    commy_fail(invocation, &failure);
  }
}

CommyStatus serve(CommyMesh mesh, const cJSON *command, cJSON **id) {
  const char *tags[ITEMS_MAX];
  CommyPair metadata[ITEMS_MAX];
  CommyServiceSpec spec = {.size = sizeof spec,
                           .service = text_of(command, "service"),
                           .version = text_of(command, "version"),
                           .tags = tags,
                           .metadata = metadata};
  const CommyHandler handler = {.size = sizeof handler, .handle = handle, .cancel = let_go};
  const cJSON *item;
  cJSON_ArrayForEach(item, cJSON_GetObjectItem(command, "tags")) {
    if (spec.tags_length < ITEMS_MAX) {
      tags[spec.tags_length++] = cJSON_GetStringValue(item);
    }
  }
  cJSON_ArrayForEach(item, cJSON_GetObjectItem(command, "metadata")) {
    if (spec.metadata_length < ITEMS_MAX) {
      metadata[spec.metadata_length++] = (CommyPair){item->string, cJSON_GetStringValue(item)};
    }
  }
  CommyRegistration registration;
  CommyInstances list;
  const CommyInstanceView *view;
  const CommyStatus status = commy_register_service(mesh, &spec, &handler, &registration);
  if (status != COMMY_STATUS_OK) {
    return status;
  }
  must(commy_registered_instance(registration, &list));
  must(commy_view_instance(list, 0, &view));
  *id = cJSON_CreateString(view->id);
  must(commy_free_instances(list));
  // It lasts until the mesh is stopped; only the handle goes.
  return commy_free_registration(registration);
}
