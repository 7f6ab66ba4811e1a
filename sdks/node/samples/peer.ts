/**
 * A peer: serves, calls, watches and publishes as it is told by lines of JSON on its standard
 * input, and answers on its standard output. The peers of all languages understand the same, which
 * `docs/interop.md` describes; by them every language is tried with every other.
 */

import { once } from "node:events";
import { createInterface } from "node:readline";

import {
  CommyError,
  type Context,
  HandlerError,
  HandlerFailedError,
  Mesh,
  type ServiceInstance,
} from "commy";

const FIND_MILLISECONDS = 10_000;

type Json = Record<string, unknown>;

interface Command {
  id: number;
  do: string;
  service: string;
  version: string;
  tags: string[];
  metadata: Record<string, string>;
  method: string;
  value: unknown;
  timeout_ms?: number;
  size: number;
  topic: string;
}

function say(line: Json, then?: () => void): void {
  process.stdout.write(`${JSON.stringify(line)}\n`, then);
}

/** What every peer serves. */
const service = {
  echo: (value: unknown) => value,
  bytes: (value: Uint8Array) => value,
  fail() {
    const details = { left: 0, of: ["tea"] };
    throw new HandlerError("OUT_OF_STOCK", "none of tea left", { details });
  },
  async hold(_: unknown, { signal }: Context) {
    say({ told: "held" });
    if (!signal.aborted) {
      await once(signal, "abort");
    }
    say({ told: "let go" });
  },
};

/** Every method is a command. */
class Peer {
  readonly #mesh: Mesh;
  #controller = new AbortController();
  #held: Promise<string | null> | undefined;

  constructor(mesh: Mesh) {
    this.#mesh = mesh;
  }

  async serve({ service: name, version, tags, metadata }: Command) {
    const known = { version, tags, metadata };
    const registration = await this.#mesh.register(name, service, known);
    return registration.instance.id;
  }

  async find({ service }: Command): Promise<Json> {
    await using changes = this.#mesh.watch(service);
    const signal = AbortSignal.timeout(FIND_MILLISECONDS);
    for (;;) {
      const { value } = await changes.next({ signal });
      if (value?.kind !== "removed") {
        return found(value?.instance);
      }
    }
  }

  async call({ service, method, value, timeout_ms }: Command) {
    const timeout = timeout_ms;
    return await this.#mesh.call(service, method, value, { timeout });
  }

  async bytes({ service, size }: Command): Promise<Json> {
    const sent = Uint8Array.from({ length: size }, byte);
    const back = await this.#mesh.call<Uint8Array>(service, "bytes", sent);
    return { size: back.length, fnv1a: fnv1a(back) };
  }

  hold({ service }: Command): void {
    this.#controller = new AbortController();
    const { signal } = this.#controller;
    this.#held = this.#mesh.call(service, "hold", null, { signal }).then(
      (value) => `it answered ${JSON.stringify(value)}`,
      // An aborted call rejects with the signal's reason, as fetch does.
      (error: unknown) => (error === signal.reason ? null : String(error)),
    );
  }

  async cancel(): Promise<string | null> {
    this.#controller.abort();
    return (await this.#held) ?? null;
  }

  watch({ service }: Command): void {
    const changes = this.#mesh.watch(service);
    void (async () => {
      for await (const { kind, instance } of changes) {
        if (kind !== "updated") {
          say({ told: kind, instance: instance.id });
        }
      }
    })();
  }

  async subscribe({ topic }: Command): Promise<void> {
    const events = await this.#mesh.subscribe(topic);
    void (async () => {
      for await (const { topic, value, publisher } of events) {
        say({ told: "event", topic, value, publisher });
      }
    })();
  }

  async publish({ topic, value }: Command): Promise<void> {
    await this.#mesh.publish(topic, value);
  }

  async stop(): Promise<void> {
    await this.#mesh.stop();
  }
}

function found(instance: ServiceInstance | undefined): Json {
  if (instance === undefined) {
    throw new Error("the mesh was stopped");
  }
  const { id, nodeId, version, tags, metadata } = instance;
  return { id, node: nodeId, version, tags, metadata };
}

/** The byte that is sent at an index. */
function byte(_: unknown, index: number): number {
  return (7 * index + Math.floor(index / 256)) % 256;
}

/** FNV-1a of 64 bits, in halves of 32, whose products a number holds exactly. */
function fnv1a(bytes: Uint8Array): string {
  let [high, low] = [0xcbf2_9ce4, 0x8422_2325];
  for (const byte of bytes) {
    // The prime is 2 ** 40 + 0x1b3.
    const mixed = (low ^ byte) >>> 0;
    const product = mixed * 0x1b3;
    const carry = Math.floor(product / 2 ** 32);
    high = (high * 0x1b3 + carry + mixed * 256) % 2 ** 32;
    low = product % 2 ** 32;
  }
  return [high, low].map((half) => half.toString(16).padStart(8, "0")).join("");
}

function shown(error: unknown): Json {
  if (error instanceof HandlerFailedError) {
    const { status, code, reason, details = null } = error;
    return { status, code, reason, details };
  }
  if (error instanceof CommyError) {
    return { status: error.status, reason: error.reason };
  }
  const { name, message } = error as Error;
  return { status: name, reason: message };
}

async function obey(peer: Peer, command: Command): Promise<void> {
  const { id, do: name } = command;
  const commands = peer as unknown as Record<
    string,
    (command: Command) => unknown
  >;
  try {
    const ok = (await commands[name]?.(command)) ?? null;
    say({ id, ok }, name === "stop" ? () => process.exit(0) : undefined);
  } catch (error) {
    say({ id, error: shown(error) });
  }
}

const [name] = process.argv.slice(2);
if (name === undefined) {
  throw new Error("usage: node peer.js MESH");
}
try {
  const mesh = await Mesh.start(name);
  const peer = new Peer(mesh);
  const lines = createInterface(process.stdin);
  lines.on("line", (line) => {
    void obey(peer, JSON.parse(line) as Command);
  });
  lines.on("close", () => {
    void mesh.stop().then(() => process.exit(0));
  });
  say({ ready: mesh.nodeId });
} catch (error) {
  say({ failed: String(error) }, () => process.exit(1));
}
