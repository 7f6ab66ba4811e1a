/** Nodes in processes of their own, as tests drive them: see the program `peer.ts`. */

import assert from "node:assert/strict";
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

import type { Mesh, MeshOptions, ServiceOptions } from "commy";

import { fact as limited, Signal } from "./support.js";

/**
 * How long a test waits for what must happen, in milliseconds: machines that build meanwhile are
 * slow.
 */
export const PATIENCE = 30_000;

/** How long a test of several processes may take. */
const MINUTES = 3 * 60_000;

const PROGRAM = fileURLToPath(new URL("peer.js", import.meta.url));

/** A test of one fact about what several processes show together. */
export function fact(title: string, run: () => Promise<void>): void {
  limited(title, run, MINUTES);
}

// What a line holds depends on what it tells of.
export type Line = Record<string, any>;

/** A command failed in the other process: with the fields of its error. */
export class Refused extends Error {
  readonly status: string;

  constructor({ status, reason }: { status: string; reason: string }) {
    super(`${status}: ${reason}`);
    this.status = status;
  }
}

/** How a process is started. */
export interface ProcessOptions extends Omit<MeshOptions, "onHandlerError"> {
  /** The services that it serves, and what they are known by. */
  serves?: Record<string, ServiceOptions>;
  /** Where it meets others: one that meets elsewhere is as far away as on another host. */
  directory?: string;
}

/** A node in a process of its own, which `await using` kills at the end of the block. */
export class Process {
  node = "";
  complaints = "";
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #closed: Promise<unknown>;
  readonly #answers = new Map<number, (line: Line | undefined) => void>();
  readonly #told: Line[] = [];
  #changed = new Signal();
  #isOver = false;
  #number = 0;

  private constructor(child: ChildProcessWithoutNullStreams) {
    this.#child = child;
    this.#closed = once(child, "close");
    // Who is killed reads no more.
    child.stdin.on("error", () => {});
    child.stderr.on("data", (data: Buffer) => (this.complaints += data));
    const lines = createInterface(child.stdout);
    lines.on("line", (line) => this.#heard(JSON.parse(line) as Line));
    lines.on("close", () => {
      this.#isOver = true;
      for (const answer of this.#answers.values()) {
        answer(undefined);
      }
      this.#change();
    });
  }

  /** Starts one, and waits until its node runs. Throws `Refused` if it does not. */
  static async start(
    name: string,
    { serves = {}, directory, ...options }: ProcessOptions = {},
  ): Promise<Process> {
    const child = spawn(
      process.execPath,
      [PROGRAM, JSON.stringify({ name, options }), JSON.stringify(serves)],
      {
        // Ctrl-C is for the test, which then kills this.
        detached: true,
        env: {
          ...process.env,
          ...(directory === undefined ? {} : { XDG_RUNTIME_DIR: directory }),
        },
      },
    );
    const started = new Process(child);
    try {
      const first = await started.#line(
        (line) => "ready" in line || "error" in line,
      );
      if (first["error"] !== undefined) {
        throw new Refused(first["error"]);
      }
      started.node = first["ready"];
      return started;
    } catch (error) {
      await started[Symbol.asyncDispose]();
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#closed;
  }

  /** Gives a command, and returns its answer. */
  async do<T = unknown>(command: string, ...args: unknown[]): Promise<T> {
    const answer = await soon(this.begin(command, ...args), command);
    assert.ok(
      answer !== undefined,
      `it ended amid ${command}: ${this.complaints}`,
    );
    if (answer["error"] !== undefined) {
      throw new Refused(answer["error"]);
    }
    return answer["ok"] as T;
  }

  /** Gives a command, whose answer may be awaited later: none if the process ends before. */
  begin(command: string, ...args: unknown[]): Promise<Line | undefined> {
    this.#number += 1;
    const id = this.#number;
    this.#child.stdin.write(
      `${JSON.stringify({ id, do: command, with: args })}\n`,
    );
    return new Promise((resolve) => this.#answers.set(id, resolve));
  }

  /** The next time that it tells of something. */
  async told(word: string): Promise<Line> {
    return await this.#line((line) => line["told"] === word);
  }

  /** As `told`, or nothing if that takes longer than so many milliseconds. */
  async toldWithin(patience: number, word: string): Promise<Line | undefined> {
    return await this.#seek((line) => line["told"] === word, patience);
  }

  /** Waits until it knows this many instances of a service. */
  async knows(service: string, count: number = 1): Promise<void> {
    await until(`${count} of ${service} there`, async () => {
      const found = await this.do<string[]>("discover", service);
      return found.length === count;
    });
  }

  /** Sends a signal, and returns when. */
  signal(signal: NodeJS.Signals): number {
    const at = performance.now();
    this.#child.kill(signal);
    return at;
  }

  /** Tells it to end without stopping its mesh, and returns its exit code. */
  async exits(): Promise<number | null> {
    void this.begin("exit");
    await soon(this.#closed, "the process ends");
    return this.#child.exitCode;
  }

  async #line(isWanted: (line: Line) => boolean): Promise<Line> {
    const line = await this.#seek(isWanted, PATIENCE);
    assert.ok(line !== undefined, `not told: ${this.complaints}`);
    return line;
  }

  async #seek(
    isWanted: (line: Line) => boolean,
    patience: number,
  ): Promise<Line | undefined> {
    const end = performance.now() + patience;
    for (;;) {
      const index = this.#told.findIndex(isWanted);
      if (index >= 0) {
        return this.#told.splice(index, 1)[0];
      }
      if (this.#isOver) {
        await this.#closed;
        assert.fail(`the process has ended: ${this.complaints}`);
      }
      const left = end - performance.now();
      if (left <= 0) {
        return undefined;
      }
      await within(left, this.#changed.promise);
    }
  }

  #heard(line: Line): void {
    const answer = this.#answers.get(line["id"] as number);
    if (answer !== undefined) {
      this.#answers.delete(line["id"] as number);
      answer(line);
      return;
    }
    this.#told.push(line);
    this.#change();
  }

  #change(): void {
    const changed = this.#changed;
    this.#changed = new Signal();
    changed.fire();
  }
}

/** Processes that each serve `workers`, all begun at once, for `await using`. */
export class Replicas {
  readonly all: Process[] = [];
  readonly #name: string;

  private constructor(name: string) {
    this.#name = name;
  }

  static async start(name: string, count: number): Promise<Replicas> {
    const replicas = new Replicas(name);
    await Promise.all(Array.from({ length: count }, () => replicas.add()));
    return replicas;
  }

  /** One more. */
  async add(): Promise<void> {
    const serves = { workers: {} };
    this.all.push(await Process.start(this.#name, { serves }));
  }

  /** One of them. */
  at(index: number): Process {
    const one = this.all[index];
    assert.ok(one !== undefined);
    return one;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.all.map((one) => one[Symbol.asyncDispose]()));
  }
}

/** Waits for what must happen soon. */
export async function soon<T>(work: Promise<T>, what: string): Promise<T> {
  assert.ok(await within(PATIENCE, work), `not soon: ${what}`);
  return await work;
}

/** Waits for something, at most so long, and tells whether it has happened, well or not. */
export async function within(
  milliseconds: number,
  work: Promise<unknown>,
): Promise<boolean> {
  const controller = new AbortController();
  const { signal } = controller;
  const isOver = sleep(milliseconds, false, { signal }).catch(() => false);
  const isDone = work.then(
    () => true,
    () => true,
  );
  const outcome = await Promise.race([isDone, isOver]);
  controller.abort();
  return outcome;
}

/** Waits until something holds that nothing tells of. */
export async function until(
  what: string,
  holds: () => boolean | Promise<boolean>,
): Promise<void> {
  const end = performance.now() + PATIENCE;
  while (!(await holds())) {
    assert.ok(performance.now() < end, `not within ${PATIENCE} ms: ${what}`);
    await sleep(2);
  }
}

/** Waits until a mesh knows this many instances of a service. */
export async function knows(
  mesh: Mesh,
  count: number,
  service: string = "workers",
): Promise<void> {
  await until(
    `${count} of ${service}`,
    () => mesh.discover(service).length === count,
  );
}
