/** Events reach every subscription whose filter matches, in order, or are lost as it says. */

import assert from "node:assert/strict";
import { describe } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import {
  InvalidArgumentError,
  Mesh,
  type Overflow,
  type SubscribeOptions,
  type Subscription,
} from "commy";

import { fact, failure, HALF, name } from "./support.js";

async function taken(events: Subscription, count: number): Promise<unknown[]> {
  const values: unknown[] = [];
  while (values.length < count) {
    const { value } = await events.next();
    assert.ok(value);
    values.push(value.value);
  }
  return values;
}

const numbers = (count: number): number[] =>
  Array.from({ length: count }, (_, number) => number);

describe("pubsub", () => {
  fact("an event brings its value, headers and origin", async () => {
    await using mesh = await Mesh.start(name());
    await using events = await mesh.subscribe<{ id: number }>("orders/*");
    const headers = { trace: "ä" };
    await mesh.publish("orders/created", { id: 1 }, { headers });
    const { value: event } = await events.next();
    assert.equal(event?.topic, "orders/created");
    assert.equal(event.value.id, 1);
    assert.deepEqual(event.headers, headers);
    assert.equal(event.publisher, mesh.nodeId);
    assert.equal(event.contentType, "application/json");
    assert.equal(event.missed, 0);
    assert.deepEqual(event.payload, new TextEncoder().encode('{"id":1}'));
  });

  const filters: [string, string[]][] = [
    ["a", ["a"]],
    ["*", ["a", "b"]],
    ["a/*", ["a/b"]],
    ["*/b", ["a/b"]],
    ["a/**", ["a", "a/b", "a/b/c"]],
    ["**", ["a", "b", "a/b", "a/b/c"]],
    ["**/c", ["a/b/c"]],
  ];
  for (const [filter, expected] of filters) {
    fact(`a filter matches by segments: ${filter}`, async () => {
      await using mesh = await Mesh.start(name());
      await using events = await mesh.subscribe(filter);
      for (const topic of ["a", "b", "a/b", "a/b/c"]) {
        await mesh.publish(topic, topic);
      }
      assert.deepEqual(await taken(events, expected.length), expected);
    });
  }

  fact("every subscription gets every event in order", async () => {
    await using mesh = await Mesh.start(name());
    const subscriptions = await Promise.all(
      numbers(5).map(() => mesh.subscribe("numbers")),
    );
    for (const number of numbers(100)) {
      await mesh.publish("numbers", number);
    }
    for (const events of subscriptions) {
      assert.deepEqual(await taken(events, 100), numbers(100));
    }
  });

  fact("sequence numbers rise", async () => {
    await using mesh = await Mesh.start(name());
    await using events = await mesh.subscribe("**");
    for (const topic of ["a", "b", "a"]) {
      await mesh.publish(topic);
    }
    let last = -1;
    for (let count = 0; count < 3; count++) {
      const { value } = await events.next();
      assert.ok(value && value.sequence > last);
      last = value.sequence;
    }
  });

  const policies: [Overflow, number[], number[]][] = [
    ["drop-oldest", [2, 3, 4], [2, 0, 0]],
    ["drop-newest", [0, 1, 2], [0, 0, 0]],
  ];
  for (const [overflow, kept, missed] of policies) {
    fact(
      `a full queue loses what its policy says and tells: ${overflow}`,
      async () => {
        await using mesh = await Mesh.start(name());
        const options = { capacity: 3, overflow };
        await using events = await mesh.subscribe("numbers", options);
        for (const number of numbers(5)) {
          await mesh.publish("numbers", number);
        }
        for (const [index, value] of kept.entries()) {
          const { value: event } = await events.next();
          assert.equal(event?.value, value);
          assert.equal(event.missed, missed[index]);
        }
        assert.equal(events.dropped, 2);
        assert.equal(mesh.stats().eventsDropped, 2);
        await mesh.publish("numbers", 5);
        const { value: last } = await events.next();
        assert.equal(last?.value, 5);
        assert.equal(last.missed, overflow === "drop-newest" ? 2 : 0);
      },
    );
  }

  fact("a full queue that blocks makes its publisher wait", async () => {
    await using mesh = await Mesh.start(name());
    const options: SubscribeOptions = { capacity: 1, overflow: "block" };
    await using events = await mesh.subscribe("numbers", options);
    await mesh.publish("numbers", 0);
    let isPublished = false;
    const waiting = mesh.publish("numbers", 1).then(() => (isPublished = true));
    await sleep(20);
    assert.equal(isPublished, false);
    assert.deepEqual(await taken(events, 1), [0]);
    await waiting;
    assert.deepEqual(await taken(events, 1), [1]);
    assert.equal(events.dropped, 0);
  });

  fact("for await ends with the subscription", async () => {
    await using mesh = await Mesh.start(name());
    await mesh.publish("topic", "before anybody listens");
    const events = await mesh.subscribe("topic");
    const seen: unknown[] = [];
    const listening = (async () => {
      for await (const event of events) {
        seen.push(event.value);
        if (seen.length === 2) {
          events.close();
        }
      }
    })();
    await mesh.publish("topic", "now");
    await mesh.publish("topic", "and again");
    await listening;
    assert.deepEqual(seen, ["now", "and again"]);
    assert.equal(events.isClosed, true);
  });

  fact("a closed subscription takes nothing more", async () => {
    await using mesh = await Mesh.start(name());
    const events = await mesh.subscribe("topic");
    events.close();
    events.close();
    await mesh.publish("topic", 1);
    assert.equal((await events.next()).done, true);
    assert.equal(events.dropped, 0);
  });

  fact("a wait that is cancelled loses no event", async () => {
    await using mesh = await Mesh.start(name());
    await using events = await mesh.subscribe("numbers");
    const seen: unknown[] = [];
    for (const number of numbers(100)) {
      const controller = new AbortController();
      const waiting = events.next({ signal: controller.signal });
      for (let turn = 0; turn < number % 5; turn++) {
        await new Promise(setImmediate);
      }
      const published = mesh.publish("numbers", number);
      for (let turn = 0; turn < number % 7; turn++) {
        await new Promise(setImmediate);
      }
      controller.abort();
      const result = await waiting.catch(() => undefined);
      if (result?.value) {
        seen.push(result.value.value);
      }
      await published;
    }
    seen.push(...(await taken(events, 100 - seen.length)));
    assert.deepEqual(seen, numbers(100));
  });

  fact(
    "an event that is not the JSON it says does not end the subscription",
    async () => {
      await using mesh = await Mesh.start(name());
      await using events = await mesh.subscribe("topic");
      const contentType = "application/json";
      await mesh.publish("topic", Uint8Array.of(123), { contentType });
      await mesh.publish("topic", Uint8Array.of(0, 255));
      const { value: broken } = await events.next();
      await failure(() => broken?.value, InvalidArgumentError);
      assert.deepEqual(broken?.payload, Uint8Array.of(123));
      assert.deepEqual(await taken(events, 1), [Uint8Array.of(0, 255)]);
    },
  );

  for (const bad of [
    "",
    "t".repeat(257),
    "/a",
    "a/",
    "a//b",
    "has space",
    "größe",
    "a/*",
    "**",
    HALF,
  ]) {
    fact(
      `a bad topic is refused: ${JSON.stringify(bad.slice(0, 20))}`,
      async () => {
        await using mesh = await Mesh.start(name());
        await failure(mesh.publish(bad), InvalidArgumentError);
      },
    );
  }

  for (const bad of [
    "",
    "t".repeat(257),
    "/a",
    "a//b",
    "a*",
    "***",
    "größe",
    HALF,
  ]) {
    fact(
      `a bad filter is refused: ${JSON.stringify(bad.slice(0, 20))}`,
      async () => {
        await using mesh = await Mesh.start(name());
        await failure(mesh.subscribe(bad), InvalidArgumentError);
      },
    );
  }

  for (const options of [
    { capacity: 0 },
    { capacity: 65_537 },
    { capacity: -1 },
    { overflow: "spill" as never },
  ] satisfies SubscribeOptions[]) {
    fact(
      `an option that breaks a rule is refused: ${JSON.stringify(options)}`,
      async () => {
        await using mesh = await Mesh.start(name());
        await failure(mesh.subscribe("topic", options), InvalidArgumentError);
      },
    );
  }

  fact("publishing to nobody succeeds and is counted", async () => {
    await using mesh = await Mesh.start(name());
    await mesh.publish("topic", 1);
    await using events = await mesh.subscribe("topic");
    await mesh.publish("topic", 2);
    assert.deepEqual(await taken(events, 1), [2]);
    const { eventsPublished, eventsDelivered, eventsDropped } = mesh.stats();
    assert.deepEqual(
      [eventsPublished, eventsDelivered, eventsDropped],
      [2, 1, 0],
    );
  });
});
