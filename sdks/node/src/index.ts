/**
 * commy: a service mesh that you import.
 *
 * Create a {@link Mesh}, register services, find them, call them and exchange events. Times are
 * in milliseconds throughout.
 *
 * @packageDocumentation
 */

export type { CircuitBreaker } from "./breaker.js";
export type { CallOptions, Reply } from "./call.js";
export type { AdvertiseOptions, HealthCheck } from "./endpoint.js";
export {
  AlreadyExistsError,
  CancelledError,
  CommyError,
  DeadlineExceededError,
  type ErrorPlace,
  FailedPreconditionError,
  HandlerFailedError,
  InternalError,
  InvalidArgumentError,
  NotFoundError,
  PermissionDeniedError,
  ResourceExhaustedError,
  type Status,
  UnauthenticatedError,
  UnavailableError,
  UnimplementedError,
} from "./errors.js";
export {
  type Event,
  type Overflow,
  type PublishOptions,
  type SubscribeOptions,
  Subscription,
} from "./events.js";
export type { FabricMode, FabricOptions, TlsOptions } from "./fabric.js";
export {
  BadRequestError,
  HandlerError,
  UnknownMethodError,
} from "./failure.js";
export type { Context, Handler, HandlerFunction } from "./handler.js";
export type {
  Balance,
  Health,
  Query,
  Reach,
  ServiceInstance,
  ServiceOptions,
} from "./instance.js";
export {
  Mesh,
  type MeshOptions,
  type RegisterOptions,
  version,
} from "./mesh.js";
export { Message, type MessageOptions } from "./message.js";
export { Registration } from "./registration.js";
export type { MeshStats } from "./stats.js";
export type { SignalOptions, Stream } from "./stream.js";
export { type Change, type ChangeKind, Watch } from "./watch.js";
