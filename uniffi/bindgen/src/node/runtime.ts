/**
 * The runtime of bindings that commy-bindgen generates for Node: how values cross the FFI,
 * and how a library is opened and checked. It knows no interface in particular.
 */

import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import koffi, { type KoffiFunc, type LibraryHandle } from "koffi";

const rustBuffer = koffi.struct({
  capacity: "uint64",
  len: "uint64",
  data: "void *",
});
const foreignBytes = koffi.struct({ len: "int32", data: "const uint8 *" });

/** The C types that exported functions take and give. */
export const ffi = {
  void: koffi.types.void,
  uint8: koffi.types.uint8,
  int8: koffi.types.int8,
  uint16: koffi.types.uint16,
  int16: koffi.types.int16,
  uint32: koffi.types.uint32,
  int32: koffi.types.int32,
  uint64: koffi.types.uint64,
  int64: koffi.types.int64,
  float32: koffi.types.float32,
  float64: koffi.types.float64,
  rustBuffer,
  foreignBytes,
};

type CType = (typeof ffi)[keyof typeof ffi];

/** What Rust allocated; it must be freed by Rust, exactly once. */
export interface RustBuffer {
  capacity: bigint | number;
  len: bigint | number;
  data: bigint | null;
}

/**
 * The out-parameter of every call: one block for all of them, because a koffi call with a
 * reused block costs a fraction of one with an object. Rust writes it only when a call
 * fails, and `check` clears it, so calls may nest.
 */
export const status = Buffer.alloc(32);

const PANICKED = 2;

/** Rust panicked: a bug in the library, not in its use. */
export class InternalError extends Error {
  override name = "InternalError";
}

/** The library on this machine is not the one that the bindings were generated from. */
export class IncompatibleLibraryError extends Error {
  override name = "IncompatibleLibraryError";
}

/** Converts between a type and what crosses the FFI for it. */
export interface Converter<T, C> {
  lower(value: T): C;
  lift(value: C): T;
}

function integer(type: string, low: number, high: number) {
  return {
    lower(value: number): number {
      if (!Number.isInteger(value) || value < low || value > high) {
        throw new RangeError(
          `${type} must be an integer from ${low} to ${high}, got ${value}`,
        );
      }
      return value;
    },
    lift: (value: number): number => value,
  };
}

function bigInteger(type: string, low: bigint, high: bigint) {
  return {
    lower(value: bigint): bigint {
      if (typeof value !== "bigint" || value < low || value > high) {
        throw new RangeError(
          `${type} must be a bigint from ${low} to ${high}, got ${value}`,
        );
      }
      return value;
    },
    // koffi gives a number where it is exact, and a bigint elsewhere.
    lift: (value: bigint | number): bigint => BigInt(value),
  };
}

function float(type: string) {
  return {
    lower(value: number): number {
      if (typeof value !== "number") {
        throw new TypeError(`${type} must be a number, got ${typeof value}`);
      }
      return value;
    },
    lift: (value: number): number => value,
  };
}

export const uInt8 = integer("u8", 0, 0xff);
export const int8 = integer("i8", -0x80, 0x7f);
export const uInt16 = integer("u16", 0, 0xffff);
export const int16 = integer("i16", -0x8000, 0x7fff);
export const uInt32 = integer("u32", 0, 0xffffffff);
export const int32 = integer("i32", -0x80000000, 0x7fffffff);
export const uInt64 = bigInteger("u64", 0n, (1n << 64n) - 1n);
export const int64 = bigInteger("i64", -(1n << 63n), (1n << 63n) - 1n);
export const float32 = float("f32");
export const float64 = float("f64");

export const boolean = {
  lower(value: boolean): number {
    if (typeof value !== "boolean") {
      throw new TypeError(`boolean expected, got ${typeof value}`);
    }
    return value ? 1 : 0;
  },
  lift: (value: number): boolean => value !== 0,
};

/** What the generated module knows about its library. */
export interface Interface {
  name: string;
  namespace: string;
  beside: string;
  crate: string;
  contract: number;
  checksums: { item: string; symbol: string; expected: number }[];
}

/** Opens the library and refuses one that the bindings were not generated from. */
export function open(described: Interface): Library {
  const library = new Library(described);
  library.verify();
  return library;
}

/** One crate's part of a library. */
export class Library {
  readonly string: Converter<string, RustBuffer>;
  readonly #described: Interface;
  readonly #path: string;
  readonly #handle: LibraryHandle;
  readonly #fromBytes: KoffiFunc<
    (bytes: { len: number; data: Uint8Array }, status: Buffer) => RustBuffer
  >;
  readonly #free: KoffiFunc<(buffer: RustBuffer, status: Buffer) => void>;

  constructor(described: Interface) {
    this.#described = described;
    this.#path = locate(described);
    this.#handle = koffi.load(this.#path);
    const prefix = `ffi_${described.crate}_rustbuffer`;
    this.#fromBytes = this.func(`${prefix}_from_bytes`, rustBuffer, [
      foreignBytes,
    ]);
    this.#free = this.func(`${prefix}_free`, ffi.void, [rustBuffer]);
    this.string = {
      lower: (value) => this.#lowerString(value),
      lift: (value) => this.#liftString(value),
    };
  }

  /** An exported function that takes a status after its other arguments. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  func(symbol: string, result: CType, args: CType[]): KoffiFunc<any> {
    return this.#handle.func(symbol, result, [...args, "void *"]);
  }

  /** Throws what the last call left in the status, and clears it. */
  check(): void {
    const code = status.readInt8(0);
    if (code === 0) {
      return;
    }
    const error: RustBuffer = koffi.decode(status, 8, rustBuffer);
    status.fill(0);
    if (code === PANICKED) {
      throw new InternalError(this.#liftString(error) || "Rust panicked");
    }
    throw new InternalError(`the library answered with status ${code}`);
  }

  /** Compares the contract version and every checksum. */
  verify(): void {
    const { crate, contract, checksums, namespace } = this.#described;
    const remedy =
      `build the library and generate the bindings of ${namespace}` +
      " from the same sources";
    const symbol = `ffi_${crate}_uniffi_contract_version`;
    const version = this.#number(symbol, ffi.uint32);
    if (version !== contract) {
      throw new IncompatibleLibraryError(
        `${this.#path} speaks version ${version} of UniFFI's contract,` +
          ` the bindings speak ${contract}: ${remedy}`,
      );
    }
    for (const { item, symbol, expected } of checksums) {
      if (this.#number(symbol, ffi.uint16) !== expected) {
        throw new IncompatibleLibraryError(
          `${item} in ${this.#path} differs from the bindings: ${remedy}`,
        );
      }
    }
  }

  #number(symbol: string, type: CType): number {
    try {
      return this.#handle.func(symbol, type, [])();
    } catch (cause) {
      throw new IncompatibleLibraryError(
        `${this.#path} does not export ${symbol}: build the library and` +
          ` generate the bindings of ${this.#described.namespace} from the` +
          " same sources",
        { cause },
      );
    }
  }

  #lowerString(value: string): RustBuffer {
    if (typeof value !== "string") {
      throw new TypeError(`string expected, got ${typeof value}`);
    }
    const data = Buffer.from(value, "utf8");
    const buffer = this.#fromBytes({ len: data.length, data }, status);
    this.check();
    return buffer;
  }

  #liftString(buffer: RustBuffer): string {
    const len = Number(buffer.len);
    const text =
      len === 0 || buffer.data === null
        ? ""
        : Buffer.from(koffi.view(buffer.data, len)).toString("utf8");
    this.#free(buffer, status);
    this.check();
    return text;
  }
}

function locate({ name, namespace, beside }: Interface): string {
  const variable = `UNIFFI_LIBRARY_${name.toUpperCase()}`;
  const given = process.env[variable];
  if (given !== undefined) {
    return given;
  }
  const file =
    process.platform === "win32"
      ? `${name}.dll`
      : process.platform === "darwin"
        ? `lib${name}.dylib`
        : `lib${name}.so`;
  const path = fileURLToPath(new URL(file, beside));
  if (!existsSync(path)) {
    throw new Error(
      `the library of ${namespace} is not at ${path}: put it there,` +
        ` or name it in ${variable}`,
    );
  }
  return path;
}
