/** The process lives while work is pending, and ends when it is not; so do its worker threads. */

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { describe } from "node:test";
import { promisify } from "node:util";

import { Mesh } from "commy";

import { echo, eventually, fact, name } from "./support.js";

interface Ended {
  output: string;
  took: number;
}

/** Runs a program to its end, which must come by itself, in time and without a complaint. */
async function run(program: string, code: number = 0): Promise<Ended> {
  const source = `import { Mesh } from ${JSON.stringify(import.meta.resolve("commy"))};${program}`;
  const begin = performance.now();
  const child = promisify(execFile)(
    process.execPath,
    ["--input-type=module", "--eval", source],
    { timeout: 20_000 },
  );
  const { stdout, stderr } = await child.catch(
    (error: { code: number; stdout: string; stderr: string }) => {
      assert.equal(error.code, code, error.stderr);
      return error;
    },
  );
  assert.equal(stderr, "");
  return { output: stdout.trim(), took: performance.now() - begin };
}

const HOSTED = `
  const mesh = await Mesh.start("left-running", { drainTimeout: 100 });
  await mesh.register("echo", (value) => value);
  await mesh.register("stuck", () => new Promise(() => {}));
`;

describe("process", () => {
  fact("it ends once a mesh is stopped", async () => {
    const { output } = await run(`
      const mesh = await Mesh.start("stopped");
      await mesh.register("echo", (value) => value);
      console.log(await mesh.call("echo", "", "end"));
      await mesh.stop();
    `);
    assert.equal(output, "end");
  });

  fact("it ends with a mesh that serves nothing", async () => {
    const { output } = await run(`
      const mesh = await Mesh.start("idle");
      const events = await mesh.subscribe("**");
      mesh.watch();
      await mesh.publish("topic", "end");
      console.log((await events.next()).value.value);
    `);
    assert.equal(output, "end");
  });

  fact("it ends with a mesh that is connected and serves nothing", async () => {
    const called = name();
    await using mesh = await Mesh.start(called);
    await mesh.register("here", echo);
    const { output } = await run(`
      const mesh = await Mesh.start(${JSON.stringify(called)});
      for await (const change of mesh.watch("here")) break;
      console.log(await mesh.call("here", "", "end"));
    `);
    assert.equal(output, "end");
    await eventually(() => mesh.stats().peers === 0, "it is gone");
  });

  fact("a pending call keeps it alive", async () => {
    const { output, took } = await run(`
      const mesh = (await Mesh.start("waits")).unref();
      await mesh.register("slow", (value) =>
        new Promise((resolve) => setTimeout(resolve, 500, value).unref()));
      // Nothing but the call's own future waits.
      mesh.call("slow", "", "", { timeout: 300 }).catch(({ code }) => console.log(code));
    `);
    assert.equal(output, "DEADLINE_EXCEEDED");
    assert.ok(took > 300, `${took} ms`);
  });

  fact("a wait for an event keeps it alive", async () => {
    const { output } = await run(`
      const mesh = await Mesh.start("waits");
      const events = await mesh.subscribe("**");
      setTimeout(() => mesh.publish("topic", "end"), 300).unref();
      events.next().then(({ value }) => console.log(value.value));
    `);
    assert.equal(output, "end");
  });

  fact(
    "a service keeps it alive as a listening server does, unless unref'd",
    async () => {
      const served = await run(`
      const mesh = await Mesh.start("serves");
      await mesh.register("echo", (value) => value);
      setTimeout(async () => {
        console.log(await mesh.call("echo", "", "still here"));
        await mesh.stop();
      }, 300).unref();
    `);
      assert.equal(served.output, "still here");
      const freed = await run(`
      const mesh = (await Mesh.start("serves")).unref();
      await mesh.register("echo", (value) => value);
      setTimeout(() => console.log("never"), 10_000).unref();
    `);
      assert.equal(freed.output, "");
      assert.ok(freed.took < 10_000);
    },
  );

  fact("it ends when the last service is deregistered", async () => {
    const { output } = await run(`
      const mesh = await Mesh.start("serves");
      const one = await mesh.register("one", (value) => value);
      const other = await mesh.register("other", (value) => value);
      await one.deregister();
      console.log(await mesh.call("other", "", "end"));
      await other.deregister();
    `);
    assert.equal(output, "end");
  });

  for (let attempt = 1; attempt <= 5; attempt++) {
    fact(`process.exit ends it amid calls: attempt ${attempt}`, async () => {
      const { output } = await run(
        `${HOSTED}
        const call = async () => { for (;;) await mesh.call("echo", "", 1); };
        for (let count = 0; count < 16; count++) call();
        mesh.call("stuck");
        mesh.watch().next();
        console.log("end");
        setTimeout(() => process.exit(7), ${10 * attempt});`,
        7,
      );
      assert.equal(output, "end");
    });
  }

  fact("an error that nobody catches ends it as any other", async () => {
    const program = `${HOSTED}
      mesh.call("stuck");
      process.once("uncaughtException", ({ message }) => {
        console.log(message);
        process.exit(1);
      });
      await mesh.call("nobody");`;
    const { output } = await run(program, 1);
    assert.match(output, /nobody/);
  });
});
