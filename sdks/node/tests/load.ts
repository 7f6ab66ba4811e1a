/** Callers of `workers`, and what became of their calls. */

import { type CallOptions, CommyError, type Mesh } from "commy";

import { soon, until } from "./processes.js";

/** How many call at the same time. */
export const CALLERS = 20;

/** A call, and what became of it: the node that answered, or the error. */
export interface Outcome {
  began: number;
  ended: number;
  node: string | undefined;
  error: CommyError | undefined;
}

/** Callers that call one time after the other, until the end of the block of `await using`. */
export class Load {
  readonly outcomes: Outcome[] = [];
  readonly #mesh: Mesh;
  readonly #options: CallOptions;
  readonly #callers: Promise<unknown>;
  #isOver = false;

  private constructor(mesh: Mesh, options: CallOptions) {
    this.#mesh = mesh;
    this.#options = options;
    this.#callers = Promise.all(
      Array.from({ length: CALLERS }, () => this.#call()),
    );
  }

  static async start(mesh: Mesh, options: CallOptions = {}): Promise<Load> {
    const load = new Load(mesh, options);
    await load.goesOn();
    return load;
  }

  /** Waits until each caller had time for some calls. */
  async goesOn(): Promise<void> {
    const enough = this.outcomes.length + 5 * CALLERS;
    await until("calls are answered", () => this.outcomes.length >= enough);
  }

  get failed(): Outcome[] {
    return this.outcomes.filter(({ error }) => error !== undefined);
  }

  /** The calls that a node answered and that began after a moment. */
  servedBy(node: string, after: number): Outcome[] {
    return this.outcomes.filter((it) => it.node === node && it.began > after);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true;
    await soon(this.#callers, "the callers end");
  }

  async #call(): Promise<void> {
    while (!this.#isOver) {
      const began = performance.now();
      let node: string | undefined;
      let error: CommyError | undefined;
      try {
        node = await this.#mesh.call("workers", "work", 3, this.#options);
      } catch (failure) {
        if (!(failure instanceof CommyError)) {
          throw failure;
        }
        error = failure;
      }
      this.outcomes.push({ began, ended: performance.now(), node, error });
    }
  }
}
