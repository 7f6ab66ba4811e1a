/// commy: a service mesh that you import.
///
/// ```cpp
/// commy::Mesh mesh("shop");
/// mesh.start().get();
/// commy::Service orders;
/// orders.method("create", [](const commy::Json &order) { return commy::Json{{"id", order["id"]}, {"state", "created"}}; });
/// mesh.register_service({.service = "orders", .version = "1.0.0"}, orders).get();
/// const auto order = mesh.call("orders", "create", commy::Json{{"id", 1}}).get();
/// ```
///
/// Whatever takes time gives a `Future`: `co_await` it in a coroutine, or block in `get()`.

#pragma once

#include "context.hpp"
#include "error.hpp"
#include "executor.hpp"
#include "failure.hpp"
#include "json.hpp"
#include "mesh.hpp"
#include "message.hpp"
#include "options.hpp"
#include "registration.hpp"
#include "result.hpp"
#include "service.hpp"
#include "stream.hpp"
