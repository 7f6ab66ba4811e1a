/** Processes die, hang, come late and are replaced, and the others are told the truth in time. */

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { describe } from "node:test";

import {
  type CallOptions,
  CommyError,
  DeadlineExceededError,
  InvalidArgumentError,
  Mesh,
  type MeshOptions,
  type MeshStats,
  NotFoundError,
  UnavailableError,
} from "commy";

import { CALLERS, Load } from "./load.js";
import {
  fact,
  knows,
  Process,
  Replicas,
  soon,
  until,
  within,
} from "./processes.js";
import { Stolen } from "./stolen.js";
import { echo, failure, fact as alone, folder, name } from "./support.js";

const WORKERS = { serves: { workers: {} } };

/** Waits until a mesh gives up a node, and returns when it did. */
async function gone(mesh: Mesh, node: string): Promise<number> {
  await using changes = mesh.watch("workers");
  for (;;) {
    const { value } = await soon(changes.next(), `${node} is gone`);
    if (value?.kind === "removed" && value.instance.nodeId === node) {
      return performance.now();
    }
  }
}

describe("failure", () => {
  fact(
    "a killed replica gets no more calls and only those on it fail",
    async () => {
      const called = name();
      const goneAfter: number[] = [];
      await using replicas = await Replicas.start(called, 4);
      await using mesh = await Mesh.start(called);
      await knows(mesh, 4);
      {
        await using stolen = new Stolen();
        await using load = await Load.start(mesh);
        // A machine may be too busy to tell when one dies; it is not each time.
        for (const victim of replicas.all.slice(0, 3)) {
          const failedBefore = load.failed.length;
          const missed = gone(mesh, victim.node);
          await load.goesOn();
          const killed = victim.signal("SIGKILL");
          const known = await missed;
          goneAfter.push(known - killed - stolen.between(killed, known));
          await load.goesOn();

          const failed = load.failed.slice(failedBefore);
          assert.ok(failed.length <= CALLERS, `${failed.length} calls failed`);
          for (const { began, error } of failed) {
            assert.ok(
              began < Math.max(known, killed + 50),
              "it began too late",
            );
            assert.ok(error instanceof UnavailableError, String(error));
            assert.equal(error.service, "workers");
            assert.equal(error.method, "work");
            assert.ok(error.attempts >= 1);
            assert.ok(
              error.instanceId?.includes(victim.node),
              error.instanceId,
            );
            assert.ok(error.reason.includes(victim.node), error.reason);
          }
          assert.deepEqual(load.servedBy(victim.node, known), []);
        }
        const last = load.outcomes.slice(-CALLERS).map(({ node }) => node);
        assert.deepEqual(new Set(last), new Set([replicas.at(3).node]));
      }
      assert.ok(Math.min(...goneAfter) < 50, `gone after ${goneAfter} ms`);
    },
  );

  fact(
    "a replica that hangs gets no call after a moment and is back when it goes on",
    async () => {
      const called = name();
      await using replicas = await Replicas.start(called, 3);
      await using mesh = await Mesh.start(called);
      await knows(mesh, 3);
      const victim = replicas.at(0);
      let known: number;
      const loads: Load[] = [];
      {
        await using stolen = new Stolen();
        await using once = await Load.start(mesh, { timeout: 4_000 });
        await using repeated = await Load.start(mesh, {
          timeout: 4_000,
          idempotent: true,
        });
        loads.push(once, repeated);
        const missed = gone(mesh, victim.node);
        await once.goesOn();
        const stopped = victim.signal("SIGSTOP");
        known = await missed;
        const took = known - stopped - stolen.between(stopped, known);
        assert.ok(took < 1_500, `gone after ${took} ms`);
        await once.goesOn();
        await repeated.goesOn();
      }
      const [once, repeated] = loads as [Load, Load];
      for (const { began, ended, error } of once.failed) {
        assert.ok(
          error instanceof UnavailableError ||
            error instanceof DeadlineExceededError,
          String(error),
        );
        assert.ok(began <= known, "it began too late");
        assert.ok(ended - began < 5_000, `it took ${ended - began} ms`);
      }
      assert.deepEqual(repeated.failed, []);
      for (const load of loads) {
        assert.deepEqual(load.servedBy(victim.node, known), []);
      }

      victim.signal("SIGCONT");
      await knows(mesh, 3);
      const again = performance.now();
      await using load = await Load.start(mesh);
      await until(
        "it is called again",
        () => load.servedBy(victim.node, again).length > 0,
      );
      assert.deepEqual(load.failed, []);
    },
  );

  fact("a rolling restart fails no call", async () => {
    const called = name();
    await using mesh = await Mesh.start(called);
    await using old = await Replicas.start(called, 3);
    await using fresh = await Replicas.start(called, 0);
    await knows(mesh, 3);
    {
      await using load = await Load.start(mesh);
      for (const leaving of old.all) {
        await fresh.add();
        await knows(mesh, 4);
        await load.goesOn();
        await leaving.do("stop");
        assert.equal(await leaving.exits(), 0);
        await load.goesOn();
      }
      assert.deepEqual(load.failed, []);
      const served = new Set(load.outcomes.map(({ node }) => node));
      const all = [...old.all, ...fresh.all].map(({ node }) => node);
      assert.deepEqual(served, new Set(all));
    }
  });

  fact("a call whose callee is killed says what was tried", async () => {
    const called = name();
    await using mesh = await Mesh.start(called);
    await using other = await Process.start(called, WORKERS);
    await knows(mesh, 1);
    const [instance] = mesh.discover("workers");
    const call = failure(mesh.call("workers", "hold"), UnavailableError);
    await other.told("held");
    other.signal("SIGKILL");
    const error = await soon(call, "the call ends");
    assert.equal(error.service, "workers");
    assert.equal(error.method, "hold");
    assert.equal(error.attempts, 1);
    assert.equal(error.instanceId, instance?.id);
    const after = await failure(mesh.call("workers", "who"), CommyError);
    assert.ok(
      after instanceof NotFoundError || after instanceof UnavailableError,
      String(after),
    );
  });

  fact(
    "an idempotent call whose callee is killed succeeds elsewhere",
    async () => {
      const called = name();
      await using replicas = await Replicas.start(called, 2);
      await using mesh = await Mesh.start(called);
      await knows(mesh, 2);
      const options: CallOptions = { idempotent: true, balance: "round-robin" };
      const calls = Array.from({ length: 4 }, () =>
        mesh.call("workers", "work", 3_000, options),
      );
      const all = Promise.all(calls);
      for (const replica of replicas.all) {
        await until("each is at work", async () => {
          const stats = await replica.do<MeshStats>("stats");
          return stats.requestsHandled >= 2;
        });
      }
      replicas.at(0).signal("SIGKILL");
      const served = new Set(await soon(all, "all are answered"));
      assert.deepEqual(served, new Set([replicas.at(1).node]));
    },
  );

  fact("a call to one who hangs ends by its deadline", async () => {
    const called = name();
    await using mesh = await Mesh.start(called);
    await using other = await Process.start(called, WORKERS);
    await knows(mesh, 1);
    other.signal("SIGSTOP");
    const began = performance.now();
    const call = mesh.call("workers", "who", null, { timeout: 500 });
    const error = await failure(call, CommyError);
    const took = performance.now() - began;
    assert.ok(
      error instanceof DeadlineExceededError ||
        error instanceof UnavailableError,
      String(error),
    );
    assert.ok(took > 400 && took < 5_000, `it took ${took} ms`);
    assert.notEqual(error.instanceId, undefined);
    other.signal("SIGCONT");
  });

  fact("who is killed stops the work that it asked for", async () => {
    const called = name();
    await using callee = await Process.start(called, WORKERS);
    await using caller = await Process.start(called);
    await caller.knows("workers");
    void caller.begin("call", "workers", "hold");
    await callee.told("held");
    caller.signal("SIGKILL");
    await callee.told("let go");
  });

  fact("one who comes after a death knows the living only", async () => {
    const called = name();
    await using replicas = await Replicas.start(called, 2);
    replicas.at(0).signal("SIGKILL");
    await using mesh = await Mesh.start(called);
    await knows(mesh, 1);
    assert.equal(await mesh.call("workers", "who"), replicas.at(1).node);
    assert.equal(mesh.stats().peers, 1);
  });

  fact("events go on among the living", async () => {
    const called = name();
    await using mesh = await Mesh.start(called);
    await using events = await mesh.subscribe("numbers");
    await using replicas = await Replicas.start(called, 2);
    await knows(mesh, 2);
    replicas.at(0).signal("SIGKILL");
    await knows(mesh, 1);
    const first = events.next();
    do {
      await replicas.at(1).do("publish", "numbers", 1, 1);
    } while (!(await within(50, first)));
    const { value } = await first;
    assert.equal(value?.value, 1);
    assert.equal(value?.publisher, replicas.at(1).node);
  });

  fact("a stop keeps its time while another hangs", async () => {
    const called = name();
    await using mesh = await Mesh.start(called, { drainTimeout: 1_000 });
    await using other = await Process.start(called, WORKERS);
    await knows(mesh, 1);
    const call = failure(mesh.call("workers", "hold"), CommyError);
    await other.told("held");
    other.signal("SIGSTOP");
    const began = performance.now();
    await mesh.stop();
    const took = performance.now() - began;
    assert.ok(took < 5_000, `it took ${took} ms`);
    await soon(call, "the call ends");
  });

  fact("a process ends with a mesh that is connected", async () => {
    const called = name();
    await using mesh = await Mesh.start(called);
    await mesh.register("here", echo);
    await using other = await Process.start(called, WORKERS);
    await knows(mesh, 1);
    await other.knows("here");
    const call = failure(mesh.call("workers", "hold"), CommyError);
    await other.told("held");
    void other.begin("call", "here", "", 1);
    assert.equal(await other.exits(), 0);
    await soon(call, "the call ends");
    assert.equal(other.complaints, "");
    await until("it is gone", () => mesh.stats().peers === 0);
  });

  const refused: [MeshOptions, string[]][] = [
    [
      { listen: ["tcp/0.0.0.0:7447"] },
      ["tcp/0.0.0.0:7447", "loopback", "allow_insecure"],
    ],
    [
      { connect: ["tcp/example.org:7447"] },
      ["tcp/example.org:7447", "allow_insecure"],
    ],
    [{ listen: ["tls/0.0.0.0:7447"] }, ["tls/0.0.0.0:7447", "certificates"]],
    [
      { connect: ["quic/example.org:7447"] },
      ["quic/example.org:7447", "certificates"],
    ],
    [
      { connect: ["udp/127.0.0.1:7447"] },
      ["udp/127.0.0.1:7447", "tcp/, tls/ or quic/"],
    ],
    [
      { connect: ["127.0.0.1:7447"] },
      ["127.0.0.1:7447", "tcp/, tls/ or quic/"],
    ],
    [{ connect: ["tcp/127.0.0.1"] }, ["tcp/127.0.0.1", "port"]],
    [{ connect: ["tcp/127.0.0.1:7447#iface=eth0"] }, ["nothing else"]],
    [{ mode: "client" }, ["client", "connect"]],
    [{ multicast: true }, ["multicast", "listen"]],
    [
      {
        tls: {
          ca: "/nowhere/ca.pem",
          certificate: "/nowhere/node.pem",
          key: "/nowhere/key.pem",
        },
      },
      ["/nowhere/ca.pem"],
    ],
    [{ mode: "hub" as never }, ["mode", '"peer", "client", "router"', "hub"]],
  ];
  for (const [options, words] of refused) {
    alone(
      `options that cannot work are refused with the rule: ${JSON.stringify(options)}`,
      async () => {
        const make = (): Mesh => new Mesh(name(), options);
        const { reason } = await failure(make, InvalidArgumentError);
        for (const word of words) {
          assert.ok(reason.includes(word), reason);
        }
      },
    );
  }

  const mistaken: [object, RegExp][] = [
    [{ localOnly: "yes" }, /localOnly must be a boolean, not string/],
    [{ listen: "tcp/127.0.0.1:1" }, /listen must be a list of strings/],
    [{ connect: [7] }, /an entry of connect must be a string, not number/],
    [{ tls: "ca.pem" }, /tls's options must be an object, not string/],
    [{ tls: { ca: 7 } }, /authority's certificate must be a string or a URL/],
  ];
  for (const [options, message] of mistaken) {
    alone(
      `options of the wrong type are a type error: ${JSON.stringify(options)}`,
      () => {
        assert.throws(() => new Mesh(name(), options), {
          name: "TypeError",
          message,
        });
      },
    );
  }

  fact(
    "an address that is taken or a certificate that is none fails the start",
    async () => {
      const server = createServer();
      await new Promise<void>((resolve) =>
        server.listen(0, "127.0.0.1", resolve),
      );
      try {
        const { port } = server.address() as AddressInfo;
        const mesh = new Mesh(name(), { listen: [`tcp/127.0.0.1:${port}`] });
        await soon(failure(mesh.start(), CommyError), "the start fails");
        assert.equal(mesh.isRunning, false);
      } finally {
        server.close();
      }
      const directory = folder();
      const [ca, certificate, key] = ["ca", "node", "key"].map((file) => {
        const path = join(directory, file);
        writeFileSync(path, "this is no certificate");
        return path;
      }) as [string, string, string];
      const mesh = new Mesh(name(), {
        listen: ["tls/127.0.0.1:0"],
        tls: { ca, certificate, key },
      });
      await soon(failure(mesh.start(), CommyError), "the start fails");
      assert.equal(mesh.isRunning, false);
    },
  );
});
