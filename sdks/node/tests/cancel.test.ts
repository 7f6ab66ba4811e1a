/** Aborting a call reaches the handler, wherever it runs. */

import assert from "node:assert/strict";
import { describe } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { type Context, DeadlineExceededError, Mesh } from "commy";

import { eventually, fact, failure, name, Signal } from "./support.js";

/** A handler that waits to be cancelled, and tells. */
class Stuck {
  begun = 0;
  ended = 0;
  readonly contexts: Context[] = [];

  async wait(_: unknown, context: Context): Promise<void> {
    this.contexts.push(context);
    this.begun += 1;
    await new Promise((resolve) => {
      context.signal.addEventListener("abort", resolve, { once: true });
    });
    this.ended += 1;
    context.signal.throwIfAborted();
  }

  async poll(_: unknown, context: Context): Promise<void> {
    this.contexts.push(context);
    this.begun += 1;
    while (!context.signal.aborted) {
      await sleep(1);
    }
    this.ended += 1;
  }
}

describe("cancel", () => {
  for (const method of ["wait", "poll"]) {
    fact(`an aborted call cancels the handler: ${method}`, async () => {
      await using mesh = await Mesh.start(name());
      const stuck = new Stuck();
      await mesh.register("stuck", stuck);
      const controller = new AbortController();
      const { signal } = controller;
      const call = mesh.call("stuck", method, "", { signal });
      await eventually(() => stuck.begun === 1, "the handler began");
      const reason = new Error("enough");
      controller.abort(reason);
      await assert.rejects(call, reason);
      await eventually(() => stuck.ended === 1, "the handler ended");
      assert.equal(mesh.stats().callsInFlight, 0);
    });

    fact(`a deadline that passes cancels the handler: ${method}`, async () => {
      await using mesh = await Mesh.start(name());
      const stuck = new Stuck();
      await mesh.register("stuck", stuck);
      await failure(
        mesh.call("stuck", method, "", { timeout: 30 }),
        DeadlineExceededError,
      );
      await eventually(() => stuck.ended === 1, "the handler ended");
    });
  }

  fact("a signal's own timeout cancels the handler", async () => {
    await using mesh = await Mesh.start(name());
    const stuck = new Stuck();
    await mesh.register("stuck", stuck);
    const signal = AbortSignal.timeout(30);
    await assert.rejects(mesh.call("stuck", "wait", "", { signal }), {
      name: "TimeoutError",
    });
    await eventually(() => stuck.ended === 1, "the handler ended");
    assert.equal(stuck.contexts[0]?.signal.aborted, true);
  });

  fact("a signal that is aborted before the call sends nothing", async () => {
    await using mesh = await Mesh.start(name());
    const stuck = new Stuck();
    await mesh.register("stuck", stuck);
    const signal = AbortSignal.abort();
    await assert.rejects(mesh.call("stuck", "wait", "", { signal }), {
      name: "AbortError",
    });
    for (const promise of [
      mesh.publish("topic", "", { signal }),
      mesh.subscribe("topic", { signal }),
      mesh.register("late", stuck, { signal }),
      mesh.advertise("late", "tcp://127.0.0.1:1", { signal }),
    ]) {
      await assert.rejects(promise, { name: "AbortError" });
    }
    assert.equal(stuck.begun, 0);
    assert.deepEqual(mesh.discover("late"), []);
  });

  fact("cancellation passes through a chain of services", async () => {
    await using mesh = await Mesh.start(name(), { onHandlerError: () => {} });
    const stuck = new Stuck();
    await mesh.register("last", stuck);
    await mesh.register("middle", (_, { signal }) =>
      mesh.call("last", "wait", "", { signal }),
    );
    await mesh.register("first", (_, { signal }) =>
      mesh.call("middle", "", "", { signal }),
    );
    const controller = new AbortController();
    const { signal } = controller;
    const call = mesh.call("first", "", "", { signal });
    await eventually(() => stuck.begun === 1, "the last one began");
    controller.abort();
    await assert.rejects(call, { name: "AbortError" });
    await eventually(() => stuck.ended === 1, "the last one ended");
  });

  fact("a handler that ignores its cancellation harms nobody", async () => {
    await using mesh = await Mesh.start(name());
    const mayEnd = new Signal();
    let begun = 0;
    await mesh.register("stubborn", async (value) => {
      begun += 1;
      while (!mayEnd.isFired) {
        await sleep(1);
      }
      return value ?? "late";
    });
    const controller = new AbortController();
    const { signal } = controller;
    const call = mesh.call("stubborn", "", "", { signal });
    await eventually(() => begun === 1, "the handler began");
    controller.abort();
    await assert.rejects(call, { name: "AbortError" });
    mayEnd.fire();
    assert.equal(await mesh.call("stubborn", "", "again"), "again");
  });

  fact("an abort after the answer does nothing", async () => {
    await using mesh = await Mesh.start(name());
    const contexts: Context[] = [];
    await mesh.register("quick", (_, context) => {
      contexts.push(context);
      return context.signal.aborted;
    });
    const controller = new AbortController();
    const { signal } = controller;
    assert.equal(await mesh.call("quick", "", "", { signal }), false);
    controller.abort();
    await mesh.call("quick");
    assert.equal(contexts[0]?.signal.aborted, false);
  });

  fact("calls cancelled at every moment leave nothing behind", async () => {
    await using mesh = await Mesh.start(name());
    let running = 0;
    await mesh.register("work", async (value) => {
      running += 1;
      for (let turn = 0; turn < 3; turn++) {
        await new Promise(setImmediate);
      }
      running -= 1;
      return value as number;
    });
    let answered = 0;
    for (let steps = 0; steps < 200; steps++) {
      const controller = new AbortController();
      const { signal } = controller;
      const calls = [0, 1, 2, 3].map((number) =>
        mesh.call("work", "", number, { signal }),
      );
      const settled = Promise.allSettled(calls);
      for (let turn = 0; turn < steps % 20; turn++) {
        await new Promise(setImmediate);
      }
      if (steps % 10 === 0) {
        await Promise.race(calls);
      }
      controller.abort();
      for (const [number, outcome] of (await settled).entries()) {
        if (outcome.status === "fulfilled") {
          answered += 1;
          assert.equal(outcome.value, number);
        } else {
          assert.equal((outcome.reason as Error).name, "AbortError");
        }
      }
    }
    assert.ok(answered > 0, "every call was aborted before its answer");
    assert.ok(answered < 800, "no call was aborted before its answer");
    assert.equal(await mesh.call("work", "", 1), 1);
    await eventually(() => running === 0, "no handler runs");
    await eventually(() => {
      const { callsInFlight, requestsInFlight } = mesh.stats();
      return callsInFlight === 0 && requestsInFlight === 0;
    }, "nothing is in flight");
  });
});
