/** What works within one process works across two, and tells that it does. */

import assert from "node:assert/strict";
import { describe } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { Worker } from "node:worker_threads";

import {
  DeadlineExceededError,
  HandlerFailedError,
  InvalidArgumentError,
  Mesh,
  type MeshStats,
  NotFoundError,
  UnimplementedError,
} from "commy";

import { Authority, freePort } from "./authority.js";
import {
  fact,
  knows,
  Process,
  Replicas,
  soon,
  until,
  within,
} from "./processes.js";
import { echo, failure, folder, name, Signal } from "./support.js";

const range = (count: number): number[] =>
  Array.from({ length: count }, (_, number) => number);

const WORKERS = { serves: { workers: {} } };
const BYTES = Uint8Array.from(range(256));
const VALUES: [string, unknown][] = [
  ["json", { id: 1, items: ["ä", null, 1.5, true], nested: { "": [] } }],
  ["null", null],
  ["nothing", new Uint8Array()],
  ["every byte", BYTES],
  ["one MiB", Uint8Array.from({ length: 2 ** 20 }, (_, index) => index % 256)],
];

/** How often each was there. */
function counts(seen: readonly string[]): Record<string, number> {
  const counted: Record<string, number> = {};
  for (const one of seen) {
    counted[one] = (counted[one] ?? 0) + 1;
  }
  return counted;
}

/** Who answers so many calls, one after the other. */
async function servers(
  mesh: Mesh,
  count: number,
  options?: Parameters<Mesh["call"]>[3],
): Promise<string[]> {
  const seen: string[] = [];
  for (let turn = 0; turn < count; turn++) {
    seen.push(await mesh.call<string>("workers", "who", null, options));
  }
  return seen;
}

describe("remote", () => {
  fact("an instance is found with all that is known of it", async () => {
    const called = name();
    const known = {
      version: "1.2.3",
      tags: ["a", "b"],
      metadata: { owner: "sales" },
      weight: 7,
      zone: "eu-1a",
    };
    await using mesh = await Mesh.start(called);
    await using other = await Process.start(called, {
      serves: { workers: known },
      region: "eu-1",
    });
    await knows(mesh, 1);
    const query = {
      service: "workers",
      version: "^1.2",
      tags: ["b"],
      metadata: { owner: "sales" },
      zone: "eu-1a",
    };
    const [found, ...more] = mesh.discover(query);
    assert.deepEqual(more, []);
    const { id, revision, ...rest } = found!;
    assert.ok(id.includes(other.node) && revision > 0);
    assert.deepEqual(rest, {
      ...known,
      service: "workers",
      nodeId: other.node,
      region: "eu-1",
      health: "healthy",
      reach: "fabric",
      endpoint: undefined,
    });
    assert.deepEqual(mesh.discover({ ...query, zone: "eu-1b" }), []);
    assert.equal(mesh.activeServiceCount(), 1);
  });

  fact("two processes find each other within a second", async () => {
    const called = name();
    await using mesh = await Mesh.start(called);
    await using other = await Process.start(called);
    await using changes = mesh.watch("workers");
    const begun = performance.now();
    await other.do("register", "workers");
    await soon(changes.next(), "a change");
    assert.ok(performance.now() - begun < 1_000);
    await mesh.register("here", echo);
    const again = performance.now();
    await other.knows("here");
    assert.ok(performance.now() - again < 1_000);
  });

  fact(
    "a worker thread and its process find each other as two processes do",
    async () => {
      const called = name();
      await using mesh = await Mesh.start(called);
      await mesh.register("here", (word) => `${word} seen`);
      const source = `
        import { parentPort } from "node:worker_threads";
        import { Mesh } from ${JSON.stringify(import.meta.resolve("commy"))};
        const mesh = await Mesh.start(${JSON.stringify(called)});
        await mesh.register("workers", { who: () => mesh.nodeId });
        for await (const { kind } of mesh.watch("here")) break;
        parentPort.postMessage(await mesh.call("here", "", "tea"));
        parentPort.once("message", () => mesh.stop());`;
      const url = `data:text/javascript,${encodeURIComponent(source)}`;
      const worker = new Worker(new URL(url));
      try {
        const answer = new Signal<unknown>();
        worker.on("message", (message) => answer.fire(message));
        assert.equal(await soon(answer.promise, "an answer"), "tea seen");
        await knows(mesh, 1);
        const node = await mesh.call("workers", "who");
        assert.notEqual(node, mesh.nodeId);
        assert.equal(mesh.discover("workers")[0]?.nodeId, node);
        assert.equal(mesh.discover("workers")[0]?.reach, "fabric");
        worker.postMessage("stop");
        await knows(mesh, 0);
      } finally {
        await worker.terminate();
      }
    },
  );

  for (const [what, value] of VALUES) {
    fact(`values and bytes arrive as they were sent: ${what}`, async () => {
      const called = name();
      await using mesh = await Mesh.start(called);
      await using _other = await Process.start(called, WORKERS);
      await knows(mesh, 1);
      const reply = await mesh.request("workers", "echo", value);
      assert.deepEqual(reply.value, value);
      const isBytes = value instanceof Uint8Array;
      const type = isBytes ? "application/octet-stream" : "application/json";
      assert.equal(reply.contentType, type);
      assert.equal(reply.servedBy, mesh.discover("workers")[0]?.id);
    });
  }

  fact(
    "a handler learns who calls and what is left of the deadline",
    async () => {
      const called = name();
      await using mesh = await Mesh.start(called);
      await using _other = await Process.start(called, WORKERS);
      await knows(mesh, 1);
      const headers = { trace: "ä" };
      const { timeLeft, ...seen } = await mesh.call<
        Record<string, unknown> & { timeLeft: number }
      >("workers", "context", null, { headers, timeout: 15_000 });
      const expected = { caller: mesh.nodeId, attempt: 1, headers };
      assert.deepEqual(seen, expected);
      assert.ok(timeLeft > 0 && timeLeft <= 15_000, `${timeLeft}`);
    },
  );

  fact("calls go both ways", async () => {
    const called = name();
    await using mesh = await Mesh.start(called);
    await using other = await Process.start(called, WORKERS);
    await mesh.register("here", (word) => `${word} seen`);
    await other.knows("here");
    const answer = await other.do("call", "here", "", "tea");
    assert.equal(answer, "tea seen");
    await knows(mesh, 1);
    assert.equal(await mesh.call("workers", "who"), other.node);
  });

  fact("a handler's error brings its code, message and details", async () => {
    const called = name();
    await using mesh = await Mesh.start(called);
    await using _other = await Process.start(called, WORKERS);
    await knows(mesh, 1);
    const fail = mesh.call("workers", "fail");
    const error = await failure(fail, HandlerFailedError);
    assert.equal(error.code, "OUT_OF_STOCK");
    assert.equal(error.reason, "none of tea left");
    assert.deepEqual(error.details, { left: 0, of: ["tea"] });
    assert.equal(error.service, "workers");
    assert.equal(error.method, "fail");
    assert.equal(error.attempts, 1);
    assert.equal(error.instanceId, mesh.discover("workers")[0]?.id);
    const lose = mesh.call("workers", "lose");
    const lost = await failure(lose, HandlerFailedError, /lost/);
    assert.equal(lost.code, "RangeError");
    await failure(mesh.call("workers", "nothing"), UnimplementedError);
    const broken = new TextEncoder().encode("{");
    await failure(
      mesh.call("workers", "echo", broken, {
        contentType: "application/json",
      }),
      InvalidArgumentError,
    );
  });

  fact("a deadline ends the call and the work", async () => {
    const called = name();
    await using mesh = await Mesh.start(called);
    await using other = await Process.start(called, WORKERS);
    await knows(mesh, 1);
    const call = mesh.call("workers", "hold", null, { timeout: 500 });
    const error = await failure(call, DeadlineExceededError);
    assert.equal(error.service, "workers");
    assert.equal(error.method, "hold");
    await other.told("held");
    await other.told("let go");
  });

  fact("a call that is cancelled ends the work", async () => {
    const called = name();
    await using mesh = await Mesh.start(called);
    await using other = await Process.start(called, WORKERS);
    await knows(mesh, 1);
    const controller = new AbortController();
    const { signal } = controller;
    const call = mesh.call("workers", "hold", null, { signal });
    const ended = assert.rejects(call, { name: "AbortError" });
    await other.told("held");
    controller.abort();
    await ended;
    await other.told("let go");
    assert.equal(await mesh.call("workers", "who"), other.node);
  });

  fact("events go both ways in order", async () => {
    const called = name();
    await using mesh = await Mesh.start(called);
    await using other = await Process.start(called);
    await using events = await mesh.subscribe("numbers/there");
    await other.do("subscribe", "numbers/here");
    // Interest in a topic travels by itself: what is published before it arrives is missed.
    await meet(mesh, other);
    await other.do("publish", "numbers/there", 0, 200);
    for (const number of range(200)) {
      const { value } = await soon(events.next(), "an event");
      assert.equal(value?.value, number);
      assert.equal(value?.publisher, other.node);
    }
    for (const number of range(200)) {
      await mesh.publish("numbers/here", number);
    }
    for (const number of range(200)) {
      const { value, publisher, missed } = await other.told("event");
      assert.deepEqual([value, publisher, missed], [number, mesh.nodeId, 0]);
    }
  });

  fact("what a slow subscriber loses is counted", async () => {
    const called = name();
    await using mesh = await Mesh.start(called);
    await using other = await Process.start(called);
    await using events = await mesh.subscribe("numbers", { capacity: 3 });
    await meet(mesh, other);
    await other.do("publish", "numbers", 0, 10);
    await until("all have arrived", () => events.dropped === 7);
    let missed = 0;
    for (const number of [7, 8, 9]) {
      const { value } = await soon(events.next(), "an event");
      assert.equal(value?.value, number);
      missed += value?.missed ?? 0;
    }
    assert.equal(missed, 7);
    assert.equal(mesh.stats().eventsDropped, 7);
  });

  fact("a watch sees another register and stop", async () => {
    const called = name();
    await using mesh = await Mesh.start(called);
    await using changes = mesh.watch("workers");
    await using other = await Process.start(called);
    const changed = async (): Promise<[string?, string?]> => {
      const { value } = await soon(changes.next(), "a change");
      return [value?.kind, value?.instance.nodeId];
    };
    await other.do("register", "workers");
    assert.deepEqual(await changed(), ["added", other.node]);
    await other.do("stop");
    assert.deepEqual(await changed(), ["removed", other.node]);
    assert.deepEqual(mesh.discover("workers"), []);
    await until("the node is gone", () => mesh.stats().peers === 0);
  });

  fact(
    "a service that is deregistered is gone and its node stays",
    async () => {
      const called = name();
      await using mesh = await Mesh.start(called);
      await using other = await Process.start(called, {
        serves: { workers: {}, others: {} },
      });
      await knows(mesh, 1);
      await knows(mesh, 1, "others");
      await other.do("deregister", "workers");
      await knows(mesh, 0);
      // It drains before it is gone, which may be seen.
      await until(
        "it is gone",
        () =>
          mesh.discover({ service: "workers", health: "draining" }).length ===
          0,
      );
      assert.equal(await mesh.call("others", "who"), other.node);
      await failure(mesh.call("workers", "who"), NotFoundError);
    },
  );

  fact("an instance in this process is preferred", async () => {
    const called = name();
    await using mesh = await Mesh.start(called);
    await using _other = await Process.start(called, WORKERS);
    await mesh.register("workers", { who: () => mesh.nodeId });
    await knows(mesh, 2);
    // Nothing is known of either yet: they are equal.
    assert.deepEqual(await servers(mesh, 1), [mesh.nodeId]);
    // The other is tried once in a while, and found to be further away.
    const served = counts(await servers(mesh, 100));
    assert.ok((served[mesh.nodeId] ?? 0) >= 80, JSON.stringify(served));
  });

  fact("messages within a process never touch the fabric", async () => {
    const called = name();
    await using mesh = await Mesh.start(called);
    await using events = await mesh.subscribe("numbers");
    await mesh.register("here", echo);
    const publish = async (number: number): Promise<void> => {
      await mesh.publish("numbers", number);
      const { value } = await soon(events.next(), "an event");
      assert.equal(value?.value, number);
    };
    for (const number of range(20)) {
      await publish(number);
    }
    assert.equal(mesh.stats().fabricMessages, 0);
    await using _other = await Process.start(called, WORKERS);
    await knows(mesh, 1);
    const before = mesh.stats();
    for (const number of range(20)) {
      assert.equal(await mesh.call("here", "", number), number);
      await publish(number);
    }
    const after = mesh.stats();
    assert.equal(after.callsOk - before.callsOk, 20);
    const carried = (stats: MeshStats): number[] => [
      stats.fabricMessages,
      stats.bytesSent,
      stats.bytesReceived,
    ];
    assert.deepEqual(carried(after), carried(before));
    await mesh.call("workers", "who");
    assert.ok(mesh.stats().fabricMessages > after.fabricMessages);
  });

  fact("counters tell of peers and bytes", async () => {
    const called = name();
    await using mesh = await Mesh.start(called);
    await using other = await Process.start(called, WORKERS);
    await knows(mesh, 1);
    const before = mesh.stats();
    assert.equal(before.peers, 1);
    await mesh.call("workers", "echo", new Uint8Array(5_000));
    const after = mesh.stats();
    assert.equal(after.bytesSent - before.bytesSent, 5_000);
    assert.equal(after.bytesReceived - before.bytesReceived, 5_000);
    const there = await other.do<MeshStats>("stats");
    assert.equal(there.peers, 1);
    assert.equal(there.requestsHandled, 1);
    assert.equal(there.bytesReceived, 5_000);
  });

  fact("only meshes of one name meet", async () => {
    const called = name();
    await using mesh = await Mesh.start(called);
    await using _stranger = await Process.start(`${called}-other`, {
      serves: { strangers: {} },
    });
    await using _hermit = await Process.start(called, {
      ...WORKERS,
      localOnly: true,
    });
    // Who comes later is known, so who came earlier would be.
    await using _later = await Process.start(called, {
      serves: { later: {} },
    });
    await knows(mesh, 1, "later");
    const found = mesh.discover().map(({ service }) => service);
    assert.deepEqual(found, ["later"]);
    assert.equal(mesh.stats().peers, 1);
  });

  fact("an instance in the own zone is preferred", async () => {
    const called = name();
    await using mesh = await Mesh.start(called, {
      zone: "near",
      balance: "round-robin",
    });
    await using near = await Process.start(called, {
      ...WORKERS,
      zone: "near",
    });
    await using far = await Process.start(called, {
      ...WORKERS,
      zone: "far",
    });
    await knows(mesh, 2);
    assert.deepEqual(counts(await servers(mesh, 10)), { [near.node]: 10 });
    const anywhere = await servers(mesh, 10, { zoneFirst: false });
    assert.deepEqual(new Set(anywhere), new Set([near.node, far.node]));
    await near.do("stop");
    await knows(mesh, 1);
    assert.deepEqual(await servers(mesh, 1), [far.node]);
  });

  fact("calls are shared between processes", async () => {
    const called = name();
    await using mesh = await Mesh.start(called, { balance: "round-robin" });
    await using replicas = await Replicas.start(called, 3);
    await knows(mesh, 3);
    const shares = replicas.all.map(({ node }) => [node, 10] as const);
    const served = counts(await servers(mesh, 30));
    assert.deepEqual(served, Object.fromEntries(shares));
  });

  fact("one who comes late knows all who were there", async () => {
    const called = name();
    await using replicas = await Replicas.start(called, 3);
    await replicas.at(0).do("register", "gone");
    await replicas.at(0).do("deregister", "gone");
    await using mesh = await Mesh.start(called);
    await knows(mesh, 3);
    const nodes = mesh.discover().map(({ nodeId }) => nodeId);
    const there = replicas.all.map(({ node }) => node);
    assert.deepEqual(nodes.sort(), there.sort());
    assert.equal(mesh.activeServiceCount(), 1);
    await until("three peers", () => mesh.stats().peers === 3);
    for (const replica of replicas.all) {
      assert.deepEqual(await replica.do("discover", "gone"), []);
    }
  });

  fact("nodes on other hosts meet by address", async () => {
    const called = name();
    const address = `tcp/127.0.0.1:${await freePort()}`;
    const directory = folder();
    await using mesh = await Mesh.start(called, { listen: [address] });
    {
      await using other = await Process.start(called, {
        ...WORKERS,
        directory,
        connect: [address],
      });
      await knows(mesh, 1);
      assert.deepEqual(await servers(mesh, 1), [other.node]);
    }
    // One who names no address is as far away as it seems.
    await using lost = await Process.start(called, {
      serves: { lost: {} },
      directory,
    });
    await using _found = await Process.start(called, {
      serves: { found: {} },
    });
    await knows(mesh, 1, "found");
    assert.deepEqual(mesh.discover("lost"), []);
    assert.equal((await lost.do<MeshStats>("stats")).peers, 0);
  });

  fact("clients meet through their router", async () => {
    const called = name();
    const address = `tcp/127.0.0.1:${await freePort()}`;
    const client = { mode: "client", connect: [address] } as const;
    await using _router = await Process.start(called, {
      mode: "router",
      listen: [address],
    });
    await using mesh = await Mesh.start(called, client);
    await using callee = await Process.start(called, {
      ...WORKERS,
      ...client,
    });
    await knows(mesh, 1);
    assert.deepEqual(await servers(mesh, 1), [callee.node]);
  });

  fact("certificates of one authority let nodes meet", async () => {
    const called = name();
    const [ours, theirs] = [new Authority("ours"), new Authority("theirs")];
    const address = `tls/localhost:${await freePort()}`;
    const directory = folder();
    const here = ours.signs("here");
    // As URLs of files, which are paths, too.
    const tls = { ...here, ca: pathToFileURL(here.ca) };
    await using mesh = await Mesh.start(called, { listen: [address], tls });
    {
      await using other = await Process.start(called, {
        ...WORKERS,
        directory,
        connect: [address],
        tls: ours.signs("there"),
      });
      await knows(mesh, 1);
      const sealed = new TextEncoder().encode("sealed");
      assert.deepEqual(await mesh.call("workers", "echo", sealed), sealed);
      assert.deepEqual(await servers(mesh, 1), [other.node]);
      assert.equal(mesh.stats().peers, 1);
    }
    await until("it is gone", () => mesh.stats().peers === 0);

    // Another authority's node trusts ours, and is not trusted.
    await using _stranger = await Process.start(called, {
      serves: { strangers: {} },
      directory,
      connect: [address],
      tls: { ...theirs.signs("stranger"), ca: here.ca },
    });
    for (let turn = 0; turn < 100; turn++) {
      assert.equal(mesh.stats().peers, 0);
      assert.deepEqual(mesh.discover("strangers"), []);
      await sleep(10);
    }
  });
});

/** Waits until each is told of the events of the other. */
async function meet(mesh: Mesh, other: Process): Promise<void> {
  await until("the nodes meet", () => mesh.stats().peers === 1);
  await using events = await mesh.subscribe("begin");
  await other.do("subscribe", "begin/there");
  const first = events.next();
  do {
    await other.do("publish", "begin", 0, 1);
  } while (!(await within(50, first)));
  do {
    await mesh.publish("begin/there", "begin");
  } while ((await other.toldWithin(50, "event")) === undefined);
  // Those that came late.
  while ((await other.toldWithin(300, "event")) !== undefined) {}
}
