// The peer of the interop matrix: does what lines of JSON on its standard input say. See
// docs/interop.md of the sources.

#include "peer.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIND_MS = 10000 };

static CommyMesh mesh;

/// A command at work, in a thread of its own.
typedef struct {
  double id;
  cJSON *command;
} Work;

// The call that `hold` began.
static struct {
  pthread_t thread;
  CommyToken token;
  char *service;
  CommyStatus status;
} holding;

static cJSON *shown(const CommyInstanceView *view) {
  cJSON *found = cJSON_CreateObject();
  add(found, "id", view->id);
  add(found, "node", view->node_id);
  add(found, "version", view->version);
  cJSON *tags = cJSON_AddArrayToObject(found, "tags");
  for (size_t index = 0; index < view->tags_length; index++) {
    cJSON_AddItemToArray(tags, cJSON_CreateString(view->tags[index]));
  }
  cJSON *metadata = cJSON_AddObjectToObject(found, "metadata");
  for (size_t index = 0; index < view->metadata_length; index++) {
    add(metadata, view->metadata[index].key, view->metadata[index].value);
  }
  return found;
}

/// Waits until an instance of the service is known: a watch begins with those that are.
static CommyStatus find(const cJSON *command, cJSON **ok) {
  const CommyQuery query = {.size = sizeof query, .service = text_of(command, "service")};
  CommyWatch watch;
  CommyChange change;
  const CommyChangeView *view;
  CommyStatus status = commy_watch_services(mesh, &query, &watch);
  if (status != COMMY_STATUS_OK) {
    return status;
  }
  do {
    status = commy_next_change(watch, FIND_MS, &change);
    if (status != COMMY_STATUS_OK || change.id == 0) {
      break;
    }
    must(commy_view_change(change, &view));
    if (view->kind != COMMY_CHANGE_KIND_REMOVED) {
      *ok = shown(&view->instance);
    }
    must(commy_free_change(change));
  } while (*ok == NULL);
  // After a failure, its error is still the last one.
  must(commy_close_watch(watch));
  return status;
}

static CommyStatus call(const cJSON *command, cJSON **ok) {
  const cJSON *timeout = cJSON_GetObjectItem(command, "timeout_ms");
  const CommyCallOptions options = {
      .size = sizeof options,
      .timeout_ms = cJSON_IsNumber(timeout) ? (uint64_t)timeout->valuedouble : 0};
  char *text;
  const CommyMessage request = message_of(cJSON_GetObjectItem(command, "value"), &text);
  CommyReply reply;
  const CommyReplyView *view;
  const CommyStatus status = commy_call(mesh, text_of(command, "service"),
                                        text_of(command, "method"), &request, &options, &reply);
  free(text);
  if (status == COMMY_STATUS_OK) {
    must(commy_view_reply(reply, &view));
    *ok = json_of(&view->message);
    must(commy_free_reply(reply));
  }
  return status;
}

/// FNV-1a of 64 bits, in hexadecimal digits.
static void hash(const unsigned char *bytes, size_t length, char digits[17]) {
  uint64_t value = 0xcbf29ce484222325u;
  for (size_t index = 0; index < length; index++) {
    value = (value ^ bytes[index]) * 0x100000001b3u;
  }
  snprintf(digits, 17, "%016llx", (unsigned long long)value);
}

static CommyStatus call_bytes(const cJSON *command, cJSON **ok) {
  const size_t size = (size_t)cJSON_GetNumberValue(cJSON_GetObjectItem(command, "size"));
  unsigned char *bytes = malloc(size + 1);
  if (bytes == NULL) {
    exit(EXIT_FAILURE);
  }
  for (size_t index = 0; index < size; index++) {
    bytes[index] = (unsigned char)(7 * index + index / 256);
  }
  const CommyMessage request = {.payload = bytes, .payload_length = size};
  CommyReply reply;
  const CommyReplyView *view;
  const CommyStatus status =
      commy_call(mesh, text_of(command, "service"), "bytes", &request, NULL, &reply);
  free(bytes);
  if (status == COMMY_STATUS_OK) {
    char digits[17];
    must(commy_view_reply(reply, &view));
    hash(view->message.payload, view->message.payload_length, digits);
    *ok = cJSON_CreateObject();
    cJSON_AddNumberToObject(*ok, "size", (double)view->message.payload_length);
    add(*ok, "fnv1a", digits);
    must(commy_free_reply(reply));
  }
  return status;
}

static void *hold_on(void *context) {
  (void)context;
  const CommyCallOptions options = {.size = sizeof options, .token = holding.token};
  char *text;
  const CommyMessage request = message_of(NULL, &text);
  holding.status = commy_call(mesh, holding.service, "hold", &request, &options, NULL);
  free(text);
  return NULL;
}

/// Begins a call; it is done before later commands are read.
static CommyStatus hold(const cJSON *command) {
  const char *service = text_of(command, "service");
  holding.service = strdup(service == NULL ? "" : service);
  const CommyStatus status = commy_create_token(&holding.token);
  if (status == COMMY_STATUS_OK && pthread_create(&holding.thread, NULL, hold_on, NULL) != 0) {
    exit(EXIT_FAILURE);
  }
  return status;
}

static CommyStatus cancel(cJSON **ok) {
  const CommyStatus status = commy_cancel(holding.token);
  if (status != COMMY_STATUS_OK) {
    return status;
  }
  pthread_join(holding.thread, NULL);
  free(holding.service);
  if (holding.status != COMMY_STATUS_CANCELLED) {
    *ok = cJSON_CreateString(commy_status_name((int32_t)holding.status));
  }
  return commy_free_token(holding.token);
}

/// Tells of a watch until it ends.
static void *tell_changes(void *context) {
  CommyWatch *watch = context;
  CommyChange change;
  const CommyChangeView *view;
  while (commy_next_change(*watch, COMMY_FOREVER, &change) == COMMY_STATUS_OK && change.id != 0) {
    must(commy_view_change(change, &view));
    if (view->kind != COMMY_CHANGE_KIND_UPDATED) {
      cJSON *line = telling(view->kind == COMMY_CHANGE_KIND_ADDED ? "added" : "removed");
      add(line, "instance", view->instance.id);
      say(line);
    }
    must(commy_free_change(change));
  }
  commy_close_watch(*watch);
  free(watch);
  return NULL;
}

static CommyStatus watch_service(const cJSON *command) {
  const CommyQuery query = {.size = sizeof query, .service = text_of(command, "service")};
  CommyWatch *watch = malloc(sizeof *watch);
  pthread_t thread;
  if (watch == NULL) {
    exit(EXIT_FAILURE);
  }
  const CommyStatus status = commy_watch_services(mesh, &query, watch);
  if (status != COMMY_STATUS_OK) {
    free(watch);
    return status;
  }
  if (pthread_create(&thread, NULL, tell_changes, watch) != 0) {
    exit(EXIT_FAILURE);
  }
  pthread_detach(thread);
  return status;
}

static void tell_event(const CommyEventView *event, void *context) {
  (void)context;
  cJSON *line = telling("event");
  add(line, "topic", event->topic);
  cJSON_AddItemToObject(line, "value", json_of(&event->message));
  add(line, "publisher", event->publisher);
  say(line);
}

static CommyStatus subscribe(const cJSON *command) {
  const CommySubscribeOptions options = {.size = sizeof options, .on_event = tell_event};
  CommySubscription subscription;
  return commy_subscribe(mesh, text_of(command, "topic"), &options, &subscription);
}

static CommyStatus publish(const cJSON *command) {
  char *text;
  const CommyMessage event = message_of(cJSON_GetObjectItem(command, "value"), &text);
  const CommyStatus status = commy_publish(mesh, text_of(command, "topic"), &event);
  free(text);
  return status;
}

/// Does what a command says; the value is its answer, or NULL for none.
static CommyStatus obey(const cJSON *command, cJSON **ok) {
  const char *verb = text_of(command, "do");
  if (strcmp(verb, "serve") == 0) {
    return serve(mesh, command, ok);
  }
  if (strcmp(verb, "find") == 0) {
    return find(command, ok);
  }
  if (strcmp(verb, "call") == 0) {
    return call(command, ok);
  }
  if (strcmp(verb, "bytes") == 0) {
    return call_bytes(command, ok);
  }
  if (strcmp(verb, "cancel") == 0) {
    return cancel(ok);
  }
  if (strcmp(verb, "watch") == 0) {
    return watch_service(command);
  }
  if (strcmp(verb, "subscribe") == 0) {
    return subscribe(command);
  }
  if (strcmp(verb, "publish") == 0) {
    return publish(command);
  }
  if (strcmp(verb, "hold") == 0) {
    return hold(command);
  }
  fprintf(stderr, "what is %s?\n", verb);
  exit(EXIT_FAILURE);
}

static void *work(void *context) {
  Work *work = context;
  cJSON *ok = NULL;
  if (obey(work->command, &ok) == COMMY_STATUS_OK) {
    answer(work->id, ok == NULL ? cJSON_CreateNull() : ok);
  } else {
    answer_error(work->id);
  }
  cJSON_Delete(work->command);
  free(work);
  return NULL;
}

/// Begins what a command says; false if it is to stop.
static bool begin(cJSON *command) {
  const double id = cJSON_GetNumberValue(cJSON_GetObjectItem(command, "id"));
  const char *verb = text_of(command, "do");
  pthread_t thread;
  Work *begun = malloc(sizeof *begun);
  if (verb == NULL || begun == NULL) {
    fprintf(stderr, "that is no command\n");
    exit(EXIT_FAILURE);
  }
  if (strcmp(verb, "stop") == 0) {
    must(commy_stop_mesh(mesh));
    answer(id, cJSON_CreateNull());
    free(begun);
    cJSON_Delete(command);
    return false;
  }
  *begun = (Work){id, command};
  // What begins something is done before the next command is read.
  if (strcmp(verb, "hold") == 0) {
    work(begun);
  } else if (pthread_create(&thread, NULL, work, begun) == 0) {
    pthread_detach(thread);
  } else {
    exit(EXIT_FAILURE);
  }
  return true;
}

int main(int count, char **arguments) {
  if (count != 2) {
    fprintf(stderr, "usage: peer MESH\n");
    return EXIT_FAILURE;
  }
  const CommyMeshOptions options = {.size = sizeof options, .name = arguments[1]};
  const char *node = NULL;
  cJSON *line = cJSON_CreateObject();
  if (commy_create_mesh(&options, &mesh) != COMMY_STATUS_OK ||
      commy_start_mesh(mesh) != COMMY_STATUS_OK) {
    add(line, "failed", commy_last_error_message());
    say(line);
    return EXIT_FAILURE;
  }
  must(commy_mesh_node_id(mesh, &node));
  add(line, "ready", node);
  say(line);
  char *text = NULL;
  size_t room = 0;
  bool goes_on = true;
  while (goes_on && getline(&text, &room, stdin) > 0) {
    goes_on = begin(cJSON_Parse(text));
  }
  free(text);
  if (goes_on) {
    must(commy_stop_mesh(mesh));
  }
  return EXIT_SUCCESS;
}
