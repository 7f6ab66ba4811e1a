/** The counters of a mesh. */

import type * as raw from "./generated/commy.js";
import { record } from "./message.js";

/** Counters of one mesh since it was created. All but the gauges only rise. */
export interface MeshStats {
  /** Calls made that got a reply. */
  readonly callsOk: number;
  /** Calls made that failed, by status name, such as `UNAVAILABLE`. */
  readonly callsFailed: Readonly<Record<string, number>>;
  /** Gauge: calls made that have no answer yet. */
  readonly callsInFlight: number;
  /** Requests that handlers of this mesh were given. */
  readonly requestsHandled: number;
  /** Gauge: requests that handlers of this mesh are at work on. */
  readonly requestsInFlight: number;
  /** Events published. */
  readonly eventsPublished: number;
  /** Events put into queues of this mesh's subscriptions. */
  readonly eventsDelivered: number;
  /** Events that this mesh's subscriptions lost by their overflow policy. */
  readonly eventsDropped: number;
  /** Gauge: registrations of this mesh. */
  readonly registrations: number;
  /** Gauge: other nodes of the mesh that are connected. */
  readonly peers: number;
  /** Messages that went over the fabric, either way; one within this process never does. */
  readonly fabricMessages: number;
  /** Payload bytes handed to the fabric, by all meshes of this name in this thread. */
  readonly bytesSent: number;
  /** Payload bytes that came from the fabric, for all meshes of this name in this thread. */
  readonly bytesReceived: number;
}

export function lift(stats: raw.MeshStats): MeshStats {
  const { callsFailed, ...counters } = stats;
  const failed = Array.from(
    callsFailed,
    ([status, count]) => [status, Number(count)] as const,
  );
  return {
    callsOk: Number(counters.callsOk),
    callsFailed: record(new Map(failed)),
    callsInFlight: Number(counters.callsInFlight),
    requestsHandled: Number(counters.requestsHandled),
    requestsInFlight: Number(counters.requestsInFlight),
    eventsPublished: Number(counters.eventsPublished),
    eventsDelivered: Number(counters.eventsDelivered),
    eventsDropped: Number(counters.eventsDropped),
    registrations: Number(counters.registrations),
    peers: Number(counters.peers),
    fabricMessages: Number(counters.fabricMessages),
    bytesSent: Number(counters.bytesSent),
    bytesReceived: Number(counters.bytesReceived),
  };
}
