import assert from "node:assert/strict";
import { test } from "node:test";

import * as records from "./records.js";

test("records cross with all their fields", () => {
  assert.deepEqual(records.echoPoint({ x: 1.5, y: -2 }), { x: 1.5, y: -2 });
  const line = { from: { x: 0, y: 0 }, to: { x: 3, y: 4 } };
  assert.deepEqual(records.echoLine(line), line);
  assert.equal(records.length(line), 5);
  assert.deepEqual(records.echoNothing({}), {});
});

test("every primitive crosses inside a record", () => {
  const value: records.Everything = {
    u8Value: 255,
    i8Value: -128,
    u16Value: 65535,
    i16Value: -32768,
    u32Value: 4294967295,
    i32Value: -2147483648,
    u64Value: 2n ** 64n - 1n,
    i64Value: -(2n ** 63n),
    f32Value: 0.5,
    f64Value: Number.MIN_VALUE,
    booleanValue: true,
    stringValue: "zwölf 🦀 a\0b",
  };
  assert.deepEqual(records.echoEverything(value), value);
});

test("fields with a default may be left out", () => {
  assert.deepEqual(records.echoSettings({ name: "n" }), {
    name: "n",
    enabled: true,
    offset: -7,
    limit: 255n,
    ratio: 0.5,
    label: "plain",
    note: undefined,
    title: "untitled",
    tags: [],
    weights: new Map(),
    mode: "Fast",
  });
  const given: records.Settings = {
    name: "n",
    enabled: false,
    offset: 1,
    limit: 2n,
    ratio: 3,
    label: "",
    note: "note",
    title: "title",
    tags: ["a", "b"],
    weights: new Map([["k", 1]]),
    mode: records.Mode.Slow,
  };
  assert.deepEqual(records.echoSettings(given), given);
});

test("a record contains itself through a sequence", () => {
  const leaf = { name: "leaf", children: [] };
  const tree = {
    name: "root",
    children: [leaf, { name: "b", children: [leaf] }],
  };
  assert.deepEqual(records.echoTree(tree), tree);
});

test("arguments with a default may be left out", () => {
  assert.equal(records.describe("a"), "a x3 []");
  assert.equal(records.describe("a", 1, true, "!", ["x", "y"]), "A x1! [x,y]");
});

test("a field that is refused is named", () => {
  assert.throws(
    () =>
      records.echoLine({ from: { x: 0, y: "1" as never }, to: { x: 0, y: 0 } }),
    { name: "TypeError", message: "Point.y: f64 must be a number, got string" },
  );
  assert.throws(() => records.echoPoint(undefined as never), {
    name: "TypeError",
    message: "Point expected, got undefined",
  });
});
