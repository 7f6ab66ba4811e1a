import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { test } from "node:test";

import * as objects from "./objects.js";

async function settled(count: bigint): Promise<void> {
  for (let turn = 0; turn < 200; turn++) {
    globalThis.gc?.();
    await sleep(5);
    if (objects.liveCounters() === count) {
      return;
    }
  }
  assert.equal(objects.liveCounters(), count);
}

test("an object keeps its state", () => {
  using counter = new objects.Counter();
  assert.equal(counter.increment(), 1n);
  assert.equal(counter.increment(), 2n);
  assert.equal(counter.value(), 2n);
  using started = objects.Counter.startingAt(40n);
  using parsed = objects.Counter.parsed("2");
  started.absorb(parsed);
  assert.equal(started.value(), 42n);
  assert.equal(objects.total([started, parsed, counter]), 46n);
});

test("constructors and methods throw their errors", () => {
  assert.throws(
    () => objects.Counter.parsed("x"),
    objects.CounterErrorUnreadable,
  );
  using counter = new objects.Counter();
  assert.throws(() => counter.decrement(), {
    name: "CounterErrorBelowZero",
    message: "would fall below zero by 1",
  });
});

test("a reference is to the same object, a fork to another", () => {
  using counter = new objects.Counter();
  using itself = counter.itself();
  using echoed = objects.echoCounter(counter);
  using fork = counter.fork();
  itself.increment();
  assert.equal(counter.value(), 1n);
  assert.ok(objects.areSame(counter, echoed));
  assert.ok(!objects.areSame(counter, fork));
  assert.ok(fork instanceof objects.Counter);
});

test("objects cross inside compounds and records", () => {
  using left = objects.Counter.startingAt(1n);
  const pair = objects.pair(left, undefined);
  assert.equal(pair.right, undefined);
  assert.ok(objects.areSame(pair.left, left));
  pair.left[Symbol.dispose]();
  assert.equal(objects.maybeCounter(false), undefined);
  using some = objects.maybeCounter(true)!;
  assert.equal(some.value(), 0n);

  using bank = new objects.Bank("bank");
  bank.open("ada", 10n);
  bank.open("bob", 20n);
  assert.deepEqual(
    bank.accounts().map((account) => account.owner()),
    ["ada@bank", "bob@bank"],
  );
  const ada = bank.byOwner().get("ada@bank");
  assert.ok(ada instanceof objects.Account);
  assert.throws(() => ada.withdraw(11n), objects.CounterError);
});

test("a class without a constructor cannot be made", () => {
  const Account = objects.Account as unknown as new () => unknown;
  assert.throws(() => new Account(), {
    name: "TypeError",
    message: "Account has no constructor",
  });
});

test("what is not of the class is refused", () => {
  assert.throws(() => objects.echoCounter({} as never), {
    name: "TypeError",
    message: "Counter expected, got Object",
  });
  using bank = new objects.Bank("bank");
  assert.throws(() => objects.echoCounter(bank as never), {
    message: "Counter expected, got Bank",
  });
});

test("disposing frees at once, and only once", async () => {
  await settled(0n);
  const counter = new objects.Counter();
  assert.equal(objects.liveCounters(), 1n);
  counter[Symbol.dispose]();
  counter[Symbol.dispose]();
  assert.equal(objects.liveCounters(), 0n);
  assert.throws(() => counter.value(), {
    name: "TypeError",
    message: "this Counter was disposed of",
  });
});

test("what is forgotten is freed when it is collected", async () => {
  for (let turn = 0; turn < 1000; turn++) {
    new objects.Counter().fork();
  }
  await settled(0n);
});

test("a refused argument leaves nothing behind", async () => {
  await settled(0n);
  using counter = new objects.Counter();
  for (let turn = 0; turn < 100; turn++) {
    assert.throws(() => objects.areSame(counter, {} as never), TypeError);
    assert.throws(
      () => objects.total([counter, counter, {} as never]),
      TypeError,
    );
    assert.throws(() => counter.absorb(undefined as never), TypeError);
  }
  counter[Symbol.dispose]();
  assert.equal(objects.liveCounters(), 0n);
});

test("100,000 calls leave nothing behind", async () => {
  await settled(0n);
  using counter = new objects.Counter();
  for (let turn = 0; turn < 100_000; turn++) {
    counter.increment();
  }
  assert.equal(counter.value(), 100_000n);
  assert.equal(objects.liveCounters(), 1n);
  counter[Symbol.dispose]();
  assert.equal(objects.liveCounters(), 0n);
});
