// A node in a process of its own, which the topics `remote` and `failure` drive by lines on its
// standard input, and which answers and tells by lines on its standard output. `ready NODE` comes
// first, or `error` and what went wrong.

#include <commy.h>

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { TEXT_MAX = 256, SERVICES_MAX = 8, HELD_MAX = 64, ENDPOINTS_MAX = 4 };

static CommyMesh mesh;
static const char *node;

/// Writes one line at once, so that none is torn.
__attribute__((format(printf, 1, 2))) static void say(const char *format, ...) {
  char line[2 * TEXT_MAX];
  va_list values;
  va_start(values, format);
  int length = vsnprintf(line, sizeof line - 1, format, values);
  va_end(values);
  if (length > (int)sizeof line - 2) {
    length = sizeof line - 2;
  }
  line[length++] = '\n';
  // Whoever reads it may be gone; then this process is about to be as well.
  const ssize_t written = write(STDOUT_FILENO, line, (size_t)length);
  (void)written;
}

static void must(CommyStatus status) {
  if (status != COMMY_STATUS_OK) {
    fprintf(stderr, "%s\n", commy_last_error_message());
    exit(EXIT_FAILURE);
  }
}

static CommyMessage of_text(const char *text) {
  return (CommyMessage){.payload = text, .payload_length = strlen(text)};
}

/// The payload of a message, as a text.
static void copy_text(const CommyMessage *message, char text[TEXT_MAX]) {
  const size_t length =
      message->payload_length < TEXT_MAX ? message->payload_length : (size_t)TEXT_MAX - 1;
  if (length > 0) {
    memcpy(text, message->payload, length);
  }
  text[length] = '\0';
}

// Requests of `hold`, which are never answered.
static struct {
  pthread_mutex_t lock;
  uint64_t ids[HELD_MAX];
} held = {.lock = PTHREAD_MUTEX_INITIALIZER};

/// Replaces one id by another; whether the first was there.
static bool replace(uint64_t old, uint64_t new) {
  bool found = false;
  pthread_mutex_lock(&held.lock);
  for (int index = 0; index < HELD_MAX && !found; index++) {
    found = held.ids[index] == old;
    if (found) {
      held.ids[index] = new;
    }
  }
  pthread_mutex_unlock(&held.lock);
  return found;
}

static void let_go(CommyInvocation invocation, void *context) {
  (void)context;
  if (replace(invocation.id, 0)) {
    say("dropped");
  }
}

static void hold(CommyInvocation invocation) {
  bool is_cancelled = false;
  say("held");
  replace(0, invocation.id);
  must(commy_is_cancelled(invocation, &is_cancelled));
  if (is_cancelled) {
    let_go(invocation, NULL);
  }
}

static void work(CommyInvocation invocation, const CommyRequest *request, void *context) {
  (void)context;
  char text[TEXT_MAX];
  copy_text(&request->message, text);
  CommyMessage reply = of_text(node);
  CommyFailure failure = {.size = sizeof failure};
  if (strcmp(request->method, "echo") == 0) {
    commy_complete(invocation, &request->message);
  } else if (strcmp(request->method, "who") == 0) {
    commy_complete(invocation, &reply);
  } else if (strcmp(request->method, "work") == 0) {
    const long ms = strtol(text, NULL, 10);
    const struct timespec time = {ms / 1000, ms % 1000 * 1000000};
    nanosleep(&time, NULL);
    commy_complete(invocation, &reply);
  } else if (strcmp(request->method, "context") == 0) {
    snprintf(text, sizeof text, "%s %u %llu", request->caller, request->attempt,
             (unsigned long long)request->time_left_ms);
    reply = of_text(text);
    reply.headers = request->message.headers;
    reply.headers_length = request->message.headers_length;
    commy_complete(invocation, &reply);
  } else if (strcmp(request->method, "fail") == 0) {
    failure.code = "OUT_OF_STOCK";
    failure.reason = "none of tea left";
    failure.details_json = "{\"left\":0}";
    commy_fail(invocation, &failure);
  } else if (strcmp(request->method, "hold") == 0) {
    hold(invocation);
  } else {
    failure.kind = COMMY_FAILURE_KIND_UNKNOWN_METHOD;
    failure.reason = request->method;
    commy_fail(invocation, &failure);
  }
}

static struct {
  char service[TEXT_MAX];
  CommyRegistration registration;
} registered[SERVICES_MAX];

static void do_register(const char *service) {
  const char *const tags[] = {"a", "b"};
  const CommyPair metadata[] = {{"owner", "sales"}};
  const CommyServiceSpec spec = {.size = sizeof spec,
                                 .service = service,
                                 .version = "1.2.3",
                                 .tags = tags,
                                 .tags_length = 2,
                                 .metadata = metadata,
                                 .metadata_length = 1,
                                 .weight = 7};
  const CommyHandler handler = {.size = sizeof handler, .handle = work, .cancel = let_go};
  for (int index = 0; index < SERVICES_MAX; index++) {
    if (registered[index].service[0] == '\0') {
      must(commy_register_service(mesh, &spec, &handler, &registered[index].registration));
      snprintf(registered[index].service, TEXT_MAX, "%s", service);
      return;
    }
  }
}

static void do_withdraw(const char *service) {
  for (int index = 0; index < SERVICES_MAX; index++) {
    if (strcmp(registered[index].service, service) == 0) {
      must(commy_deregister_service(registered[index].registration));
      registered[index].service[0] = '\0';
    }
  }
}

typedef struct {
  char service[TEXT_MAX];
  char method[TEXT_MAX];
} Target;

static void *call_in_thread(void *context) {
  Target *target = context;
  const CommyMessage request = of_text("hello");
  CommyReply reply;
  const CommyReplyView *view;
  char text[TEXT_MAX];
  if (commy_call(mesh, target->service, target->method, &request, NULL, &reply) !=
      COMMY_STATUS_OK) {
    say("failed %s", commy_last_error_message());
  } else {
    must(commy_view_reply(reply, &view));
    copy_text(&view->message, text);
    must(commy_free_reply(reply));
    say("answer %s", text);
  }
  free(target);
  return NULL;
}

static void do_call(const char *service, const char *method) {
  Target *target = malloc(sizeof *target);
  pthread_t thread;
  if (target == NULL) {
    exit(EXIT_FAILURE);
  }
  snprintf(target->service, TEXT_MAX, "%s", service);
  snprintf(target->method, TEXT_MAX, "%s", method);
  if (pthread_create(&thread, NULL, call_in_thread, target) != 0) {
    exit(EXIT_FAILURE);
  }
  pthread_detach(thread);
}

static void do_publish(const char *topic, long first, long count) {
  for (long value = first; value < first + count; value++) {
    char text[TEXT_MAX];
    snprintf(text, sizeof text, "%ld", value);
    const CommyMessage event = of_text(text);
    must(commy_publish(mesh, topic, &event));
  }
}

static void tell_event(const CommyEventView *event, void *context) {
  (void)context;
  char text[TEXT_MAX];
  copy_text(&event->message, text);
  say("event %s %s %llu", text, event->publisher, (unsigned long long)event->missed);
}

static void do_subscribe(const char *filter) {
  const CommySubscribeOptions options = {.size = sizeof options, .on_event = tell_event};
  CommySubscription subscription;
  must(commy_subscribe(mesh, filter, &options, &subscription));
}

static void do_discover(const char *service) {
  const CommyQuery query = {.size = sizeof query, .service = service};
  size_t count;
  must(commy_discover_services_count(mesh, &query, &count));
  say("known %zu", count);
}

static void do_stats(void) {
  CommyMeshStats stats = {.size = sizeof stats};
  must(commy_mesh_stats(mesh, &stats));
  say("counted %llu %llu %llu %llu", (unsigned long long)stats.peers,
      (unsigned long long)stats.requests_handled, (unsigned long long)stats.requests_in_flight,
      (unsigned long long)stats.bytes_received);
}

/// Tells what a forked child can do.
static void do_fork(const char *service) {
  const pid_t child = fork();
  if (child == 0) {
    const CommyMeshOptions options = {.size = sizeof options, .name = "another"};
    CommyMesh other;
    CommyStatus status = commy_call(mesh, service, "who", NULL, NULL, NULL);
    say("call %s", commy_status_name((int32_t)status));
    size_t count;
    status = commy_discover_services_count(mesh, NULL, &count);
    say("discover %s", commy_status_name((int32_t)status));
    status = commy_create_mesh(&options, &other);
    if (status == COMMY_STATUS_OK) {
      status = commy_start_mesh(other);
    }
    say("start %s", commy_status_name((int32_t)status));
    _exit(EXIT_SUCCESS);
  }
  waitpid(child, NULL, 0);
}

static void obey(const char *line) {
  char verb[TEXT_MAX] = "", first[TEXT_MAX] = "", second[TEXT_MAX] = "", third[TEXT_MAX] = "";
  sscanf(line, "%255s %255s %255s %255s", verb, first, second, third);
  if (strcmp(verb, "register") == 0) {
    do_register(first);
  } else if (strcmp(verb, "withdraw") == 0) {
    do_withdraw(first);
  } else if (strcmp(verb, "call") == 0) {
    do_call(first, second);
  } else if (strcmp(verb, "publish") == 0) {
    do_publish(first, strtol(second, NULL, 10), strtol(third, NULL, 10));
  } else if (strcmp(verb, "subscribe") == 0) {
    do_subscribe(first);
  } else if (strcmp(verb, "discover") == 0) {
    do_discover(first);
  } else if (strcmp(verb, "stats") == 0) {
    do_stats();
  } else if (strcmp(verb, "fork") == 0) {
    do_fork(first);
  } else if (strcmp(verb, "stop") == 0) {
    must(commy_stop_mesh(mesh));
  } else if (strcmp(verb, "exit") == 0) {
    // As it is: with a mesh that runs, and with calls that wait.
    exit(EXIT_SUCCESS);
  } else {
    fprintf(stderr, "what is %s?\n", line);
    exit(EXIT_FAILURE);
  }
  say("done %s", verb);
}

static const char *next(char ***arguments) {
  const char *value = *++*arguments;
  if (value == NULL) {
    fprintf(stderr, "a value is missing\n");
    exit(EXIT_FAILURE);
  }
  return value;
}

int main(int count, char **arguments) {
  const char *listen[ENDPOINTS_MAX], *connect[ENDPOINTS_MAX];
  CommyTlsOptions tls = {.size = sizeof tls};
  CommyMeshOptions options = {.size = sizeof options, .listen = listen, .connect = connect};
  if (count < 2) {
    return EXIT_FAILURE;
  }
  options.name = next(&arguments);
  while (arguments[1] != NULL) {
    const char *flag = next(&arguments);
    if (strcmp(flag, "--zone") == 0) {
      options.zone = next(&arguments);
    } else if (strcmp(flag, "--region") == 0) {
      options.region = next(&arguments);
    } else if (strcmp(flag, "--local-only") == 0) {
      options.local_only = true;
    } else if (strcmp(flag, "--router") == 0) {
      options.mode = COMMY_FABRIC_MODE_ROUTER;
    } else if (strcmp(flag, "--client") == 0) {
      options.mode = COMMY_FABRIC_MODE_CLIENT;
    } else if (strcmp(flag, "--listen") == 0 && options.listen_length < ENDPOINTS_MAX) {
      listen[options.listen_length++] = next(&arguments);
    } else if (strcmp(flag, "--connect") == 0 && options.connect_length < ENDPOINTS_MAX) {
      connect[options.connect_length++] = next(&arguments);
    } else if (strcmp(flag, "--tls") == 0) {
      tls.ca = next(&arguments);
      tls.certificate = next(&arguments);
      tls.key = next(&arguments);
      options.tls = &tls;
    } else {
      fprintf(stderr, "what is %s?\n", flag);
      return EXIT_FAILURE;
    }
  }
  if (commy_create_mesh(&options, &mesh) != COMMY_STATUS_OK ||
      commy_start_mesh(mesh) != COMMY_STATUS_OK) {
    say("error %s", commy_last_error_message());
    return EXIT_FAILURE;
  }
  must(commy_mesh_node_id(mesh, &node));
  say("ready %s", node);
  char line[4 * TEXT_MAX];
  while (fgets(line, sizeof line, stdin) != NULL) {
    obey(line);
  }
  return EXIT_SUCCESS;
}
