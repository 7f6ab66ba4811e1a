import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { test } from "node:test";

import * as listeners from "./listeners.js";
import type { AsyncOptions } from "./uniffi-runtime.js";

class Oracle implements listeners.Responder {
  readonly heard: string[] = [];
  aborted = 0;

  async answer(question: string, options?: AsyncOptions): Promise<string> {
    if (question === "slow") {
      await sleep(10_000, undefined, { signal: options?.signal }).catch(() => {
        this.aborted++;
      });
    }
    if (question === "bad") {
      await sleep(1);
      throw new listeners.AnswerErrorUnknown({ question });
    }
    if (question === "worse") {
      throw new RangeError("broken");
    }
    return `${question}!`;
  }

  async add(left: bigint, right: number): Promise<bigint> {
    await sleep(1);
    return left + BigInt(right);
  }

  async told(text: string): Promise<void> {
    this.heard.push(text);
  }

  name(): string {
    return "oracle";
  }
}

test("Rust awaits what we answer", async () => {
  const oracle = new Oracle();
  assert.equal(await listeners.ask(oracle, "why"), "oracle: why!");
  assert.equal(await listeners.addUp(oracle, [1, 2, 3]), 6n);
  await listeners.notify(oracle, "news");
  assert.deepEqual(oracle.heard, ["news"]);
});

test("a method may answer at once", async () => {
  const oracle = new Oracle();
  oracle.answer = ((question: string) => `now ${question}`) as never;
  assert.equal(await listeners.ask(oracle, "why"), "oracle: now why");
  oracle.answer = () => {
    throw new listeners.AnswerErrorUnknown({ question: "at once" });
  };
  await assert.rejects(listeners.ask(oracle, "x"), { question: "at once" });
});

test("what a method rejects with reaches Rust", async () => {
  await assert.rejects(
    listeners.ask(new Oracle(), "bad"),
    (error) =>
      error instanceof listeners.AnswerErrorUnknown && error.question === "bad",
  );
  await assert.rejects(
    listeners.ask(new Oracle(), "worse"),
    (error) =>
      error instanceof listeners.AnswerErrorUnexpected &&
      error.reason === "RangeError: broken",
  );
  const oracle = new Oracle();
  oracle.answer = async () => 5 as never;
  await assert.rejects(listeners.ask(oracle, "x"), {
    reason: "TypeError: string expected, got number",
  });
});

test("our method learns that Rust waits no more", async () => {
  const oracle = new Oracle();
  await assert.rejects(
    listeners.askWithin(oracle, "slow", 10n),
    (error) =>
      error instanceof listeners.AnswerErrorTooLate && error.limitMs === 10n,
  );
  await sleep(5);
  assert.equal(oracle.aborted, 1);
  assert.equal(await listeners.askWithin(oracle, "fast", 5000n), "fast!");
  assert.equal(oracle.aborted, 1);
});

test("an abort of the call reaches our method through Rust", async () => {
  const oracle = new Oracle();
  const controller = new AbortController();
  const asked = listeners.ask(oracle, "slow", { signal: controller.signal });
  await sleep(5);
  controller.abort();
  await assert.rejects(asked, { name: "AbortError" });
  await sleep(5);
  assert.equal(oracle.aborted, 1);
});

test("Rust's threads ask at the same time", async () => {
  assert.equal(await listeners.askFromThreads(new Oracle(), 64), 64);
});

test("10,000 calls from Rust leave nothing behind", async () => {
  const oracle = new Oracle();
  oracle.add = async (left, right) => left + BigInt(right);
  const numbers = Array.from({ length: 10_000 }, () => 1);
  assert.equal(await listeners.addUp(oracle, numbers), 10_000n);
});
