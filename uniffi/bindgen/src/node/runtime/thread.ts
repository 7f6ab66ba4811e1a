/**
 * This thread: what wakes its event loop from any other, and what is done when it ends, even
 * if it is terminated and runs no JavaScript any more.
 *
 * Rust is given functions of libuv's for that, which never wait: a JavaScript function in
 * their place would let Rust's thread wait until this one has time. And V8 ends the process
 * if JavaScript runs inside a call of koffi's other than by its callbacks, so no function of
 * Node's is called here that might run some, such as an async hook.
 */

import koffi from "koffi";

import { Block, type CType, ffi, process_ } from "./ffi.js";

const UV_ASYNC = 1;
const UV_POLL = 8;
const UV_READABLE = 1;
const UV_RUN_NOWAIT = 2;

type Native = (...args: number[]) => number;

function native(name: string, args: CType[]): Native {
  return process_.func(name, koffi.types.int, args);
}

const getNodeLoop = process_.func("napi_get_uv_event_loop", "int", [
  "void *",
  ffi.address,
]);
const addHook = process_.func("napi_add_env_cleanup_hook", "int", [
  "void *",
  ffi.address,
  ffi.handle,
]);
const removeHook = process_.func("napi_remove_env_cleanup_hook", "int", [
  "void *",
  ffi.address,
  ffi.handle,
]);
const initLoop = native("uv_loop_init", [ffi.address]);
const loopSize = native("uv_loop_size", []);
const handleSize = native("uv_handle_size", [ffi.int32]);
const backendOf = native("uv_backend_fd", [ffi.address]);
const runLoop = native("uv_run", [ffi.address, ffi.int32]);
const initBell = native("uv_async_init", [
  ffi.address,
  ffi.address,
  ffi.address,
]);
const refHandle = native("uv_ref", [ffi.address]);
const unrefHandle = native("uv_unref", [ffi.address]);
const startPoll = native("uv_poll_start", [
  ffi.address,
  ffi.int32,
  ffi.address,
]);
const typeOf = native("uv_handle_get_type", [ffi.address]);
const fileOf = native("uv_fileno", [ffi.address, ffi.address]);
const visitor = koffi.pointer(
  koffi.proto(ffi.void, [ffi.address, ffi.address]),
);
const walk = process_.func("uv_walk", ffi.void, [
  ffi.address,
  visitor,
  ffi.address,
]);
const closeHandle = native("uv_close", [ffi.address, ffi.address]);

function checked(name: string, status: number): void {
  if (status !== 0) {
    throw new Error(`${name} failed with status ${status}`);
  }
}

/** Memory that is never given back: Rust may use it when this thread has ended. */
function forever(size: number): number {
  return Number(koffi.alloc(ffi.uint8, size));
}

/** Calls a C function with one argument when this thread ends. */
export function atThreadEnd(symbol: number, argument: number | bigint): void {
  checked("a cleanup hook", addHook(koffi.node.env, symbol, argument));
}

/** Takes that back. */
export function notAtThreadEnd(
  symbol: number,
  argument: number | bigint,
): void {
  checked("a cleanup hook", removeHook(koffi.node.env, symbol, argument));
}

/** Where bells are rung: who keeps the process alive, and how bells are made. */
interface Belfry {
  loop: number;
  ref(): void;
  unref(): void;
}

/**
 * A loop of its own, which Node's loop watches: when the thread ends it is left as it is, and
 * Rust may still ring. (Handles of Node's own loop must be closed, which nobody could do for
 * a thread that is terminated.)
 */
function ownLoop(): Belfry {
  const loop = forever(loopSize());
  checked("uv_loop_init", initLoop(loop));
  // Its bells share one descriptor, which it begins to watch when it first runs with one.
  makeBell(loop);
  runLoop(loop, UV_RUN_NOWAIT);
  const descriptor = backendOf(loop);
  const watch = koffi.node.poll(descriptor, { readable: true }, () => {});
  watch.unref();
  // koffi closes the watch when the thread ends, but ends the process if the watch is due when
  // no JavaScript may run any more. Its callbacks do nothing then, so one takes the watch over.
  checked(
    "uv_poll_start",
    startPoll(pollOf(descriptor), UV_READABLE, onReadable),
  );
  process.once("exit", () => watch.close());
  atThreadEnd(Number(process_.symbol("close")), descriptor);
  return {
    loop,
    ref: () => watch.ref(),
    unref: () => watch.unref(),
  };
}

/** The handle of Node's own loop that watches a descriptor. */
function pollOf(descriptor: number): number {
  const found = new Block(8);
  let poll: number | undefined;
  const visit = koffi.register((handle: number) => {
    if (
      typeOf(handle) === UV_POLL &&
      fileOf(handle, found.address) === 0 &&
      found.bytes.readInt32LE(0) === descriptor
    ) {
      poll = handle;
    }
  }, visitor);
  walk(ownerLoop(), visit, 0);
  koffi.unregister(visit);
  if (poll === undefined) {
    throw new Error("the event loop does not watch what it was told to");
  }
  return poll;
}

/** The loop that Node runs on this thread. */
function ownerLoop(): number {
  const out = new Block(8);
  checked("the event loop", getNodeLoop(koffi.node.env, out.address));
  return Number(out.bytes.readBigUInt64LE(0));
}

/** Windows has nothing to watch a loop by, so Node's own has to do. */
function nodeLoop(): Belfry {
  const loop = ownerLoop();
  process.once("exit", () => {
    for (const address of bells.keys()) {
      closeHandle(address, 0);
    }
  });
  let keeper: Bell | undefined;
  return {
    loop,
    ref: () => refHandle((keeper ??= new Bell()).address),
    unref: () => keeper && unrefHandle(keeper.address),
  };
}

function makeBell(loop: number): number {
  const address = forever(handleSize(UV_ASYNC));
  checked("uv_async_init", initBell(loop, address, onRing));
  return address;
}

/** What Rust rings to have something done on this thread. */
export class Bell {
  readonly address = makeBell(belfry.loop);
  onRing: (() => void) | undefined;

  constructor() {
    if (process.platform === "win32") {
      unrefHandle(this.address);
    }
    bells.set(this.address, this);
  }
}

/** What Rust calls, with a bell's address, to ring it: `uv_async_send`. */
export const ring = Number(process_.symbol("uv_async_send"));

const bells = new Map<number, Bell>();
const spare: Bell[] = [];
let rung: Bell[] = [];

const onRing = Number(
  koffi.register(
    (address: number) => {
      const bell = bells.get(address);
      if (bell !== undefined) {
        answer(bell);
      }
    },
    koffi.pointer(koffi.proto(ffi.void, [ffi.address])),
  ),
);

/** What Node's loop calls when one of the bells in the other loop was rung. */
const onReadable = Number(
  koffi.register(
    () => {
      runLoop(belfry.loop, UV_RUN_NOWAIT);
    },
    koffi.pointer(koffi.proto(ffi.void, [ffi.address, ffi.int32, ffi.int32])),
  ),
);

const belfry: Belfry = process.platform === "win32" ? nodeLoop() : ownLoop();

/** Has a bell answered soon, as if it had been rung. */
export function answer(bell: Bell): void {
  rung.push(bell);
  if (rung.length === 1) {
    // libuv calls outside of Node's turns, in which promises are settled.
    setImmediate(answerAll);
  }
}

function answerAll(): void {
  const all = rung;
  rung = [];
  for (const bell of all) {
    bell.onRing?.();
  }
}

/** Lends a bell, until it is given back. */
export function takeBell(run: () => void): Bell {
  const bell = spare.pop() ?? new Bell();
  bell.onRing = run;
  return bell;
}

/** Takes a bell back that will not be rung any more. */
export function returnBell(bell: Bell): void {
  bell.onRing = undefined;
  spare.push(bell);
}

/** Takes a bell back that may still be rung, which it will be once. */
export function abandonBell(bell: Bell): void {
  bell.onRing = () => returnBell(bell);
}

let pending = 0;

/** Keeps the process alive, until as many calls of `letEnd`. */
export function keepAlive(): void {
  if (pending === 0) {
    belfry.ref();
  }
  pending += 1;
}

export function letEnd(): void {
  pending -= 1;
  if (pending === 0) {
    belfry.unref();
  }
}

/**
 * What Rust calls to note a small number, and its first argument: the note is seen only by the
 * thread that called, so that what another thread notes late disturbs nobody.
 */
export const note = Number(process_.symbol("uv_key_set"));
export const notebook = forever(8);
checked("uv_key_create", native("uv_key_create", [ffi.address])(notebook));

const setNote = native("uv_key_set", [ffi.address, ffi.address]);
const getNote = process_.func("uv_key_get", ffi.address, [ffi.address]);

/** What Rust notes on this thread while it runs; `otherwise` if nothing. */
export function noted(otherwise: number, run: () => void): number {
  setNote(notebook, otherwise);
  run();
  // Rust gives a byte, and what surrounds it is anything.
  return Number(getNote(notebook)) & 0xff;
}
