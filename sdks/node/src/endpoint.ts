/** How the endpoint of an outside server is made known and probed. */

import * as argument from "./argument.js";
import { InvalidArgumentError } from "./errors.js";
import type * as raw from "./generated/commy.js";
import type { ServiceOptions } from "./instance.js";

/** When and how an advertised endpoint is probed. */
export interface HealthCheck {
  /**
   * What is tried. `tcp`: it is healthy when a connection to its host and port is accepted.
   * `http`: when a GET of `path` is answered with a 2xx status.
   */
  probe: "tcp" | "http";
  /** The path of an HTTP probe; it begins with `/`, and is that alone when absent. */
  path?: string | undefined;
  /** The milliseconds between two probes: 10 to 3,600,000; 5,000 when absent. */
  interval?: number | undefined;
  /** The milliseconds after which a probe has failed: 1 to 60,000; 1,000 when absent. */
  timeout?: number | undefined;
  /** How many successes in a row make an instance healthy: 1 to 100; 1 when absent. */
  rise?: number | undefined;
  /** How many failures in a row make an instance unhealthy: 1 to 100; 3 when absent. */
  fall?: number | undefined;
}

/** What an advertised instance is known by, and how it is probed. */
export interface AdvertiseOptions extends Omit<ServiceOptions, "maxInFlight"> {
  /** Without a check, the endpoint is taken to be healthy. */
  check?: HealthCheck | undefined;
  /** Gives up, and rejects with its reason. */
  signal?: AbortSignal | undefined;
}

export function lower(
  check: HealthCheck | undefined,
): raw.HealthCheckInit | undefined {
  if (check === undefined) {
    return undefined;
  }
  const { interval, timeout, rise, fall } = argument.options(
    "a check's options",
    check,
    ["probe", "path", "interval", "timeout", "rise", "fall"],
  );
  return {
    probe: lowerProbe(check),
    intervalMs: argument.optionalMilliseconds("interval", interval),
    timeoutMs: argument.optionalMilliseconds("timeout", timeout),
    rise: argument.optionalWhole("rise", rise),
    fall: argument.optionalWhole("fall", fall),
  };
}

function lowerProbe({ probe, path }: HealthCheck): raw.Probe {
  const tag = argument.choice(
    "probe",
    new Map([
      ["tcp", "Tcp"],
      ["http", "Http"],
    ] as const),
    probe,
  );
  if (tag === "Http") {
    return { tag, path: argument.text("the path to probe", path ?? "/") };
  }
  if (path !== undefined) {
    throw new InvalidArgumentError(`a tcp probe has no path, not ${path}`);
  }
  return { tag };
}
