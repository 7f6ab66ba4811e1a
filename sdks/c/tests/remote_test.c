// What works within one process works across two, and tells that it does.

#include "processes.h"

static CommyMesh plain(void) { return joined((CommyMeshOptions){0}); }

static CommyWatch watch_workers(CommyMesh mesh) {
  const CommyQuery query = {.size = sizeof query, .service = "workers"};
  CommyWatch watch;
  must(commy_watch_services(mesh, &query, &watch));
  return watch;
}

/// Waits for the next change that is not an update, and checks whose it is.
static void sees(CommyWatch watch, CommyChangeKind kind, const char *node) {
  const CommyChangeView *view;
  CommyChange change;
  CommyChangeKind seen;
  do {
    must(commy_next_change(watch, LIMIT_MS, &change));
    must(commy_view_change(change, &view));
    seen = view->kind;
    if (seen != COMMY_CHANGE_KIND_UPDATED) {
      assert_int_equal(seen, kind);
      assert_string_equal(view->instance.node_id, node);
    }
    must(commy_free_change(change));
  } while (seen == COMMY_CHANGE_KIND_UPDATED);
}

static void an_instance_is_found_with_all_that_is_known_of_it(void **state) {
  (void)state;
  const CommyMesh mesh = plain();
  Peer *peer = peer_of(name_of(mesh), "--zone", "eu-1a", "--region", "eu-1");
  does(peer, "register workers");
  knows(mesh, "workers", 1);
  const char *const tags[] = {"b"};
  const CommyPair metadata[] = {{"owner", "sales"}};
  CommyQuery query = {.size = sizeof query,
                      .service = "workers",
                      .version = "^1.2",
                      .tags = tags,
                      .tags_length = 1,
                      .metadata = metadata,
                      .metadata_length = 1,
                      .zone = "eu-1a"};
  CommyInstances found;
  const CommyInstanceView *view;
  must(commy_discover_services(mesh, &query, &found));
  must(commy_view_instance(found, 0, &view));
  assert_string_equal(view->service, "workers");
  assert_string_equal(view->version, "1.2.3");
  assert_string_equal(view->node_id, node_of(peer));
  assert_int_equal(view->tags_length, 2);
  assert_string_equal(view->tags[0], "a");
  assert_string_equal(view->metadata[0].value, "sales");
  assert_int_equal(view->weight, 7);
  assert_string_equal(view->zone, "eu-1a");
  assert_string_equal(view->region, "eu-1");
  assert_int_equal(view->reach, COMMY_REACH_FABRIC);
  assert_null(view->endpoint);
  must(commy_free_instances(found));
  query.zone = "eu-1b";
  size_t count = 7;
  must(commy_discover_services_count(mesh, &query, &count));
  assert_int_equal(count, 0);
  uint64_t active;
  must(commy_get_active_service_count(mesh, &active));
  assert_int_equal(active, 1);
  must(commy_destroy_mesh(mesh));
}

static void two_processes_find_each_other_within_a_second(void **state) {
  (void)state;
  const CommyMesh mesh = plain();
  const CommyWatch watch = watch_workers(mesh);
  Peer *peer = peer_of(name_of(mesh), NULL);
  const double begun = now_ms();
  begins(peer, "register workers");
  sees(watch, COMMY_CHANGE_KIND_ADDED, node_of(peer));
  assert_true(now_ms() - begun < 1000 * slowness());
  must(commy_close_watch(watch));
  must(commy_destroy_mesh(mesh));
}

static void every_byte_and_a_mebibyte_arrive_as_they_were_sent(void **state) {
  (void)state;
  const CommyMesh mesh = plain();
  worker_of(name_of(mesh));
  knows(mesh, "workers", 1);
  const size_t lengths[] = {0, 256, 1 << 20};
  for (size_t index = 0; index < sizeof lengths / sizeof *lengths; index++) {
    const size_t length = lengths[index];
    unsigned char *bytes = malloc(length + 1);
    assert_non_null(bytes);
    for (size_t place = 0; place < length; place++) {
      bytes[place] = (unsigned char)place;
    }
    const CommyMeshStats before = stats_of(mesh);
    const CommyMessage request = {.payload = bytes, .payload_length = length};
    CommyReply reply;
    const CommyReplyView *view;
    must(commy_call(mesh, "workers", "echo", &request, NULL, &reply));
    must(commy_view_reply(reply, &view));
    assert_int_equal(view->message.payload_length, length);
    assert_memory_equal(view->message.payload, bytes, length);
    must(commy_free_reply(reply));
    const CommyMeshStats after = stats_of(mesh);
    assert_int_equal(after.peers, 1);
    assert_int_equal(after.bytes_sent - before.bytes_sent, length);
    assert_int_equal(after.bytes_received - before.bytes_received, length);
    free(bytes);
  }
  must(commy_destroy_mesh(mesh));
}

static void large_payloads_arrive_without_shared_memory_too(void **state) {
  (void)state;
  const CommyMesh mesh = joined((CommyMeshOptions){.no_shared_memory = true});
  worker_of(name_of(mesh));
  knows(mesh, "workers", 1);
  static unsigned char bytes[1 << 20];
  memset(bytes, 7, sizeof bytes);
  const CommyMessage request = {.payload = bytes, .payload_length = sizeof bytes};
  CommyReply reply;
  const CommyReplyView *view;
  must(commy_call(mesh, "workers", "echo", &request, NULL, &reply));
  must(commy_view_reply(reply, &view));
  assert_int_equal(view->message.payload_length, sizeof bytes);
  assert_memory_equal(view->message.payload, bytes, sizeof bytes);
  must(commy_free_reply(reply));
  must(commy_destroy_mesh(mesh));
}

static void a_handler_learns_who_calls_and_what_is_left_of_the_deadline(void **state) {
  (void)state;
  const CommyMesh mesh = plain();
  worker_of(name_of(mesh));
  knows(mesh, "workers", 1);
  const CommyPair headers[] = {{"trace", "ä"}};
  const CommyMessage request = {.headers = headers, .headers_length = 1};
  const CommyCallOptions options = {.size = sizeof options, .timeout_ms = 15000};
  CommyReply reply;
  const CommyReplyView *view;
  must(commy_call(mesh, "workers", "context", &request, &options, &reply));
  must(commy_view_reply(reply, &view));
  char text[LINE_MAX_BYTES], caller[LINE_MAX_BYTES];
  unsigned attempt = 0;
  unsigned long long left = 0;
  snprintf(text, sizeof text, "%.*s", (int)view->message.payload_length,
           (const char *)view->message.payload);
  assert_int_equal(sscanf(text, "%511s %u %llu", caller, &attempt, &left), 3);
  assert_string_equal(caller, own_node(mesh));
  assert_int_equal(attempt, 1);
  assert_in_range(left, 1, 15000);
  assert_int_equal(view->message.headers_length, 1);
  assert_string_equal(view->message.headers[0].value, "ä");
  must(commy_free_reply(reply));
  must(commy_destroy_mesh(mesh));
}

static void greet(CommyInvocation invocation, const CommyRequest *request, void *context) {
  (void)context;
  char text[LINE_MAX_BYTES];
  const int length =
      snprintf(text, sizeof text, "%.*s to you", (int)request->message.payload_length,
               (const char *)request->message.payload);
  const CommyMessage reply = {.payload = text, .payload_length = (size_t)length};
  commy_complete(invocation, &reply);
}

static void calls_go_both_ways(void **state) {
  (void)state;
  const CommyMesh mesh = plain();
  Peer *peer = worker_of(name_of(mesh));
  const CommyRegistration here = serve(mesh, "here", greet, NULL);
  peer_knows(peer, "here", 1);
  begins(peer, "call here greet");
  assert_string_equal(tells(peer, "answer "), "hello to you");
  knows(mesh, "workers", 1);
  assert_string_equal(who(mesh, NULL), node_of(peer));
  must(commy_deregister_service(here));
  must(commy_destroy_mesh(mesh));
}

static void a_handlers_error_brings_its_code_message_and_details(void **state) {
  (void)state;
  const CommyMesh mesh = plain();
  Peer *peer = worker_of(name_of(mesh));
  knows(mesh, "workers", 1);
  ends(COMMY_STATUS_HANDLER_FAILED, commy_call(mesh, "workers", "fail", NULL, NULL, NULL));
  const CommyErrorView *error = commy_last_error();
  assert_string_equal(error->code, "OUT_OF_STOCK");
  assert_string_equal(error->reason, "none of tea left");
  assert_string_equal(error->details_json, "{\"left\":0}");
  assert_string_equal(error->service, "workers");
  assert_string_equal(error->method, "fail");
  assert_int_equal(error->attempts, 1);
  assert_non_null(strstr(error->instance_id, node_of(peer)));
  ends(COMMY_STATUS_UNIMPLEMENTED, commy_call(mesh, "workers", "nothing", NULL, NULL, NULL));
  must(commy_destroy_mesh(mesh));
}

static void a_deadline_or_a_cancellation_ends_the_work(void **state) {
  (void)state;
  const CommyMesh mesh = plain();
  Peer *peer = worker_of(name_of(mesh));
  knows(mesh, "workers", 1);
  CommyCallOptions options = {.size = sizeof options, .timeout_ms = 300 * (uint64_t)slowness()};
  ends(COMMY_STATUS_DEADLINE_EXCEEDED, commy_call(mesh, "workers", "hold", NULL, &options, NULL));
  tells(peer, "held");
  tells(peer, "dropped");
  options.timeout_ms = 0;
  must(commy_create_token(&options.token));
  Caller *caller = calls(mesh, "hold", &options);
  tells(peer, "held");
  must(commy_cancel(options.token));
  assert_int_equal(ended(caller).status, COMMY_STATUS_CANCELLED);
  tells(peer, "dropped");
  must(commy_free_token(options.token));
  assert_string_equal(who(mesh, NULL), node_of(peer));
  must(commy_destroy_mesh(mesh));
}

/// Waits until each is told of the other's events: interest travels by itself.
static void meet(CommyMesh mesh, Peer *peer) {
  CommySubscription begin;
  CommyEvent event;
  CommyStatus status;
  must(commy_subscribe(mesh, "begin/there", NULL, &begin));
  do {
    does(peer, "publish begin/there 0 1");
    status = commy_next_event(begin, 50, &event);
  } while (status == COMMY_STATUS_DEADLINE_EXCEEDED);
  must(status);
  must(commy_free_event(event));
  must(commy_close_subscription(begin));
  does(peer, "subscribe begin/here");
  const CommyMessage seven = {.payload = "7", .payload_length = 1};
  do {
    must(commy_publish(mesh, "begin/here", &seven));
  } while (tells_within(peer, "event 7 ", 50) == NULL);
  // Those that came late.
  while (tells_within(peer, "event 7 ", 300) != NULL) {
  }
}

/// Waits for an event, checks whose it is, and gives its number and how many were missed.
static long take(CommySubscription events, const char *publisher, uint64_t *missed) {
  CommyEvent event;
  const CommyEventView *view;
  char text[32];
  must(commy_next_event(events, LIMIT_MS, &event));
  must(commy_view_event(event, &view));
  assert_string_equal(view->publisher, publisher);
  *missed = view->missed;
  snprintf(text, sizeof text, "%.*s", (int)view->message.payload_length,
           (const char *)view->message.payload);
  must(commy_free_event(event));
  return strtol(text, NULL, 10);
}

static void events_go_both_ways_in_order(void **state) {
  (void)state;
  const CommyMesh mesh = plain();
  Peer *peer = peer_of(name_of(mesh), NULL);
  CommySubscription events;
  uint64_t missed;
  must(commy_subscribe(mesh, "there", NULL, &events));
  does(peer, "subscribe here");
  meet(mesh, peer);
  does(peer, "publish there 0 200");
  for (int value = 0; value < 200; value++) {
    assert_int_equal(take(events, node_of(peer), &missed), value);
    assert_int_equal(missed, 0);
  }
  for (int value = 0; value < 200; value++) {
    char text[8], expected[LINE_MAX_BYTES];
    snprintf(text, sizeof text, "%d", value);
    const CommyMessage event = {.payload = text, .payload_length = strlen(text)};
    must(commy_publish(mesh, "here", &event));
    snprintf(expected, sizeof expected, "%d %s 0", value, own_node(mesh));
    assert_string_equal(tells(peer, "event "), expected);
  }
  must(commy_close_subscription(events));
  must(commy_destroy_mesh(mesh));
}

static void what_a_slow_subscriber_loses_is_counted(void **state) {
  (void)state;
  const CommyMesh mesh = plain();
  Peer *peer = peer_of(name_of(mesh), NULL);
  const CommySubscribeOptions options = {.size = sizeof options, .capacity = 3};
  CommySubscription events;
  uint64_t dropped = 0, missed, missed_in_all = 0;
  must(commy_subscribe(mesh, "there", &options, &events));
  meet(mesh, peer);
  does(peer, "publish there 0 10");
  eventually(commy_dropped_events(events, &dropped) == COMMY_STATUS_OK && dropped == 7);
  for (int value = 7; value < 10; value++) {
    assert_int_equal(take(events, node_of(peer), &missed), value);
    missed_in_all += missed;
  }
  assert_int_equal(missed_in_all, 7);
  assert_int_equal(stats_of(mesh).events_dropped, 7);
  must(commy_close_subscription(events));
  must(commy_destroy_mesh(mesh));
}

static void a_watch_sees_another_register_withdraw_and_stop(void **state) {
  (void)state;
  const CommyMesh mesh = plain();
  const CommyWatch watch = watch_workers(mesh);
  Peer *peer = peer_of(name_of(mesh), NULL);
  const char *const ends_of[] = {"withdraw workers", "stop"};
  for (int index = 0; index < 2; index++) {
    does(peer, "register workers");
    sees(watch, COMMY_CHANGE_KIND_ADDED, node_of(peer));
    does(peer, "%s", ends_of[index]);
    sees(watch, COMMY_CHANGE_KIND_REMOVED, node_of(peer));
  }
  eventually(stats_of(mesh).peers == 0);
  must(commy_close_watch(watch));
  must(commy_destroy_mesh(mesh));
}

static void answer_node(CommyInvocation invocation, const CommyRequest *request, void *context) {
  (void)request;
  const char *node = context;
  const CommyMessage reply = {.payload = node, .payload_length = strlen(node)};
  commy_complete(invocation, &reply);
}

static void an_instance_in_this_process_or_zone_is_preferred(void **state) {
  (void)state;
  const CommyMesh mesh = joined((CommyMeshOptions){.zone = "near"});
  Peer *near = peer_of(name_of(mesh), "--zone", "near");
  Peer *far = peer_of(name_of(mesh), "--zone", "far");
  does(near, "register workers");
  does(far, "register workers");
  knows(mesh, "workers", 2);
  for (int count = 0; count < 20; count++) {
    assert_string_equal(who(mesh, NULL), node_of(near));
  }
  const CommyCallOptions any = {
      .size = sizeof any, .any_zone = true, .balance = COMMY_BALANCE_ROUND_ROBIN};
  int at_near = 0;
  for (int count = 0; count < 20; count++) {
    at_near += strcmp(who(mesh, &any), node_of(near)) == 0;
  }
  assert_int_equal(at_near, 10);
  does(near, "withdraw workers");
  does(far, "withdraw workers");
  knows(mesh, "workers", 0);
  does(near, "register workers");
  knows(mesh, "workers", 1);
  char node[LINE_MAX_BYTES];
  snprintf(node, sizeof node, "%s", own_node(mesh));
  const CommyRegistration here = serve(mesh, "workers", answer_node, node);
  knows(mesh, "workers", 2);
  // Nothing is known of either yet: they are equal.
  assert_string_equal(who(mesh, NULL), node);
  must(commy_deregister_service(here));
  must(commy_destroy_mesh(mesh));
}

static void messages_within_a_process_never_touch_the_fabric(void **state) {
  (void)state;
  const CommyMesh mesh = plain();
  const CommyRegistration here = serve(mesh, "here", echo, NULL);
  CommySubscription events;
  uint64_t missed;
  must(commy_subscribe(mesh, "numbers", NULL, &events));
  const CommyMessage event = {.payload = "1", .payload_length = 1};
  worker_of(name_of(mesh));
  knows(mesh, "workers", 1);
  const CommyMeshStats before = stats_of(mesh);
  for (int count = 0; count < 20; count++) {
    must(commy_call(mesh, "here", "echo", &event, NULL, NULL));
    must(commy_publish(mesh, "numbers", &event));
    take(events, own_node(mesh), &missed);
  }
  const CommyMeshStats after = stats_of(mesh);
  assert_int_equal(after.calls_ok - before.calls_ok, 20);
  assert_int_equal(after.fabric_messages, before.fabric_messages);
  assert_int_equal(after.bytes_sent, before.bytes_sent);
  who(mesh, NULL);
  assert_true(stats_of(mesh).fabric_messages > after.fabric_messages);
  must(commy_close_subscription(events));
  must(commy_deregister_service(here));
  must(commy_destroy_mesh(mesh));
}

static void only_meshes_of_one_name_meet(void **state) {
  (void)state;
  const CommyMesh mesh = plain();
  char other[LINE_MAX_BYTES];
  snprintf(other, sizeof other, "%s-other", name_of(mesh));
  worker_of(other);
  does(peer_of(name_of(mesh), "--local-only"), "register workers");
  does(peer_of(name_of(mesh), NULL), "register later");
  // Who came later is known, so who came earlier would be.
  knows(mesh, "later", 1);
  assert_int_equal(known(mesh, "workers"), 0);
  assert_int_equal(stats_of(mesh).peers, 1);
  must(commy_destroy_mesh(mesh));
}

static void nodes_meet_by_address_and_clients_through_their_router(void **state) {
  (void)state;
  char address[LINE_MAX_BYTES];
  snprintf(address, sizeof address, "tcp/127.0.0.1:%d", free_port());
  const char *const listen[] = {address};
  const CommyMesh mesh = joined(
      (CommyMeshOptions){.mode = COMMY_FABRIC_MODE_ROUTER, .listen = listen, .listen_length = 1});
  const char *const connect[] = {"--connect", address, NULL};
  Peer *far = peer_in(elsewhere(), name_of(mesh), connect);
  does(far, "register far");
  Peer *client = peer_of(name_of(mesh), "--client", "--connect", address);
  does(client, "register workers");
  knows(mesh, "far", 1);
  knows(mesh, "workers", 1);
  assert_string_equal(who(mesh, NULL), node_of(client));
  must(commy_call(mesh, "far", "who", NULL, NULL, NULL));
  must(commy_destroy_mesh(mesh));
}

static void certificates_of_one_authority_let_nodes_meet(void **state) {
  (void)state;
  const char *directory = elsewhere();
  char address[LINE_MAX_BYTES], ca[LINE_MAX_BYTES], certificate[LINE_MAX_BYTES],
      key[LINE_MAX_BYTES];
  certify(directory, "ours", "here");
  certify(directory, "ours", "there");
  certify(directory, "theirs", "there");
  snprintf(address, sizeof address, "tls/localhost:%d", free_port());
  snprintf(ca, sizeof ca, "%s/ours/ca.pem", directory);
  snprintf(certificate, sizeof certificate, "%s/ours/here.pem", directory);
  snprintf(key, sizeof key, "%s/ours/here-key.pem", directory);
  const char *const listen[] = {address};
  const CommyTlsOptions tls = {
      .size = sizeof tls, .ca = ca, .certificate = certificate, .key = key};
  const CommyMesh mesh =
      joined((CommyMeshOptions){.listen = listen, .listen_length = 1, .tls = &tls});
  const char *const authorities[] = {"ours", "theirs"};
  for (int index = 0; index < 2; index++) {
    // Another authority's node trusts ours, and is not trusted.
    snprintf(certificate, sizeof certificate, "%s/%s/there.pem", directory, authorities[index]);
    snprintf(key, sizeof key, "%s/%s/there-key.pem", directory, authorities[index]);
    const char *const options[] = {"--connect", address, "--tls", ca, certificate, key, NULL};
    Peer *peer = peer_in(directory, name_of(mesh), options);
    does(peer, "register workers");
    if (index == 0) {
      knows(mesh, "workers", 1);
      assert_string_equal(who(mesh, NULL), node_of(peer));
      send_signal(peer, SIGKILL);
      eventually(stats_of(mesh).peers == 0);
    } else {
      for (int count = 0; count < 100; count++) {
        assert_int_equal(stats_of(mesh).peers, 0);
        assert_int_equal(known(mesh, "workers"), 0);
        pause_ms(10);
      }
    }
  }
  must(commy_destroy_mesh(mesh));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      peer_test(an_instance_is_found_with_all_that_is_known_of_it),
      peer_test(two_processes_find_each_other_within_a_second),
      peer_test(every_byte_and_a_mebibyte_arrive_as_they_were_sent),
      peer_test(large_payloads_arrive_without_shared_memory_too),
      peer_test(a_handler_learns_who_calls_and_what_is_left_of_the_deadline),
      peer_test(calls_go_both_ways),
      peer_test(a_handlers_error_brings_its_code_message_and_details),
      peer_test(a_deadline_or_a_cancellation_ends_the_work),
      peer_test(events_go_both_ways_in_order),
      peer_test(what_a_slow_subscriber_loses_is_counted),
      peer_test(a_watch_sees_another_register_withdraw_and_stop),
      peer_test(an_instance_in_this_process_or_zone_is_preferred),
      peer_test(messages_within_a_process_never_touch_the_fabric),
      peer_test(only_meshes_of_one_name_meet),
      peer_test(nodes_meet_by_address_and_clients_through_their_router),
      peer_test(certificates_of_one_authority_let_nodes_meet),
  };
  return topic_of_links(tests);
}
