import assert from "node:assert/strict";
import { test } from "node:test";

import * as moments from "./moments.js";
import { Duration, Timestamp } from "./uniffi-runtime.js";

test("timestamps cross to the nanosecond, before 1970 too", () => {
  for (const at of [
    new Timestamp(0n),
    new Timestamp(1_700_000_000n, 123_456_789),
    new Timestamp(-1n),
    new Timestamp(-2n, 999_999_999),
    new Timestamp(-1_000n, 1),
  ]) {
    assert.deepEqual(moments.echoTimestamp(at), at);
    assert.equal(
      moments.nanoseconds(at),
      at.seconds * 1_000_000_000n + BigInt(at.nanoseconds),
    );
  }
  assert.deepEqual(moments.epoch(), new Timestamp(0n));
  assert.equal(moments.echoOptional(undefined), undefined);
});

test("what UniFFI has no sign for is refused", () => {
  assert.throws(() => moments.echoTimestamp(new Timestamp(-1n, 999_999_999)), {
    name: "RangeError",
    message: "a timestamp cannot lie less than a second before 1970, got -1 ns",
  });
});

test("timestamps and dates become each other", () => {
  for (const time of [0, 1_700_000_000_123, -1, -1_001]) {
    const at = Timestamp.fromDate(new Date(time));
    assert.equal(at.toDate().getTime(), time);
  }
  assert.deepEqual(
    Timestamp.fromDate(new Date(-1)),
    new Timestamp(-1n, 999_000_000),
  );
});

test("durations cross to the nanosecond", () => {
  const length = new Duration(3n, 1);
  assert.deepEqual(moments.echoDuration(length), length);
  assert.deepEqual(
    moments.longest(),
    new Duration(2n ** 64n - 1n, 999_999_999),
  );
  assert.equal(Duration.fromMilliseconds(1500.5).toMilliseconds(), 1500.5);
  const takes = Duration.fromMilliseconds(1);
  const at = new Timestamp(9n);
  assert.deepEqual(moments.echoAppointment({ at, takes }), { at, takes });
});

test("they are reckoned with in Rust", () => {
  const at = new Timestamp(10n);
  const by = new Duration(5n, 5);
  const later = moments.later(at, by);
  assert.deepEqual(later, new Timestamp(15n, 5));
  assert.deepEqual(moments.between(at, later), by);
  assert.throws(() => moments.between(later, at), moments.MomentErrorBackwards);
  assert.throws(
    () => moments.later(at, moments.longest()),
    moments.MomentErrorOverflow,
  );
});

test("what is neither is refused", () => {
  assert.throws(() => moments.echoTimestamp(new Date() as never), {
    name: "TypeError",
    message: "Timestamp expected, got Date",
  });
  assert.throws(() => new Duration(0n, 1e9), RangeError);
  assert.throws(() => moments.echoDuration(new Duration(-1n)), RangeError);
});
