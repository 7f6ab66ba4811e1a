import assert from "node:assert/strict";
import { test } from "node:test";

import * as errors from "./errors.js";
import { DeclaredError, InternalError } from "./uniffi-runtime.js";

test("a flat error has a class, a tag and Rust's message", () => {
  assert.equal(errors.parse("42"), 42);
  assert.throws(
    () => errors.parse("x"),
    (error) => {
      assert.ok(error instanceof errors.ParseErrorUnreadable);
      assert.ok(error instanceof errors.ParseError);
      assert.ok(error instanceof DeclaredError && error instanceof Error);
      assert.equal(error.tag, "Unreadable");
      assert.equal(error.name, "ParseErrorUnreadable");
      assert.equal(error.message, "not a number: x");
      assert.match(error.stack ?? "", /errors\.test/);
      return true;
    },
  );
  assert.throws(() => errors.parse("101"), errors.ParseErrorOutOfRange);
  assert.throws(() => errors.require(""), errors.ParseError);
});

test("a rich error has its fields", () => {
  assert.equal(errors.transfer(5n, 3n, false), 2n);
  assert.throws(
    () => errors.transfer(5n, 7n, false),
    (error) => {
      assert.ok(error instanceof errors.TransferErrorInsufficient);
      assert.equal(error.balance, 5n);
      assert.equal(error.needed, 7n);
      assert.equal(error.message, "Insufficient { balance: 5n, needed: 7n }");
      return true;
    },
  );
  assert.throws(() => errors.transfer(5n, 1n, true), {
    name: "TransferErrorLocked",
    message: "Locked",
  });
  assert.throws(
    () => errors.transfer(5n, 0n, false),
    (error) =>
      error instanceof errors.TransferErrorRefused &&
      error.detail.column === "amount",
  );
});

test("an object can be an error, and is freed like any object", () => {
  errors.provoke("nothing", 0);
  assert.throws(
    () => errors.provoke("fire", 3),
    (error) => {
      assert.ok(error instanceof errors.Incident && error instanceof Error);
      assert.equal(error.what(), "fire");
      assert.equal(error.severity(), 3);
      assert.equal(error.message, "incident of severity 3: fire");
      assert.match(error.stack ?? "", /errors\.test/);
      assert.equal(errors.liveIncidents(), 1n);
      error[Symbol.dispose]();
      assert.equal(errors.liveIncidents(), 0n);
      return true;
    },
  );
});

test("a panic is an internal error, and the next call works", () => {
  assert.throws(() => errors.explode("boom"), {
    name: "InternalError",
    message: "boom",
  });
  assert.throws(() => errors.explode(""), InternalError);
  assert.equal(errors.parse("1"), 1);
});

test("100,000 failures leave nothing behind", () => {
  const before = process.memoryUsage().rss;
  for (let turn = 0; turn < 100_000; turn++) {
    try {
      errors.transfer(1n, 2n, false);
      assert.fail("it must fail");
    } catch (error) {
      assert.ok(error instanceof errors.TransferErrorInsufficient);
    }
  }
  globalThis.gc?.();
  const grown = process.memoryUsage().rss - before;
  assert.ok(grown < 64e6, `grew by ${grown} bytes`);
});
