import assert from "node:assert/strict";
import { test } from "node:test";
import koffi from "koffi";

import { Counter } from "./objects.js";
import { add } from "./primitives.js";
import { bytesIn } from "./strings.js";

/** What generated code may cost, by what a bare call by hand costs. */
const RATIO_MAX = 3;
const ROUNDS = 25;
const CALLS = 4_000;

const library = koffi.load(process.env["UNIFFI_LIBRARY_TOPICS"] as string);
const address = koffi.types.uintptr_t;
const rustBuffer = koffi.struct({
  capacity: "uint64_t",
  len: "uint64_t",
  data: address,
});
const foreignBytes = koffi.struct({ len: "int32_t", data: address });
// Reused for all calls, which is the cheapest way that there is to make one.
const memory = Buffer.from(new ArrayBuffer(32));
const status = Number(koffi.address(memory));

function func(
  symbol: string,
  result: koffi.TypeSpec,
  ...args: koffi.TypeSpec[]
) {
  return library.func(symbol, result, [...args, address]);
}

/** The least that one call took, of many rounds: all else is what the machine did meanwhile. */
function nanoseconds(calls: (() => void)[]): number[] {
  const least = calls.map(() => Infinity);
  for (let round = 0; round < ROUNDS; round++) {
    for (const [index, call] of calls.entries()) {
      const begin = process.hrtime.bigint();
      for (let count = 0; count < CALLS; count++) {
        call();
      }
      const took = Number(process.hrtime.bigint() - begin) / CALLS;
      least[index] = Math.min(least[index] ?? Infinity, took);
    }
  }
  return least;
}

function compare(what: string, generated: () => void, bare: () => void): void {
  const [cost = NaN, least = NaN] = nanoseconds([generated, bare]);
  const ratio = cost / least;
  const shown = `${cost.toFixed(0)} ns by ${least.toFixed(0)} ns: ${ratio.toFixed(2)}`;
  console.log(`${what}: ${shown}`);
  assert.ok(ratio <= RATIO_MAX, `${what}: ${shown}`);
}

test("a function of numbers costs little more than a bare call", () => {
  const bare = func(
    "uniffi_topic_primitives_fn_func_add",
    "uint32_t",
    "uint32_t",
    "uint32_t",
  );
  compare(
    "numbers",
    () => add(1, 2),
    () => bare(1, 2, status),
  );
});

test("a function of a string costs little more than the bare calls", () => {
  const bare = func(
    "uniffi_topic_strings_fn_func_bytes_in",
    "uint32_t",
    rustBuffer,
  );
  const fromBytes = func(
    "ffi_topic_strings_rustbuffer_from_bytes",
    rustBuffer,
    foreignBytes,
  );
  const block = Buffer.from(new ArrayBuffer(64));
  const lent = { len: 0, data: Number(koffi.address(block)) };
  const text = "a short text";
  compare(
    "a string",
    () => bytesIn(text),
    () => {
      lent.len = block.write(text, 0, "utf8");
      bare(fromBytes(lent, status), status);
    },
  );
});

test("a method costs little more than the bare calls", () => {
  const handle = "uint64_t";
  const create = func(
    "uniffi_topic_objects_fn_constructor_counter_new",
    handle,
  );
  const clone = func("uniffi_topic_objects_fn_clone_counter", handle, handle);
  const free = func("uniffi_topic_objects_fn_free_counter", "void", handle);
  const value = func(
    "uniffi_topic_objects_fn_method_counter_value",
    "uint64_t",
    handle,
  );
  using counter = new Counter();
  const raw: number = create(status);
  compare(
    "a method",
    () => counter.value(),
    () => value(clone(raw, status), status),
  );
  free(raw, status);
});
