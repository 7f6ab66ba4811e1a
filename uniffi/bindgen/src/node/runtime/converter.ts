/** How values of each type cross the FFI: the primitives, and what all converters are. */

import type { Reader, Writer } from "./buffer.js";
import { type CType, ffi } from "./ffi.js";
import { nameOf } from "./error.js";

/**
 * Converts between a type and what crosses the FFI for it (`C`): on its own, or inside a
 * buffer. `I` is what is taken for it: less than what is given, if fields have defaults.
 */
export interface Converter<T, C, I = T> {
  readonly ffi: CType;
  lower(value: I): C;
  lift(value: C): T;
  write(value: I, writer: Writer): void;
  read(reader: Reader): T;
}

// Of which nothing is known but that it is one: lists hold converters of all types.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type AnyConverter = Converter<any, any, any>;

type Integer = "uint8" | "int8" | "uint16" | "int16" | "uint32" | "int32";

function integer(type: string, name: Integer, low: number, high: number) {
  const lower = (value: number): number => {
    if (!Number.isInteger(value) || value < low || value > high) {
      throw new RangeError(
        `${type} must be an integer from ${low} to ${high}, got ${show(value)}`,
      );
    }
    return value;
  };
  return {
    ffi: ffi[name],
    lower,
    lift: (value: number): number => value,
    write: (value: number, writer: Writer): void => writer[name](lower(value)),
    read: (reader: Reader): number => reader[name](),
  };
}

function bigInteger(
  type: string,
  name: "uint64" | "int64",
  low: bigint,
  high: bigint,
) {
  const lower = (value: bigint): bigint => {
    if (typeof value !== "bigint" || value < low || value > high) {
      throw new RangeError(
        `${type} must be a bigint from ${low} to ${high}, got ${show(value)}`,
      );
    }
    return value;
  };
  return {
    ffi: ffi[name],
    lower,
    // koffi gives a number where it is exact, and a bigint elsewhere.
    lift: (value: bigint | number): bigint => BigInt(value),
    write: (value: bigint, writer: Writer): void => writer[name](lower(value)),
    read: (reader: Reader): bigint => reader[name](),
  };
}

function float(type: string, name: "float32" | "float64") {
  const lower = (value: number): number => {
    if (typeof value !== "number") {
      throw new TypeError(`${type} must be a number, got ${nameOf(value)}`);
    }
    return value;
  };
  return {
    ffi: ffi[name],
    lower,
    lift: (value: number): number => value,
    write: (value: number, writer: Writer): void => writer[name](lower(value)),
    read: (reader: Reader): number => reader[name](),
  };
}

function show(value: unknown): string {
  return typeof value === "number" || typeof value === "bigint"
    ? String(value)
    : nameOf(value);
}

export const uInt8 = integer("u8", "uint8", 0, 0xff);
export const int8 = integer("i8", "int8", -0x80, 0x7f);
export const uInt16 = integer("u16", "uint16", 0, 0xffff);
export const int16 = integer("i16", "int16", -0x8000, 0x7fff);
export const uInt32 = integer("u32", "uint32", 0, 0xffffffff);
export const int32 = integer("i32", "int32", -0x80000000, 0x7fffffff);
export const uInt64 = bigInteger("u64", "uint64", 0n, (1n << 64n) - 1n);
export const int64 = bigInteger("i64", "int64", -(1n << 63n), (1n << 63n) - 1n);
export const float32 = float("f32", "float32");
export const float64 = float("f64", "float64");

export const boolean: Converter<boolean, number> = {
  ffi: ffi.int8,
  lower(value) {
    if (typeof value !== "boolean") {
      throw new TypeError(`boolean expected, got ${nameOf(value)}`);
    }
    return value ? 1 : 0;
  },
  lift: (value) => value !== 0,
  write(value, writer) {
    writer.int8(boolean.lower(value));
  },
  read: (reader) => reader.int8() !== 0,
};

/** A type that the bindings' user chose, over one that crosses the FFI. */
export function custom<T, B, C>(
  inner: Converter<B, C>,
  { lower, lift }: { lower(value: T): B; lift(value: B): T },
): Converter<T, C> {
  return {
    ffi: inner.ffi,
    lower: (value) => inner.lower(lower(value)),
    lift: (value) => lift(inner.lift(value)),
    write: (value, writer) => inner.write(lower(value), writer),
    read: (reader) => lift(inner.read(reader)),
  };
}
