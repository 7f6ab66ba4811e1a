import assert from "node:assert/strict";
import { test } from "node:test";

import * as macros from "./macros.js";

test("sets cross", () => {
  const set = new Set(["a", "b"]);
  assert.deepEqual(macros.echoSet(set), set);
  assert.throws(() => macros.echoSet(["a"] as never), {
    message: "Set expected, got Array",
  });
});

test("an enum with discriminants has their numbers", () => {
  assert.equal(macros.Port.Http, 80);
  assert.equal(macros.Port.Next, 81);
  for (const port of Object.values(macros.Port)) {
    assert.equal(macros.echoPort(port), port);
  }
  assert.throws(() => macros.echoPort(1 as never), TypeError);
});

test("nameless fields are numbered", () => {
  const measure: macros.Measure = { tag: "Between", v1: 1, v2: 2 };
  assert.deepEqual(macros.echoMeasure(measure), measure);
  assert.deepEqual(macros.echoMeasure({ tag: "Metres", v1: 3 }), {
    tag: "Metres",
    v1: 3,
  });
});

test("a record that boxes itself crosses", () => {
  const first = { value: 1, next: { value: 2, next: undefined } };
  assert.equal(macros.links(first), 2);
});

test("a record's methods are functions", () => {
  assert.equal(macros.celsiusFahrenheit({ degrees: 100 }), 212);
  assert.equal(macros.celsiusFahrenheit({}), 68);
});
