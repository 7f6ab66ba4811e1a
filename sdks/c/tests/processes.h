// Nodes in processes of their own, as tests drive them: see the program `peer.c`.

#pragma once

#include "support.h"

#include <signal.h>
#include <sys/types.h>

enum { PEERS_MAX = 16, LINE_MAX_BYTES = 512 };

/// A node in a process of its own.
typedef struct Peer Peer;

/// The id of a peer's node.
const char *node_of(const Peer *peer);

/// Starts a peer in a mesh, with options that end with NULL.
Peer *peer_with(const char *mesh, const char *const *options);
/// Starts one that meets the others of its host in a run-time directory of its own: as far away as
/// on another host.
Peer *peer_in(const char *directory, const char *mesh, const char *const *options);
/// Starts one that cannot start, and gives the line in which it says why.
const char *peer_that_fails(const char *directory, const char *mesh, const char *const *options);
#define peer_of(mesh, ...) peer_with((mesh), (const char *const[]){__VA_ARGS__, NULL})
/// Starts one that serves `workers`.
Peer *worker_of(const char *mesh);

/// Gives a command.
__attribute__((format(printf, 2, 3))) void begins(Peer *peer, const char *format, ...);
/// Gives a command, and waits until it is done.
__attribute__((format(printf, 2, 3))) void does(Peer *peer, const char *format, ...);
/// Waits for the next line that begins so, and gives the rest of it, until the next is waited for.
const char *tells(Peer *peer, const char *begin);
/// As `tells`, but NULL when nothing such came in time.
const char *tells_within(Peer *peer, const char *begin, int limit_ms);
/// Waits until it knows this many instances of a service.
void peer_knows(Peer *peer, const char *service, int count);

/// Sends a signal, and gives the moment before, as `now_ms` tells it.
double send_signal(Peer *peer, int number);
/// Tells it to end with a mesh that runs, and whether it ended well.
bool exits_well(Peer *peer);
/// Waits for its end, and whether it was a good one.
bool ends_well(Peer *peer);
/// Ends all peers: after each test, whatever became of it.
int bury(void **state);

/// A mesh that is started and found by others, of a name of its own unless the options have one.
CommyMesh joined(CommyMeshOptions options);
const char *name_of(CommyMesh mesh);
const char *own_node(CommyMesh mesh);
CommyMeshStats stats_of(CommyMesh mesh);
size_t known(CommyMesh mesh, const char *service);
/// Waits until a mesh knows this many instances of a service.
#define knows(mesh, service, count) knows_at((mesh), (service), (count), __FILE__, __LINE__)
void knows_at(CommyMesh mesh, const char *service, size_t count, const char *file, int line);

/// Calls a method of `workers` with a text, and copies what it answered.
CommyStatus ask(CommyMesh mesh, const char *method, const char *text,
                const CommyCallOptions *options, char answer[LINE_MAX_BYTES]);
/// The node that answers a call of `workers`.
const char *who(CommyMesh mesh, const CommyCallOptions *options);

/// A call in a thread of its own.
typedef struct Caller Caller;
Caller *calls(CommyMesh mesh, const char *method, const CommyCallOptions *options);
/// Waits for its end: the status, and in `error` what it said, copied.
typedef struct {
  CommyStatus status;
  uint32_t attempts;
  char instance_id[LINE_MAX_BYTES];
  char service[LINE_MAX_BYTES];
  char method[LINE_MAX_BYTES];
  char answer[LINE_MAX_BYTES];
} Ended;
Ended ended(Caller *caller);

/// Runs the tests of a topic, as `topic_of` does, and waits for the threads of links to end: a leak
/// is only one when nobody is at work on it any more.
int links_ended(void **state);
#define topic_of_links(tests)                                                                      \
  (cmocka_set_test_filter(getenv("COMMY_TEST")), cmocka_run_group_tests(tests, NULL, links_ended))

/// A run-time directory of its own, whose path is short enough for sockets.
const char *elsewhere(void);
int free_port(void);
/// Makes an authority in a directory of its name, if it is not there, and a certificate that it
/// signed: `ca.pem`, `NODE.pem` and `NODE-key.pem`, by the command openssl.
void certify(const char *directory, const char *authority, const char *node);
#define peer_test(test) cmocka_unit_test_teardown(test, bury)
