// Lines of JSON on standard output, and messages of JSON.

#include "peer.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/// Has every number written so that it reads as the same again: cJSON takes the last digits for
/// noise.
static void write_numbers_whole(cJSON *value) {
  enum { DIGITS = 32 };
  if (cJSON_IsNumber(value)) {
    char *digits = cJSON_malloc(DIGITS);
    for (int precision = 15; digits != NULL && precision <= 17; precision++) {
      snprintf(digits, DIGITS, "%.*g", precision, value->valuedouble);
      if (strtod(digits, NULL) == value->valuedouble) {
        break;
      }
    }
    value->valuestring = digits;
    value->type = (value->type & ~cJSON_Number) | cJSON_Raw;
  }
  for (cJSON *child = value == NULL ? NULL : value->child; child != NULL; child = child->next) {
    write_numbers_whole(child);
  }
}

void say(cJSON *line) {
  write_numbers_whole(line);
  static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;
  char *text = cJSON_PrintUnformatted(line);
  cJSON_Delete(line);
  pthread_mutex_lock(&turn);
  puts(text == NULL ? "{}" : text);
  fflush(stdout);
  pthread_mutex_unlock(&turn);
  free(text);
}

cJSON *telling(const char *what) {
  cJSON *line = cJSON_CreateObject();
  add(line, "told", what);
  return line;
}

void answer(double id, cJSON *value) {
  cJSON *line = cJSON_CreateObject();
  cJSON_AddNumberToObject(line, "id", id);
  cJSON_AddItemToObject(line, "ok", value);
  say(line);
}

void answer_error(double id) {
  const CommyErrorView *error = commy_last_error();
  cJSON *line = cJSON_CreateObject();
  cJSON_AddNumberToObject(line, "id", id);
  cJSON *told = cJSON_AddObjectToObject(line, "error");
  add(told, "status", commy_status_name((int32_t)error->status));
  add(told, "reason", error->reason);
  if (error->code != NULL) {
    add(told, "code", error->code);
  }
  if (error->details_json != NULL) {
    cJSON_AddItemToObject(told, "details", cJSON_Parse(error->details_json));
  }
  say(line);
}

void must(CommyStatus status) {
  if (status != COMMY_STATUS_OK) {
    fprintf(stderr, "%s\n", commy_last_error_message());
    exit(EXIT_FAILURE);
  }
}

cJSON *json_of(const CommyMessage *message) {
  return cJSON_ParseWithLength(message->payload, message->payload_length);
}

CommyMessage message_of(cJSON *value, char **text) {
  static cJSON null = {.type = cJSON_NULL};
  write_numbers_whole(value);
  *text = cJSON_PrintUnformatted(value == NULL ? &null : value);
  if (*text == NULL) {
    fprintf(stderr, "out of memory\n");
    exit(EXIT_FAILURE);
  }
  return (CommyMessage){
      .payload = *text, .payload_length = strlen(*text), .content_type = "application/json"};
}

void add(cJSON *object, const char *key, const char *text) {
  cJSON_AddStringToObject(object, key, text);
}

const char *text_of(const cJSON *object, const char *key) {
  return cJSON_GetStringValue(cJSON_GetObjectItem(object, key));
}
