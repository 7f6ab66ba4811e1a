import assert from "node:assert/strict";
import { test } from "node:test";

import koffi from "koffi";

import { Counter } from "./objects.js";
import { add, echoU64 } from "./primitives.js";
import { echo } from "./strings.js";

/** How many times a bare call a generated one may take. */
const MOST = 3;

// A round is long enough to be measured, and short enough that some are not disturbed.
const ROUNDS = 150;
const CALLS = 500;

/** The library called by hand, as little as koffi allows: what fails is not even looked for. */
const bare = (() => {
  const library = koffi.load(process.env["UNIFFI_LIBRARY_TOPICS"] as string);
  const address = koffi.types.uintptr_t;
  const { uint32, uint64, int32 } = koffi.types;
  const lent = koffi.struct({ len: int32, data: address });
  const buffer = koffi.struct({ capacity: uint64, len: uint64, data: address });
  const status = Buffer.from(new ArrayBuffer(32));
  const out = Number(koffi.address(status));
  const memory = Buffer.from(new ArrayBuffer(4096));
  const at = Number(koffi.address(memory));
  const func = library.func.bind(library);

  const sum = func("uniffi_topic_primitives_fn_func_add", uint32, [
    uint32,
    uint32,
    address,
  ]);
  const number = func("uniffi_topic_primitives_fn_func_echo_u64", uint64, [
    uint64,
    address,
  ]);
  const text = func("uniffi_topic_strings_fn_func_echo", buffer, [
    buffer,
    address,
  ]);
  const from = func("ffi_topic_strings_rustbuffer_from_bytes", buffer, [
    lent,
    address,
  ]);
  const free = func("ffi_topic_strings_rustbuffer_free", koffi.types.void, [
    buffer,
    address,
  ]);
  const make = func("uniffi_topic_objects_fn_constructor_counter_new", uint64, [
    address,
  ]);
  const clone = func("uniffi_topic_objects_fn_clone_counter", uint64, [
    uint64,
    address,
  ]);
  const value = func("uniffi_topic_objects_fn_method_counter_value", uint64, [
    uint64,
    address,
  ]);
  return {
    add: (left: number, right: number): number => sum(left, right, out),
    echoU64: (given: bigint): number | bigint => number(given, out),
    echo(given: string): string {
      const len = memory.write(given);
      const echoed = text(from({ len, data: at }, out), out);
      const copied = koffi.decode.string(echoed.data, Number(echoed.len));
      free(echoed, out);
      return copied;
    },
    counter(): { value(): number | bigint } {
      const handle = make(out);
      return { value: () => value(clone(handle, out), out) };
    },
  };
})();

/** The microseconds of one call, of the quickest of many rounds of each, taken in turns. */
function quickest(...functions: (() => unknown)[]): number[] {
  // What the machine does beside makes a round longer, and none shorter.
  const shortest = functions.map(() => Infinity);
  for (let round = 0; round < ROUNDS; round++) {
    for (const [index, call] of functions.entries()) {
      const begin = performance.now();
      for (let count = 0; count < CALLS; count++) {
        call();
      }
      const took = ((performance.now() - begin) / CALLS) * 1000;
      shortest[index] = Math.min(shortest[index] as number, took);
    }
  }
  return shortest;
}

const sentence = "commy".repeat(20);
const counter = new Counter();
const bareCounter = bare.counter();
const shapes: Record<string, [() => unknown, () => unknown]> = {
  "two numbers": [() => add(1, 2), () => bare.add(1, 2)],
  "a bigint": [() => echoU64(7n), () => bare.echoU64(7n)],
  "a text of 100 bytes": [() => echo(sentence), () => bare.echo(sentence)],
  "a method": [() => counter.value(), () => bareCounter.value()],
};
for (const [shape, [generated, byHand]] of Object.entries(shapes)) {
  test(`a sync call costs at most ${MOST} times a bare one: ${shape}`, (t) => {
    assert.equal(String(generated()), String(byHand()));
    const [ours, theirs] = quickest(generated, byHand) as [number, number];
    const ratio = ours / theirs;
    const told = `${ours.toFixed(3)} µs, by hand ${theirs.toFixed(3)} µs: ${ratio.toFixed(2)} times`;
    t.diagnostic(told);
    assert.ok(ratio <= MOST, told);
  });
}
