/** Events and subscriptions to them. */

import * as argument from "./argument.js";
import * as raw from "./generated/commy.js";
import { decode, type MessageOptions, record } from "./message.js";
import { Stream } from "./stream.js";

/**
 * What happens to an event when a subscriber's queue is full. `drop-oldest`: the oldest queued
 * event makes room. `drop-newest`: the new event is dropped. `block`: the publisher waits for
 * room, at most its mesh's `callTimeout`.
 */
export type Overflow = "drop-oldest" | "drop-newest" | "block";

/** How events are queued for a subscriber. */
export interface SubscribeOptions {
  /** How many events may wait: 1 to 65,536; 256 when absent. */
  capacity?: number | undefined;
  /** What happens to one more; `drop-oldest` when absent. */
  overflow?: Overflow | undefined;
  /** Gives up, and rejects with its reason. */
  signal?: AbortSignal | undefined;
}

/** What an event is published with. */
export interface PublishOptions extends MessageOptions {
  /** Gives up waiting for room, and rejects with its reason. */
  signal?: AbortSignal | undefined;
}

/** An event as its subscriber receives it. */
export interface Event<T = unknown> {
  /** The topic that it was published on. */
  readonly topic: string;
  /**
   * The payload: from JSON if the content type says so, else bytes. Throws an
   * `InvalidArgumentError` for one that says that it is JSON and is not; such an event is its
   * publisher's error, and does not end the subscription.
   */
  readonly value: T;
  /** The payload as it travelled. */
  readonly payload: Uint8Array;
  readonly headers: Readonly<Record<string, string>>;
  readonly contentType: string;
  /** The id of the node that published it. */
  readonly publisher: string;
  /** The number of the event, rising for each event of one publisher. */
  readonly sequence: number;
  /** How many events this subscription lost, by its own overflow policy, just before this one. */
  readonly missed: number;
}

const OVERFLOW = new Map<Overflow, raw.Overflow>([
  ["drop-oldest", raw.Overflow.DropOldest],
  ["drop-newest", raw.Overflow.DropNewest],
  ["block", raw.Overflow.Block],
]);

/** A queue of events whose topics match a filter. */
export class Subscription<T = unknown> extends Stream<Event<T>> {
  readonly #inner: raw.Subscription;
  #droppedAtEnd: number | undefined;

  /** @internal */
  constructor(inner: raw.Subscription) {
    super(inner, lift<T>);
    this.#inner = inner;
  }

  /** How many events it has lost by its overflow policy so far. */
  get dropped(): number {
    return this.#droppedAtEnd ?? Number(this.#inner.dropped());
  }

  /** @internal */
  protected override beforeEnd(): void {
    this.#droppedAtEnd = Number(this.#inner.dropped());
  }
}

export function lowerOptions(
  options: SubscribeOptions,
): raw.SubscribeOptionsInit {
  const { capacity, overflow } = options;
  return {
    capacity: argument.optionalWhole("capacity", capacity),
    overflow:
      overflow === undefined
        ? undefined
        : argument.choice("overflow", OVERFLOW, overflow),
  };
}

function lift<T>(event: raw.Event): Event<T> {
  const { payload, contentType, headers } = event.message;
  return {
    topic: event.topic,
    // Decoded when it is asked for, so that one that is broken does not end the loop.
    get value() {
      return decode(payload, contentType) as T;
    },
    payload,
    headers: record(headers),
    contentType,
    publisher: event.publisher,
    sequence: Number(event.sequence),
    missed: Number(event.missed),
  };
}
