// The tour: the nine steps that every SDK's tour takes, checked as they are taken.

#include <commy.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STEPS = 9, SERVICES = 3 };

static int taken = 0;

static void step(const char *title, const char *shown, bool holds) {
  if (!holds) {
    fprintf(stderr, "%d. %s: %s is not what was expected; the last error is: %s\n", taken + 1,
            title, shown, commy_last_error_message());
    exit(EXIT_FAILURE);
  }
  taken++;
  printf("%d. %s: %s\n", taken, title, shown);
}

/// Ends the program where something fails that must not.
static void must(CommyStatus status) {
  if (status != COMMY_STATUS_OK) {
    fprintf(stderr, "%s\n", commy_last_error_message());
    exit(EXIT_FAILURE);
  }
}

static void answer(CommyInvocation invocation, const void *payload, size_t length) {
  const CommyMessage reply = {.payload = payload, .payload_length = length};
  must(commy_complete(invocation, &reply));
}

static void greet(CommyInvocation invocation, const CommyRequest *request, void *context) {
  (void)context;
  char greeting[64];
  const int length =
      snprintf(greeting, sizeof greeting, "hello %.*s", (int)request->message.payload_length,
               (const char *)request->message.payload);
  answer(invocation, greeting, (size_t)length);
}

/// Adds the bytes of the payload.
static void add(CommyInvocation invocation, const CommyRequest *request, void *context) {
  (void)context;
  const unsigned char *numbers = request->message.payload;
  unsigned char sum = 0;
  for (size_t index = 0; index < request->message.payload_length; index++) {
    sum = (unsigned char)(sum + numbers[index]);
  }
  answer(invocation, &sum, 1);
}

static void reverse(CommyInvocation invocation, const CommyRequest *request, void *context) {
  (void)context;
  const char *bytes = request->message.payload;
  const size_t length = request->message.payload_length;
  char *reversed = malloc(length + 1);
  if (reversed == NULL) {
    const CommyFailure failure = {
        .size = sizeof failure, .kind = COMMY_FAILURE_KIND_INTERNAL, .reason = "out of memory"};
    must(commy_fail(invocation, &failure));
    return;
  }
  for (size_t index = 0; index < length; index++) {
    reversed[index] = bytes[length - 1 - index];
  }
  answer(invocation, reversed, length);
  free(reversed);
}

static const struct {
  const char *name;
  const char *version;
  CommyHandleRequest handle;
} services[SERVICES] = {
    {"greeter", "1.0.0", greet}, {"adder", "1.1.0", add}, {"reverser", "2.0.0", reverse}};

/// Copies the reply of a call into a buffer, and returns its length.
static size_t call(CommyMesh mesh, const char *service, const void *payload, size_t length,
                   char *buffer, size_t room) {
  const CommyMessage request = {.payload = payload, .payload_length = length};
  const CommyCallOptions options = {.size = sizeof options, .timeout_ms = 2000};
  CommyReply reply;
  const CommyReplyView *view;
  must(commy_call(mesh, service, NULL, &request, &options, &reply));
  must(commy_view_reply(reply, &view));
  const size_t taken_over =
      view->message.payload_length < room ? view->message.payload_length : room - 1;
  memcpy(buffer, view->message.payload, taken_over);
  buffer[taken_over] = '\0';
  must(commy_free_reply(reply));
  return taken_over;
}

/// Lists this node's own services that have the tag of the tour: others may take it on this host.
static void list(CommyMesh mesh, const char *node, char *buffer, size_t room) {
  const char *const tags[] = {"tour"};
  const CommyQuery query = {.size = sizeof query, .tags = tags, .tags_length = 1};
  CommyInstances found;
  size_t count;
  must(commy_discover_services(mesh, &query, &found));
  must(commy_instance_count(found, &count));
  buffer[0] = '\0';
  for (size_t index = 0; index < count; index++) {
    const CommyInstanceView *one;
    must(commy_view_instance(found, index, &one));
    if (strcmp(one->node_id, node) == 0) {
      const size_t used = strlen(buffer);
      snprintf(buffer + used, room - used, "%s%s %s", used > 0 ? ", " : "", one->service,
               one->version);
    }
  }
  must(commy_free_instances(found));
}

int main(void) {
  char shown[256];
  step("library version", commy_version(), strlen(commy_version()) >= strlen("0.0.0"));

  const CommyMeshOptions options = {.size = sizeof options, .name = "tour"};
  CommyMesh mesh;
  const char *name = NULL;
  must(commy_create_mesh(&options, &mesh));
  must(commy_mesh_name(mesh, &name));
  step("create a mesh", name, strcmp(name, "tour") == 0);

  bool running = false;
  must(commy_start_mesh(mesh));
  must(commy_is_mesh_running(mesh, &running));
  step("start it", running ? "running" : "not running", running);

  const char *node = NULL;
  must(commy_mesh_node_id(mesh, &node));
  snprintf(shown, sizeof shown, "running as node %s", node);
  step("status", shown, running && node[0] != '\0');

  CommyRegistration registrations[SERVICES];
  const char *const tags[] = {"tour"};
  for (int index = 0; index < SERVICES; index++) {
    const CommyServiceSpec spec = {.size = sizeof spec,
                                   .service = services[index].name,
                                   .version = services[index].version,
                                   .tags = tags,
                                   .tags_length = 1};
    const CommyHandler handler = {.size = sizeof handler, .handle = services[index].handle};
    must(commy_register_service(mesh, &spec, &handler, &registrations[index]));
  }
  CommyMeshStats stats = {.size = sizeof stats};
  must(commy_mesh_stats(mesh, &stats));
  snprintf(shown, sizeof shown, "%llu", (unsigned long long)stats.registrations);
  step("register three services", shown, stats.registrations == SERVICES);

  list(mesh, node, shown, sizeof shown);
  step("find all three", shown, strcmp(shown, "adder 1.1.0, greeter 1.0.0, reverser 2.0.0") == 0);

  uint64_t active = 0;
  must(commy_get_active_service_count(mesh, &active));
  snprintf(shown, sizeof shown, "%llu", (unsigned long long)active);
  step("count the active ones", shown, active >= SERVICES);

  char greeting[32], sum[2], reversed[8];
  call(mesh, "greeter", "Ann", 3, greeting, sizeof greeting);
  call(mesh, "adder", "\1\2\3", 3, sum, sizeof sum);
  call(mesh, "reverser", "abc", 3, reversed, sizeof reversed);
  snprintf(shown, sizeof shown, "%s, %d, %s", greeting, sum[0], reversed);
  step("call each", shown, strcmp(shown, "hello Ann, 6, cba") == 0);

  for (int index = 0; index < SERVICES; index++) {
    must(commy_deregister_service(registrations[index]));
  }
  list(mesh, node, shown, sizeof shown);
  must(commy_stop_mesh(mesh));
  must(commy_is_mesh_running(mesh, &running));
  must(commy_destroy_mesh(mesh));
  step("clean up", running ? "running" : "not running",
       shown[0] == '\0' && !running && commy_handle_count() == 0);

  printf("%d/%d\n", taken, STEPS);
  return taken == STEPS ? EXIT_SUCCESS : EXIT_FAILURE;
}
