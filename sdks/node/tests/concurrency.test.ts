/** Many calls at once, from this thread and from workers, each of which has a mesh of its own. */

import assert from "node:assert/strict";
import { describe } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Worker } from "node:worker_threads";

import { Mesh } from "commy";

import { echo, fact, name, Signal } from "./support.js";

const range = (count: number): number[] =>
  Array.from({ length: count }, (_, number) => number);

/** What a worker posts that runs a program with a mesh called `mesh`, until it has ended. */
async function inWorker(program: string): Promise<unknown[]> {
  const commy = import.meta.resolve("commy");
  const source = `
    import { setTimeout as sleep } from "node:timers/promises";
    import { parentPort, threadId } from "node:worker_threads";
    import { Mesh } from ${JSON.stringify(commy)};
    const mesh = await Mesh.start("worker-" + threadId);
    ${program}`;
  const url = `data:text/javascript,${encodeURIComponent(source)}`;
  const worker = new Worker(new URL(url));
  const messages: unknown[] = [];
  worker.on("message", (message) => messages.push(message));
  await new Promise<void>((resolve, reject) => {
    worker.on("error", reject);
    worker.on("exit", (code) => {
      if (code === 0) {
        resolve();
      } else {
        reject(new Error(`the worker ended with ${code}`));
      }
    });
  });
  return messages;
}

describe("concurrency", () => {
  fact("a thousand calls at once each get their own answer", async () => {
    await using mesh = await Mesh.start(name());
    await mesh.register("double", {
      now: (value: number) => 2 * value,
      later: async (value: number) => {
        await sleep(value % 3);
        return 2 * value;
      },
    });
    for (const method of ["now", "later"]) {
      const calls = range(500).map((number) =>
        mesh.call("double", method, number),
      );
      const doubled = range(500).map((number) => 2 * number);
      assert.deepEqual(await Promise.all(calls), doubled);
    }
    assert.equal(mesh.stats().callsInFlight, 0);
  });

  fact("handlers of one service run at once", async () => {
    await using mesh = await Mesh.start(name());
    let waiting = 0;
    const together = new Signal();
    await mesh.register("meet", async (value) => {
      waiting += 1;
      if (waiting === 8) {
        together.fire();
      }
      await together.promise;
      return value as number;
    });
    const calls = range(8).map((number) => mesh.call("meet", "", number));
    assert.deepEqual(await Promise.all(calls), range(8));
  });

  fact("calls wait for a thread that is busy, and none is lost", async () => {
    await using mesh = await Mesh.start(name());
    await mesh.register("echo", echo);
    const calls = range(200).map((number) => mesh.call("echo", "", number));
    const until = performance.now() + 200;
    while (performance.now() < until) {
      mesh.stats(); // asks the library all the time, whose threads wait for this one
    }
    assert.deepEqual(await Promise.all(calls), range(200));
  });

  fact("meshes start and stop in numbers", async () => {
    const called = name();
    const live = async (number: number): Promise<unknown> => {
      await using mesh = await Mesh.start(`${called}-${number}`);
      await mesh.register("echo", echo);
      return await mesh.call("echo", "", number);
    };
    assert.deepEqual(await Promise.all(range(20).map(live)), range(20));
  });

  fact("registering and deregistering amid calls fails none", async () => {
    await using mesh = await Mesh.start(name());
    const stable = await mesh.register("echo", echo);
    const churn = async (): Promise<void> => {
      for (let turn = 0; turn < 30; turn++) {
        await using registration = await mesh.register("echo", echo);
        assert.equal(registration.instance.service, "echo");
      }
    };
    const calls = async (): Promise<void> => {
      for (const number of range(150)) {
        assert.equal(await mesh.call("echo", "", number), number);
      }
    };
    await Promise.all([calls(), churn(), churn()]);
    assert.deepEqual(mesh.registrations, [stable]);
  });

  fact("several workers serve and call at the same time", async () => {
    const seen = await Promise.all(
      range(4).map((number) =>
        inWorker(
          `
          await mesh.register("add", (value) => value + ${number});
          const calls = Array.from({ length: 200 }, (_, n) => mesh.call("add", "", n));
          parentPort.postMessage((await Promise.all(calls)).reduce((a, b) => a + b));
          await using events = await mesh.subscribe("**");
          await mesh.publish("topic", ${number});
          parentPort.postMessage((await events.next()).value.value);
          const signal = AbortSignal.timeout(5);
          await events.next({ signal }).catch(({ name }) => parentPort.postMessage(name));
          await mesh.stop();`.replace("await using", "const"),
        ),
      ),
    );
    const sum = (199 * 200) / 2;
    const expected = range(4).map((n) => [sum + 200 * n, n, "TimeoutError"]);
    assert.deepEqual(seen, expected);
  });

  fact("a worker may end with a mesh that is left running", async () => {
    for (let turn = 0; turn < 3; turn++) {
      const seen = await inWorker(`
        await mesh.register("echo", (value) => value);
        await mesh.register("stuck", () => new Promise(() => {}));
        mesh.call("stuck").catch(() => {});
        parentPort.postMessage(await mesh.call("echo", "", 1));
        mesh.watch().next();
        process.exit(0);`);
      assert.deepEqual(seen, [1]);
    }
  });

  fact("a worker may be terminated amid calls", async () => {
    const commy = JSON.stringify(import.meta.resolve("commy"));
    const source = `
      import { parentPort } from "node:worker_threads";
      import { Mesh } from ${commy};
      const mesh = await Mesh.start("terminated");
      await mesh.register("echo", (value) => value);
      parentPort.postMessage("up");
      const call = async () => { for (;;) await mesh.call("echo", "", 1); };
      for (let count = 0; count < 16; count++) call();`;
    const url = `data:text/javascript,${encodeURIComponent(source)}`;
    for (let turn = 0; turn < 5; turn++) {
      const worker = new Worker(new URL(url));
      await new Promise((resolve) => worker.once("message", resolve));
      await sleep(20);
      assert.equal(await worker.terminate(), 1);
    }
    await using mesh = await Mesh.start(name());
    await mesh.register("echo", echo);
    assert.equal(await mesh.call("echo", "", "still here"), "still here");
  });
});
