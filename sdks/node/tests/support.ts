/**
 * What every test needs: a limit on its time, the name of a mesh that nobody else is in, and a
 * place to meet where nobody else meets.
 */

import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { CommyError } from "commy";

/** Few tests take a tenth of it: whoever waits longer waits for what will never come. */
const MILLISECONDS_MAX = 30_000;

/** A new folder, which goes with the process. */
export function folder(): string {
  // Short, as the path of a socket must be.
  const made = mkdtempSync(`${existsSync("/tmp") ? "/tmp" : tmpdir()}/commy-`);
  process.once("exit", () => rmSync(made, { recursive: true, force: true }));
  return made;
}

// Where the meshes of these tests meet: nobody else's do, also of those that have a name that
// others use, such as in the documentation.
process.env["XDG_RUNTIME_DIR"] = folder();

let count = 0;

/** The name of a mesh that no other test uses. */
export function name(): string {
  count += 1;
  return `test-${process.pid}-${count}`;
}

/** A test of one fact about public behaviour. */
export function fact(
  title: string,
  run: () => Promise<void> | void,
  timeout: number = MILLISECONDS_MAX,
): void {
  void test(title, { timeout }, run);
}

/** Something that a test waits for. */
export class Signal<T = void> {
  readonly promise: Promise<T>;
  isFired = false;
  #resolve!: (value: T) => void;

  constructor() {
    this.promise = new Promise((resolve) => (this.#resolve = resolve));
  }

  fire(value: T): void {
    this.isFired = true;
    this.#resolve(value);
  }
}

/** Waits until something holds that other threads bring about. */
export async function eventually(
  holds: () => boolean,
  what: string,
): Promise<void> {
  for (let turn = 0; turn < 5_000; turn++) {
    if (holds()) {
      return;
    }
    await sleep(1);
  }
  assert.fail(`it never came to be: ${what}`);
}

type Kind<T> = abstract new (...parameters: never[]) => T;

/** The error of a kind that something ends in. */
export async function failure<T extends Error>(
  run: Promise<unknown> | (() => unknown),
  kind: Kind<T>,
  message: RegExp = /./,
): Promise<T> {
  try {
    await (typeof run === "function" ? run() : run);
  } catch (error) {
    assert.ok(
      error instanceof kind,
      `${kind.name} expected, got ${String(error)}`,
    );
    assert.match(error.message, message);
    if (error instanceof CommyError) {
      assert.equal(error.name, error.constructor.name);
      assert.equal(error.reason, error.message);
    }
    return error;
  }
  assert.fail(`${kind.name} expected, and nothing failed`);
}

export function echo(payload: unknown): unknown {
  return payload;
}

/** Half of a surrogate pair, which UTF-8 cannot carry. */
export const HALF = "half \ud83d";
