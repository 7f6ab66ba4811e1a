/// The runtime of bindings that commy-bindgen generates for C++20: how values cross the FFI,
/// how calls and futures are driven, and how Rust calls back. It knows no interface in
/// particular.

#pragma once

#include "uniffi_runtime/abi.hpp"
#include "uniffi_runtime/buffer.hpp"
#include "uniffi_runtime/call.hpp"
#include "uniffi_runtime/codec.hpp"
#include "uniffi_runtime/compound.hpp"
#include "uniffi_runtime/error.hpp"
#include "uniffi_runtime/executor.hpp"
#include "uniffi_runtime/foreign.hpp"
#include "uniffi_runtime/foreign_future.hpp"
#include "uniffi_runtime/future.hpp"
#include "uniffi_runtime/library.hpp"
#include "uniffi_runtime/moment.hpp"
#include "uniffi_runtime/object.hpp"
#include "uniffi_runtime/result.hpp"
#include "uniffi_runtime/rust_future.hpp"
#include "uniffi_runtime/utf8.hpp"
