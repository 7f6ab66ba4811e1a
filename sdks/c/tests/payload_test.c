// Payloads of every length and every byte.

#include "support.h"

static void bytes_travel_untouched(void **state) {
  (void)state;
  const CommyMesh mesh = started();
  const CommyRegistration registration = serve(mesh, "echo", echo, NULL);
  const size_t lengths[] = {0, 1, 255, 65536, 4 << 20};
  for (size_t index = 0; index < sizeof lengths / sizeof *lengths; index++) {
    unsigned char *bytes = malloc(lengths[index] + 1);
    assert_non_null(bytes);
    for (size_t place = 0; place < lengths[index]; place++) {
      bytes[place] = (unsigned char)(place * 31);
    }
    const CommyMessage request = {.payload = bytes, .payload_length = lengths[index]};
    CommyReply reply;
    const CommyReplyView *view;
    must(commy_call(mesh, "echo", NULL, &request, NULL, &reply));
    must(commy_view_reply(reply, &view));
    assert_int_equal(view->message.payload_length, lengths[index]);
    if (lengths[index] > 0) {
      assert_memory_equal(view->message.payload, bytes, lengths[index]);
    }
    assert_string_equal(view->message.content_type, "application/octet-stream");
    must(commy_free_reply(reply));
    free(bytes);
  }
  must(commy_deregister_service(registration));
  must(commy_destroy_mesh(mesh));
}

static void a_length_beyond_every_bound_is_refused_unread(void **state) {
  (void)state;
  const CommyMesh mesh = started();
  CommyMessage request = {.payload = "x", .payload_length = SIZE_MAX};
  ends(COMMY_STATUS_RESOURCE_EXHAUSTED, commy_call(mesh, "echo", NULL, &request, NULL, NULL));
  request = (CommyMessage){.payload = NULL, .payload_length = 1};
  ends(COMMY_STATUS_INVALID_ARGUMENT, commy_call(mesh, "echo", NULL, &request, NULL, NULL));
  request = (CommyMessage){.headers_length = SIZE_MAX};
  ends(COMMY_STATUS_INVALID_ARGUMENT, commy_call(mesh, "echo", NULL, &request, NULL, NULL));
  must(commy_destroy_mesh(mesh));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(bytes_travel_untouched),
      cmocka_unit_test(a_length_beyond_every_bound_is_refused_unread),
  };
  return topic_of(tests);
}
