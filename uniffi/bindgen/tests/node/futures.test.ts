import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { test } from "node:test";

import * as futures from "./futures.js";

async function settled(): Promise<void> {
  for (let turn = 0; turn < 400 && futures.liveFutures() > 0n; turn++) {
    await sleep(5);
  }
  assert.equal(futures.liveFutures(), 0n);
}

test("futures that are ready give results of every kind", async () => {
  assert.equal(await futures.readyU8(255), 255);
  assert.equal(await futures.readyI64(-(2n ** 63n)), -(2n ** 63n));
  assert.equal(await futures.readyF32(0.5), 0.5);
  assert.equal(await futures.readyF64(Number.MIN_VALUE), Number.MIN_VALUE);
  assert.equal(await futures.readyBoolean(true), true);
  assert.equal(await futures.readyString("zwölf"), "zwölf");
  assert.deepEqual(await futures.readySequence([1, 2]), [1, 2]);
  assert.equal(await futures.ready(), undefined);
});

test("the event loop runs while a future waits", async () => {
  let ticks = 0;
  const timer = setInterval(() => ticks++, 5);
  assert.equal(await futures.greetAfter("ada", 100n), "hello, ada");
  clearInterval(timer);
  assert.ok(ticks > 2, `${ticks} ticks`);
});

test("many futures wait at once", async () => {
  const greetings = await Promise.all(
    Array.from({ length: 200 }, (_, index) =>
      futures.greetAfter(String(index), BigInt(index % 20)),
    ),
  );
  assert.deepEqual(
    greetings,
    greetings.map((_, index) => `hello, ${index}`),
  );
});

test("a future may wake its caller often", async () => {
  assert.equal(await futures.wakeOften(0), 0);
  assert.equal(await futures.wakeOften(5000), 5000);
});

test("no wake is lost that comes while a future is polled", async () => {
  const hops = Array.from({ length: 64 }, () => futures.hopOften(2000));
  const rare = futures.hopOften(20_000);
  assert.deepEqual(
    await Promise.all(hops),
    hops.map(() => 2000),
  );
  assert.equal(await rare, 20_000);
});

test("a failure rejects, and so does a panic", async () => {
  await assert.rejects(
    futures.failAfter("why", 1n),
    (error) =>
      error instanceof futures.DelayErrorFailed && error.reason === "why",
  );
  await assert.rejects(futures.explodeAfter("boom", 1n), {
    name: "InternalError",
    message: "boom",
  });
});

test("an argument that is refused rejects", async () => {
  await assert.rejects(futures.readyU8(256), RangeError);
  await assert.rejects(futures.greetAfter(5 as never, 0n), TypeError);
});

test("objects have async constructors and methods", async () => {
  using ticker = await futures.Ticker.prepared(2, 1n);
  assert.equal(await ticker.remaining(), 2);
  assert.equal(await ticker.next(), 0);
  assert.equal(await ticker.nextOrFail(), 1);
  assert.equal(await ticker.next(), undefined);
  await assert.rejects(ticker.nextOrFail(), futures.DelayErrorFailed);
  await assert.rejects(futures.Ticker.refused("no"), {
    name: "DelayErrorFailed",
    reason: "no",
  });
  using other = await futures.tickerAfter(1n);
  assert.equal(await other.remaining(), 3);
  assert.ok(other instanceof futures.Ticker);
});

test("an object may be disposed of while its future waits", async () => {
  const ticker = new futures.Ticker(1);
  const next = ticker.next();
  ticker[Symbol.dispose]();
  assert.equal(await next, 0);
});

test("an abort reaches Rust and rejects with its reason", async () => {
  await settled();
  const before = futures.cancelledFutures();
  const controller = new AbortController();
  const never = futures.never({ signal: controller.signal });
  assert.equal(futures.liveFutures(), 1n);
  await sleep(5);
  const reason = new Error("enough");
  controller.abort(reason);
  await assert.rejects(never, reason);
  assert.equal(futures.liveFutures(), 0n);
  assert.equal(futures.cancelledFutures(), before + 1n);
});

test("a timeout aborts", async () => {
  const signal = AbortSignal.timeout(10);
  // The timer of a timeout does not keep the process alive, but the call does.
  await assert.rejects(futures.never({ signal }), { name: "TimeoutError" });
});

test("an abort before the call calls nothing", async () => {
  const before = futures.cancelledFutures();
  await assert.rejects(futures.never({ signal: AbortSignal.abort() }), {
    name: "AbortError",
  });
  assert.equal(futures.cancelledFutures(), before);
});

test("an abort after the end does nothing", async () => {
  const controller = new AbortController();
  const { signal } = controller;
  assert.equal(await futures.readyU8(1, { signal }), 1);
  controller.abort();
});

test("10,000 cancellations leave nothing behind", async () => {
  await settled();
  const before = futures.cancelledFutures();
  for (let batch = 0; batch < 10; batch++) {
    const controller = new AbortController();
    const all = Array.from({ length: 1000 }, () =>
      futures.never({ signal: controller.signal }),
    );
    controller.abort();
    const outcomes = await Promise.allSettled(all);
    assert.ok(outcomes.every(({ status }) => status === "rejected"));
  }
  assert.equal(futures.cancelledFutures(), before + 10_000n);
  assert.equal(futures.liveFutures(), 0n);
});

test("10,000 cancellations that race completion leave nothing behind", async () => {
  await settled();
  let done = 0;
  let aborted = 0;
  for (let batch = 0; batch < 50; batch++) {
    const all = Array.from({ length: 200 }, async (_, index) => {
      const controller = new AbortController();
      const greeting = futures.greetAfter("x", BigInt(index % 3), {
        signal: controller.signal,
      });
      setTimeout(() => controller.abort(), index % 4);
      try {
        assert.equal(await greeting, "hello, x");
        done++;
      } catch (error) {
        assert.equal((error as Error).name, "AbortError");
        aborted++;
      }
    });
    await Promise.all(all);
  }
  assert.equal(done + aborted, 10_000);
  assert.ok(aborted > 0, "no abort came in time");
  await settled();
});

test("100,000 calls leave nothing behind", async () => {
  await settled();
  for (let turn = 0; turn < 100; turn++) {
    await Promise.all(
      Array.from({ length: 1000 }, (_, index) => futures.readyU8(index % 256)),
    );
  }
  assert.equal(futures.liveFutures(), 0n);
});
