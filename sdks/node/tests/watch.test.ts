/** A watch tells of the instances that match: those of now, then every change. */

import assert from "node:assert/strict";
import { describe } from "node:test";

import { type Change, type Health, Mesh, type Watch } from "commy";

import { echo, fact, name } from "./support.js";

const EVERY: Health[] = ["starting", "healthy", "unhealthy", "draining"];

async function brief(watch: Watch): Promise<string | undefined> {
  const { value } = await watch.next();
  return (
    value && `${value.kind} ${value.instance.service} ${value.instance.health}`
  );
}

describe("watch", () => {
  fact("first what matches now, then every change", async () => {
    await using mesh = await Mesh.start(name());
    await mesh.register("before", echo);
    await using changes = mesh.watch({ health: EVERY });
    assert.equal(await brief(changes), "added before healthy");
    const registration = await mesh.register("after", echo);
    assert.equal(await brief(changes), "added after healthy");
    await registration.setHealth("unhealthy");
    assert.equal(await brief(changes), "updated after unhealthy");
    await registration.deregister();
    let last = (await changes.next()).value;
    if (last?.kind === "updated") {
      last = (await changes.next()).value; // it drains on its way out
    }
    assert.equal(last?.kind, "removed");
    assert.equal(last.instance.service, "after");
  });

  fact("health that no longer matches is a removal", async () => {
    await using mesh = await Mesh.start(name());
    await using changes = mesh.watch("orders");
    const registration = await mesh.register("orders", echo);
    assert.equal(await brief(changes), "added orders healthy");
    await registration.setHealth("unhealthy");
    assert.equal((await changes.next()).value?.kind, "removed");
    await registration.setHealth("healthy");
    assert.equal(await brief(changes), "added orders healthy");
  });

  fact("changes that nobody took in time are told as one", async () => {
    await using mesh = await Mesh.start(name());
    await using changes = mesh.watch({ health: EVERY });
    const registration = await mesh.register("orders", echo);
    for (const health of ["unhealthy", "healthy", "unhealthy"] as const) {
      await registration.setHealth(health);
    }
    assert.equal(await brief(changes), "added orders unhealthy");
    await registration.deregister();
    assert.equal((await changes.next()).value?.kind, "removed");
  });

  fact("revisions rise", async () => {
    await using mesh = await Mesh.start(name());
    await using changes = mesh.watch();
    for (let number = 0; number < 5; number++) {
      await mesh.register(`service-${number}`, echo);
    }
    const revisions: number[] = [];
    for await (const { revision } of changes) {
      revisions.push(revision);
      if (revisions.length === 5) {
        break;
      }
    }
    assert.deepEqual(
      revisions,
      [...revisions].sort((one, other) => one - other),
    );
  });

  fact("a watch sees only what its query matches", async () => {
    await using mesh = await Mesh.start(name());
    await using changes = mesh.watch({ service: "orders", tags: ["eu"] });
    await mesh.register("orders", echo, { tags: ["us"] });
    await mesh.register("users", echo, { tags: ["eu"] });
    await mesh.register("orders", echo, { tags: ["eu", "fast"] });
    const { value } = await changes.next();
    assert.deepEqual(value?.instance.tags, ["eu", "fast"]);
  });

  fact("a closed watch ends for whoever waits", async () => {
    await using mesh = await Mesh.start(name());
    const changes = mesh.watch();
    const waiting = changes.next();
    assert.equal(changes.isClosed, false);
    changes.close();
    changes.close();
    assert.equal(changes.isClosed, true);
    assert.deepEqual(await waiting, { done: true, value: undefined });
    assert.equal((await changes.next()).done, true);
    for await (const change of changes) {
      assert.fail(JSON.stringify(change));
    }
  });

  fact("a loop that is left closes its watch", async () => {
    await using mesh = await Mesh.start(name());
    await mesh.register("orders", echo);
    const changes = mesh.watch();
    for await (const { kind } of changes) {
      assert.equal(kind, "added");
      break;
    }
    assert.equal(changes.isClosed, true);
    assert.equal((await changes.next()).done, true);
  });

  fact("a wait that is cancelled loses no change", async () => {
    await using mesh = await Mesh.start(name());
    await using changes = mesh.watch();
    const seen: Change[] = [];
    for (let number = 0; number < 20; number++) {
      const controller = new AbortController();
      const waiting = changes.next({ signal: controller.signal });
      await mesh.register(`service-${number}`, echo);
      controller.abort();
      const result = await waiting.catch(() => undefined);
      if (result?.value) {
        seen.push(result.value);
      }
    }
    while (seen.length < 20) {
      const { value } = await changes.next();
      assert.ok(value);
      seen.push(value);
    }
    assert.deepEqual(
      seen.map(({ instance }) => instance.service),
      Array.from({ length: 20 }, (_, number) => `service-${number}`),
    );
  });

  fact("waits that share a watch get each change once", async () => {
    await using mesh = await Mesh.start(name());
    await using changes = mesh.watch();
    const waiting = Array.from({ length: 8 }, () => changes.next());
    for (let number = 0; number < 8; number++) {
      await mesh.register(`service-${number}`, echo);
    }
    const seen = await Promise.all(waiting);
    assert.deepEqual(
      seen.map(({ value }) => value?.instance.service).sort(),
      Array.from({ length: 8 }, (_, number) => `service-${number}`),
    );
  });
});
