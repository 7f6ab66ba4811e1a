import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { test } from "node:test";
import { Worker } from "node:worker_threads";

const modules = Object.fromEntries(
  ["futures", "callbacks", "objects"].map((name) => [
    name,
    new URL(`./${name}.js`, import.meta.url).href,
  ]),
);
const prelude = `
  import { parentPort } from "node:worker_threads";
  import * as futures from "${modules["futures"]}";
  import * as callbacks from "${modules["callbacks"]}";
  import * as objects from "${modules["objects"]}";
`;

interface Ended {
  code: number;
  messages: unknown[];
}

function inWorker(script: string): Promise<Ended> {
  const url = new URL(
    `data:text/javascript,${encodeURIComponent(prelude + script)}`,
  );
  return new Promise((resolve, reject) => {
    const worker = new Worker(url);
    const messages: unknown[] = [];
    worker.on("message", (message) => messages.push(message));
    worker.on("error", reject);
    worker.on("exit", (code) => resolve({ code, messages }));
  });
}

async function inProcess(
  script: string,
): Promise<{ output: string; took: number }> {
  const start = performance.now();
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ["--input-type=module", "--eval", prelude + script],
    { cwd: fileURLToPath(new URL(".", import.meta.url)), timeout: 60_000 },
  );
  return { output: stdout.trim(), took: performance.now() - start };
}

test("worker threads call, await, abort, and are called", async () => {
  const ended = await Promise.all(
    Array.from({ length: 4 }, (_, index) =>
      inWorker(`
        parentPort.postMessage(await futures.greetAfter("${index}", 5n));
        const signal = AbortSignal.timeout(5);
        await futures.never({ signal }).catch(() => {});
        const seen = [];
        const transformer = {
          apply: (text) => text + ${index},
          tryApply: (text) => text,
          seen: (at) => seen.push(at),
        };
        parentPort.postMessage(callbacks.transform(transformer, "a"));
        const pump = new callbacks.Pump(transformer);
        await pump.run(4, 250);
        parentPort.postMessage(seen.length);
        parentPort.postMessage(futures.liveFutures());
      `),
    ),
  );
  for (const [index, { code, messages }] of ended.entries()) {
    assert.equal(code, 0);
    assert.deepEqual(messages, [`hello, ${index}`, `a${index}`, 1000, 0n]);
  }
});

test("a worker has the library for itself", async () => {
  const objects: typeof import("./objects.js") = await import("./objects.js");
  using counter = new objects.Counter();
  const { messages } = await inWorker(
    `parentPort.postMessage(objects.liveCounters());`,
  );
  assert.deepEqual(messages, [0n]);
  assert.equal(objects.liveCounters(), 1n);
  assert.equal(counter.value(), 0n);
});

test("a worker may end while its calls are under way", async () => {
  for (let turn = 0; turn < 5; turn++) {
    const { code } = await inWorker(`
      for (let index = 0; index < 200; index++) {
        void futures.sleep(BigInt(index % 20));
      }
      setTimeout(() => process.exit(3), 10);
    `);
    assert.equal(code, 3);
  }
});

test("a worker may be terminated while its calls wait", async () => {
  for (let turn = 0; turn < 5; turn++) {
    const worker = new Worker(
      new URL(
        `data:text/javascript,${encodeURIComponent(`${prelude}
          for (let index = 0; index < 200; index++) {
            void futures.never();
          }
          parentPort.postMessage("waits");
        `)}`,
      ),
    );
    await new Promise((resolve) => worker.once("message", resolve));
    assert.equal(await worker.terminate(), 1);
  }
});

test("a worker may be terminated while its calls end and others begin", async () => {
  for (let turn = 0; turn < 5; turn++) {
    const worker = new Worker(
      new URL(
        `data:text/javascript,${encodeURIComponent(`${prelude}
          const call = async () => {
            for (;;) await futures.hopOften(3);
          };
          for (let index = 0; index < 16; index++) {
            void call();
          }
          parentPort.postMessage("calls");
        `)}`,
      ),
    );
    await new Promise((resolve) => worker.once("message", resolve));
    await new Promise((resolve) => setTimeout(resolve, 5 * turn));
    assert.equal(await worker.terminate(), 1);
  }
});

test("a pending call keeps the process alive, and nothing else does", async () => {
  const waited = await inProcess(`
    futures.greetAfter("ada", 300n).then(console.log);
  `);
  assert.equal(waited.output, "hello, ada");
  assert.ok(waited.took > 300);
  const idle = await inProcess(`
    await futures.greetAfter("ada", 1n);
    const pump = new callbacks.Pump({
      apply: (text) => text,
      tryApply: (text) => text,
      seen: () => {},
    });
    console.log("done");
  `);
  assert.equal(idle.output, "done");
});

test("a process may end while calls are under way", async () => {
  for (const end of ["process.exit(0)", "setTimeout(process.exit, 10, 0)"]) {
    await inProcess(`
      for (let index = 0; index < 200; index++) {
        void futures.sleep(BigInt(index % 20));
      }
      const pump = new callbacks.Pump({
        apply: (text) => text,
        tryApply: (text) => text,
        seen: () => {},
      });
      pump.runLater(1_000_000, 0n);
      ${end};
    `);
  }
});

test("async hooks and async contexts disturb nothing", async () => {
  const { output } = await inProcess(`
    import { AsyncLocalStorage, createHook } from "node:async_hooks";
    createHook({ init() {} }).enable();
    const storage = new AsyncLocalStorage();
    await storage.run("here", async () => {
      await Promise.all(
        Array.from({ length: 100 }, async () => {
          await futures.greetAfter("ada", 1n);
          if (storage.getStore() !== "here") throw new Error("lost");
        }),
      );
    });
    console.log(storage.getStore());
  `);
  assert.equal(output, "undefined");
});
