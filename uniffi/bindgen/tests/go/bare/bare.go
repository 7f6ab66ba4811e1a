// Package bare calls the library by hand, as little as cgo allows.
package bare

/*
#cgo LDFLAGS: -ltopics
#include <stdint.h>

typedef struct {
  uint64_t capacity;
  uint64_t len;
  uint8_t *data;
} Buffer;

typedef struct {
  int32_t len;
  const uint8_t *data;
} Bytes;

typedef struct {
  int8_t code;
  Buffer error;
} Status;

uint64_t uniffi_topic_primitives_fn_func_echo_u64(uint64_t, Status *);
Buffer uniffi_topic_strings_fn_func_echo(Buffer, Status *);
Buffer ffi_topic_strings_rustbuffer_from_bytes(Bytes, Status *);
void ffi_topic_strings_rustbuffer_free(Buffer, Status *);
uint64_t uniffi_topic_objects_fn_constructor_counter_new(Status *);
uint64_t uniffi_topic_objects_fn_clone_counter(uint64_t, Status *);
uint64_t uniffi_topic_objects_fn_method_counter_value(uint64_t, Status *);

static uint64_t echo_u64(uint64_t value) {
  Status status = {0};
  return uniffi_topic_primitives_fn_func_echo_u64(value, &status);
}

static Buffer echo(const uint8_t *data, int32_t len) {
  Status status = {0};
  Bytes bytes = {len, data};
  return uniffi_topic_strings_fn_func_echo(ffi_topic_strings_rustbuffer_from_bytes(bytes, &status), &status);
}

static void free_buffer(Buffer buffer) {
  Status status = {0};
  ffi_topic_strings_rustbuffer_free(buffer, &status);
}

static uint64_t make_counter(void) {
  Status status = {0};
  return uniffi_topic_objects_fn_constructor_counter_new(&status);
}

static uint64_t counter_value(uint64_t counter) {
  Status status = {0};
  return uniffi_topic_objects_fn_method_counter_value(uniffi_topic_objects_fn_clone_counter(counter, &status), &status);
}
*/
import "C"

import "unsafe"

// EchoU64 passes a number both ways.
func EchoU64(value uint64) uint64 {
	return uint64(C.echo_u64(C.uint64_t(value)))
}

// Echo passes a text both ways.
func Echo(text string) string {
	buffer := C.echo((*C.uint8_t)(unsafe.StringData(text)), C.int32_t(len(text)))
	echoed := C.GoStringN((*C.char)(unsafe.Pointer(buffer.data)), C.int(buffer.len))
	C.free_buffer(buffer)
	return echoed
}

// Counter is a handle.
type Counter C.uint64_t

// NewCounter makes a counter.
func NewCounter() Counter {
	return Counter(C.make_counter())
}

// Value calls a method.
func (c Counter) Value() uint64 {
	return uint64(C.counter_value(C.uint64_t(c)))
}
