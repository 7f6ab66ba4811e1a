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
  atThreadEnd,
  keepAlive,
  letEnd,
  notAtThreadEnd,
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

const READY = 0;

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
  { library, poll, cancel, complete, free, freeAddress }: Driver,
  future: Handle,
  returns: AnyConverter | undefined,
  throws: AnyConverter | undefined,
  options?: AsyncOptions,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const signal = options?.signal;
    // Ends the poll at once, if there is one: then the bell rings, as it always does.
    const abort = (): void => cancel(future);
    const bell = takeBell((code) => {
      if (code !== READY) {
        poll(future, ring, bell.address);
        return;
      }
      returnBell(bell);
      letEnd();
      signal?.removeEventListener("abort", abort);
      notAtThreadEnd(freeAddress, future);
      try {
        const result = complete(future, sharedStatus.address);
        if (signal?.aborted && sharedStatus.code === CallCode.cancelled) {
          library.discard(sharedStatus.take());
          throw signal.reason;
        }
        library.check(throws);
        resolve(returns?.lift(result));
      } catch (error) {
        reject(error);
      } finally {
        free(future);
      }
    });
    keepAlive();
    atThreadEnd(freeAddress, future);
    signal?.addEventListener("abort", abort, { once: true });
    poll(future, ring, bell.address);
  });
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
