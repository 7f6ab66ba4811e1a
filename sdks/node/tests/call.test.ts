/** A call reaches one instance that its caller's options allow, and brings back its answer. */

import assert from "node:assert/strict";
import { describe } from "node:test";

import {
  type CallOptions,
  type Context,
  DeadlineExceededError,
  InternalError,
  InvalidArgumentError,
  Mesh,
  Message,
  NotFoundError,
  ResourceExhaustedError,
  UnavailableError,
} from "commy";

import {
  echo,
  eventually,
  fact,
  failure,
  HALF,
  name,
  Signal,
} from "./support.js";

const forever = (): Promise<never> => new Promise(() => {});

describe("call", () => {
  fact("values travel both ways", async () => {
    await using mesh = await Mesh.start(name());
    await mesh.register("echo", echo);
    const value = { id: 1, items: ["ä", null, 1.5, true] };
    assert.deepEqual(await mesh.call("echo", "any", value), value);
    assert.equal(await mesh.call("echo"), null);
    assert.equal(await mesh.call("echo", "any", undefined), null);
  });

  fact("headers travel both ways", async () => {
    await using mesh = await Mesh.start(name());
    await mesh.register("headers", (value, { headers, method }) => {
      const seen = headers["trace"] ?? "none";
      return new Message(value, { headers: { seen, method } });
    });
    const reply = await mesh.request<string>("headers", "read", "hi", {
      headers: { trace: "abc-ü" },
    });
    assert.deepEqual(reply, {
      value: "hi",
      headers: { seen: "abc-ü", method: "read" },
      contentType: "application/json",
      servedBy: mesh.discover("headers")[0]?.id,
    });
  });

  fact("a handler learns of the call", async () => {
    await using mesh = await Mesh.start(name());
    const contexts: Context[] = [];
    await mesh.register("learn", (_, context) => {
      contexts.push(context);
      assert.ok(context.timeLeft > 0 && context.timeLeft <= 5_000);
    });
    await mesh.call("learn", "now", undefined, { timeout: 5_000 });
    const [context] = contexts;
    assert.equal(context?.service, "learn");
    assert.equal(context.method, "now");
    assert.equal(context.caller, mesh.nodeId);
    assert.equal(context.attempt, 1);
    assert.equal(context.signal.aborted, false);
    assert.equal(context.contentType, "application/json");
    assert.deepEqual(context.headers, {});
  });

  fact("without a timeout the mesh's own holds", async () => {
    await using mesh = await Mesh.start(name(), { callTimeout: 50 });
    await mesh.register("stuck", forever);
    await failure(mesh.call("stuck"), DeadlineExceededError);
  });

  fact(
    "a timeout of zero is exceeded at once and nothing is sent",
    async () => {
      await using mesh = await Mesh.start(name());
      let calls = 0;
      await mesh.register("count", () => void (calls += 1));
      await failure(
        mesh.call("count", "", "", { timeout: 0 }),
        DeadlineExceededError,
      );
      await mesh.call("count", "", "", { timeout: 5_000 });
      assert.equal(calls, 1);
    },
  );

  for (const timeout of [-1, -0.001, NaN, Infinity]) {
    fact(`a timeout that is no time is refused: ${timeout}`, async () => {
      await using mesh = await Mesh.start(name());
      await failure(
        mesh.call("echo", "", "", { timeout }),
        InvalidArgumentError,
        /timeout must be from 0 to/,
      );
      await failure(
        mesh.call("echo", "", "", { timeout: "2" as never }),
        TypeError,
        /timeout must be a number/,
      );
    });
  }

  fact(
    "a handler that hangs exceeds the deadline and its service goes on",
    async () => {
      await using mesh = await Mesh.start(name());
      await mesh.register("hangs", { hang: forever, fine: () => "fine" });
      const error = await failure(
        mesh.call("hangs", "hang", "", { timeout: 50 }),
        DeadlineExceededError,
      );
      assert.equal(error.service, "hangs");
      assert.equal(error.method, "hang");
      assert.equal(await mesh.call("hangs", "fine"), "fine");
    },
  );

  fact("an unknown service is not found and named", async () => {
    await using mesh = await Mesh.start(name());
    const error = await failure(
      mesh.call("nobody", "method"),
      NotFoundError,
      /nobody/,
    );
    assert.equal(error.service, "nobody");
    assert.equal(error.attempts, 0);
    assert.equal(error.code, "NOT_FOUND");
  });

  fact("a requirement that no instance meets is not found", async () => {
    await using mesh = await Mesh.start(name());
    await mesh.register("orders", echo, {
      version: "1.0.0",
      tags: ["eu"],
      metadata: { tier: "gold" },
    });
    await mesh.call("orders", "", "", {
      version: "^1",
      tags: ["eu"],
      metadata: { tier: "gold" },
    });
    const unmet: CallOptions[] = [
      { version: "^2" },
      { tags: ["us"] },
      { metadata: { tier: "lead" } },
    ];
    for (const options of unmet) {
      await failure(mesh.call("orders", "", "", options), NotFoundError);
    }
  });

  for (const bad of ["", "s".repeat(129), "has space", "größe", "a/b", HALF]) {
    fact(
      `a bad service name is refused: ${JSON.stringify(bad.slice(0, 20))}`,
      async () => {
        await using mesh = await Mesh.start(name());
        await failure(mesh.call(bad), InvalidArgumentError);
      },
    );
  }

  const many = Object.fromEntries(
    Array.from({ length: 65 }, (_, number) => [`h${number}`, ""]),
  );
  const broken: [string, CallOptions][] = [
    ["m".repeat(129), {}],
    ["has space", {}],
    [HALF, {}],
    ["m", { headers: { "": "value" } }],
    ["m", { headers: { key: "v".repeat(4097) } }],
    ["m", { headers: { key: HALF } }],
    ["m", { headers: many }],
    ["m", { contentType: "c".repeat(257) }],
    ["m", { routingKey: "k".repeat(1025) }],
    ["m", { balance: "luck" as never }],
    ["m", { version: "not a version" }],
    ["m", { tags: [""] }],
  ];
  for (const [method, options] of broken) {
    const shown = JSON.stringify([method, options]).slice(0, 60);
    fact(`a call that breaks a rule is refused: ${shown}`, async () => {
      await using mesh = await Mesh.start(name());
      await mesh.register("echo", echo);
      await failure(
        mesh.call("echo", method, 1, options),
        InvalidArgumentError,
      );
      assert.equal(await mesh.call("echo", "m", 1), 1);
    });
  }

  fact("round robin takes each in turn", async () => {
    await using mesh = await Mesh.start(name(), { balance: "round-robin" });
    for (let count = 0; count < 3; count++) {
      await mesh.register("echo", echo);
    }
    const served: string[] = [];
    for (let count = 0; count < 6; count++) {
      served.push((await mesh.request("echo")).servedBy);
    }
    assert.equal(new Set(served.slice(0, 3)).size, 3);
    assert.deepEqual(served.slice(0, 3), served.slice(3));
  });

  fact("one routing key reaches one instance", async () => {
    await using mesh = await Mesh.start(name());
    for (let count = 0; count < 5; count++) {
      await mesh.register("echo", echo);
    }
    const served = async (routingKey: string): Promise<string> => {
      const balance = "consistent-hash";
      const reply = await mesh.request("echo", "", "", { routingKey, balance });
      return reply.servedBy;
    };
    for (const key of "abc") {
      const same = new Set<string>();
      for (let count = 0; count < 5; count++) {
        same.add(await served(key));
      }
      assert.equal(same.size, 1);
    }
    const others = Array.from({ length: 50 }, (_, number) =>
      served(`key-${number}`),
    );
    assert.ok(new Set(await Promise.all(others)).size > 1);
  });

  fact("an instance in the mesh's own zone is preferred", async () => {
    await using mesh = await Mesh.start(name(), {
      zone: "here",
      balance: "round-robin",
    });
    const near = await mesh.register("echo", echo);
    await mesh.register("echo", echo, { zone: "there" });
    for (let count = 0; count < 4; count++) {
      assert.equal((await mesh.request("echo")).servedBy, near.instance.id);
    }
    const any = new Set<string>();
    for (let count = 0; count < 4; count++) {
      const zoneFirst = false;
      const reply = await mesh.request("echo", "", "", { zoneFirst });
      any.add(reply.servedBy);
    }
    assert.equal(any.size, 2);
  });

  fact("an in-flight limit that is reached refuses one more", async () => {
    await using mesh = await Mesh.start(name());
    const mayEnd = new Signal();
    let begun = 0;
    const slow = async (value: unknown): Promise<unknown> => {
      begun += 1;
      await mayEnd.promise;
      return value;
    };
    await mesh.register("slow", slow, { maxInFlight: 2 });
    const calls = [1, 2].map((number) => mesh.call("slow", "", number));
    await eventually(() => begun === 2, "both calls have begun");
    const error = await failure(
      mesh.call("slow", "", 3),
      ResourceExhaustedError,
    );
    assert.equal(error.service, "slow");
    mayEnd.fire();
    assert.deepEqual(await Promise.all(calls), [1, 2]);
    assert.equal(await mesh.call("slow", "", 4), 4);
  });

  fact("a circuit breaker refuses calls to what fails", async () => {
    await using mesh = await Mesh.start(name(), {
      breaker: { requestsMin: 2, pause: 600_000 },
    });
    let asked = 0;
    await mesh.register("broken", () => {
      asked += 1;
      return Symbol("no payload");
    });
    for (let count = 0; count < 2; count++) {
      await failure(mesh.call("broken"), InternalError);
    }
    await failure(mesh.call("broken"), UnavailableError, /circuit/);
    assert.equal(asked, 2);
  });

  fact("a handler may call on", async () => {
    await using mesh = await Mesh.start(name());
    await mesh.register("countdown", async (number: number, { timeLeft }) => {
      if (number === 0) {
        return [0];
      }
      const timeout = timeLeft;
      const rest = mesh.call<number[]>("countdown", "", number - 1, {
        timeout,
      });
      return [number, ...(await rest)];
    });
    assert.deepEqual(
      await mesh.call("countdown", "", 20),
      Array.from({ length: 21 }, (_, index) => 20 - index),
    );
  });

  fact("counters tell of calls", async () => {
    await using mesh = await Mesh.start(name());
    await mesh.register("echo", echo);
    for (let count = 0; count < 3; count++) {
      await mesh.call("echo");
    }
    await failure(mesh.call("nobody"), NotFoundError);
    // It falls just after the reply is sent.
    await eventually(() => mesh.stats().requestsInFlight === 0, "no request");
    const stats = mesh.stats();
    assert.equal(stats.callsOk, 3);
    assert.deepEqual(stats.callsFailed, { NOT_FOUND: 1 });
    assert.equal(stats.requestsHandled, 3);
    assert.equal(stats.callsInFlight, 0);
    assert.equal(stats.registrations, 1);
    assert.equal(stats.peers, 0);
    assert.equal(stats.fabricMessages, 0);
  });
});
