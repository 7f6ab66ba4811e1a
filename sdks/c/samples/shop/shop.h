// What the files of the shop share.

#pragma once

#include <commy.h>

#include <cjson/cJSON.h>

/// Ends the program, with the library's own words, where something fails that must not.
void must(CommyStatus status);

// JSON over commy (json.c). A value that is handed over is freed.

/// The value in a message; NULL if it is not JSON.
cJSON *json_of(const CommyMessage *message);
/// Calls a service with a value; the reply is to be freed, and may be NULL for none.
CommyStatus call_json(CommyMesh mesh, const char *service, const char *method, cJSON *request,
                      uint64_t timeout_ms, cJSON **reply);
void publish_json(CommyMesh mesh, const char *topic, cJSON *event);
void complete_json(CommyInvocation invocation, cJSON *reply);
void fail(CommyInvocation invocation, CommyFailureKind kind, const char *code, const char *reason);
/// Tells the caller what another service has just refused.
void pass_on(CommyInvocation invocation);
/// An order, as `orders.create` and `inventory.reserve` take it.
cJSON *order_of(const char *item, int count);

// The services (services.c). They last until the mesh is stopped.

void serve_warehouse(CommyMesh mesh);
void serve_counter(CommyMesh mesh);

// The outside server (invoicing.c), which knows nothing of commy.

typedef struct Invoicing Invoicing;
Invoicing *open_invoicing(void);
int port_of(const Invoicing *server);
/// Stops the server, and frees its port.
void close_invoicing(Invoicing *server);
/// Asks the server at an endpoint for the invoice of an order.
bool dial(const char *endpoint, const char *order, char *answer, size_t room);

// The parts in processes of their own (part.c).

/// Opens the counter or the warehouse until a line on standard input closes it.
int open_part(bool is_counter);
