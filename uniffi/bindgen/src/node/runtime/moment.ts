/** Points in time and lengths of time, to the nanosecond: a `Date` has milliseconds. */

import type { Reader, Writer } from "./buffer.js";
import type { Converter } from "./converter.js";
import type { RustBuffer } from "./ffi.js";
import { nameOf } from "./error.js";
import type { Library } from "./library.js";

const SECOND = 1_000_000_000;
const MILLISECOND = 1_000_000;

function checkNanoseconds(value: number): void {
  if (!Number.isInteger(value) || value < 0 || value >= SECOND) {
    throw new RangeError(
      `nanoseconds must be an integer from 0 to ${SECOND - 1}, got ${value}`,
    );
  }
}

/** A point in time: so many seconds after 1970 began in UTC, and nanoseconds after those. */
export class Timestamp {
  /** Negative before 1970. */
  readonly seconds: bigint;
  /** From 0 to 999,999,999, counted forwards. */
  readonly nanoseconds: number;

  constructor(seconds: bigint, nanoseconds = 0) {
    checkNanoseconds(nanoseconds);
    this.seconds = seconds;
    this.nanoseconds = nanoseconds;
  }

  static fromDate(date: Date): Timestamp {
    const time = date.getTime();
    const seconds = Math.floor(time / 1000);
    return new Timestamp(
      BigInt(seconds),
      (time - seconds * 1000) * MILLISECOND,
    );
  }

  /** The millisecond that the point is in. */
  toDate(): Date {
    const milliseconds = Math.floor(this.nanoseconds / MILLISECOND);
    return new Date(Number(this.seconds) * 1000 + milliseconds);
  }
}

/** A length of time. */
export class Duration {
  readonly seconds: bigint;
  /** From 0 to 999,999,999. */
  readonly nanoseconds: number;

  constructor(seconds: bigint, nanoseconds = 0) {
    checkNanoseconds(nanoseconds);
    this.seconds = seconds;
    this.nanoseconds = nanoseconds;
  }

  static fromMilliseconds(milliseconds: number): Duration {
    const seconds = Math.floor(milliseconds / 1000);
    const rest = milliseconds - seconds * 1000;
    return new Duration(BigInt(seconds), Math.round(rest * MILLISECOND));
  }

  toMilliseconds(): number {
    return Number(this.seconds) * 1000 + this.nanoseconds / MILLISECOND;
  }
}

export function timestamp(library: Library): Converter<Timestamp, RustBuffer> {
  return library.value({
    // Before 1970 the wire counts backwards from it, and has no sign for less than a second.
    write(value: Timestamp, writer: Writer) {
      expect(value, Timestamp);
      let { seconds, nanoseconds } = value;
      if (seconds < 0n && nanoseconds > 0) {
        seconds += 1n;
        nanoseconds = SECOND - nanoseconds;
        if (seconds === 0n) {
          throw new RangeError(
            `a timestamp cannot lie less than a second before 1970, got -${nanoseconds} ns`,
          );
        }
      }
      writer.int64(seconds);
      writer.uint32(nanoseconds);
    },
    read(reader: Reader) {
      const seconds = reader.int64();
      const nanoseconds = reader.uint32();
      return seconds < 0n && nanoseconds > 0
        ? new Timestamp(seconds - 1n, SECOND - nanoseconds)
        : new Timestamp(seconds, nanoseconds);
    },
  });
}

export function duration(library: Library): Converter<Duration, RustBuffer> {
  return library.value({
    write(value: Duration, writer: Writer) {
      expect(value, Duration);
      if (value.seconds < 0n) {
        throw new RangeError(
          `a duration must not be negative, got ${value.seconds} s`,
        );
      }
      writer.uint64(value.seconds);
      writer.uint32(value.nanoseconds);
    },
    read(reader: Reader) {
      return new Duration(reader.uint64(), reader.uint32());
    },
  });
}

function expect(value: unknown, type: typeof Timestamp | typeof Duration) {
  if (!(value instanceof type)) {
    throw new TypeError(`${type.name} expected, got ${nameOf(value)}`);
  }
}
