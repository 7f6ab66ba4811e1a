/**
 * A stream of items that the runtime queues: what watches and subscriptions have in common. It
 * knows nothing of what the items are.
 */

import { liftingAsync } from "./errors.js";

/** What a wait may be given up by. */
export interface SignalOptions {
  /** Gives up waiting, and rejects with its reason. */
  signal?: AbortSignal | undefined;
}

/** The raw object that items come from. */
export interface Source<R> {
  next(options?: SignalOptions): Promise<R | undefined>;
  close(): void;
  [Symbol.dispose](): void;
}

/**
 * Items as they come. `for await` takes them until it is closed, its mesh is stopped, or the loop
 * is left, which closes it; so does `await using`.
 */
export abstract class Stream<T> implements AsyncIterableIterator<T, undefined> {
  readonly #source: Source<unknown>;
  readonly #lift: (item: never) => T;
  #isClosed = false;
  #isOver = false;

  /** @internal */
  constructor(source: Source<unknown>, lift: (item: never) => T) {
    this.#source = source;
    this.#lift = lift;
  }

  /** Whether it was closed on this side. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /**
   * Waits for the next item; done when this is closed or its mesh is stopped, and all that was
   * queued has been taken. A wait that is given up loses nothing: the item goes to the next one.
   */
  async next(options?: SignalOptions): Promise<IteratorResult<T, undefined>> {
    options?.signal?.throwIfAborted();
    const item = this.#isOver
      ? undefined
      : await liftingAsync(() => this.#source.next(options));
    if (item !== undefined) {
      return { done: false, value: this.#lift(item as never) };
    }
    this.#end();
    return { done: true, value: undefined };
  }

  /** Ends it; whoever waits for an item gets none. Doing it twice does nothing. */
  close(): void {
    this.#isClosed = true;
    if (!this.#isOver) {
      this.#source.close();
    }
  }

  /** Closes it and lets go of what is queued: what a loop that is left calls. */
  async return(): Promise<IteratorResult<T, undefined>> {
    this.close();
    this.#end();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  /** Frees the source now, not when it is collected. */
  #end(): void {
    if (!this.#isOver) {
      this.beforeEnd?.();
      this.#isOver = true;
      this.#source[Symbol.dispose]();
    }
  }

  /** @internal Called while the source is still there. */
  protected beforeEnd?(): void;
}
