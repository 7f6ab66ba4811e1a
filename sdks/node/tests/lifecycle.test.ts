/** A mesh is created, started, stopped, started again, and refuses what it cannot do meanwhile. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import {
  CancelledError,
  type CircuitBreaker,
  FailedPreconditionError,
  InvalidArgumentError,
  Mesh,
  type MeshOptions,
  NotFoundError,
  UnavailableError,
  version,
} from "commy";

import { echo, fact, failure, HALF, name, Signal } from "./support.js";

const BAD_NAMES = [
  "",
  "n".repeat(65),
  "has space",
  "größe",
  ".begins-with-dot",
  "ends-with-dot.",
  "two..dots",
  "nul\0",
  "a/b",
];

describe("lifecycle", () => {
  fact("the version is the package's", () => {
    const manifest = new URL(import.meta.resolve("commy/package.json"));
    const { version: expected } = JSON.parse(
      readFileSync(manifest, "utf8"),
    ) as { version: string };
    assert.equal(version, expected);
  });

  fact("creating a mesh starts nothing", () => {
    const called = name();
    const mesh = new Mesh(called);
    assert.equal(mesh.name, called);
    assert.match(mesh.nodeId, /^[0-9a-f]+/);
    assert.equal(mesh.isRunning, false);
  });

  fact("await using starts and stops", async () => {
    let kept: Mesh;
    {
      await using mesh = await Mesh.start(name());
      assert.equal(mesh.isRunning, true);
      kept = mesh;
    }
    assert.equal(kept.isRunning, false);
  });

  fact("an error in the block stops the mesh and is passed on", async () => {
    let kept: Mesh | undefined;
    await assert.rejects(
      async () => {
        await using mesh = await Mesh.start(name());
        kept = mesh;
        throw new RangeError("mine");
      },
      { name: "RangeError", message: "mine" },
    );
    assert.equal(kept?.isRunning, false);
  });

  for (const bad of BAD_NAMES) {
    fact(
      `a bad name is refused and named: ${JSON.stringify(bad)}`,
      async () => {
        const error = await failure(() => new Mesh(bad), InvalidArgumentError);
        assert.equal(error.status, "INVALID_ARGUMENT");
        const [shown = ""] = bad.split("\0");
        const expected = `mesh name "${shown.slice(0, 20)}`;
        assert.ok(error.message.startsWith(expected), error.message);
      },
    );
  }

  fact("a name that UTF-8 cannot carry is refused", async () => {
    await failure(
      () => new Mesh(HALF),
      InvalidArgumentError,
      /"half \\ud83d" is not valid Unicode/,
    );
  });

  for (const bad of [undefined, null, 7, new Uint8Array(1)]) {
    fact(`a name that is no string is a type error: ${String(bad)}`, () => {
      assert.throws(() => new Mesh(bad as never), {
        name: "TypeError",
        message: /the mesh's name must be a string/,
      });
    });
  }

  const breaker = (options: CircuitBreaker): MeshOptions => ({
    breaker: options,
  });
  for (const options of [
    { callTimeout: 0 },
    { callTimeout: -1 },
    { callTimeout: NaN },
    { drainTimeout: Infinity },
    { maxPayloadBytes: -1 },
    { maxPayloadBytes: 2 ** 30 + 1 },
    { maxPayloadBytes: 2 ** 64 },
    { maxPayloadBytes: 1.5 },
    { balance: "luck" as never },
    breaker({ requestsMin: 0 }),
    breaker({ failureRatio: 0 }),
    breaker({ failureRatio: NaN }),
    breaker({ window: 0 }),
    breaker({ pause: -1 }),
    { zone: HALF },
  ]) {
    fact(
      `an option that breaks a rule is refused: ${JSON.stringify(options)}`,
      async () => {
        await failure(() => new Mesh(name(), options), InvalidArgumentError);
      },
    );
  }

  fact("an option that does not exist is a type error", () => {
    const options = { timeout: 5 } as MeshOptions;
    assert.throws(() => new Mesh(name(), options), {
      name: "TypeError",
      message: /a mesh's options have no "timeout"/,
    });
  });

  fact("starting twice does nothing", async () => {
    await using mesh = await Mesh.start(name());
    await mesh.register("echo", echo);
    await mesh.start();
    assert.equal(mesh.discover("echo").length, 1);
  });

  fact("stopping twice or before the start does nothing", async () => {
    const mesh = new Mesh(name());
    await mesh.stop();
    await mesh.start();
    await mesh.stop();
    await mesh.stop();
    assert.equal(mesh.isRunning, false);
  });

  fact("a stopped mesh starts again, and empty", async () => {
    const mesh = new Mesh(name());
    for (let turn = 0; turn < 3; turn++) {
      await mesh.start();
      assert.deepEqual(mesh.registrations, []);
      assert.deepEqual(mesh.discover(), []);
      await mesh.register("counter", () => turn);
      assert.equal(await mesh.call("counter"), turn);
      await mesh.stop();
    }
  });

  const operations: [string, (mesh: Mesh) => unknown][] = [
    ["call", (mesh) => mesh.call("echo")],
    ["publish", (mesh) => mesh.publish("topic")],
    ["subscribe", (mesh) => mesh.subscribe("topic")],
    ["register", (mesh) => mesh.register("echo", echo)],
    ["advertise", (mesh) => mesh.advertise("outside", "tcp://127.0.0.1:1")],
    ["discover", (mesh) => mesh.discover()],
    ["watch", (mesh) => mesh.watch()],
    ["activeServiceCount", (mesh) => mesh.activeServiceCount()],
  ];
  for (const [what, operation] of operations) {
    fact(
      `${what} works neither before the start nor after the stop`,
      async () => {
        const mesh = new Mesh(name());
        for (let turn = 0; turn < 2; turn++) {
          await failure(
            async () => operation(mesh),
            FailedPreconditionError,
            /running/,
          );
          await mesh.start();
          await mesh.stop();
        }
      },
    );
  }

  fact("stopping waits for calls in flight", async () => {
    await using mesh = await Mesh.start(name());
    const begun = new Signal();
    const mayEnd = new Signal();
    await mesh.register("slow", async (value) => {
      begun.fire();
      await mayEnd.promise;
      return value as string;
    });
    const call = mesh.call("slow", "", "done");
    await begun.promise;
    let isStopped = false;
    const stop = mesh.stop().then(() => (isStopped = true));
    await sleep(5);
    assert.equal(isStopped, false);
    mayEnd.fire();
    assert.equal(await call, "done");
    await stop;
  });

  fact("stopping cancels what outlasts the drain timeout", async () => {
    await using mesh = await Mesh.start(name(), { drainTimeout: 50 });
    const begun = new Signal();
    const cancelled = new Signal();
    await mesh.register("stuck", async (_, { signal }) => {
      begun.fire();
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
      cancelled.fire();
    });
    const call = mesh.call("stuck").catch((error: unknown) => error);
    await begun.promise;
    await mesh.stop();
    const error = await call;
    assert.ok(
      error instanceof CancelledError || error instanceof UnavailableError,
      String(error),
    );
    await cancelled.promise;
  });

  fact("stopping ends watches and subscriptions", async () => {
    await using mesh = await Mesh.start(name());
    const watch = mesh.watch();
    const subscription = await mesh.subscribe("**");
    const waiting = Promise.all([watch.next(), subscription.next()]);
    await mesh.stop();
    for (const { done } of await waiting) {
      assert.equal(done, true);
    }
    for await (const item of watch) {
      assert.fail(JSON.stringify(item));
    }
    for await (const item of subscription) {
      assert.fail(JSON.stringify(item));
    }
  });

  fact(
    "a start that cannot be is told, and the mesh is not running",
    async () => {
      await using mesh = await Mesh.start(name());
      await failure(
        mesh.register("no good", echo),
        InvalidArgumentError,
        /no good/,
      );
      assert.equal(mesh.isRunning, true);
      assert.deepEqual(mesh.registrations, []);
    },
  );

  fact(
    "a mesh that runs goes on without a variable that holds it",
    async () => {
      const called = name();
      await (async () => {
        const mesh = await Mesh.start(called);
        await mesh.register("echo", echo);
        await mesh.register("stop", () => void setImmediate(() => mesh.stop()));
      })();
      for (let turn = 0; turn < 20; turn++) {
        globalThis.gc?.();
        await sleep(1);
      }
      await using mesh = await Mesh.start(called);
      assert.equal(await mesh.call("echo", "", 1, { timeout: 5_000 }), 1);
      await mesh.call("stop");
    },
  );

  fact("two meshes of different names do not see each other", async () => {
    const called = name();
    await using one = await Mesh.start(called);
    await using other = await Mesh.start(`${called}-other`);
    await one.register("echo", echo);
    assert.equal(one.discover("echo").length, 1);
    assert.deepEqual(other.discover("echo"), []);
    await failure(other.call("echo", "", 1, { timeout: 1_000 }), NotFoundError);
  });

  fact("two meshes of one name call each other", async () => {
    const called = name();
    await using one = await Mesh.start(called);
    await using other = await Mesh.start(called);
    assert.equal(one.nodeId, other.nodeId, "a process is one node of a mesh");
    await using changes = other.watch("echo");
    await one.register("echo", echo);
    assert.equal((await changes.next()).done, false);
    assert.equal(await other.call("echo", "", "hi"), "hi");
  });
});
