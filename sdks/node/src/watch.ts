/** Watching the instances that match a query. */

import type * as raw from "./generated/commy.js";
import { lift, type ServiceInstance } from "./instance.js";
import { Stream } from "./stream.js";

/**
 * What happened to an instance, as seen through a query. `added`: it began to match. `updated`:
 * it still matches, and something about it changed. `removed`: it is gone, or matches no longer.
 */
export type ChangeKind = "added" | "updated" | "removed";

/** A change to the instances that a watch sees. */
export interface Change {
  readonly kind: ChangeKind;
  /** The instance after the change; for `removed`, as it was last seen. */
  readonly instance: ServiceInstance;
  /** The revision of this node's service table in which the change was seen. */
  readonly revision: number;
}

const KIND: Record<raw.ChangeKind, ChangeKind> = {
  Added: "added",
  Updated: "updated",
  Removed: "removed",
};

/**
 * The changes to the instances that match a query: first those that match now, as `added`. An
 * instance that changes faster than its changes are taken is told of once.
 */
export class Watch extends Stream<Change> {
  /** @internal */
  constructor(inner: raw.Watch) {
    super(inner, ({ kind, instance, revision }: raw.Change) => ({
      kind: KIND[kind],
      instance: lift(instance),
      revision: Number(revision),
    }));
  }
}
