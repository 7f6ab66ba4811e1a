/** Instances are found by name, version, tags, metadata, health, zone and region; so are endpoints. */

import assert from "node:assert/strict";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { describe } from "node:test";

import {
  FailedPreconditionError,
  type Health,
  type HealthCheck,
  InvalidArgumentError,
  Mesh,
  type Query,
} from "commy";

import { echo, fact, failure, HALF, name } from "./support.js";

const EVERY: Health[] = ["starting", "healthy", "unhealthy", "draining"];

/** An HTTP server that is up at `/health` alone, until the block ends. */
class Outside implements AsyncDisposable {
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async listen(): Promise<Outside> {
    const server = createServer(({ url }, response) => {
      response.writeHead(url === "/health" ? 204 : 404).end();
    });
    await new Promise<void>((resolve) =>
      server.listen(0, "127.0.0.1", resolve),
    );
    return new Outside(server);
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }
}

describe("discover", () => {
  fact("a query narrows by everything at once", async () => {
    await using mesh = await Mesh.start(name());
    await mesh.register("orders", echo, {
      version: "1.4.0",
      tags: ["eu", "fast"],
      metadata: { tier: "gold" },
      zone: "eu-1a",
      region: "eu-1",
    });
    await mesh.register("orders", echo, {
      version: "2.0.0",
      tags: ["us"],
      zone: "us-1a",
      region: "us-1",
    });
    await mesh.register("users", echo);

    const found = (query?: Query | string): string[] =>
      mesh.discover(query).map((one) => `${one.service} ${one.version}`);
    assert.deepEqual(found().sort(), [
      "orders 1.4.0",
      "orders 2.0.0",
      "users 0.0.0",
    ]);
    assert.equal(found("orders").length, 2);
    assert.deepEqual(found({ service: "orders", version: "^1.2" }), [
      "orders 1.4.0",
    ]);
    assert.deepEqual(found({ version: ">=2, <3" }), ["orders 2.0.0"]);
    assert.deepEqual(found({ tags: ["fast", "eu"] }), ["orders 1.4.0"]);
    assert.deepEqual(found({ tags: ["eu", "us"] }), []);
    assert.deepEqual(found({ metadata: { tier: "gold" } }), ["orders 1.4.0"]);
    assert.deepEqual(found({ zone: "us-1a" }), ["orders 2.0.0"]);
    assert.deepEqual(found({ region: "us-1" }), ["orders 2.0.0"]);
    assert.deepEqual(found({ health: "unhealthy" }), []);
    assert.equal(found({ health: ["healthy", "draining"] }).length, 3);
    assert.deepEqual(found("nobody"), []);
    assert.equal(mesh.activeServiceCount(), 2);
  });

  fact("answers are in order of service and id", async () => {
    await using mesh = await Mesh.start(name());
    for (const service of ["b", "a", "c", "a", "b"]) {
      await mesh.register(service, echo);
    }
    const found = mesh.discover().map(({ service, id }) => `${service} ${id}`);
    assert.deepEqual(found, [...found].sort());
    assert.equal(found.length, 5);
  });

  const badQueries: (Query | string)[] = [
    "",
    { service: "" },
    { service: "has space" },
    { service: HALF },
    { version: "not a version" },
    { tags: [""] },
    { health: "splendid" as never },
    { health: ["healthy", "splendid" as never] },
    { metadata: { [HALF]: "value" } },
  ];
  for (const query of badQueries) {
    fact(
      `a bad query is refused by discover and watch: ${JSON.stringify(query)}`,
      async () => {
        await using mesh = await Mesh.start(name());
        await failure(() => mesh.discover(query), InvalidArgumentError);
        await failure(() => mesh.watch(query), InvalidArgumentError);
      },
    );
  }

  const checks: [string, HealthCheck][] = [
    ["http", { probe: "http", path: "/health", interval: 20, fall: 1 }],
    ["tcp", { probe: "tcp", interval: 20, fall: 2 }],
  ];
  for (const [scheme, check] of checks) {
    fact(
      `an outside server is found while its probe succeeds: ${scheme}`,
      async () => {
        await using mesh = await Mesh.start(name());
        await using changes = mesh.watch("legacy");
        {
          await using server = await Outside.listen();
          const address = `${scheme}://127.0.0.1:${server.port}`;
          await mesh.advertise("legacy", address, { check, tags: ["outside"] });
          const { value } = await changes.next();
          assert.equal(value?.kind, "added");
          assert.equal(value.instance.health, "healthy");
          const [found] = mesh.discover("legacy");
          assert.equal(found?.endpoint, address);
          assert.equal(found.reach, "endpoint");
          assert.deepEqual(found.tags, ["outside"]);
          await failure(
            mesh.call("legacy", "", "", { timeout: 1_000 }),
            FailedPreconditionError,
            new RegExp(String(server.port)),
          );
        }
        const { value } = await changes.next();
        assert.equal(value?.kind, "removed");
        assert.deepEqual(mesh.discover("legacy"), []);
        const [left] = mesh.discover({
          service: "legacy",
          health: "unhealthy",
        });
        assert.equal(left?.health, "unhealthy");
      },
    );
  }

  fact("a probe of a path that is missing does not succeed", async () => {
    await using mesh = await Mesh.start(name());
    await using server = await Outside.listen();
    await using changes = mesh.watch({
      service: "legacy",
      health: "unhealthy",
    });
    await mesh.advertise("legacy", `http://127.0.0.1:${server.port}`, {
      check: { probe: "http", path: "/missing", interval: 10, fall: 1 },
    });
    const { value } = await changes.next();
    assert.equal(value?.instance.health, "unhealthy");
    assert.deepEqual(mesh.discover("legacy"), []);
  });

  fact("without a check an endpoint is taken to be healthy", async () => {
    await using mesh = await Mesh.start(name());
    const registration = await mesh.advertise("db", "tcp://db.example:5432");
    assert.equal(mesh.discover("db")[0]?.endpoint, "tcp://db.example:5432");
    await registration.setHealth("unhealthy");
    assert.deepEqual(mesh.discover("db"), []);
    await registration.deregister();
    assert.deepEqual(mesh.discover({ service: "db", health: EVERY }), []);
  });

  const http = "http://127.0.0.1:1";
  const bad: [string, HealthCheck?][] = [
    [""],
    ["nonsense"],
    ["http://"],
    ["tcp://127.0.0.1"],
    ["ftp://127.0.0.1:1", { probe: "http" }],
    ["http://127.0.0.1:99999"],
    [`http://${HALF}:1`],
    [http, { probe: "http", path: "no-slash" }],
    [http, { probe: "http", interval: 1 }],
    [http, { probe: "http", interval: -1 }],
    [http, { probe: "tcp", path: "/" }],
    [http, { probe: "tcp", timeout: 0 }],
    [http, { probe: "tcp", timeout: 61_000 }],
    [http, { probe: "tcp", rise: 0 }],
    [http, { probe: "tcp", fall: 101 }],
    [http, { probe: "udp" as never }],
  ];
  for (const [address, check] of bad) {
    fact(
      `a bad address or check is refused: ${JSON.stringify([address, check])}`,
      async () => {
        await using mesh = await Mesh.start(name());
        await failure(
          mesh.advertise("legacy", address, { check }),
          InvalidArgumentError,
        );
      },
    );
  }

  fact("a check of another type is a type error", async () => {
    await using mesh = await Mesh.start(name());
    await failure(
      mesh.advertise("legacy", http, { check: "/health" as never }),
      TypeError,
      /a check's options must be an object/,
    );
  });

  fact(
    "discover is synchronous and answers for what was just registered",
    async () => {
      await using mesh = await Mesh.start(name());
      for (let number = 0; number < 50; number++) {
        const { instance } = await mesh.register(`service-${number}`, echo);
        assert.equal(mesh.discover(`service-${number}`)[0]?.id, instance.id);
      }
    },
  );
});
