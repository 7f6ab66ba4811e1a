// Events, waited for and handed to callbacks.

#include "support.h"

static void publish(CommyMesh mesh, const char *topic, const char *text) {
  const CommyMessage event = {.payload = text, .payload_length = strlen(text)};
  must(commy_publish(mesh, topic, &event));
}

static void events_arrive_in_order(void **state) {
  (void)state;
  const CommyMesh mesh = started();
  CommySubscription subscription;
  CommyEvent event;
  const CommyEventView *view;
  must(commy_subscribe(mesh, "orders/*", NULL, &subscription));
  ends(COMMY_STATUS_DEADLINE_EXCEEDED, commy_next_event(subscription, 20, &event));
  publish(mesh, "orders/created", "a");
  publish(mesh, "stock/low", "x");
  publish(mesh, "orders/paid", "b");
  const char *const topics[] = {"orders/created", "orders/paid"};
  for (int index = 0; index < 2; index++) {
    must(commy_next_event(subscription, LIMIT_MS, &event));
    must(commy_view_event(event, &view));
    assert_string_equal(view->topic, topics[index]);
    assert_memory_equal(view->message.payload, &"ab"[index], 1);
    assert_int_equal(view->missed, 0);
    must(commy_free_event(event));
  }
  must(commy_stop_mesh(mesh));
  must(commy_next_event(subscription, COMMY_FOREVER, &event));
  assert_int_equal(event.id, 0);
  must(commy_close_subscription(subscription));
  ends(COMMY_STATUS_INVALID_ARGUMENT, commy_close_subscription(subscription));
  must(commy_destroy_mesh(mesh));
}

static void the_oldest_make_room(void **state) {
  (void)state;
  const CommyMesh mesh = started();
  const CommySubscribeOptions options = {.size = sizeof options, .capacity = 1};
  CommySubscription subscription;
  CommyEvent event;
  const CommyEventView *view;
  must(commy_subscribe(mesh, "**", &options, &subscription));
  publish(mesh, "a", "1");
  publish(mesh, "a", "2");
  publish(mesh, "a", "3");
  must(commy_next_event(subscription, LIMIT_MS, &event));
  must(commy_view_event(event, &view));
  assert_memory_equal(view->message.payload, "3", 1);
  assert_int_equal(view->missed, 2);
  uint64_t dropped = 0;
  must(commy_dropped_events(subscription, &dropped));
  assert_int_equal(dropped, 2);
  must(commy_free_event(event));
  must(commy_close_subscription(subscription));
  must(commy_destroy_mesh(mesh));
}

typedef struct {
  atomic_int events;
  atomic_int released;
} Taken;

static void take(const CommyEventView *event, void *context) {
  (void)event;
  atomic_fetch_add(&((Taken *)context)->events, 1);
}

static void release(void *context) { atomic_fetch_add(&((Taken *)context)->released, 1); }

static void a_callback_gets_every_event_and_then_its_context_is_released(void **state) {
  (void)state;
  const CommyMesh mesh = started();
  Taken taken = {0};
  const CommySubscribeOptions options = {
      .size = sizeof options, .on_event = take, .context = &taken, .release = release};
  CommySubscription subscription;
  CommyEvent event;
  must(commy_subscribe(mesh, "**", &options, &subscription));
  ends(COMMY_STATUS_FAILED_PRECONDITION, commy_next_event(subscription, 0, &event));
  for (int index = 0; index < 100; index++) {
    publish(mesh, "a", "x");
  }
  must(commy_close_subscription(subscription));
  eventually(taken.released == 1);
  assert_int_equal(taken.events, 100);
  must(commy_destroy_mesh(mesh));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(events_arrive_in_order),
      cmocka_unit_test(the_oldest_make_room),
      cmocka_unit_test(a_callback_gets_every_event_and_then_its_context_is_released),
  };
  return topic_of(tests);
}
