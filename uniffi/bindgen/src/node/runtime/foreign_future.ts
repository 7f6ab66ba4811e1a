/**
 * Futures that foreign code runs for Rust: a promise whose outcome Rust is told exactly
 * once, and that learns by an `AbortSignal` when Rust waits for it no more.
 */

import koffi, { type KoffiFunc } from "koffi";

import type { AnyConverter } from "./converter.js";
import {
  CallCode,
  type CType,
  ffi,
  type Handle,
  put,
  type RustBuffer,
} from "./ffi.js";
import type { AsyncOptions } from "./future.js";
import { returnBell, ring, takeBell } from "./thread.js";

interface Status {
  code: number;
  error: RustBuffer;
}

/** A call of an async method by Rust. */
export interface ForeignCall {
  /** The function that takes the outcome, and its first argument. */
  complete: number;
  data: Handle;
  /** Where Rust reads what it calls when it drops the future. */
  dropped: number;
  returns: AnyConverter | undefined;
  failed: (error: unknown) => Status;
  run: (options: AsyncOptions) => unknown;
}

const droppedCallback = koffi.struct({
  data: ffi.address,
  callback: ffi.address,
});
const noBuffer: RustBuffer = { capacity: 0, len: 0, data: 0 };

/** Starts the method, and returns at once. */
export function startForeign(call: ForeignCall): void {
  const controller = new AbortController();
  let isTold = false;
  const tell = (status: Status, value: unknown): void => {
    if (!isTold) {
      isTold = true;
      completion(call)(call.data, result(call, status, value));
    }
  };
  const bell = takeBell(() => {
    returnBell(bell);
    if (!isTold) {
      // Rust still has to be told, although nobody listens: it frees the channel then.
      tell({ code: CallCode.cancelled, error: noBuffer }, undefined);
      controller.abort();
    }
  });
  put(
    call.dropped + koffi.offsetof(droppedCallback, "data"),
    ffi.address,
    bell.address,
  );
  put(
    call.dropped + koffi.offsetof(droppedCallback, "callback"),
    ffi.address,
    ring,
  );
  run(call, controller.signal).then(
    (value) => {
      tell({ code: CallCode.succeeded, error: noBuffer }, value);
    },
    (error: unknown) => {
      if (!isTold) {
        tell(call.failed(error), undefined);
      }
    },
  );
}

/** The lowered result: what cannot be lowered fails the call. */
async function run(call: ForeignCall, signal: AbortSignal): Promise<unknown> {
  const value = await call.run({ signal });
  return signal.aborted ? undefined : call.returns?.lower(value);
}

type Completion = KoffiFunc<(data: Handle, result: object) => void>;

const completions = new Map<number, Completion>();

function completion(call: ForeignCall): Completion {
  let complete = completions.get(call.complete);
  if (complete === undefined) {
    const type = koffi.proto(ffi.void, [ffi.uint64, shape(call.returns?.ffi)]);
    complete = koffi.decode(call.complete, type) as Completion;
    completions.set(call.complete, complete);
  }
  return complete;
}

const shapes = new Map<CType | undefined, CType>();

/** The struct of a result and a status. */
function shape(returns: CType | undefined): CType {
  let type = shapes.get(returns);
  if (type === undefined) {
    const status = ffi.rustCallStatus;
    type = koffi.struct(
      returns === undefined ? { status } : { value: returns, status },
    );
    shapes.set(returns, type);
  }
  return type;
}

function result(
  { returns }: ForeignCall,
  status: Status,
  value: unknown,
): object {
  if (returns === undefined) {
    return { status };
  }
  const nothing = returns.ffi === ffi.rustBuffer ? noBuffer : 0;
  return { value: value ?? nothing, status };
}
