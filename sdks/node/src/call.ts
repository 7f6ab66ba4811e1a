/** Calls: what one asks for beyond its request, and the reply. */

import * as argument from "./argument.js";
import { InternalError, InvalidArgumentError } from "./errors.js";
import type * as raw from "./generated/commy.js";
import { type Balance, lowerBalance } from "./instance.js";
import { decode, type MessageOptions, record } from "./message.js";

/** What a call asks for beyond its request. */
export interface CallOptions extends MessageOptions {
  /** How long it may take, in milliseconds; as the mesh says when absent. */
  timeout?: number | undefined;
  /** Cancels it, and the handler's work: the call rejects with the signal's reason. */
  signal?: AbortSignal | undefined;
  /** Whether executing it twice does no harm, so that it may be tried again elsewhere. */
  idempotent?: boolean | undefined;
  /** What `consistent-hash` chooses the instance by; at most 1,024 bytes. */
  routingKey?: string | undefined;
  /** How it is balanced; as the mesh says when absent. */
  balance?: Balance | undefined;
  /** Whether an instance in the mesh's own zone is preferred; it is when absent. */
  zoneFirst?: boolean | undefined;
  /** A requirement on the version of the instance, in Cargo's syntax. */
  version?: string | undefined;
  /** The instance must have them all. */
  tags?: Iterable<string> | undefined;
  /** The instance must have all the entries. */
  metadata?: Readonly<Record<string, string>> | undefined;
}

/** The answer to a call, with all that came along. */
export interface Reply<T = unknown> {
  /** The payload: from JSON if the content type says so, else bytes. */
  readonly value: T;
  readonly headers: Readonly<Record<string, string>>;
  readonly contentType: string;
  /** The id of the instance that answered. */
  readonly servedBy: string;
}

export const CALL_OPTIONS = [
  "headers",
  "contentType",
  "timeout",
  "signal",
  "idempotent",
  "routingKey",
  "balance",
  "zoneFirst",
  "version",
  "tags",
  "metadata",
] as const;

export function lower(options: CallOptions): raw.CallOptionsInit {
  const { idempotent, zoneFirst } = options;
  return {
    timeoutMs: argument.optionalMilliseconds("timeout", options.timeout),
    idempotent: argument.optionalBoolean("idempotent", idempotent),
    routingKey: argument.optionalText("routingKey", options.routingKey),
    balance: lowerBalance(options.balance),
    zoneFirst: argument.optionalBoolean("zoneFirst", zoneFirst),
    version: argument.optionalText("version", options.version),
    tags: argument.texts("tags", options.tags),
    metadata: argument.entries("metadata", options.metadata),
  };
}

export function lift<T>(
  { message, servedBy }: raw.Reply,
  service: string,
  method: string,
): Reply<T> {
  try {
    return {
      value: decode(message.payload, message.contentType) as T,
      headers: record(message.headers),
      contentType: message.contentType,
      servedBy,
    };
  } catch (error) {
    if (error instanceof InvalidArgumentError) {
      throw new InternalError(
        `${service} answered ${JSON.stringify(method)} with what cannot be read: ${error.message}`,
        { service, method, instanceId: servedBy, attempts: 1 },
      );
    }
    throw error;
  }
}
