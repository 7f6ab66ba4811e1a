import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { test } from "node:test";

import * as traits from "./traits.js";

class Loud implements traits.Greeter {
  readonly notes: traits.Note[] = [];
  readonly tags: string[][] = [];

  greet(name: string): string {
    return `HELLO, ${name}`;
  }

  tryGreet(name: string): string {
    if (name === "") {
      throw new traits.GreetErrorRefused({ reason: "nobody" });
    }
    return this.greet(name);
  }

  observe(note: traits.Note, tags: string[]): void {
    this.notes.push(note);
    this.tags.push(tags);
  }

  rank(): number | undefined {
    return 7;
  }

  small(): number {
    return 200;
  }

  polite(): boolean {
    return false;
  }

  warmth(): number {
    return 0.25;
  }
}

test("a trait of Rust's is an object", () => {
  using shape = traits.square(3);
  assert.equal(shape.area(), 9);
  assert.equal(shape.name(), "square");
  assert.equal(traits.areaOf(shape), 9);
});

test("Rust's own implementation is called like any", () => {
  const polite = traits.politeGreeter();
  assert.ok(polite instanceof traits.GreeterImpl);
  assert.equal(polite.greet("ada"), "good day, ada");
  assert.throws(() => polite.tryGreet(""), traits.GreetErrorRefused);
  assert.equal(polite.small(), 255);
  assert.equal(traits.greetWith(polite, "bob"), "good day, bob");
});

test("Rust calls an object of ours, with arguments and results of all kinds", () => {
  const loud = new Loud();
  assert.equal(traits.greetWith(loud, "ada"), "HELLO, ada");
  assert.deepEqual(loud.notes, [{ text: "greeting ada", line: 200 }]);
  assert.deepEqual(loud.tags, [["false", "0.25"]]);
  assert.equal(traits.countOn(loud, 3), 7);
});

test("our object comes back as itself", () => {
  const loud = new Loud();
  assert.equal(traits.echoGreeter(loud), loud);
});

test("a declared error reaches Rust with its fields, another with its reason", () => {
  const loud = new Loud();
  loud.tryGreet = () => {
    throw new traits.GreetErrorRefused({ reason: "not today" });
  };
  assert.throws(
    () => traits.countOn(loud, 1),
    (error) =>
      error instanceof traits.GreetErrorRefused && error.reason === "not today",
  );
  loud.tryGreet = () => {
    throw new RangeError("too far");
  };
  assert.throws(
    () => traits.countOn(loud, 1),
    (error) =>
      error instanceof traits.GreetErrorUnexpected &&
      error.reason === "RangeError: too far",
  );
  loud.tryGreet = () => 5 as never;
  assert.throws(
    () => traits.countOn(loud, 1),
    (error) =>
      error instanceof traits.GreetErrorUnexpected &&
      error.reason === "TypeError: string expected, got number",
  );
});

test("a panic follows what an infallible method throws", () => {
  const loud = new Loud();
  loud.greet = () => {
    throw new Error("no voice");
  };
  assert.throws(() => traits.greetWith(loud, "ada"), {
    name: "InternalError",
    message: /no voice/,
  });
});

test("an object that lacks a method is refused", () => {
  assert.throws(() => traits.echoGreeter({} as never), {
    name: "TypeError",
    message: "Greeter needs a method greet",
  });
  assert.throws(() => traits.echoGreeter(null as never), TypeError);
});

test("a call that waits for another thread runs off this one", async () => {
  assert.equal(await traits.greetOnThread(new Loud(), "ada"), "HELLO, ada");
  await assert.rejects(
    traits.greetOnThread(new Loud(), ""),
    (error) =>
      error instanceof traits.GreetErrorRefused && error.reason === "nobody",
  );
});

test("Rust lets go of our objects", async () => {
  const choir = new traits.Choir();
  let finalized = 0;
  const registry = new FinalizationRegistry(() => finalized++);
  (() => {
    for (let turn = 0; turn < 100; turn++) {
      const loud = new Loud();
      registry.register(loud, undefined);
      choir.add(loud);
    }
  })();
  assert.equal(choir.greet("x").length, 100);
  assert.ok(choir.first() instanceof Loud);
  choir.clear();
  assert.equal(choir.first(), undefined);
  for (let turn = 0; turn < 200 && finalized < 100; turn++) {
    globalThis.gc?.();
    await sleep(5);
  }
  assert.equal(finalized, 100);
  assert.equal(traits.liveChoirs(), 1n);
  choir[Symbol.dispose]();
  assert.equal(traits.liveChoirs(), 0n);
});

test("10,000 calls from Rust leave nothing behind", () => {
  assert.equal(traits.countOn(new Loud(), 10_000), 7);
});
