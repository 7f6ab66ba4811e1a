// Starting, telling and ending peers.

#include "processes.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

extern char **environ;

enum { PASSED_MAX = 1024, BUFFER_BYTES = 1 << 16, ARGUMENTS_MAX = 24, VARIABLES_MAX = 512 };

struct Peer {
  pid_t process;
  int input;
  int output;
  char node[LINE_MAX_BYTES];
  /// What was read and is not a whole line yet.
  char buffer[BUFFER_BYTES];
  size_t buffered;
  /// Lines that came before one that was waited for.
  char *passed[PASSED_MAX];
  size_t passed_count;
  char found[LINE_MAX_BYTES];
};

static Peer *peers[PEERS_MAX];
/// The directory of `elsewhere`, or empty.
static char directory_made[LINE_MAX_BYTES];

static void add_pipe(int ends_of[2]) {
  // Closed in the programs that are started, so that a peer sees the end of its own.
  assert_int_equal(pipe2(ends_of, O_CLOEXEC), 0);
}

static pid_t spawn(const char *directory, const char *mesh, const char *const *options, int input,
                   int output) {
  const char *arguments[ARGUMENTS_MAX] = {COMMY_PEER, mesh};
  for (size_t index = 0; options[index] != NULL; index++) {
    assert_true(index + 3 < ARGUMENTS_MAX);
    arguments[index + 2] = options[index];
  }
  char *environment[VARIABLES_MAX];
  char place[LINE_MAX_BYTES];
  size_t variables = 0;
  for (char **variable = environ; *variable != NULL; variable++) {
    if (directory == NULL || strncmp(*variable, "XDG_RUNTIME_DIR=", 16) != 0) {
      assert_true(variables + 2 < VARIABLES_MAX);
      environment[variables++] = *variable;
    }
  }
  if (directory != NULL) {
    snprintf(place, sizeof place, "XDG_RUNTIME_DIR=%s", directory);
    environment[variables++] = place;
  }
  environment[variables] = NULL;
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
  pid_t process;
  const int failed =
      posix_spawn(&process, COMMY_PEER, &actions, NULL, (char *const *)arguments, environment);
  posix_spawn_file_actions_destroy(&actions);
  assert_int_equal(failed, 0);
  return process;
}

static Peer *begun(const char *directory, const char *mesh, const char *const *options) {
  int input[2], output[2];
  add_pipe(input);
  add_pipe(output);
  Peer *peer = calloc(1, sizeof *peer);
  assert_non_null(peer);
  peer->process = spawn(directory, mesh, options, input[0], output[1]);
  close(input[0]);
  close(output[1]);
  peer->input = input[1];
  peer->output = output[0];
  for (int index = 0; index < PEERS_MAX; index++) {
    if (peers[index] == NULL) {
      peers[index] = peer;
      return peer;
    }
  }
  fail_msg("no test needs more than %d peers", PEERS_MAX);
  return NULL;
}

const char *node_of(const Peer *peer) { return peer->node; }

Peer *peer_in(const char *directory, const char *mesh, const char *const *options) {
  Peer *peer = begun(directory, mesh, options);
  snprintf(peer->node, sizeof peer->node, "%s", tells(peer, "ready "));
  return peer;
}

Peer *peer_with(const char *mesh, const char *const *options) {
  return peer_in(NULL, mesh, options);
}

const char *peer_that_fails(const char *directory, const char *mesh, const char *const *options) {
  return tells(begun(directory, mesh, options), "error ");
}

Peer *worker_of(const char *mesh) {
  Peer *peer = peer_with(mesh, (const char *const[]){NULL});
  does(peer, "register workers");
  return peer;
}

static void write_line(Peer *peer, const char *line) {
  const size_t length = strlen(line);
  if (write(peer->input, line, length) != (ssize_t)length) {
    fail_msg("the peer does not listen");
  }
}

void begins(Peer *peer, const char *format, ...) {
  char line[LINE_MAX_BYTES];
  va_list values;
  va_start(values, format);
  vsnprintf(line, sizeof line - 1, format, values);
  va_end(values);
  strcat(line, "\n");
  write_line(peer, line);
}

void does(Peer *peer, const char *format, ...) {
  char line[LINE_MAX_BYTES], done[LINE_MAX_BYTES];
  va_list values;
  va_start(values, format);
  vsnprintf(line, sizeof line - 1, format, values);
  va_end(values);
  snprintf(done, sizeof done, "done %.*s", (int)strcspn(line, " "), line);
  strcat(line, "\n");
  write_line(peer, line);
  tells(peer, done);
}

/// Takes the first line that begins so out of those that were passed.
static bool take(Peer *peer, const char *begin) {
  for (size_t index = 0; index < peer->passed_count; index++) {
    char *line = peer->passed[index];
    if (strncmp(line, begin, strlen(begin)) == 0) {
      snprintf(peer->found, sizeof peer->found, "%s", line + strlen(begin));
      free(line);
      peer->passed_count--;
      memmove(&peer->passed[index], &peer->passed[index + 1],
              (peer->passed_count - index) * sizeof *peer->passed);
      return true;
    }
  }
  return false;
}

/// Reads what there is, and keeps its lines; false at the end.
static bool read_lines(Peer *peer) {
  const ssize_t length =
      read(peer->output, peer->buffer + peer->buffered, BUFFER_BYTES - peer->buffered);
  if (length <= 0) {
    return false;
  }
  peer->buffered += (size_t)length;
  char *end;
  while ((end = memchr(peer->buffer, '\n', peer->buffered)) != NULL) {
    const size_t line = (size_t)(end - peer->buffer);
    assert_true(peer->passed_count < PASSED_MAX);
    peer->passed[peer->passed_count++] = strndup(peer->buffer, line);
    peer->buffered -= line + 1;
    memmove(peer->buffer, end + 1, peer->buffered);
  }
  return true;
}

const char *tells_within(Peer *peer, const char *begin, int limit_ms) {
  const double last = now_ms() + limit_ms;
  while (!take(peer, begin)) {
    const double left = last - now_ms();
    struct pollfd wait = {.fd = peer->output, .events = POLLIN};
    if (left <= 0 || poll(&wait, 1, (int)left + 1) == 0) {
      return NULL;
    }
    if (!read_lines(peer)) {
      fail_msg("the peer ended, and `%s` is waited for", begin);
    }
  }
  return peer->found;
}

const char *tells(Peer *peer, const char *begin) {
  const char *rest = tells_within(peer, begin, LIMIT_MS);
  if (rest == NULL) {
    fail_msg("not within %d ms: `%s`", LIMIT_MS, begin);
  }
  return rest;
}

void peer_knows(Peer *peer, const char *service, int count) {
  const double begun_at = now_ms();
  do {
    if (now_ms() - begun_at > LIMIT_MS) {
      fail_msg("the peer does not know %d of %s", count, service);
    }
    pause_ms(2);
    begins(peer, "discover %s", service);
  } while (atoi(tells(peer, "known ")) != count);
}

double send_signal(Peer *peer, int number) {
  const double moment = now_ms();
  assert_int_equal(kill(peer->process, number), 0);
  return moment;
}

bool ends_well(Peer *peer) {
  int status = 0;
  eventually(waitpid(peer->process, &status, WNOHANG) == peer->process);
  peer->process = 0;
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

bool exits_well(Peer *peer) {
  write_line(peer, "exit\n");
  return ends_well(peer);
}

static int forget(const char *path, const struct stat *about, int kind, struct FTW *place) {
  (void)about;
  (void)kind;
  (void)place;
  return remove(path);
}

int bury(void **state) {
  (void)state;
  for (int index = 0; index < PEERS_MAX; index++) {
    Peer *peer = peers[index];
    if (peer == NULL) {
      continue;
    }
    if (peer->process != 0) {
      kill(peer->process, SIGKILL);
      waitpid(peer->process, NULL, 0);
    }
    close(peer->input);
    close(peer->output);
    while (peer->passed_count > 0) {
      free(peer->passed[--peer->passed_count]);
    }
    free(peer);
    peers[index] = NULL;
  }
  if (directory_made[0] != '\0') {
    nftw(directory_made, forget, 8, FTW_DEPTH | FTW_PHYS);
    directory_made[0] = '\0';
  }
  return 0;
}

CommyMesh joined(CommyMeshOptions options) {
  static int number = 0;
  char name[64];
  snprintf(name, sizeof name, "test-%ld-peers-%d", (long)getpid(), ++number);
  options.size = sizeof options;
  options.name = options.name == NULL ? name : options.name;
  CommyMesh mesh;
  must(commy_create_mesh(&options, &mesh));
  must(commy_start_mesh(mesh));
  return mesh;
}

const char *name_of(CommyMesh mesh) {
  const char *name;
  must(commy_mesh_name(mesh, &name));
  return name;
}

const char *own_node(CommyMesh mesh) {
  const char *node;
  must(commy_mesh_node_id(mesh, &node));
  return node;
}

CommyMeshStats stats_of(CommyMesh mesh) {
  CommyMeshStats stats = {.size = sizeof stats};
  must(commy_mesh_stats(mesh, &stats));
  return stats;
}

size_t known(CommyMesh mesh, const char *service) {
  const CommyQuery query = {.size = sizeof query, .service = service};
  size_t count;
  must(commy_discover_services_count(mesh, &query, &count));
  return count;
}

void knows_at(CommyMesh mesh, const char *service, size_t count, const char *file, int line) {
  const double begun_at = now_ms();
  size_t found;
  while ((found = known(mesh, service)) != count) {
    if (now_ms() - begun_at > LIMIT_MS) {
      print_error("%zu of %s are known and not %zu, and %llu peers\n", found, service, count,
                  (unsigned long long)stats_of(mesh).peers);
      _fail(file, line);
    }
    pause_ms(1);
  }
}

CommyStatus ask(CommyMesh mesh, const char *method, const char *text,
                const CommyCallOptions *options, char answer[LINE_MAX_BYTES]) {
  const CommyMessage request = {.payload = text, .payload_length = strlen(text)};
  CommyReply reply;
  const CommyReplyView *view;
  const CommyStatus status = commy_call(mesh, "workers", method, &request, options, &reply);
  if (status == COMMY_STATUS_OK && commy_view_reply(reply, &view) == COMMY_STATUS_OK) {
    snprintf(answer, LINE_MAX_BYTES, "%.*s", (int)view->message.payload_length,
             (const char *)view->message.payload);
    commy_free_reply(reply);
  }
  return status;
}

const char *who(CommyMesh mesh, const CommyCallOptions *options) {
  static char answer[LINE_MAX_BYTES];
  must(ask(mesh, "who", "", options, answer));
  return answer;
}

struct Caller {
  pthread_t thread;
  CommyMesh mesh;
  const char *method;
  CommyCallOptions options;
  Ended ended;
};

static void *call_in_thread(void *context) {
  Caller *caller = context;
  Ended *end = &caller->ended;
  end->status = ask(caller->mesh, caller->method, "", &caller->options, end->answer);
  if (end->status != COMMY_STATUS_OK) {
    const CommyErrorView *error = commy_last_error();
    const char *instance = error->instance_id == NULL ? "" : error->instance_id;
    end->attempts = error->attempts;
    snprintf(end->instance_id, sizeof end->instance_id, "%s", instance);
    snprintf(end->service, sizeof end->service, "%s", error->service ? error->service : "");
    snprintf(end->method, sizeof end->method, "%s", error->method ? error->method : "");
  }
  return NULL;
}

Caller *calls(CommyMesh mesh, const char *method, const CommyCallOptions *options) {
  Caller *caller = calloc(1, sizeof *caller);
  assert_non_null(caller);
  caller->mesh = mesh;
  caller->method = method;
  caller->options = options == NULL ? (CommyCallOptions){.size = sizeof *options} : *options;
  assert_int_equal(pthread_create(&caller->thread, NULL, call_in_thread, caller), 0);
  return caller;
}

Ended ended(Caller *caller) {
  // No call outlives its deadline, which is 30 s where none is given.
  pthread_join(caller->thread, NULL);
  const Ended end = caller->ended;
  free(caller);
  return end;
}

/// How many threads of this process are called so.
static int threads_called(const char *name) {
  int count = 0;
  DIR *threads = opendir("/proc/self/task");
  const struct dirent *thread;
  while (threads != NULL && (thread = readdir(threads)) != NULL) {
    char path[LINE_MAX_BYTES], found[LINE_MAX_BYTES] = "";
    snprintf(path, sizeof path, "/proc/self/task/%s/comm", thread->d_name);
    FILE *file = fopen(path, "r");
    if (file != NULL) {
      count += fgets(found, sizeof found, file) != NULL && strncmp(found, name, strlen(name)) == 0;
      fclose(file);
    }
  }
  closedir(threads);
  return count;
}

int links_ended(void **state) {
  const double begun_at = now_ms();
  while (threads_called("commy-fabric") > 0) {
    if (now_ms() - begun_at > LIMIT_MS) {
      print_error("%d threads of links are left\n", threads_called("commy-fabric"));
      return -1;
    }
    pause_ms(10);
  }
  return left_nothing(state);
}

const char *elsewhere(void) {
  strcpy(directory_made, "/tmp/commy-XXXXXX");
  assert_non_null(mkdtemp(directory_made));
  return directory_made;
}

int free_port(void) {
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
  socklen_t length = sizeof address;
  assert_int_equal(bind(listener, (struct sockaddr *)&address, length), 0);
  assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &length), 0);
  close(listener);
  return ntohs(address.sin_port);
}

/// Runs a command of the shell in a directory.
__attribute__((format(printf, 2, 3))) static void run(const char *directory, const char *format,
                                                      ...) {
  char command[2048], line[4096];
  va_list values;
  va_start(values, format);
  vsnprintf(command, sizeof command, format, values);
  va_end(values);
  snprintf(line, sizeof line, "cd %s && (%s) >log 2>&1", directory, command);
  if (system(line) != 0) {
    fail_msg("it failed: %s", line);
  }
}

void certify(const char *directory, const char *authority, const char *node) {
  char place[LINE_MAX_BYTES];
  snprintf(place, sizeof place, "%s/%s", directory, authority);
  if (mkdir(place, 0700) == 0) {
    run(place,
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 "
        "-subj /CN=%s -keyout ca-key.pem -out ca.pem -addext keyUsage=critical,keyCertSign",
        authority);
    run(place, "printf 'subjectAltName=DNS:localhost,IP:127.0.0.1\\n"
               "extendedKeyUsage=serverAuth,clientAuth\\n"
               "keyUsage=digitalSignature\\nbasicConstraints=CA:FALSE\\n' > names");
  }
  run(place,
      "openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=%s "
      "-keyout %s-key.pem -out %s.csr && "
      "openssl x509 -req -in %s.csr -CA ca.pem -CAkey ca-key.pem -CAcreateserial -days 2 "
      "-extfile names -out %s.pem",
      node, node, node, node, node);
}
