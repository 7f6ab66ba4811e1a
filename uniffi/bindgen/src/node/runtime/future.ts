/**
 * Futures of Rust's, as promises: polled until ready, completed, and freed exactly once. It
 * knows nothing of what they compute.
 *
 * A future is polled on this thread. Whoever makes it ready rings a bell, and never waits.
 */

import type { KoffiFunc } from "koffi";

import type { AnyConverter } from "./converter.js";
import {
  CallStatus,
  CallCode,
  type CType,
  ffi,
  type Handle,
  sharedStatus,
} from "./ffi.js";
import type { Library } from "./library.js";
import {
  abandonBell,
  answer,
  atThreadEnd,
  type Bell,
  keepAlive,
  letEnd,
  notAtThreadEnd,
  note,
  notebook,
  noted,
  returnBell,
  ring,
  takeBell,
} from "./thread.js";

/** What every async call takes besides its arguments. */
export interface AsyncOptions {
  /** Cancels the call: Rust drops what it was doing, and the promise rejects. */
  signal?: AbortSignal | undefined;
}

/** The symbols that drive the futures of one C type. */
export interface FutureSymbols {
  poll: string;
  cancel: string;
  complete: string;
  free: string;
}

/** The functions that drive the futures of one C type. */
export interface Driver {
  library: Library;
  poll: KoffiFunc<(future: Handle, ring: number, bell: number) => void>;
  cancel: KoffiFunc<(future: Handle) => void>;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  complete: KoffiFunc<(future: Handle, status: number) => any>;
  free: KoffiFunc<(future: Handle) => void>;
  freeAddress: number;
}

/** What a poll says at once; nothing if the future waits. */
const READY = 0;
const WAKE = 1;
const WAITS = 0xff;

export function driver(
  library: Library,
  result: CType,
  symbols: FutureSymbols,
): Driver {
  return {
    library,
    poll: library.plain(symbols.poll, ffi.void, [
      ffi.handle,
      ffi.address,
      ffi.address,
    ]),
    cancel: library.plain(symbols.cancel, ffi.void, [ffi.handle]),
    complete: library.func(symbols.complete, result, [ffi.handle]),
    free: library.plain(symbols.free, ffi.void, [ffi.handle]),
    freeAddress: library.address(symbols.free),
  };
}

/** Drives a future to its end. A result that is there before the abort is given. */
export function drive<T>(
  driver: Driver,
  future: Handle,
  returns: AnyConverter | undefined,
  throws: AnyConverter | undefined,
  options?: AsyncOptions,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const finish = (): void => {
      try {
        resolve(complete(driver, future, returns, throws, options));
      } catch (error) {
        reject(error);
      } finally {
        driver.free(future);
      }
    };
    const first = poll(driver, future);
    if (first === READY) {
      finish();
    } else {
      wait(driver, future, first, finish, options?.signal);
    }
  });
}

/** Polls, and notes what Rust says before the call returns. */
function poll(driver: Driver, future: Handle): number {
  return noted(WAITS, () => driver.poll(future, note, notebook));
}

/**
 * Has a bell rung, exactly once, when a future that waits should be polled. Tells whether that
 * is sure to be so: a thread that took the note of the last poll for its own may have woken the
 * future just before it knew of the bell.
 */
function arm(driver: Driver, future: Handle, bell: Bell): boolean {
  // Rust gives the place of the note to the bell, and notes that it did.
  const state = noted(WAITS, () => driver.poll(future, ring, bell.address));
  return state === WAKE;
}

/** Polls whenever Rust rings, until the future is ready. */
function wait(
  driver: Driver,
  future: Handle,
  first: number,
  finish: () => void,
  signal: AbortSignal | undefined,
): void {
  let bell = takeBell(onRing);
  const goOn = (state: number): void => {
    if (state === WAITS && arm(driver, future, bell)) {
      return;
    }
    if (state === WAITS) {
      abandonBell(bell);
      bell = takeBell(onRing);
    }
    answer(bell);
  };
  // Has the bell rung if it is to be, and the next poll be ready.
  const abort = (): void => driver.cancel(future);
  function onRing(): void {
    const state = poll(driver, future);
    if (state !== READY) {
      goOn(state);
      return;
    }
    returnBell(bell);
    letEnd();
    signal?.removeEventListener("abort", abort);
    notAtThreadEnd(driver.freeAddress, future);
    finish();
  }
  keepAlive();
  atThreadEnd(driver.freeAddress, future);
  signal?.addEventListener("abort", abort, { once: true });
  goOn(first);
}

function complete<T>(
  { library, complete }: Driver,
  future: Handle,
  returns: AnyConverter | undefined,
  throws: AnyConverter | undefined,
  options: AsyncOptions | undefined,
): T {
  const result = complete(future, sharedStatus.address);
  if (sharedStatus.code === CallCode.cancelled && options?.signal?.aborted) {
    library.discard(sharedStatus.take());
    throw options.signal.reason;
  }
  library.check(throws);
  return returns?.lift(result) as T;
}

/** Runs a synchronous call on another thread: Rust may wait there for calls back. */
export function offThread<T>(
  library: Library,
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  call: KoffiFunc<any>,
  args: readonly unknown[],
  returns: AnyConverter | undefined,
  throws: AnyConverter | undefined,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const status = new CallStatus();
    call.async(...args, status.address, (failure: unknown, result: unknown) => {
      try {
        if (failure) {
          throw failure;
        }
        library.check(throws, status);
        resolve(returns?.lift(result));
      } catch (error) {
        reject(error);
      }
    });
  });
}
