/** When a mesh gives up on an instance for a while. */

import * as argument from "./argument.js";
import type * as raw from "./generated/commy.js";

/**
 * Refuses calls to a failing instance, as `UnavailableError`, without sending them. Failures are
 * `UNAVAILABLE`, `INTERNAL` and `DEADLINE_EXCEEDED`; what a handler throws is an answer.
 */
export interface CircuitBreaker {
  /** How many calls a window must hold before their failures count: 1 to 1,000,000; 20. */
  requestsMin?: number | undefined;
  /** The share of failures that opens the circuit: above 0, at most 1; 0.5. */
  failureRatio?: number | undefined;
  /** The length of a window, in milliseconds: 1 to 3,600,000; 10,000. */
  window?: number | undefined;
  /** How long an open circuit refuses calls before one may try, in milliseconds; 5,000. */
  pause?: number | undefined;
}

export function lower(
  breaker: CircuitBreaker | undefined,
): raw.CircuitBreakerInit | undefined {
  if (breaker === undefined) {
    return undefined;
  }
  const { requestsMin, failureRatio, window, pause } = argument.options(
    "a breaker's options",
    breaker,
    ["requestsMin", "failureRatio", "window", "pause"],
  );
  return {
    requestsMin: argument.optionalWhole("requestsMin", requestsMin),
    failureRatio:
      failureRatio === undefined
        ? undefined
        : argument.number("failureRatio", failureRatio),
    windowMs: argument.optionalMilliseconds("window", window),
    openMs: argument.optionalMilliseconds("pause", pause),
  };
}
