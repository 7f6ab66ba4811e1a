import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { test } from "node:test";

import * as callbacks from "./callbacks.js";

class Recorder implements callbacks.Transformer {
  readonly seenCalls: [bigint, Uint8Array | undefined][] = [];

  apply(text: string): string {
    return text.toUpperCase();
  }

  tryApply(text: string): string {
    if (text === "bad") {
      throw new callbacks.TransformErrorRejected({ text, position: 3 });
    }
    if (text === "worse") {
      throw new TypeError("broken");
    }
    return text + text;
  }

  seen(index: bigint, payload: Uint8Array | undefined): void {
    this.seenCalls.push([index, payload]);
  }
}

test("Rust calls back on this thread", () => {
  assert.equal(callbacks.transform(new Recorder(), "zwölf"), "ZWÖLF");
  assert.equal(callbacks.tryTransform(new Recorder(), "ab"), "abab");
});

test("a callback may call Rust", () => {
  const recorder = new Recorder();
  recorder.apply = (text) =>
    text.length < 20 ? callbacks.transform(recorder, `${text}${text}`) : text;
  assert.equal(callbacks.transform(recorder, "ab"), "ab".repeat(16));
});

test("a callback's error is the call's", () => {
  assert.throws(
    () => callbacks.tryTransform(new Recorder(), "bad"),
    (error) =>
      error instanceof callbacks.TransformErrorRejected &&
      error.text === "bad" &&
      error.position === 3,
  );
  assert.throws(
    () => callbacks.tryTransform(new Recorder(), "worse"),
    (error) =>
      error instanceof callbacks.TransformErrorUnexpected &&
      error.reason === "TypeError: broken",
  );
});

test("10,000 calls from threads of Rust's arrive on this one", async () => {
  const recorder = new Recorder();
  using pump = new callbacks.Pump(recorder);
  await pump.run(8, 1250);
  assert.equal(pump.finished(), 10_000n);
  assert.equal(recorder.seenCalls.length, 10_000);
  for (const [index, payload] of recorder.seenCalls) {
    const expected = Buffer.alloc(4);
    expected.writeUInt32BE(Number(index));
    assert.deepEqual(
      payload,
      index % 2n === 0n ? new Uint8Array(expected) : undefined,
    );
  }
});

test("calls arrive after the call that caused them", async () => {
  const recorder = new Recorder();
  using pump = new callbacks.Pump(recorder);
  pump.runLater(50, 5n);
  assert.equal(recorder.seenCalls.length, 0);
  for (let turn = 0; turn < 1000 && pump.finished() < 50n; turn++) {
    await sleep(5);
  }
  assert.equal(pump.finished(), 50n);
  assert.equal(recorder.seenCalls.length, 50);
});

test("Rust lets go of a callback", async () => {
  let isFinalized = false;
  const registry = new FinalizationRegistry(() => (isFinalized = true));
  const pump = (() => {
    const recorder = new Recorder();
    registry.register(recorder, undefined);
    return new callbacks.Pump(recorder);
  })();
  pump[Symbol.dispose]();
  for (let turn = 0; turn < 200 && !isFinalized; turn++) {
    globalThis.gc?.();
    await sleep(5);
  }
  assert.ok(isFinalized);
});
