/**
 * The runtime of bindings that commy-bindgen generates for Node: how values cross the FFI,
 * and how a library is opened and checked. It knows no interface in particular.
 */

export { map, optional, sequence, set } from "./uniffi-runtime/compound.js";
export {
  boolean,
  custom,
  float32,
  float64,
  int16,
  int32,
  int64,
  int8,
  uInt16,
  uInt32,
  uInt64,
  uInt8,
} from "./uniffi-runtime/converter.js";
export {
  DeclaredError,
  IncompatibleLibraryError,
  InternalError,
} from "./uniffi-runtime/error.js";
export { ffi, status } from "./uniffi-runtime/ffi.js";
export { callback, implement, trait_ } from "./uniffi-runtime/foreign.js";
export {
  type AsyncOptions,
  drive,
  driver,
  offThread,
} from "./uniffi-runtime/future.js";
export { borrowedBytes, open } from "./uniffi-runtime/library.js";
export { lowerAll } from "./uniffi-runtime/lowering.js";
export {
  Duration,
  duration,
  Timestamp,
  timestamp,
} from "./uniffi-runtime/moment.js";
export { object, objectError } from "./uniffi-runtime/object.js";
export {
  type Fields,
  flatEnum,
  flatError,
  record,
  richEnum,
  richError,
} from "./uniffi-runtime/value.js";
