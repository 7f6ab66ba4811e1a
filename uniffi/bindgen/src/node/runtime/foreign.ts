/**
 * Traits and callback interfaces that foreign code implements: the handles by which Rust
 * holds its objects, and the tables of functions by which Rust calls them.
 *
 * Rust may call from any thread. koffi then queues the call to this thread's event loop and
 * lets the caller wait, so a Rust thread is blocked until JavaScript has run; and if this
 * thread itself waits in Rust for that one, neither ever goes on.
 */

import koffi from "koffi";

import type { Reader, Writer } from "./buffer.js";
import type { AnyConverter, Converter } from "./converter.js";
import {
  CallCode,
  type CType,
  ffi,
  type Handle,
  process_,
  put,
  putStatus,
  type RustBuffer,
} from "./ffi.js";
import { DeclaredError, nameOf } from "./error.js";
import { startForeign } from "./foreign_future.js";
import type { Library } from "./library.js";
import { acquired } from "./lowering.js";
import { ObjectConverter, type ObjectInterface } from "./object.js";
import { atThreadEnd } from "./thread.js";

/** Foreign objects, by the handles under which Rust holds them. */
class Handles<T> {
  readonly #objects = new Map<number, T>();
  // Odd, so that Rust can tell them from its own; a number counts them for long enough.
  #next = 1;

  insert(object: T): number {
    const handle = this.#next;
    this.#next += 2;
    this.#objects.set(handle, object);
    return handle;
  }

  get(handle: Handle): T {
    const object = this.#objects.get(Number(handle));
    if (object === undefined) {
      throw new TypeError(`Rust used handle ${handle} after it freed it`);
    }
    return object;
  }

  clone(handle: Handle): number {
    return this.insert(this.get(handle));
  }

  take(handle: Handle): T {
    const object = this.get(handle);
    this.remove(handle);
    return object;
  }

  remove(handle: Handle): void {
    this.#objects.delete(Number(handle));
  }

  get size(): number {
    return this.#objects.size;
  }
}

/** A callback interface: only foreign code implements it. */
export class CallbackConverter<T extends object> implements Converter<
  T,
  Handle
> {
  readonly ffi: CType = ffi.handle;
  readonly handles = new Handles<T>();
  readonly #name: string;
  #methods: readonly string[] = [];

  constructor(name: string) {
    this.#name = name;
  }

  /** Names the methods that an object must have. */
  requires(methods: readonly string[]): void {
    this.#methods = methods;
  }

  lower(object: T): Handle {
    if (typeof object !== "object" || object === null) {
      throw new TypeError(`${this.#name} expected, got ${nameOf(object)}`);
    }
    for (const method of this.#methods) {
      if (typeof (object as Record<string, unknown>)[method] !== "function") {
        throw new TypeError(`${this.#name} needs a method ${method}`);
      }
    }
    const handle = this.handles.insert(object);
    acquired(() => this.handles.remove(handle));
    return handle;
  }

  lift(handle: Handle): T {
    return this.handles.take(handle);
  }

  write(object: T, writer: Writer): void {
    writer.handle(this.lower(object));
  }

  read(reader: Reader): T {
    return this.lift(reader.handle());
  }
}

/** A trait: Rust or foreign code implements it. */
export class TraitConverter<T extends object> extends CallbackConverter<T> {
  readonly rust: ObjectConverter<T>;

  constructor(library: Library, described: ObjectInterface) {
    super(described.name);
    this.rust = new ObjectConverter(library, described);
  }

  override lower(object: T): Handle {
    return this.rust.owns(object)
      ? this.rust.lower(object)
      : super.lower(object);
  }

  override lift(handle: Handle): T {
    return Number(BigInt(handle) & 1n) === 1
      ? super.lift(handle)
      : this.rust.lift(handle);
  }
}

export function callback<T extends object>(name: string): CallbackConverter<T> {
  return new CallbackConverter(name);
}

export function trait_<T extends object>(
  library: Library,
  described: ObjectInterface,
): TraitConverter<T> {
  return new TraitConverter(library, described);
}

/** A method that Rust calls: what it takes, and how it answers. */
export interface Slot {
  args: AnyConverter[];
  returns?: AnyConverter;
  throws?: AnyConverter;
  isAsync?: boolean;
}

/** Registers the functions by which Rust calls foreign objects of a type. */
export function implement<T extends object>(
  library: Library,
  type: CallbackConverter<T>,
  described: { init: string; methods: Record<string, Slot> },
): void {
  const { handles } = type;
  const slots = Object.entries(described.methods);
  type.requires(slots.map(([method]) => method));
  const functions = [
    slotFunction(ffi.void, [ffi.handle], (handle: Handle) => {
      handles.remove(handle);
    }),
    slotFunction(ffi.handle, [ffi.handle], (handle: Handle) => {
      return handles.clone(handle);
    }),
    ...slots.map(([method, slot]) =>
      slot.isAsync
        ? asyncSlot(library, type, method, slot)
        : syncSlot(library, type, method, slot),
    ),
  ];
  const symbol = library.address(described.init);
  const init = library.plain(described.init, ffi.void, [ffi.address]);
  init(table(functions));
  // Rust's threads may outlive this one, and would call functions that are gone.
  atThreadEnd(symbol, table(functions.map(() => nothing)));
}

/** A function that takes nothing, gives nothing of use, and changes nothing. */
const nothing = Number(process_.symbol("uv_version"));

/** So many addresses, in memory that outlives this thread. */
function table(functions: readonly number[]): number {
  const memory = Number(koffi.alloc(ffi.address, functions.length));
  for (const [index, address] of functions.entries()) {
    put(memory + index * koffi.sizeof(ffi.address), ffi.address, address);
  }
  return memory;
}

/** The address of a JavaScript function, which stays for as long as the thread. */
function slotFunction(
  result: CType,
  args: CType[],
  run: (...args: never[]) => unknown,
): number {
  const type = koffi.pointer(koffi.proto(result, args));
  return Number(koffi.register(run, type));
}

function syncSlot<T extends object>(
  library: Library,
  type: CallbackConverter<T>,
  method: string,
  slot: Slot,
): number {
  const args = [...types(slot.args), ffi.address, ffi.address];
  return slotFunction(ffi.void, [ffi.handle, ...args], (handle, ...raw) => {
    const status = raw.pop() as unknown as number;
    const out = raw.pop() as unknown as number;
    try {
      const result = invoke(library, type, method, slot, handle, raw);
      if (slot.returns !== undefined) {
        put(out, slot.returns.ffi, slot.returns.lower(result));
      }
    } catch (error) {
      const { code, error: reason } = failed(library, slot, error);
      putStatus(status, code, reason);
    }
  });
}

function asyncSlot<T extends object>(
  library: Library,
  type: CallbackConverter<T>,
  method: string,
  slot: Slot,
): number {
  const args = [...types(slot.args), ffi.address, ffi.uint64, ffi.address];
  return slotFunction(ffi.void, [ffi.handle, ...args], (handle, ...raw) => {
    const dropped = raw.pop() as unknown as number;
    const data = raw.pop() as unknown as Handle;
    const complete = raw.pop() as unknown as number;
    startForeign({
      complete,
      data,
      dropped,
      returns: slot.returns,
      failed: (error) => failed(library, slot, error),
      run: (options) =>
        invoke(library, type, method, slot, handle, raw, options),
    });
  });
}

function types(converters: readonly AnyConverter[]): CType[] {
  return converters.map((converter) => converter.ffi);
}

function invoke<T extends object>(
  library: Library,
  type: CallbackConverter<T>,
  method: string,
  slot: Slot,
  handle: Handle,
  raw: readonly unknown[],
  ...options: unknown[]
): unknown {
  const args: unknown[] = [];
  try {
    for (const [index, converter] of slot.args.entries()) {
      args.push(converter.lift(raw[index]));
    }
  } catch (error) {
    // The one that failed was consumed by its lift.
    for (let index = args.length + 1; index < slot.args.length; index++) {
      if (slot.args[index]?.ffi === ffi.rustBuffer) {
        library.discard(raw[index] as RustBuffer);
      }
    }
    throw error;
  }
  const object = type.handles.get(handle) as Record<
    string,
    (...args: unknown[]) => unknown
  >;
  return object[method]?.(...args, ...options);
}

/** What Rust is told: the error that the method declares, or that it broke its contract. */
function failed(
  library: Library,
  { throws }: Slot,
  error: unknown,
): { code: number; error: RustBuffer } {
  let cause = error;
  if (throws !== undefined && error instanceof Error) {
    try {
      return { code: CallCode.failed, error: throws.lower(error) };
    } catch (other) {
      // Not an error that this method declares, or one with a field that is no good.
      cause = error instanceof DeclaredError ? other : error;
    }
  }
  const reason =
    cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause);
  return {
    code: CallCode.panicked,
    // By way of UTF-8, in case that it is not Unicode.
    error: library.string.lower(Buffer.from(reason).toString()),
  };
}
