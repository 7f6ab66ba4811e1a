import assert from "node:assert/strict";
import { test } from "node:test";

import { Colour } from "./enums.js";
import { TransferErrorInsufficient } from "./errors.js";
import * as externals from "./externals.js";
import { Counter, liveCounters } from "./objects.js";
import type { Line, Point } from "./records.js";

const line: Line = { from: { x: 0, y: 0 }, to: { x: 2, y: 1 } };

test("another crate's values cross", () => {
  const point: Point = externals.mirrored({ x: 1, y: -2 });
  assert.deepEqual(point, { x: -1, y: 2 });
  assert.equal(externals.corners(line).length, 4);
  assert.equal(externals.favourite(true), Colour.Green);
  assert.equal(externals.favourite(false), undefined);
  const drawing: externals.Drawing = { lines: [line], colour: Colour.Red };
  assert.deepEqual(externals.echoDrawing(drawing), drawing);
});

test("another crate's objects are that crate's", () => {
  using counter = Counter.startingAt(4n);
  assert.equal(externals.bump(counter), 5n);
  assert.equal(counter.value(), 5n);
  using fresh = externals.fresh();
  assert.ok(fresh instanceof Counter);
  assert.equal(liveCounters(), 2n);
});

test("another crate's error is thrown", () => {
  externals.spend(5n, 3n);
  assert.throws(() => externals.spend(1n, 3n), TransferErrorInsufficient);
});
