/** Objects and functions become services. */

import assert from "node:assert/strict";
import { AsyncLocalStorage } from "node:async_hooks";
import { describe } from "node:test";

import {
  type Context,
  InvalidArgumentError,
  Mesh,
  NotFoundError,
  type ServiceOptions,
  UnavailableError,
  UnimplementedError,
} from "commy";

import { echo, fact, failure, HALF, name, Signal } from "./support.js";

class Base {
  inherited(value: string): string {
    return `inherited ${value}`;
  }
}

class Orders extends Base {
  readonly kind = "a field";
  readonly arrow = (value: string): string => `arrow ${this.prefix} ${value}`;
  readonly #secret = "private";

  constructor(readonly prefix: string = "order") {
    super();
  }

  get broken(): () => string {
    throw new Error("no getter is run to find the methods");
  }

  async create(value: string): Promise<string> {
    return `${this.prefix} ${value}`;
  }

  plain(value: string): string {
    return `plain ${this.prefix} ${value} ${this.#secret}`;
  }

  "orders/list-all"(): string[] {
    return [this.prefix];
  }

  _hidden(): void {
    throw new Error("an underscore makes a method private");
  }
}

describe("register", () => {
  fact("the methods of an object are the service's", async () => {
    await using mesh = await Mesh.start(name());
    await mesh.register("orders", new Orders(), {
      version: "1.2.3",
      tags: ["eu"],
    });
    assert.equal(await mesh.call("orders", "create", "1"), "order 1");
    assert.equal(
      await mesh.call("orders", "plain", "1"),
      "plain order 1 private",
    );
    assert.equal(await mesh.call("orders", "arrow", "1"), "arrow order 1");
    assert.equal(await mesh.call("orders", "inherited", "1"), "inherited 1");
    assert.deepEqual(await mesh.call("orders", "orders/list-all"), ["order"]);
    for (const unknown of [
      "_hidden",
      "constructor",
      "toString",
      "__proto__",
      "hasOwnProperty",
      "kind",
      "broken",
      "prefix",
      "nothing",
      "",
    ]) {
      await failure(
        mesh.call("orders", unknown),
        UnimplementedError,
        /has no method/,
      );
    }
    const [found] = mesh.discover("orders");
    assert.equal(found?.version, "1.2.3");
    assert.deepEqual(found.tags, ["eu"]);
  });

  fact("an object is registered with its state", async () => {
    await using mesh = await Mesh.start(name());
    const counter = {
      count: 0,
      next() {
        this.count += 1;
        return this.count;
      },
    };
    await mesh.register("counter", counter);
    await mesh.call("counter", "next");
    assert.equal(await mesh.call("counter", "next"), 2);
    assert.equal(counter.count, 2);
  });

  fact("a function answers every method", async () => {
    await using mesh = await Mesh.start(name());
    await mesh.register(
      "echo",
      (value, { method }: Context) => `${method}: ${String(value)}`,
    );
    assert.equal(await mesh.call("echo", "any", "hi"), "any: hi");
    assert.equal(await mesh.call("echo", undefined, "hi"), ": hi");
  });

  fact(
    "a handler answers now or later, with a value or a promise",
    async () => {
      await using mesh = await Mesh.start(name());
      await mesh.register("kinds", {
        now: (value: number) => value + 1,
        promised: (value: number) => Promise.resolve(value + 2),
        later: (value: number) =>
          new Promise((resolve) => setTimeout(resolve, 1, value + 3)),
        thenable: (value: number) => ({
          // oxlint-disable-next-line no-thenable -- what `await` takes for a promise
          then: (resolve: (value: number) => void) => resolve(value + 4),
        }),
        nothing: () => {},
      });
      assert.equal(await mesh.call("kinds", "now", 1), 2);
      assert.equal(await mesh.call("kinds", "promised", 1), 3);
      assert.equal(await mesh.call("kinds", "later", 1), 4);
      assert.equal(await mesh.call("kinds", "thenable", 1), 5);
      assert.equal(await mesh.call("kinds", "nothing", 1), null);
    },
  );

  fact("a null-prototype object is a handler", async () => {
    await using mesh = await Mesh.start(name());
    const bare = Object.assign(Object.create(null) as object, { echo });
    await mesh.register("bare", bare);
    assert.equal(await mesh.call("bare", "echo", 1), 1);
  });

  for (const [what, bad] of [
    ["undefined", undefined],
    ["null", null],
    ["a number", 7],
    ["a string", "create"],
    ["an object without methods", { _hidden: echo, value: 1 }],
    ["a class", Orders],
  ] as const) {
    fact(`what cannot answer requests is a type error: ${what}`, async () => {
      await using mesh = await Mesh.start(name());
      await failure(mesh.register("bad", bad as never), TypeError, /handler/);
      assert.deepEqual(mesh.discover(), []);
    });
  }

  const broken: ServiceOptions[] = [
    { version: "one" },
    { tags: [""] },
    { tags: Array.from({ length: 33 }, String) },
    { metadata: { "": "value" } },
    { metadata: { key: "v".repeat(1025) } },
    { metadata: { key: HALF } },
    { weight: 0 },
    { weight: 1001 },
    { weight: -1 },
    { weight: 0.5 },
    { maxInFlight: 0 },
    { maxInFlight: 65_537 },
    { zone: HALF },
  ];
  for (const options of broken) {
    fact(
      `an option that breaks a rule is refused: ${JSON.stringify(options).slice(0, 60)}`,
      async () => {
        await using mesh = await Mesh.start(name());
        await failure(
          mesh.register("orders", echo, options),
          InvalidArgumentError,
        );
        assert.deepEqual(mesh.registrations, []);
      },
    );
  }

  fact("an option of the wrong type is a type error", async () => {
    await using mesh = await Mesh.start(name());
    for (const options of [
      { tags: "eu" },
      { metadata: [["tier", "gold"]] },
      { weight: "100" },
      { verison: "1.0.0" },
    ]) {
      await failure(mesh.register("orders", echo, options as never), TypeError);
    }
  });

  fact("a registration shows its instance", async () => {
    await using mesh = await Mesh.start(name(), {
      zone: "eu-1a",
      region: "eu-1",
    });
    const registration = await mesh.register("orders", echo, {
      version: "2.0.0",
      tags: new Set(["eu", "fast"]),
      metadata: { tier: "gold", ["__proto__"]: "kept" },
      weight: 7,
    });
    const { id, revision, ...instance } = registration.instance;
    assert.ok(id.startsWith(mesh.nodeId), id);
    assert.ok(revision > 0);
    assert.deepEqual(instance, {
      nodeId: mesh.nodeId,
      service: "orders",
      version: "2.0.0",
      tags: ["eu", "fast"],
      metadata: { tier: "gold", ["__proto__"]: "kept" },
      weight: 7,
      zone: "eu-1a",
      region: "eu-1",
      health: "healthy",
      endpoint: undefined,
      reach: "in-process",
    });
    assert.deepEqual(mesh.discover("orders"), [registration.instance]);
    assert.deepEqual(mesh.registrations, [registration]);
  });

  fact(
    "deregistering withdraws the instance, and twice does nothing",
    async () => {
      await using mesh = await Mesh.start(name());
      {
        await using registration = await mesh.register("orders", new Orders());
        assert.equal(await mesh.call("orders", "create", "1"), "order 1");
        assert.equal(registration.instance.health, "healthy");
      }
      assert.deepEqual(mesh.discover(), []);
      assert.deepEqual(mesh.registrations, []);
      await failure(mesh.call("orders", "create", "1"), NotFoundError);
      const other = await mesh.register("orders", new Orders());
      await other.deregister();
      await other.deregister();
    },
  );

  fact(
    "health that its owner reports decides whether it is called",
    async () => {
      await using mesh = await Mesh.start(name());
      const registration = await mesh.register("orders", new Orders());
      await registration.setHealth("unhealthy");
      assert.deepEqual(mesh.discover("orders"), []);
      assert.deepEqual(
        mesh
          .discover({ service: "orders", health: "unhealthy" })
          .map(({ health }) => health),
        ["unhealthy"],
      );
      await failure(
        mesh.call("orders", "create", "1", { timeout: 1_000 }),
        UnavailableError,
      );
      await registration.setHealth("healthy");
      assert.equal(await mesh.call("orders", "create", "1"), "order 1");
      for (const bad of ["draining", "starting", "splendid"]) {
        await failure(
          registration.setHealth(bad as never),
          InvalidArgumentError,
        );
      }
    },
  );

  fact(
    "draining finishes what is in flight and takes nothing new",
    async () => {
      await using mesh = await Mesh.start(name());
      const begun = new Signal();
      const mayEnd = new Signal();
      const registration = await mesh.register("slow", async (value) => {
        begun.fire();
        await mayEnd.promise;
        return value as string;
      });
      const call = mesh.call("slow", "", "done");
      await begun.promise;
      assert.equal(await registration.drain(10), false);
      assert.equal(registration.instance.health, "draining");
      await failure(
        mesh.call("slow", "", "", { timeout: 1_000 }),
        UnavailableError,
      );
      mayEnd.fire();
      assert.equal(await call, "done");
      assert.equal(await registration.drain(), true);
      await failure(registration.drain(-1), InvalidArgumentError);
    },
  );

  fact("a handler may register and deregister", async () => {
    await using mesh = await Mesh.start(name());
    await mesh.register("spawn", async (child: string) => {
      await using registration = await mesh.register(child, echo);
      return await mesh.call(registration.instance.service, "", "a child");
    });
    assert.equal(await mesh.call("spawn", "", "child"), "a child");
    assert.deepEqual(mesh.discover("child"), []);
  });

  fact("a handler does not run in the async context of a caller", async () => {
    await using mesh = await Mesh.start(name());
    const storage = new AsyncLocalStorage<string>();
    await mesh.register("whose", () => storage.getStore() ?? "nobody's");
    const seen = storage.run("the caller's", () => mesh.call("whose"));
    assert.equal(await seen, "nobody's");
    await storage.run("the caller's", async () => {
      await mesh.call("whose");
      assert.equal(storage.getStore(), "the caller's");
    });
  });
});
