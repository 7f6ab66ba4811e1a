import assert from "node:assert/strict";
import { test } from "node:test";

import * as primitives from "./primitives.js";
import { InternalError } from "./uniffi-runtime.js";

test("numbers cross at their limits", () => {
  for (const value of [0, 0xff]) {
    assert.equal(primitives.echoU8(value), value);
  }
  for (const value of [-0x80, 0x7f]) {
    assert.equal(primitives.echoI8(value), value);
  }
  for (const value of [0, 0xffff]) {
    assert.equal(primitives.echoU16(value), value);
  }
  for (const value of [-0x8000, 0x7fff]) {
    assert.equal(primitives.echoI16(value), value);
  }
  for (const value of [0, 0xffffffff]) {
    assert.equal(primitives.echoU32(value), value);
  }
  for (const value of [-0x80000000, 0x7fffffff]) {
    assert.equal(primitives.echoI32(value), value);
  }
  for (const value of [0n, 1n, 2n ** 53n + 1n, 2n ** 64n - 1n]) {
    assert.equal(primitives.echoU64(value), value);
  }
  for (const value of [-(2n ** 63n), 0n, 2n ** 63n - 1n]) {
    assert.equal(primitives.echoI64(value), value);
  }
});

test("floats cross unchanged", () => {
  for (const value of [0, -0, 0.5, Infinity, -Infinity, NaN]) {
    assert.ok(Object.is(primitives.echoF32(value), value));
    assert.ok(Object.is(primitives.echoF64(value), value));
  }
  assert.equal(primitives.echoF64(Number.MIN_VALUE), Number.MIN_VALUE);
});

test("booleans cross", () => {
  assert.equal(primitives.echoBoolean(true), true);
  assert.equal(primitives.echoBoolean(false), false);
});

test("a number out of range is refused with its value and the rule", () => {
  assert.throws(() => primitives.echoU8(256), {
    name: "RangeError",
    message: "u8 must be an integer from 0 to 255, got 256",
  });
  assert.throws(() => primitives.echoI32(0.5), RangeError);
  assert.throws(() => primitives.echoU64(-1n), RangeError);
});

test("a function without a result runs", () => {
  const before = primitives.ticks();
  primitives.tick();
  assert.equal(primitives.ticks(), before + 1n);
});

test("a panic in Rust is an internal error, and the next call works", () => {
  assert.throws(
    () => primitives.add(0xffffffff, 1),
    (error) =>
      error instanceof InternalError &&
      error.message.includes("the sum fits a u32"),
  );
  assert.equal(primitives.add(2, 3), 5);
});

test("a string crosses both ways", () => {
  assert.equal(primitives.greet("wörld"), "hello, wörld");
});
