/** A registration: one instance that a mesh made known, and what its owner may do with it. */

import * as argument from "./argument.js";
import { lifting, liftingAsync } from "./errors.js";
import type * as raw from "./generated/commy.js";
import {
  type Health,
  lift,
  lowerHealth,
  type ServiceInstance,
} from "./instance.js";

const DRAIN_TIMEOUT = 5_000;

/**
 * An instance that a mesh registered or advertised. It lasts until it is deregistered or its mesh
 * is stopped, whether or not this object is kept. `await using` deregisters it.
 */
export class Registration {
  readonly #inner: raw.Registration;
  readonly #onEnd: (registration: Registration) => void;

  /** @internal */
  constructor(
    inner: raw.Registration,
    onEnd: (registration: Registration) => void,
  ) {
    this.#inner = inner;
    this.#onEnd = onEnd;
  }

  /** The instance as it is now, or as it last was. */
  get instance(): ServiceInstance {
    return lift(lifting(() => this.#inner.instance()));
  }

  /** Reports `healthy` or `unhealthy`, of a hosted instance or of an advertised one without a check. */
  async setHealth(health: Health): Promise<void> {
    const lowered = lowerHealth(health);
    await liftingAsync(() => this.#inner.setHealth(lowered));
  }

  /**
   * Takes no new calls and waits until those in flight are finished, at most `timeout`
   * milliseconds. Tells whether all were; the instance stays registered as draining.
   */
  async drain(timeout: number = DRAIN_TIMEOUT): Promise<boolean> {
    const limit = argument.milliseconds("timeout", timeout);
    return await liftingAsync(() => this.#inner.drain(limit));
  }

  /**
   * Drains for at most the mesh's `drainTimeout`, then withdraws the instance. Doing it twice does
   * nothing.
   */
  async deregister(): Promise<void> {
    await liftingAsync(() => this.#inner.deregister());
    this.#onEnd(this);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.deregister();
  }
}
