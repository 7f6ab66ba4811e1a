/**
 * This thread, as Node-API knows it: what wakes its event loop from any other thread, and
 * what is done when it ends, even if it is terminated and runs no JavaScript any more.
 *
 * Both are functions of Node's own that Rust calls or that are given Rust's functions:
 * nothing waits for this thread, as a call of a JavaScript function from another thread
 * does.
 */

import koffi from "koffi";

import { Block, ffi, process_ } from "./ffi.js";

const { env } = koffi.node;
const environment = "void *";
const size = "size_t";

function nodeApi(name: string, args: unknown[]): (...args: unknown[]) => void {
  const call = process_.func(name, "int", [environment, ...args] as never[]);
  return (...args) => {
    const status: number = call(env, ...args);
    if (status !== 0) {
      throw new Error(`${name} failed with status ${status}`);
    }
  };
}

const addHook = nodeApi("napi_add_env_cleanup_hook", [ffi.address, ffi.handle]);
const removeHook = nodeApi("napi_remove_env_cleanup_hook", [
  ffi.address,
  ffi.handle,
]);

/** Calls a C function with one argument when this thread ends. */
export function atThreadEnd(symbol: number, argument: number | bigint): void {
  addHook(symbol, argument);
}

/** Takes that back. */
export function notAtThreadEnd(
  symbol: number,
  argument: number | bigint,
): void {
  removeHook(symbol, argument);
}

const getUndefined = nodeApi("napi_get_undefined", [ffi.address]);
const create = nodeApi("napi_create_threadsafe_function", [
  ffi.address,
  ffi.address,
  ffi.address,
  size,
  size,
  ffi.address,
  ffi.address,
  ffi.address,
  ffi.address,
  ffi.address,
]);
const ref = nodeApi("napi_ref_threadsafe_function", [ffi.address]);
const unref = nodeApi("napi_unref_threadsafe_function", [ffi.address]);
const release = process_.func("napi_release_threadsafe_function", "int", [
  ffi.address,
  "int",
]);

/**
 * `napi_call_threadsafe_function`, which Rust gets for a continuation: its first argument is
 * the continuation's data, so a bell's address; its second one is what the bell is told.
 */
export const ring = Number(process_.symbol("napi_call_threadsafe_function"));

/**
 * Makes something that async hooks are told of. On koffi's stack no JavaScript can run, so
 * the hooks never hear of it: the attempt throws `undefined`, or ends the process in
 * versions before 20, from which the hooks have to be hidden.
 */
function unobserved(make: () => void): void {
  const isOld = Number(process.versions.node.split(".")[0]) < 20;
  const fields = isOld ? hookCounts() : new Uint32Array(1);
  const count = fields[0] as number;
  fields[0] = 0;
  try {
    make();
  } catch (error) {
    if (error !== undefined) {
      throw error;
    }
  } finally {
    fields[0] = count;
  }
}

/** How many hooks of each kind there are; those that hear of new things come first. */
function hookCounts(): Uint32Array {
  const { binding } = process as unknown as {
    binding: (name: string) => { async_hook_fields: Uint32Array };
  };
  return binding("async_wrap").async_hook_fields;
}

/** More of them are not kept for the next use. */
const SPARE_MAX = 256;

/** What Rust rings to have something done on this thread. */
export class Bell {
  readonly address: number;
  onRing: ((code: number) => void) | undefined;
  readonly #id: number;

  constructor() {
    this.#id = lastId += 1;
    // A name is obligatory; `undefined` has one address for as long as Node runs.
    getUndefined(out.address);
    const name = out.bytes.readBigUInt64LE(0);
    unobserved(() => {
      create(0, 0, name, 0, 1, 0, 0, this.#id, onRing, out.address);
    });
    this.address = Number(out.bytes.readBigUInt64LE(0));
    unref(this.address);
    bells.set(this.#id, this);
  }

  discard(): void {
    bells.delete(this.#id);
    release(this.address, 0);
  }
}

const out = new Block(8);
const bells = new Map<number, Bell>();
const spare: Bell[] = [];
let lastId = 0;

const onRing = Number(
  koffi.register(
    (_env: unknown, _callback: unknown, id: number, code: number | bigint) => {
      // C leaves the upper bits of a small argument open.
      bells.get(id)?.onRing?.(Number(BigInt.asIntN(8, BigInt(code))));
    },
    koffi.pointer(
      koffi.proto(ffi.void, [
        ffi.address,
        ffi.address,
        ffi.address,
        ffi.address,
      ]),
    ),
  ),
);

/** Lends a bell, until it is given back. */
export function takeBell(run: (code: number) => void): Bell {
  const bell = spare.pop() ?? new Bell();
  bell.onRing = run;
  return bell;
}

/** Takes a bell back that will not be rung any more. */
export function returnBell(bell: Bell): void {
  bell.onRing = undefined;
  if (spare.length < SPARE_MAX) {
    spare.push(bell);
  } else {
    bell.discard();
  }
}

let pending = 0;
let keeper: Bell | undefined;

/** Keeps the process alive, until as many calls of `letEnd`. */
export function keepAlive(): void {
  keeper ??= new Bell();
  if (pending === 0) {
    ref(keeper.address);
  }
  pending += 1;
}

export function letEnd(): void {
  pending -= 1;
  if (pending === 0 && keeper !== undefined) {
    unref(keeper.address);
  }
}
