// JSON over commy, and what fails.

#include "shop.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void must(CommyStatus status) {
  if (status != COMMY_STATUS_OK) {
    fprintf(stderr, "%s\n", commy_last_error_message());
    exit(EXIT_FAILURE);
  }
}

cJSON *json_of(const CommyMessage *message) {
  return cJSON_ParseWithLength(message->payload, message->payload_length);
}

/// A message of a value, which is freed; the text of the message is to be freed.
static CommyMessage message_of(cJSON *value, char **text) {
  *text = cJSON_PrintUnformatted(value);
  cJSON_Delete(value);
  if (*text == NULL) {
    fprintf(stderr, "out of memory\n");
    exit(EXIT_FAILURE);
  }
  return (CommyMessage){
      .payload = *text, .payload_length = strlen(*text), .content_type = "application/json"};
}

CommyStatus call_json(CommyMesh mesh, const char *service, const char *method, cJSON *request,
                      uint64_t timeout_ms, cJSON **reply) {
  char *text;
  const CommyMessage message = message_of(request, &text);
  const CommyCallOptions options = {.size = sizeof options, .timeout_ms = timeout_ms};
  CommyReply answer;
  const CommyReplyView *view;
  const CommyStatus status = commy_call(mesh, service, method, &message, &options, &answer);
  free(text);
  if (status == COMMY_STATUS_OK) {
    must(commy_view_reply(answer, &view));
    if (reply != NULL) {
      *reply = json_of(&view->message);
    }
    must(commy_free_reply(answer));
  }
  return status;
}

void publish_json(CommyMesh mesh, const char *topic, cJSON *event) {
  char *text;
  const CommyMessage message = message_of(event, &text);
  must(commy_publish(mesh, topic, &message));
  free(text);
}

void complete_json(CommyInvocation invocation, cJSON *reply) {
  char *text;
  const CommyMessage message = message_of(reply, &text);
  // The caller may be gone, and the invocation with it.
  commy_complete(invocation, &message);
  free(text);
}

void fail(CommyInvocation invocation, CommyFailureKind kind, const char *code, const char *reason) {
  const CommyFailure failure = {
      .size = sizeof failure, .kind = kind, .code = code, .reason = reason};
  commy_fail(invocation, &failure);
}

void pass_on(CommyInvocation invocation) {
  const CommyErrorView *error = commy_last_error();
  const CommyFailureKind kind = error->status == COMMY_STATUS_HANDLER_FAILED
                                    ? COMMY_FAILURE_KIND_APPLICATION
                                    : COMMY_FAILURE_KIND_INTERNAL;
  fail(invocation, kind, error->code, error->reason);
}

cJSON *order_of(const char *item, int count) {
  cJSON *order = cJSON_CreateObject();
  cJSON_AddStringToObject(order, "item", item);
  cJSON_AddNumberToObject(order, "count", count);
  return order;
}
