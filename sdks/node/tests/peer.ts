/**
 * A node in a process of its own: reads commands from standard input, and answers on standard
 * output. Both are lines of JSON. A command is `{"id": 1, "do": NAME, "with": [...]}`, and its
 * answer has the same id and either `ok` or `error`. What happens by itself is told by lines
 * without an id. The first line says that the node is `ready`, or the `error` that kept it from it.
 */

import { once } from "node:events";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";

import {
  type CallOptions,
  CommyError,
  type Context,
  HandlerError,
  Mesh,
  type MeshOptions,
  type ServiceOptions,
} from "commy";

function say(line: Record<string, unknown>): void {
  // To a pipe it is written at once.
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

function shown(error: unknown): { status: string; reason: string } {
  return error instanceof CommyError
    ? { status: error.status, reason: error.reason }
    : { status: (error as Error).name, reason: (error as Error).message };
}

/** What a node serves when it is told to. */
const worker = (mesh: Mesh) => ({
  echo: (value: unknown) => value,
  who: () => mesh.nodeId,
  async work(milliseconds: number) {
    await sleep(milliseconds);
    return mesh.nodeId;
  },
  async hold(_: unknown, { signal }: Context) {
    say({ told: "held" });
    if (!signal.aborted) {
      await once(signal, "abort");
    }
    say({ told: "let go" });
  },
  fail() {
    const details = { left: 0, of: ["tea"] };
    throw new HandlerError("OUT_OF_STOCK", "none of tea left", { details });
  },
  lose() {
    throw new RangeError("lost");
  },
  context: (_: unknown, { caller, timeLeft, attempt, headers }: Context) => ({
    caller,
    timeLeft,
    attempt,
    headers,
  }),
});

/** Every method is a command. */
const commands = (mesh: Mesh) => ({
  async register(service: string, options?: ServiceOptions) {
    const made = await mesh.register(service, worker(mesh), {
      ...options,
    });
    return made.instance.id;
  },
  async deregister(service: string) {
    for (const registration of mesh.registrations) {
      if (registration.instance.service === service) {
        await registration.deregister();
      }
    }
  },
  call: (
    service: string,
    method: string,
    payload: unknown,
    options?: CallOptions,
  ) => mesh.call(service, method, payload, options),
  async publish(topic: string, first: number, count: number) {
    for (let number = first; number < first + count; number++) {
      await mesh.publish(topic, number);
    }
  },
  async subscribe(topics: string) {
    const events = await mesh.subscribe(topics);
    void (async () => {
      for await (const { value, publisher, missed } of events) {
        say({ told: "event", value, publisher, missed });
      }
    })();
  },
  discover: (service: string) =>
    mesh.discover(service).map(({ nodeId }) => nodeId),
  stats: () => mesh.stats(),
  stop: () => mesh.stop(),
  exit: () => process.exit(0), // as it is: with a mesh that runs, and with calls that wait
});

type Commands = Record<string, (...args: unknown[]) => unknown>;

interface Command {
  id: number;
  do: string;
  with: unknown[];
}

async function obey(node: Commands, command: Command): Promise<void> {
  const { id } = command;
  try {
    const ok = (await node[command.do]?.(...command.with)) ?? null;
    say({ id, ok });
  } catch (error) {
    say({ id, error: shown(error) });
  }
}

const [given = "", serves = ""] = process.argv.slice(2);
const { name, options } = JSON.parse(given) as {
  name: string;
  options: MeshOptions;
};
try {
  const mesh = await Mesh.start(name, options);
  const node = commands(mesh);
  for (const [service, known] of Object.entries<ServiceOptions>(
    JSON.parse(serves),
  )) {
    await node.register(service, known);
  }
  const lines = createInterface(process.stdin);
  lines.on("line", (line) => {
    void obey(node as Commands, JSON.parse(line) as Command);
  });
  lines.on("close", () => process.exit(0));
  say({ ready: mesh.nodeId });
} catch (error) {
  say({ error: shown(error) });
}
