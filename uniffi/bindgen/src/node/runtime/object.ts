/**
 * Objects that Rust owns: each is held by a handle, and freed when it is disposed of or
 * collected. It knows nothing of their methods.
 */

import type { KoffiFunc } from "koffi";

import type { Reader, Writer } from "./buffer.js";
import type { Converter } from "./converter.js";
import { ffi, type Handle, type RustBuffer, status } from "./ffi.js";
import { nameOf } from "./error.js";
import type { Library } from "./library.js";
import { acquired } from "./lowering.js";

// Older versions of Node have no such symbols; `using` looks for them by these names.
for (const name of ["dispose", "asyncDispose"] as const) {
  if (Symbol[name] === undefined) {
    Object.defineProperty(Symbol, name, { value: Symbol(`Symbol.${name}`) });
  }
}

const POINTER = Symbol("uniffi.pointer");

interface Pointer {
  of: ObjectConverter<object>;
  /** Absent once the object was disposed of. */
  handle: Handle | undefined;
}

/** What the generated module knows about a class. */
export interface ObjectInterface {
  name: string;
  clone: string;
  free: string;
  /** The class, once the module is loaded. */
  class: () => { prototype: object };
  /** What an object that is an error says. */
  message?: (error: never) => string;
}

/** The converter of a class whose objects Rust makes. */
export function object<T extends object>(
  library: Library,
  described: ObjectInterface,
): ObjectConverter<T> {
  return new ObjectConverter(library, described);
}

export class ObjectConverter<T extends object> implements Converter<T, Handle> {
  readonly ffi = ffi.handle;
  readonly #library: Library;
  readonly #described: ObjectInterface;
  readonly #clone: KoffiFunc<(handle: Handle, status: number) => Handle>;
  readonly #free: KoffiFunc<(handle: Handle, status: number) => void>;
  readonly #forgotten = new FinalizationRegistry<Pointer>((pointer) => {
    this.#release(pointer);
  });

  constructor(library: Library, described: ObjectInterface) {
    this.#library = library;
    this.#described = described;
    this.#clone = library.func(described.clone, ffi.handle, [ffi.handle]);
    this.#free = library.func(described.free, ffi.void, [ffi.handle]);
  }

  /** Ties an object to what Rust made for it. */
  attach(object: T, handle: Handle): T {
    const pointer: Pointer = {
      of: this as unknown as ObjectConverter<object>,
      handle,
    };
    Object.defineProperty(object, POINTER, { value: pointer });
    this.#forgotten.register(object, pointer, pointer);
    return object;
  }

  /** Frees Rust's part at once, unless that was done. */
  dispose(object: T): void {
    const pointer = this.#pointer(object);
    this.#forgotten.unregister(pointer);
    this.#release(pointer);
  }

  /** Whether the object is one of Rust's, of this class. */
  owns(value: unknown): boolean {
    return pointerOf(value)?.of === (this as unknown);
  }

  lower(object: T): Handle {
    const { handle } = this.#pointer(object);
    if (handle === undefined) {
      throw new TypeError(`this ${this.#described.name} was disposed of`);
    }
    const cloned = this.#clone(handle, status);
    this.#library.check();
    acquired(() => this.discard(cloned));
    return cloned;
  }

  lift(handle: Handle): T {
    const { class: type, message } = this.#described;
    if (message === undefined) {
      return this.attach(Object.create(type().prototype) as T, handle);
    }
    // Made by `Error` itself, which makes all that tools look for in an error.
    const error = Reflect.construct(Error, [], type() as never) as Error;
    this.attach(error as T, handle);
    error.message = message(error as never);
    return error as T;
  }

  write(object: T, writer: Writer): void {
    writer.handle(this.lower(object));
  }

  read(reader: Reader): T {
    return this.lift(reader.handle());
  }

  /** Frees a handle that no object holds. */
  discard(handle: Handle): void {
    this.#free(handle, status);
    this.#library.check();
  }

  #pointer(value: unknown): Pointer {
    const pointer = pointerOf(value);
    if (pointer?.of !== (this as unknown)) {
      throw new TypeError(
        `${this.#described.name} expected, got ${nameOf(value)}`,
      );
    }
    return pointer as Pointer;
  }

  #release(pointer: Pointer): void {
    const { handle } = pointer;
    if (handle !== undefined) {
      pointer.handle = undefined;
      this.discard(handle);
    }
  }
}

function pointerOf(value: unknown): Pointer | undefined {
  return typeof value === "object" && value !== null
    ? (value as { [POINTER]?: Pointer })[POINTER]
    : undefined;
}

/** What is thrown if the object is an error: its handle in a buffer. */
export function objectError<T extends object>(
  library: Library,
  type: ObjectConverter<T>,
): Converter<T, RustBuffer> {
  return library.value({
    write: (error, writer) => type.write(error, writer),
    read: (reader) => type.read(reader),
  });
}
