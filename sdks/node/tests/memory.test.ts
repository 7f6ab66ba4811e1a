/** Nothing grows: not the process, nor what it holds for the runtime. */

import assert from "node:assert/strict";
import { describe } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import {
  DeadlineExceededError,
  HandlerFailedError,
  Mesh,
  NotFoundError,
  ResourceExhaustedError,
} from "commy";
import koffi from "koffi";

import { echo, eventually, fact, failure, name } from "./support.js";

const CALLS = 100_000;
const CANCELLATIONS = 10_000;
const AT_ONCE = 64;
const MINUTES = 5 * 60_000;

/** What is allocated, in KiB: by the runtime, if the C library tells, and by JavaScript. */
interface Usage {
  native: number;
  heap: number;
}

const FIELDS = [
  "arena",
  "ordblks",
  "smblks",
  "hblks",
  "hblkhd",
  "usmblks",
  "fsmblks",
  "uordblks",
  "fordblks",
  "keepcost",
];

/** What the GNU C library's allocator has given out; elsewhere the process's memory has to do. */
const allocated = ((): (() => number) => {
  try {
    const fields = FIELDS.map((field) => [field, "size_t"]);
    const info = koffi.struct(Object.fromEntries(fields));
    const mallinfo = koffi.load(null).func("mallinfo2", info, []);
    return () => {
      const { hblkhd, uordblks } = mallinfo() as Record<string, number>;
      return Number(hblkhd) + Number(uordblks);
    };
  } catch {
    return () => process.memoryUsage.rss();
  }
})();

async function usage(): Promise<Usage> {
  // What finalizers free is freed in turns of the event loop after a collection.
  for (let turn = 0; turn < 5; turn++) {
    globalThis.gc?.();
    await sleep(1);
  }
  return {
    native: allocated() / 1024,
    heap: process.memoryUsage().heapUsed / 1024,
  };
}

/** Fails if more than a MiB was allocated since, of either kind. */
async function sameAs(before: Usage): Promise<void> {
  const after = await usage();
  for (const kind of ["native", "heap"] as const) {
    const [from, to] = [before[kind], after[kind]].map(Math.round);
    assert.ok(
      after[kind] - before[kind] < 1024,
      `${kind} memory grew from ${from} to ${to} KiB`,
    );
  }
}

/** Does something so often, so many at once. */
async function repeat(
  count: number,
  once: () => Promise<unknown>,
  atOnce: number = AT_ONCE,
): Promise<void> {
  let left = count;
  const worker = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      await once();
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}

/** Waits for what finalizers free, which run some time after what they are of is gone. */
async function collected(holds: () => boolean, what: string): Promise<void> {
  for (let turn = 0; turn < 200; turn++) {
    await sleep(5);
    // Looking at a weak reference holds what it refers to until the next turn.
    globalThis.gc?.();
    if (holds()) {
      return;
    }
  }
  assert.fail(`it never came to be: ${what}`);
}

async function idle(mesh: Mesh): Promise<void> {
  await eventually(() => {
    const { callsInFlight, requestsInFlight } = mesh.stats();
    return callsInFlight === 0 && requestsInFlight === 0;
  }, "nothing is in flight");
}

describe("memory", () => {
  fact("the garbage can be collected on demand", () => {
    assert.equal(typeof globalThis.gc, "function", "run with --expose-gc");
  });

  fact(
    "a hundred thousand calls leave no growth",
    async () => {
      await using mesh = await Mesh.start(name());
      await mesh.register("echo", echo);
      const payload = new TextEncoder().encode("0123456789abcdef");
      const call = async (): Promise<void> => {
        const answer = await mesh.call<Uint8Array>("echo", "", payload);
        assert.equal(answer.length, payload.length);
      };
      // The first calls fill caches and the allocators' arenas; growth shows after them.
      await repeat(CALLS / 5, call);
      const before = await usage();
      await repeat((CALLS * 4) / 5, call);
      await sameAs(before);
      await idle(mesh);
      assert.equal(mesh.stats().callsOk, CALLS);
    },
    MINUTES,
  );

  fact(
    "ten thousand cancellations that race completion leave nothing behind",
    async () => {
      await using mesh = await Mesh.start(name());
      let running = 0;
      await mesh.register("work", async () => {
        running += 1;
        await new Promise(setImmediate);
        running -= 1;
      });
      let count = 0;
      let aborted = 0;
      const once = async (): Promise<void> => {
        count += 1;
        const controller = new AbortController();
        const { signal } = controller;
        const call = mesh.call("work", "", "", { signal });
        if (count % 4 === 0) {
          controller.abort();
        } else {
          setTimeout(() => controller.abort(), count % 4);
        }
        await call.catch(async (error: Error) => {
          if (error instanceof ResourceExhaustedError) {
            // Calls that are aborted come faster than the instance hears of it. Any caller that
            // is refused for that would wait before it tries again.
            await sleep(5);
            return;
          }
          assert.equal(error.name, "AbortError");
          aborted += 1;
        });
      };
      // What was aborted before the instance took
      const heard = async (): Promise<void> => {
        await mesh.call("work");
        await idle(mesh);
      };
      await repeat(CANCELLATIONS / 5, once);
      await heard();
      const before = await usage();
      await repeat(CANCELLATIONS, once);
      await heard();
      await sameAs(before);
      assert.ok(aborted > CANCELLATIONS / 5, `only ${aborted} were aborted`);
      assert.equal(running, 0);
    },
    MINUTES,
  );

  const ways: Record<string, (mesh: Mesh) => Promise<unknown>> = {
    throws: (mesh) =>
      failure(mesh.call("service", "throws"), HandlerFailedError),
    cancelled: async (mesh) => {
      const controller = new AbortController();
      const { signal } = controller;
      const call = mesh.call("service", "stuck", "", { signal });
      setImmediate(() => controller.abort());
      await assert.rejects(call, { name: "AbortError" });
    },
    timeout: (mesh) =>
      failure(
        mesh.call("service", "stuck", "", { timeout: 1 }),
        DeadlineExceededError,
      ),
    large: (mesh) =>
      failure(
        mesh.call("service", "echo", new Uint8Array(2 ** 20 + 1)),
        ResourceExhaustedError,
      ),
    unknown: (mesh) => failure(mesh.call("nobody"), NotFoundError),
    json: (mesh) => mesh.call("service", "echo", { list: ["ä", 1, null] }),
    subscribe: async (mesh) => {
      await using events = await mesh.subscribe("topic");
      await mesh.publish("topic", new Uint8Array(1_000));
      await events.next();
    },
    watch: async (mesh) => {
      await using changes = mesh.watch("service");
      await changes.next();
    },
    register: async (mesh) => {
      await using registration = await mesh.register("passing", echo);
      return registration.instance;
    },
    meshes: async () => {
      await using mesh = await Mesh.start(name());
      await mesh.register("echo", echo);
      return await mesh.call("echo", "", 1);
    },
  };
  for (const [way, once] of Object.entries(ways)) {
    fact(
      `the less usual ways leave no growth either: ${way}`,
      async () => {
        await using mesh = await Mesh.start(name(), {
          maxPayloadBytes: 2 ** 20,
          onHandlerError: () => {},
        });
        await mesh.register("service", {
          throws: () => {
            throw new RangeError("mine");
          },
          stuck: (_: unknown, { signal }: { signal: AbortSignal }) =>
            new Promise((resolve) => {
              signal.addEventListener("abort", resolve, { once: true });
            }),
          echo,
        });
        const count = way === "large" || way === "meshes" ? 60 : 600;
        await repeat(count, () => once(mesh), 1);
        const before = await usage();
        await repeat(2 * count, () => once(mesh), 1);
        await sameAs(before);
        await idle(mesh);
        assert.equal(mesh.registrations.length, 1);
        assert.equal(mesh.stats().registrations, 1);
      },
      MINUTES,
    );
  }

  fact("a deregistered handler is let go", async () => {
    await using mesh = await Mesh.start(name());
    const [registration, gone] = await (async () => {
      const held = { method: () => 1 };
      const registration = await mesh.register("held", held);
      await mesh.call("held", "method");
      return [registration, new WeakRef(held)] as const;
    })();
    globalThis.gc?.();
    await sleep(5);
    globalThis.gc?.();
    assert.ok(gone.deref() !== undefined, "the mesh holds what it serves");
    await registration.deregister();
    await collected(() => gone.deref() === undefined, "the handler is gone");
  });

  fact("a stopped mesh is let go with all that it held", async () => {
    const gone = await (async () => {
      const mesh = await Mesh.start(name());
      const handlers = Array.from({ length: 10 }, () => ({ method: () => 1 }));
      for (const [index, handler] of handlers.entries()) {
        await mesh.register(`service-${index}`, handler);
      }
      const kept = [mesh.watch(), await mesh.subscribe("**"), ...handlers];
      await mesh.stop();
      return [mesh, ...kept].map((held) => new WeakRef<object>(held));
    })();
    const isGone = (): boolean =>
      gone.every((held) => held.deref() === undefined);
    await collected(isGone, "the mesh is gone, and what it held");
  });
});
