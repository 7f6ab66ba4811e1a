/**
 * Instances of services: what a registration is known by, and how instances are asked for. It
 * owns specs and queries, and knows nothing of how either is answered.
 */

import * as argument from "./argument.js";
import * as raw from "./generated/commy.js";
import { record } from "./message.js";

/**
 * Whether an instance can be called. `starting`: advertised and not probed often enough yet to
 * say. `healthy`: it answers. `unhealthy`: its owner or its probe says that it does not answer.
 * `draining`: it finishes the calls that it has and takes no new ones.
 */
export type Health = "starting" | "healthy" | "unhealthy" | "draining";

/**
 * How this node reaches an instance. `in-process`: it is hosted in this process. `fabric`: by
 * another node of the mesh. `endpoint`: it is advertised, and its users dial it themselves.
 */
export type Reach = "in-process" | "fabric" | "endpoint";

/**
 * How a call chooses one of several instances. `round-robin`: each in turn. `weighted`: at
 * random, in proportion to their weights. `least-loaded`: the less loaded of two drawn at random,
 * by calls in flight and a moving average of latency. `consistent-hash`: always the same for the
 * same routing key, while the set of instances is the same.
 */
export type Balance =
  "round-robin" | "weighted" | "least-loaded" | "consistent-hash";

/** An instance of a service, as this node knew it when it answered. */
export interface ServiceInstance {
  /** Unique in the mesh. */
  readonly id: string;
  /** The id of the node that registered it. */
  readonly nodeId: string;
  readonly service: string;
  /** By semantic versioning. */
  readonly version: string;
  readonly tags: readonly string[];
  readonly metadata: Readonly<Record<string, string>>;
  readonly weight: number;
  readonly zone: string | undefined;
  readonly region: string | undefined;
  readonly health: Health;
  /** The address to dial, for an advertised instance; absent for a hosted one. */
  readonly endpoint: string | undefined;
  readonly reach: Reach;
  /** The revision of this node's service table at which the instance last changed. */
  readonly revision: number;
}

/** What an instance is known by. */
export interface ServiceOptions {
  /** By semantic versioning; `0.0.0` when absent. */
  version?: string | undefined;
  /** What queries and calls may ask for: at most 32. */
  tags?: Iterable<string> | undefined;
  /** What queries and calls may ask for: at most 64 entries. */
  metadata?: Readonly<Record<string, string>> | undefined;
  /** The share of calls under `weighted` balancing: 1 to 1,000; 100 when absent. */
  weight?: number | undefined;
  /** The mesh's own when absent. */
  zone?: string | undefined;
  /** The mesh's own when absent. */
  region?: string | undefined;
  /**
   * How many requests may be under way at once, 1 to 65,536; 1,024 when absent. One more is a
   * `ResourceExhaustedError` to its caller.
   */
  maxInFlight?: number | undefined;
}

/** Which instances are asked for. An empty query asks for every healthy one. */
export interface Query {
  /** Every service when absent. */
  service?: string | undefined;
  /** A requirement in Cargo's syntax, such as `^1.2` or `>=1, <3`. */
  version?: string | undefined;
  /** An instance must have them all. */
  tags?: Iterable<string> | undefined;
  /** An instance must have all the entries. */
  metadata?: Readonly<Record<string, string>> | undefined;
  /** One health, or several; `healthy` when absent. */
  health?: Health | Iterable<Health> | undefined;
  zone?: string | undefined;
  region?: string | undefined;
}

const HEALTH = new Map<Health, raw.Health>([
  ["starting", raw.Health.Starting],
  ["healthy", raw.Health.Healthy],
  ["unhealthy", raw.Health.Unhealthy],
  ["draining", raw.Health.Draining],
]);
const REACH: Record<raw.Reach, Reach> = {
  InProcess: "in-process",
  Fabric: "fabric",
  Endpoint: "endpoint",
};
const BALANCE = new Map<Balance, raw.Balance>([
  ["round-robin", raw.Balance.RoundRobin],
  ["weighted", raw.Balance.Weighted],
  ["least-loaded", raw.Balance.LeastLoaded],
  ["consistent-hash", raw.Balance.ConsistentHash],
]);
const healthOf = Object.fromEntries(
  Array.from(HEALTH, ([word, health]) => [health, word]),
) as Record<raw.Health, Health>;

export const SERVICE_OPTIONS = [
  "version",
  "tags",
  "metadata",
  "weight",
  "zone",
  "region",
  "maxInFlight",
] as const;

export function lift(instance: raw.ServiceInstance): ServiceInstance {
  return {
    ...instance,
    metadata: record(instance.metadata),
    health: healthOf[instance.health],
    reach: REACH[instance.reach],
    revision: Number(instance.revision),
  };
}

export function lowerHealth(health: unknown): raw.Health {
  return argument.choice("health", HEALTH, health);
}

export function lowerBalance(balance: unknown): raw.Balance | undefined {
  return balance === undefined
    ? undefined
    : argument.choice("balance", BALANCE, balance);
}

export function lowerSpec(
  service: string,
  options: ServiceOptions,
): raw.ServiceSpecInit {
  return {
    service: argument.text("the service's name", service),
    version: argument.optionalText("version", options.version),
    tags: argument.texts("tags", options.tags),
    metadata: argument.entries("metadata", options.metadata),
    weight: argument.optionalWhole("weight", options.weight),
    zone: argument.optionalText("zone", options.zone),
    region: argument.optionalText("region", options.region),
    maxInFlight: argument.optionalWhole("maxInFlight", options.maxInFlight),
  };
}

/** A string asks for the service of that name. */
export function lowerQuery(query: Query | string | undefined): raw.QueryInit {
  if (typeof query === "string") {
    return { service: argument.text("the service's name", query) };
  }
  const { service, version, tags, metadata, health, zone, region } =
    argument.options("a query's options", query, [
      "service",
      "version",
      "tags",
      "metadata",
      "health",
      "zone",
      "region",
    ]);
  return {
    service: argument.optionalText("the service's name", service),
    version: argument.optionalText("version", version),
    tags: argument.texts("tags", tags),
    metadata: argument.entries("metadata", metadata),
    health:
      health === undefined
        ? undefined
        : typeof health === "string"
          ? [lowerHealth(health)]
          : Array.from(health, lowerHealth),
    zone: argument.optionalText("zone", zone),
    region: argument.optionalText("region", region),
  };
}
