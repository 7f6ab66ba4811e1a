// What the files of the peer share.

#pragma once

#include <commy.h>

#include <cjson/cJSON.h>

// Lines on standard output (speech.c). A value that is handed over is freed.

/// Writes a line of JSON.
void say(cJSON *line);
/// Tells of what happened by itself; to which more may be added before it is said.
cJSON *telling(const char *what);
void answer(double id, cJSON *value);
/// Answers with the last error of this thread.
void answer_error(double id);
/// Ends the program where something fails that must not.
void must(CommyStatus status);

/// The value in a message; NULL if it is not JSON.
cJSON *json_of(const CommyMessage *message);
/// A message of a value, whose numbers cannot be read any more; the text of it is to be freed.
CommyMessage message_of(cJSON *value, char **text);
void add(cJSON *object, const char *key, const char *text);
/// The text under a key, or NULL.
const char *text_of(const cJSON *object, const char *key);

// The service (service.c).

/// Registers the service as a command says, and gives the id of its instance.
CommyStatus serve(CommyMesh mesh, const cJSON *command, cJSON **id);
