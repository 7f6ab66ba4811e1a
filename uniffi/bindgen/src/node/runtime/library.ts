/**
 * An opened library: its functions, its buffers, and the checks at load. It knows the
 * symbols that every UniFFI library has, and none of a particular interface.
 */

import koffi, { type KoffiFunc, type LibraryHandle } from "koffi";

import { readCopy, type Reader, written, type Writer } from "./buffer.js";
import type { AnyConverter, Converter } from "./converter.js";
import {
  CallCode,
  type CallStatus,
  type CType,
  ffi,
  type RustBuffer,
  sharedStatus,
  status,
} from "./ffi.js";
import { IncompatibleLibraryError, InternalError, nameOf } from "./error.js";
import { taking, wordsOf } from "./layout.js";
import { type Place, load } from "./locate.js";
import { acquired } from "./lowering.js";

/** What the generated module knows about its library. */
export interface Interface extends Place {
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
  readonly bytes: Converter<Uint8Array, RustBuffer>;
  readonly #described: Interface;
  readonly #path: string;
  readonly #handle: LibraryHandle;
  readonly #fromBytes: KoffiFunc<
    (bytes: { len: number; data: number }, status: number) => RustBuffer
  >;
  readonly #free: KoffiFunc<(buffer: RustBuffer, status: number) => void>;
  readonly #lent = { len: 0, data: 0 };

  constructor(described: Interface) {
    this.#described = described;
    const { path, handle } = load(described);
    this.#path = path;
    this.#handle = handle;
    const prefix = `ffi_${described.crate}_rustbuffer`;
    this.#fromBytes = this.func(`${prefix}_from_bytes`, ffi.rustBuffer, [
      ffi.foreignBytes,
    ]);
    this.#free = this.func(`${prefix}_free`, ffi.void, [ffi.rustBuffer]);
    this.string = this.#stringConverter();
    this.bytes = this.value({
      write: (value, writer) => writer.bytes(bytesOf(value)),
      read: (reader) => reader.bytes(),
    });
  }

  /** An exported function that takes a status after its other arguments. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  func(symbol: string, result: CType, args: CType[]): KoffiFunc<any> {
    return this.plain(symbol, result, [...args, ffi.address]);
  }

  /** An exported function that takes no status. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  plain(symbol: string, result: CType, args: CType[]): KoffiFunc<any> {
    try {
      const words = wordsOf(result, args);
      if (words === undefined) {
        return this.#handle.func(symbol, result, args);
      }
      const types = words.map(({ type }) => type);
      const call = this.#handle.func(symbol, result, types);
      return taking(call, words);
    } catch (cause) {
      throw new IncompatibleLibraryError(
        `${this.#path} does not export ${symbol}: ${this.#remedy()}`,
        { cause },
      );
    }
  }

  /** The address of an exported function. */
  address(symbol: string): number {
    return Number(this.#handle.symbol(symbol));
  }

  /** A converter of what crosses in a buffer. */
  value<T, I = T>(codec: {
    write(value: I, writer: Writer): void;
    read(reader: Reader): T;
  }): Converter<T, RustBuffer, I> {
    return {
      ffi: ffi.rustBuffer,
      ...codec,
      lower: (value) => {
        return this.#lower((writer) => codec.write(value, writer));
      },
      lift: (buffer) => this.#lift(buffer, (reader) => codec.read(reader)),
    };
  }

  /** Frees a buffer that nobody reads. */
  discard(buffer: RustBuffer): void {
    this.#free(buffer, status);
    this.check();
  }

  /** Throws what the last call left in the status, and clears it. */
  check(throws?: AnyConverter, left: CallStatus = sharedStatus): void {
    if (left.code !== CallCode.succeeded) {
      const failure = this.#failure(left, throws);
      if (failure instanceof Error) {
        // The stack begins where the bindings were called.
        Error.captureStackTrace(failure, this.check);
      }
      throw failure;
    }
  }

  #failure(left: CallStatus, throws?: AnyConverter): unknown {
    const { code } = left;
    const error = left.take();
    if (code === CallCode.failed && throws !== undefined) {
      return throws.lift(error);
    }
    if (code === CallCode.panicked) {
      return new InternalError(this.string.lift(error) || "Rust panicked");
    }
    this.discard(error);
    return new InternalError(`the library answered with status ${code}`);
  }

  /** Compares the contract version and every checksum. */
  verify(): void {
    const { crate, contract, checksums } = this.#described;
    const symbol = `ffi_${crate}_uniffi_contract_version`;
    const version: number = this.plain(symbol, ffi.uint32, [])();
    if (version !== contract) {
      throw new IncompatibleLibraryError(
        `${this.#path} speaks version ${version} of UniFFI's contract,` +
          ` the bindings speak ${contract}: ${this.#remedy()}`,
      );
    }
    for (const { item, symbol, expected } of checksums) {
      const found: number = this.plain(symbol, ffi.uint16, [])();
      if (found !== expected) {
        throw new IncompatibleLibraryError(
          `${item} in ${this.#path} differs from the bindings:` +
            ` ${this.#remedy()}`,
        );
      }
    }
  }

  #remedy(): string {
    return (
      `build the library and generate the bindings of` +
      ` ${this.#described.namespace} from the same sources`
    );
  }

  #lower(write: (writer: Writer) => void): RustBuffer {
    return written((writer) => {
      write(writer);
      this.#lent.len = writer.length;
      this.#lent.data = writer.address;
      const buffer = this.#fromBytes(this.#lent, status);
      this.check();
      acquired(() => this.discard(buffer));
      return buffer;
    });
  }

  #lift<T>(buffer: RustBuffer, read: (reader: Reader) => T): T {
    try {
      return readCopy(buffer, read);
    } finally {
      this.discard(buffer);
    }
  }

  #stringConverter(): Converter<string, RustBuffer> {
    return {
      ffi: ffi.rustBuffer,
      // On its own a string has no length: the buffer's is its.
      lower: (value) => {
        return this.#lower((writer) => writer.utf8(textOf(value)));
      },
      lift: (buffer) => {
        const length = Number(buffer.len);
        const text =
          length === 0 ? "" : koffi.decode.string(buffer.data, length);
        this.discard(buffer);
        return text;
      },
      write: (value, writer) => writer.string(textOf(value)),
      read: (reader) => reader.string(),
    };
  }
}

const SURROGATE = /\p{Surrogate}/u;
// Since Node 20, and faster than looking for what is wrong.
const { isWellFormed } = String.prototype as {
  isWellFormed?: (this: string) => boolean;
};

function textOf(value: string): string {
  if (typeof value !== "string") {
    throw new TypeError(`string expected, got ${nameOf(value)}`);
  }
  if (isWellFormed === undefined || !isWellFormed.call(value)) {
    const lone = value.search(SURROGATE);
    if (lone >= 0) {
      throw new TypeError(
        `string must be Unicode, got half a surrogate pair at index ${lone}`,
      );
    }
  }
  return value;
}

function bytesOf(value: Uint8Array): Uint8Array {
  if (!(value instanceof Uint8Array)) {
    throw new TypeError(`Uint8Array expected, got ${nameOf(value)}`);
  }
  return value;
}

/** Bytes that Rust reads where they are, while the call runs. */
export const borrowedBytes = {
  lower(value: Uint8Array): { len: number; data: Uint8Array } {
    const { length } = bytesOf(value);
    if (length > 0x7fff_ffff) {
      throw new RangeError(
        `borrowed bytes must be at most ${0x7fff_ffff}, got ${length}`,
      );
    }
    return { len: length, data: value };
  },
};
