/**
 * How a mesh reaches the processes and hosts beyond its own. It owns what is asked for and its
 * conversion; which endpoints are allowed, and whether the files of certificates are any good, is
 * the library's to say.
 */

import * as argument from "./argument.js";
import * as raw from "./generated/commy.js";

/**
 * How a node takes part in routing. `peer`: it connects to the other nodes directly. `client`: it
 * reaches all others through one router, which `connect` names. `router`: it forwards the messages
 * of others.
 */
export type FabricMode = "peer" | "client" | "router";

/**
 * Where the certificates of a node are: PEM files that exist. Both sides of a connection show
 * theirs, and one that the authority did not sign is refused.
 */
export interface TlsOptions {
  /** The certificate of the mesh's own authority. */
  ca: string | URL;
  /** This node's certificate. */
  certificate: string | URL;
  /** The private key of this node's certificate. */
  key: string | URL;
}

/** How far a mesh reaches. Without any, it is all processes of this user on this host. */
export interface FabricOptions {
  /** Whether the mesh keeps to this thread: nothing is opened, and nobody is found. */
  localOnly?: boolean | undefined;
  /** How this node takes part in routing; `peer` when absent. */
  mode?: FabricMode | undefined;
  /** Where other hosts may connect, such as `tls/0.0.0.0:7447`: `tcp/`, `tls/` or `quic/`. */
  listen?: Iterable<string> | undefined;
  /** Nodes or routers on other hosts to connect to, such as `tls/mesh.example.org:7447`. */
  connect?: Iterable<string> | undefined;
  /** The certificates for `tls/` and `quic/` endpoints, which need them. */
  tls?: TlsOptions | undefined;
  /** Whether nodes on the local network are looked for by multicast. */
  multicast?: boolean | undefined;
  /** Whether plain `tcp/` to other hosts is allowed, where whoever listens reads everything. */
  allowInsecure?: boolean | undefined;
  /** Whether large payloads between processes of one host go through memory; they do if absent. */
  sharedMemory?: boolean | undefined;
}

export const FABRIC_OPTIONS = [
  "localOnly",
  "mode",
  "listen",
  "connect",
  "tls",
  "multicast",
  "allowInsecure",
  "sharedMemory",
] as const;

const MODE = new Map<FabricMode, raw.FabricMode>([
  ["peer", raw.FabricMode.Peer],
  ["client", raw.FabricMode.Client],
  ["router", raw.FabricMode.Router],
]);

export function lower(options: FabricOptions): Partial<raw.MeshOptionsInit> {
  const { localOnly, mode, multicast, allowInsecure, sharedMemory } = options;
  return {
    localOnly: argument.optionalBoolean("localOnly", localOnly),
    mode: mode === undefined ? undefined : argument.choice("mode", MODE, mode),
    listen: argument.texts("listen", options.listen),
    connect: argument.texts("connect", options.connect),
    tls: lowerTls(options.tls),
    multicast: argument.optionalBoolean("multicast", multicast),
    allowInsecure: argument.optionalBoolean("allowInsecure", allowInsecure),
    sharedMemory: argument.optionalBoolean("sharedMemory", sharedMemory),
  };
}

function lowerTls(tls: TlsOptions | undefined): raw.TlsOptions | undefined {
  if (tls === undefined) {
    return undefined;
  }
  const { ca, certificate, key } = argument.options("tls's options", tls, [
    "ca",
    "certificate",
    "key",
  ]);
  return {
    ca: argument.path("the path of the authority's certificate", ca),
    certificate: argument.path("the path of the certificate", certificate),
    key: argument.path("the path of the key", key),
  };
}
