/**
 * The mesh: the few verbs with which a program serves, finds, calls and tells others. It owns what
 * ends with a stop; conversion, dispatch and decisions are its neighbours'.
 */

import * as argument from "./argument.js";
import * as circuit from "./breaker.js";
import * as calls from "./call.js";
import { Dispatcher, type HandlerErrorListener } from "./dispatch.js";
import * as endpoint from "./endpoint.js";
import { lifting, liftingAsync } from "./errors.js";
import * as events from "./events.js";
import * as fabric from "./fabric.js";
import * as raw from "./generated/commy.js";
import { type Handler, serviceOf } from "./handler.js";
import * as instances from "./instance.js";
import { encode } from "./message.js";
import { Presence } from "./presence.js";
import { Registration } from "./registration.js";
import * as stats from "./stats.js";
import { Watch } from "./watch.js";

/** The version of the library, by semantic versioning. */
export const version: string = raw.version();

/** What a mesh is created with, beside its name. */
export interface MeshOptions extends fabric.FabricOptions {
  /** The zone of its services, such as `eu-1a`, unless they say otherwise. */
  zone?: string | undefined;
  /** The region of its services, such as `eu-1`, unless they say otherwise. */
  region?: string | undefined;
  /** How long a call may take that names no timeout, in milliseconds: at least 1; 30,000. */
  callTimeout?: number | undefined;
  /** How long `stop` and `deregister` let calls in flight finish, in milliseconds; 5,000. */
  drainTimeout?: number | undefined;
  /** The largest payload, in bytes: at most 2 ** 30; 8 MiB when absent. */
  maxPayloadBytes?: number | undefined;
  /** How calls choose among equal instances; `least-loaded` when absent. */
  balance?: instances.Balance | undefined;
  /** When calls to a failing instance are refused; never when absent. */
  breaker?: circuit.CircuitBreaker | undefined;
  /**
   * Told of what a handler threw and did not mean to tell its caller. Writes to the console when
   * absent.
   */
  onHandlerError?: HandlerErrorListener | undefined;
}

/** What a hosted instance is known by. */
export interface RegisterOptions extends instances.ServiceOptions {
  /** Gives up, and rejects with its reason. */
  signal?: AbortSignal | undefined;
}

/**
 * This process's membership in a mesh. Creating one starts nothing.
 *
 * It finds the other processes of its user on this host that use its name, with no port and no
 * configuration, unless it is `localOnly`; other hosts by `listen` and `connect`.
 *
 * Every method but those that are documented to work without needs a mesh that runs, and fails
 * with a `FailedPreconditionError` otherwise. A value that breaks a rule is an
 * `InvalidArgumentError`, one of the wrong type a `TypeError`.
 *
 * @example
 * ```js
 * const mesh = await Mesh.start("example");
 * await mesh.register("greeter", (name) => `hello ${name}`);
 * console.log(await mesh.call("greeter", "greet", "Ann", { timeout: 2_000 }));
 * await mesh.stop();
 * ```
 */
export class Mesh {
  readonly #inner: raw.Mesh;
  readonly #name: string;
  readonly #onHandlerError: HandlerErrorListener;
  readonly #registrations = new Set<Registration>();
  readonly #hosted = new Set<Registration>();
  readonly #presence: Presence;

  /**
   * `name` is the scope of discovery: 1 to 64 bytes of segments joined by `.`, each of ASCII
   * letters, digits, `_` and `-`, beginning with a letter or digit.
   */
  constructor(name: string, options?: MeshOptions) {
    const given = argument.options("a mesh's options", options, [
      ...fabric.FABRIC_OPTIONS,
      "zone",
      "region",
      "callTimeout",
      "drainTimeout",
      "maxPayloadBytes",
      "balance",
      "breaker",
      "onHandlerError",
    ]);
    const { callTimeout, drainTimeout, maxPayloadBytes, onHandlerError } =
      given;
    if (onHandlerError !== undefined && typeof onHandlerError !== "function") {
      throw new TypeError("onHandlerError must be a function");
    }
    this.#name = argument.text("the mesh's name", name);
    this.#onHandlerError = onHandlerError ?? report;
    const lowered: raw.MeshOptionsInit = {
      name: this.#name,
      zone: argument.optionalText("zone", given.zone),
      region: argument.optionalText("region", given.region),
      callTimeoutMs: argument.optionalMilliseconds("callTimeout", callTimeout),
      drainTimeoutMs: argument.optionalMilliseconds(
        "drainTimeout",
        drainTimeout,
      ),
      maxPayloadBytes:
        maxPayloadBytes === undefined
          ? undefined
          : BigInt(
              argument.whole(
                "maxPayloadBytes",
                maxPayloadBytes,
                Number.MAX_SAFE_INTEGER,
              ),
            ),
      balance: instances.lowerBalance(given.balance),
      breaker: circuit.lower(given.breaker),
      ...fabric.lower(given),
    };
    this.#inner = lifting(() => new raw.Mesh(lowered));
    const inner = this.#inner;
    this.#presence = new Presence(() => inner[Symbol.dispose]());
  }

  /** Creates a mesh and starts it. */
  static async start(name: string, options?: MeshOptions): Promise<Mesh> {
    const mesh = new Mesh(name, options);
    await mesh.start();
    return mesh;
  }

  /** The name of the mesh. Works on a mesh that does not run. */
  get name(): string {
    return this.#name;
  }

  /** The id of this process's node in the mesh. Works on a mesh that does not run. */
  get nodeId(): string {
    return lifting(() => this.#inner.nodeId());
  }

  /** Whether the mesh is started and not stopped. */
  get isRunning(): boolean {
    return lifting(() => this.#inner.isRunning());
  }

  /** What is registered and advertised here, in the order in which it was. */
  get registrations(): readonly Registration[] {
    return [...this.#registrations];
  }

  /** Starts the mesh. Starting one that runs does nothing; a stopped one can be started again. */
  async start(): Promise<void> {
    await liftingAsync(() => this.#inner.start());
    this.#presence.isRunning = true;
  }

  /**
   * Stops the mesh: refuses new calls, lets those in flight finish up to `drainTimeout`, withdraws
   * its registrations, ends its watches and subscriptions. Stopping one that does not run does
   * nothing. `await using` stops it.
   */
  async stop(): Promise<void> {
    await liftingAsync(() => this.#inner.stop());
    this.#presence.isRunning = false;
    this.#registrations.clear();
    this.#hosted.clear();
    this.#presence.isServing = false;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  /**
   * Lets the process end although services are registered here, which otherwise keep it alive as
   * a server that listens does.
   */
  unref(): this {
    this.#presence.isRef = false;
    return this;
  }

  /** Takes `unref` back. */
  ref(): this {
    this.#presence.isRef = true;
    return this;
  }

  /**
   * Registers an instance of a service that this process hosts, until it is deregistered or the
   * mesh is stopped. The handler runs in the event loop of this thread.
   */
  async register(
    service: string,
    handler: Handler,
    options?: RegisterOptions,
  ): Promise<Registration> {
    const given = argument.options("a registration's options", options, [
      ...instances.SERVICE_OPTIONS,
      "signal",
    ]);
    const spec = instances.lowerSpec(service, given);
    const dispatcher = new Dispatcher(serviceOf(handler), this.#onHandlerError);
    const { signal } = given;
    const registration = this.#made(
      await liftingAsync(() =>
        this.#inner.register(spec, dispatcher, { signal }),
      ),
    );
    this.#hosted.add(registration);
    this.#presence.isServing = true;
    return registration;
  }

  /**
   * Makes known an instance that runs elsewhere, at an address such as `http://127.0.0.1:8080` or
   * `tcp://db:5432`. With a `check` it is probed, and can be found once the probe succeeds. Its
   * users dial it: `call` refuses it with a `FailedPreconditionError` that names the address.
   */
  async advertise(
    service: string,
    address: string,
    options?: endpoint.AdvertiseOptions,
  ): Promise<Registration> {
    const { check, signal, ...known } = argument.options(
      "an advertisement's options",
      options,
      [
        "check",
        "signal",
        "version",
        "tags",
        "metadata",
        "weight",
        "zone",
        "region",
      ],
    );
    const spec = instances.lowerSpec(service, known);
    const where = argument.text("the address", address);
    const probed = endpoint.lower(check);
    return this.#made(
      await liftingAsync(() =>
        this.#inner.advertise(spec, where, probed, { signal }),
      ),
    );
  }

  /**
   * The instances that match now, ordered by service and id, from local knowledge. A string asks
   * for the service of that name.
   */
  discover(query?: instances.Query | string): instances.ServiceInstance[] {
    const lowered = instances.lowerQuery(query);
    return lifting(() => this.#inner.discover(lowered)).map(instances.lift);
  }

  /**
   * Watches the instances that match, as `discover` would find them: first those that match now,
   * as `added`, then every change from this moment on.
   */
  watch(query?: instances.Query | string): Watch {
    const lowered = instances.lowerQuery(query);
    return new Watch(lifting(() => this.#inner.watch(lowered)));
  }

  /** How many services have at least one healthy instance. */
  activeServiceCount(): number {
    return Number(lifting(() => this.#inner.activeServiceCount()));
  }

  /** The counters of this mesh. Works on a mesh that does not run. */
  stats(): stats.MeshStats {
    return stats.lift(lifting(() => this.#inner.stats()));
  }

  /**
   * Calls a service and waits for the value that it replies. A payload of bytes travels untouched,
   * any other value as JSON.
   */
  async call<T = unknown>(
    service: string,
    method?: string,
    payload?: unknown,
    options?: calls.CallOptions,
  ): Promise<T> {
    return (await this.request<T>(service, method, payload, options)).value;
  }

  /** As `call`, with the headers of the reply, and who answered. */
  async request<T = unknown>(
    service: string,
    method: string = "",
    payload?: unknown,
    options?: calls.CallOptions,
  ): Promise<calls.Reply<T>> {
    const given = argument.options(
      "a call's options",
      options,
      calls.CALL_OPTIONS,
    );
    const name = argument.text("the service's name", service);
    const request = {
      method: argument.text("method", method),
      message: encode(payload, given),
    };
    const lowered = calls.lower(given);
    const { signal } = given;
    const reply = await liftingAsync(() =>
      this.#inner.call(name, request, lowered, { signal }),
    );
    return calls.lift(reply, name, request.method);
  }

  /**
   * Publishes an event on a topic: 1 to 256 bytes of segments joined by `/`, each of ASCII letters,
   * digits, `_`, `-`, `.` and `:`.
   */
  async publish(
    topic: string,
    payload?: unknown,
    options?: events.PublishOptions,
  ): Promise<void> {
    const given = argument.options("a publication's options", options, [
      "headers",
      "contentType",
      "signal",
    ]);
    const lowered = argument.text("topic", topic);
    const message = encode(payload, given);
    const { signal } = given;
    await liftingAsync(() => this.#inner.publish(lowered, message, { signal }));
  }

  /**
   * Subscribes to the topics that match a filter, in which a segment `*` stands for any one segment
   * and `**` for any number of them, also none.
   */
  async subscribe<T = unknown>(
    filter: string,
    options?: events.SubscribeOptions,
  ): Promise<events.Subscription<T>> {
    const given = argument.options("a subscription's options", options, [
      "capacity",
      "overflow",
      "signal",
    ]);
    const lowered = argument.text("filter", filter);
    const queue = events.lowerOptions(given);
    const { signal } = given;
    return new events.Subscription(
      await liftingAsync(() =>
        this.#inner.subscribe(lowered, queue, { signal }),
      ),
    );
  }

  #made(inner: raw.Registration): Registration {
    const registration = new Registration(inner, (ended) => {
      this.#registrations.delete(ended);
      this.#hosted.delete(ended);
      this.#presence.isServing = this.#hosted.size > 0;
    });
    this.#registrations.add(registration);
    return registration;
  }
}

const report: HandlerErrorListener = (error, { service, method }) => {
  console.error(`commy: the handler of ${service}.${method} threw`, error);
};
