// Processes die, hang, come late and are replaced, and the others are told the truth in time.

#include "processes.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/socket.h>

enum { CALLERS = 20, REPLICAS = 3, OUTCOMES_MAX = 20000 };

/// A call, and what became of it: the node that answered, or the status.
typedef struct {
  double began;
  double ended;
  CommyStatus status;
  char node[64];
} Outcome;

/// Callers that call `workers` one after the other until they are told to stop.
typedef struct {
  CommyMesh mesh;
  CommyCallOptions options;
  bool is_begun;
  atomic_bool is_over;
  pthread_t callers[CALLERS];
  atomic_int count;
  Outcome *outcomes;
} Load;

/// Theirs go on after a test that failed, until it is cleaned up.
static Load once, repeated;

static void *call_on(void *context) {
  Load *load = context;
  while (!load->is_over) {
    char answer[LINE_MAX_BYTES] = "";
    Outcome outcome = {.began = now_ms()};
    outcome.status = ask(load->mesh, "work", "3", &load->options, answer);
    outcome.ended = now_ms();
    snprintf(outcome.node, sizeof outcome.node, "%.63s", answer);
    const int place = atomic_fetch_add(&load->count, 1);
    if (place >= OUTCOMES_MAX) {
      break;
    }
    load->outcomes[place] = outcome;
  }
  return NULL;
}

static void begin(Load *load, CommyMesh mesh, uint64_t timeout_ms, bool is_idempotent) {
  load->mesh = mesh;
  load->options = (CommyCallOptions){
      .size = sizeof load->options, .timeout_ms = timeout_ms, .idempotent = is_idempotent};
  load->is_over = false;
  load->count = 0;
  load->outcomes = calloc(OUTCOMES_MAX, sizeof *load->outcomes);
  assert_non_null(load->outcomes);
  for (int index = 0; index < CALLERS; index++) {
    assert_int_equal(pthread_create(&load->callers[index], NULL, call_on, load), 0);
  }
  load->is_begun = true;
}

/// Ends the load, and gives how many outcomes there are; they are to be freed.
static int end(Load *load) {
  load->is_over = true;
  for (int index = 0; index < CALLERS; index++) {
    pthread_join(load->callers[index], NULL);
  }
  load->is_begun = false;
  assert_true(load->count < OUTCOMES_MAX);
  return load->count;
}

static int end_all(void **state) {
  bury(state);
  if (once.is_begun) {
    end(&once);
  }
  if (repeated.is_begun) {
    end(&repeated);
  }
  return 0;
}

/// Waits until each caller had time for some calls.
static void goes_on(CommyMesh mesh) {
  const uint64_t before = stats_of(mesh).calls_ok;
  eventually(stats_of(mesh).calls_ok >= before + 5 * CALLERS);
}

static void replicas(CommyMesh mesh, Peer *workers[REPLICAS]) {
  for (int index = 0; index < REPLICAS; index++) {
    workers[index] = worker_of(name_of(mesh));
  }
  knows(mesh, "workers", REPLICAS);
}

/// The time that the machine, busy with others, kept from whoever here was ready to go on: what
/// must happen within some time must happen within that time of ours.
typedef struct {
  atomic_bool is_over;
  pthread_t thread;
  double ms;
} Stolen;

static void *tick(void *context) {
  Stolen *stolen = context;
  while (!stolen->is_over) {
    const double began = now_ms();
    pause_ms(1);
    stolen->ms += now_ms() - began - 1;
  }
  return NULL;
}

static void watch_clock(Stolen *stolen) {
  *stolen = (Stolen){.ms = 0};
  assert_int_equal(pthread_create(&stolen->thread, NULL, tick, stolen), 0);
}

static double stolen_ms(Stolen *stolen) {
  stolen->is_over = true;
  pthread_join(stolen->thread, NULL);
  return stolen->ms;
}

/// Waits until a watch sees a change of a node, and gives the moment.
static double sees(CommyWatch watch, CommyChangeKind kind, const char *node) {
  CommyChange change;
  const CommyChangeView *view;
  bool is_seen;
  do {
    must(commy_next_change(watch, LIMIT_MS, &change));
    must(commy_view_change(change, &view));
    is_seen = view->kind == kind && strcmp(view->instance.node_id, node) == 0;
    must(commy_free_change(change));
  } while (!is_seen);
  return now_ms();
}

/// Watches a node that is there: a machine may be so busy that it was not for a moment.
static CommyWatch watch_of(CommyMesh mesh, const char *node) {
  const CommyQuery query = {.size = sizeof query, .service = "workers"};
  CommyWatch watch;
  must(commy_watch_services(mesh, &query, &watch));
  sees(watch, COMMY_CHANGE_KIND_ADDED, node);
  return watch;
}

static void a_killed_replica_gets_no_more_calls_and_only_those_on_it_fail(void **state) {
  (void)state;
  const CommyMesh mesh = joined((CommyMeshOptions){0});
  Peer *workers[REPLICAS];
  replicas(mesh, workers);
  double fastest = 1e9;
  // A machine may be too busy to tell when one dies; it is not each time.
  for (int round = 0; round < REPLICAS - 1; round++) {
    Stolen stolen;
    begin(&once, mesh, 15000, false);
    goes_on(mesh);
    const CommyWatch watch = watch_of(mesh, node_of(workers[round]));
    watch_clock(&stolen);
    const double killed = send_signal(workers[round], SIGKILL);
    const double known_at = sees(watch, COMMY_CHANGE_KIND_REMOVED, node_of(workers[round]));
    const double time = known_at - killed - stolen_ms(&stolen);
    fastest = time < fastest ? time : fastest;
    must(commy_close_watch(watch));
    goes_on(mesh);
    const int count = end(&once);
    int failed = 0;
    for (int index = 0; index < count; index++) {
      const Outcome *outcome = &once.outcomes[index];
      if (outcome->status != COMMY_STATUS_OK) {
        failed++;
        assert_int_equal(outcome->status, COMMY_STATUS_UNAVAILABLE);
      }
      if (outcome->began > known_at) {
        assert_int_equal(outcome->status, COMMY_STATUS_OK);
        assert_string_not_equal(outcome->node, node_of(workers[round]));
      }
    }
    assert_true(failed <= CALLERS);
    free(once.outcomes);
  }
  if (fastest >= 50.0 * (double)slowness()) {
    fail_msg("the death is known after %.1f ms", fastest);
  }
  must(commy_destroy_mesh(mesh));
}

static void
a_hung_replica_gets_no_call_after_a_moment_and_idempotent_calls_succeed_elsewhere(void **state) {
  (void)state;
  const CommyMesh mesh = joined((CommyMeshOptions){0});
  Peer *workers[REPLICAS];
  Stolen stolen;
  replicas(mesh, workers);
  begin(&once, mesh, 4000 * (uint64_t)slowness(), false);
  begin(&repeated, mesh, 4000 * (uint64_t)slowness(), true);
  goes_on(mesh);
  const CommyWatch watch = watch_of(mesh, node_of(workers[0]));
  watch_clock(&stolen);
  const double stopped = send_signal(workers[0], SIGSTOP);
  const double known_at = sees(watch, COMMY_CHANGE_KIND_REMOVED, node_of(workers[0]));
  const double time = known_at - stopped - stolen_ms(&stolen);
  must(commy_close_watch(watch));
  goes_on(mesh);
  int count = end(&once);
  for (int index = 0; index < count; index++) {
    const Outcome *outcome = &once.outcomes[index];
    if (outcome->status != COMMY_STATUS_OK) {
      assert_true(outcome->status == COMMY_STATUS_UNAVAILABLE ||
                  outcome->status == COMMY_STATUS_DEADLINE_EXCEEDED);
      assert_true(outcome->began <= known_at);
      assert_true(outcome->ended - outcome->began < 5000 * (double)slowness());
    }
  }
  count = end(&repeated);
  for (int index = 0; index < count; index++) {
    assert_int_equal(repeated.outcomes[index].status, COMMY_STATUS_OK);
  }
  free(once.outcomes);
  free(repeated.outcomes);
  if (time >= 1500.0 * (double)slowness()) {
    fail_msg("that it hangs is known after %.1f ms", time);
  }
  send_signal(workers[0], SIGCONT);
  knows(mesh, "workers", REPLICAS);
  must(commy_destroy_mesh(mesh));
}

static void a_rolling_restart_fails_no_call(void **state) {
  (void)state;
  const CommyMesh mesh = joined((CommyMeshOptions){0});
  Peer *workers[REPLICAS];
  replicas(mesh, workers);
  begin(&once, mesh, 15000, false);
  for (int index = 0; index < REPLICAS; index++) {
    worker_of(name_of(mesh));
    knows(mesh, "workers", REPLICAS + 1);
    goes_on(mesh);
    does(workers[index], "stop");
    assert_true(exits_well(workers[index]));
    goes_on(mesh);
  }
  const int count = end(&once);
  for (int index = 0; index < count; index++) {
    assert_int_equal(once.outcomes[index].status, COMMY_STATUS_OK);
  }
  free(once.outcomes);
  must(commy_destroy_mesh(mesh));
}

static void a_call_whose_callee_is_killed_says_what_was_tried(void **state) {
  (void)state;
  const CommyMesh mesh = joined((CommyMeshOptions){0});
  Peer *peer = worker_of(name_of(mesh));
  knows(mesh, "workers", 1);
  Caller *caller = calls(mesh, "hold", NULL);
  tells(peer, "held");
  send_signal(peer, SIGKILL);
  const Ended error = ended(caller);
  assert_int_equal(error.status, COMMY_STATUS_UNAVAILABLE);
  assert_string_equal(error.service, "workers");
  assert_string_equal(error.method, "hold");
  assert_int_equal(error.attempts, 1);
  assert_non_null(strstr(error.instance_id, node_of(peer)));
  must(commy_destroy_mesh(mesh));
}

static void who_is_killed_stops_the_work_that_it_asked_for(void **state) {
  (void)state;
  char name[LINE_MAX_BYTES];
  snprintf(name, sizeof name, "test-%ld-asked", (long)getpid());
  Peer *callee = worker_of(name);
  Peer *caller = peer_of(name, NULL);
  peer_knows(caller, "workers", 1);
  begins(caller, "call workers hold");
  tells(callee, "held");
  send_signal(caller, SIGKILL);
  tells(callee, "dropped");
}

static void one_who_comes_after_a_death_knows_the_living_only(void **state) {
  (void)state;
  char name[LINE_MAX_BYTES];
  snprintf(name, sizeof name, "test-%ld-after", (long)getpid());
  Peer *dead = worker_of(name);
  Peer *living = worker_of(name);
  send_signal(dead, SIGKILL);
  const CommyMesh mesh = joined((CommyMeshOptions){.name = name});
  knows(mesh, "workers", 1);
  assert_string_equal(who(mesh, NULL), node_of(living));
  must(commy_destroy_mesh(mesh));
}

static void a_stop_keeps_its_time_while_another_hangs(void **state) {
  (void)state;
  const CommyMesh mesh = joined((CommyMeshOptions){.drain_timeout_ms = 1000});
  Peer *peer = worker_of(name_of(mesh));
  knows(mesh, "workers", 1);
  Caller *caller = calls(mesh, "hold", NULL);
  tells(peer, "held");
  send_signal(peer, SIGSTOP);
  const double begun = now_ms();
  must(commy_stop_mesh(mesh));
  assert_true(now_ms() - begun < 5000 * (double)slowness());
  assert_int_not_equal(ended(caller).status, COMMY_STATUS_OK);
  must(commy_destroy_mesh(mesh));
}

/// Rust lets writes to a lost connection fail; in a program of C, they could end it by SIGPIPE.
static void a_peer_that_is_killed_amid_what_it_is_sent_ends_no_program(void **state) {
  (void)state;
  const char *directory = elsewhere();
  char address[LINE_MAX_BYTES], ca[LINE_MAX_BYTES], certificate[LINE_MAX_BYTES],
      key[LINE_MAX_BYTES];
  certify(directory, "ours", "node");
  snprintf(address, sizeof address, "tls/localhost:%d", free_port());
  snprintf(ca, sizeof ca, "%s/ours/ca.pem", directory);
  snprintf(certificate, sizeof certificate, "%s/ours/node.pem", directory);
  snprintf(key, sizeof key, "%s/ours/node-key.pem", directory);
  const char *const listen[] = {address};
  const CommyTlsOptions tls = {
      .size = sizeof tls, .ca = ca, .certificate = certificate, .key = key};
  const CommyMesh mesh =
      joined((CommyMeshOptions){.listen = listen, .listen_length = 1, .tls = &tls});
  const char *const options[] = {"--connect", address, "--tls", ca, certificate, key, NULL};
  static char payload[256 * 1024];
  const CommyMessage event = {.payload = payload, .payload_length = sizeof payload};
  for (int round = 0; round < 3; round++) {
    Peer *peer = peer_in(directory, name_of(mesh), options);
    eventually(stats_of(mesh).peers == 1);
    does(peer, "subscribe heavy");
    const CommyMeshStats before = stats_of(mesh);
    do {
      must(commy_publish(mesh, "heavy", &event));
    } while (stats_of(mesh).bytes_sent < before.bytes_sent + 16 * sizeof payload);
    send_signal(peer, SIGKILL);
    while (stats_of(mesh).peers > 0) {
      must(commy_publish(mesh, "heavy", &event));
    }
  }
  must(commy_destroy_mesh(mesh));
}

static void a_forked_child_is_refused_and_never_waits(void **state) {
  (void)state;
  const CommyMesh mesh = joined((CommyMeshOptions){0});
  const CommyRegistration here = serve(mesh, "here", echo, NULL);
  Peer *peer = worker_of(name_of(mesh));
  peer_knows(peer, "here", 1);
  knows(mesh, "workers", 1);
  does(peer, "fork here");
  const char *const operations[] = {"call ", "discover ", "start "};
  for (int index = 0; index < 3; index++) {
    assert_string_equal(tells(peer, operations[index]), "FAILED_PRECONDITION");
  }
  // Its parent goes on as if nothing had been.
  assert_string_equal(who(mesh, NULL), node_of(peer));
  begins(peer, "call here any");
  assert_string_equal(tells(peer, "answer "), "hello");
  must(commy_deregister_service(here));
  must(commy_destroy_mesh(mesh));
}

static void a_process_that_ends_with_a_mesh_that_runs_ends_well(void **state) {
  (void)state;
  const CommyMesh mesh = joined((CommyMeshOptions){0});
  Peer *peer = worker_of(name_of(mesh));
  knows(mesh, "workers", 1);
  Caller *caller = calls(mesh, "hold", NULL);
  tells(peer, "held");
  assert_true(exits_well(peer));
  assert_int_equal(ended(caller).status, COMMY_STATUS_UNAVAILABLE);
  knows(mesh, "workers", 0);
  must(commy_destroy_mesh(mesh));
}

static void refused(CommyMeshOptions options, const char *value, const char *rule) {
  CommyMesh mesh;
  options.size = sizeof options;
  options.name = "refused";
  ends(COMMY_STATUS_INVALID_ARGUMENT, commy_create_mesh(&options, &mesh));
  assert_told(value);
  assert_told(rule);
  assert_int_equal(mesh.id, 0);
}

static CommyMeshOptions listening(const char *const *endpoint) {
  return (CommyMeshOptions){.listen = endpoint, .listen_length = 1};
}

static CommyMeshOptions connecting(const char *const *endpoint) {
  return (CommyMeshOptions){.connect = endpoint, .connect_length = 1};
}

static void options_that_cannot_work_are_refused_with_the_rule(void **state) {
  (void)state;
  const char *const everywhere[] = {"tcp/0.0.0.0:7447"}, *const named[] = {"tcp/example.org:7447"},
                    *const sealed[] = {"tls/0.0.0.0:7447"}, *const quick[] = {"quic/a.org:1"},
                    *const strange[] = {"udp/127.0.0.1:1"}, *const portless[] = {"tcp/127.0.0.1"};
  refused(listening(everywhere), "tcp/0.0.0.0:7447", "only allowed on a loopback address");
  refused(connecting(named), "example.org", "only allowed on a loopback address");
  refused(listening(sealed), "tls/0.0.0.0", "certificates");
  refused(connecting(quick), "quic/a.org:1", "certificates");
  refused(connecting(strange), "udp/127.0.0.1:1", "begins with");
  refused(connecting(portless), "tcp/127.0.0.1", "port");
  refused((CommyMeshOptions){.mode = COMMY_FABRIC_MODE_CLIENT}, "client",
          "needs a router to connect to");
  refused((CommyMeshOptions){.mode = (CommyFabricMode)9}, "9", "is no fabric mode");
  refused((CommyMeshOptions){.multicast = true}, "multicast", "listen");
  CommyTlsOptions tls = {.ca = "/nowhere/ca.pem", .certificate = "/nowhere/a", .key = "/nowhere/b"};
  refused((CommyMeshOptions){.tls = &tls}, "the size of a CommyTlsOptions is 0", "sizeof");
  tls.size = sizeof tls;
  refused((CommyMeshOptions){.tls = &tls}, "/nowhere/ca.pem", "PEM");
  refused((CommyMeshOptions){.listen_length = 1}, "endpoints to listen on", "NULL");
  // Who says that it may be read is believed.
  CommyMeshOptions allowed = listening(everywhere);
  allowed.size = sizeof allowed;
  allowed.name = "allowed";
  allowed.allow_insecure = true;
  CommyMesh mesh;
  must(commy_create_mesh(&allowed, &mesh));
  must(commy_destroy_mesh(mesh));
}

static void an_address_that_is_taken_fails_the_start(void **state) {
  (void)state;
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
  socklen_t length = sizeof address;
  assert_int_equal(bind(listener, (struct sockaddr *)&address, length), 0);
  assert_int_equal(listen(listener, 1), 0);
  assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &length), 0);
  char taken[64];
  snprintf(taken, sizeof taken, "tcp/127.0.0.1:%d", ntohs(address.sin_port));
  const char *const endpoint[] = {taken};
  CommyMeshOptions options = listening(endpoint);
  options.size = sizeof options;
  options.name = "taken";
  CommyMesh mesh;
  bool running = true;
  must(commy_create_mesh(&options, &mesh));
  assert_int_not_equal(commy_start_mesh(mesh), COMMY_STATUS_OK);
  must(commy_is_mesh_running(mesh, &running));
  assert_false(running);
  must(commy_destroy_mesh(mesh));
  close(listener);
}

#define test_of(test) cmocka_unit_test_teardown(test, end_all)

int main(void) {
  const struct CMUnitTest tests[] = {
      test_of(a_killed_replica_gets_no_more_calls_and_only_those_on_it_fail),
      test_of(a_hung_replica_gets_no_call_after_a_moment_and_idempotent_calls_succeed_elsewhere),
      test_of(a_rolling_restart_fails_no_call),
      test_of(a_call_whose_callee_is_killed_says_what_was_tried),
      test_of(who_is_killed_stops_the_work_that_it_asked_for),
      test_of(one_who_comes_after_a_death_knows_the_living_only),
      test_of(a_stop_keeps_its_time_while_another_hangs),
      test_of(a_peer_that_is_killed_amid_what_it_is_sent_ends_no_program),
      test_of(a_forked_child_is_refused_and_never_waits),
      test_of(a_process_that_ends_with_a_mesh_that_runs_ends_well),
      test_of(options_that_cannot_work_are_refused_with_the_rule),
      test_of(an_address_that_is_taken_fails_the_start),
  };
  return topic_of_links(tests);
}
