// Commands from standard input, answers and news on standard output: one JSON object a line.
//
// A command is {"id": 1, "do": NAME, ...}, and its answer has the same id and either "ok" or
// "error". Commands run beside each other. What they do is not known here.

#pragma once

#include <commy/commy.hpp>

#include <exception>
#include <functional>
#include <iostream>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <typeinfo>
#include <utility>
#include <vector>

namespace commands {

using commy::Future;
using commy::Json;

/// Writes a line, and none is torn.
inline void say(const Json &words) {
  static std::mutex mutex;
  const std::lock_guard lock(mutex);
  std::cout << words.dump() << std::endl;
}

inline Json shown(const std::exception &exception) {
  const auto *error = dynamic_cast<const commy::Error *>(&exception);
  if (error == nullptr) {
    return {{"status", typeid(exception).name()}, {"reason", exception.what()}};
  }
  Json json{{"status", name(error->status())}, {"reason", error->reason()}};
  if (error->status() == commy::Status::handler_failed) {
    json["code"] = error->code();
    json["details"] = commy::details(*error);
  }
  return json;
}

/// What is known by name, and what was begun and has not ended.
class Commands {
public:
  /// Does what a line says, and gives what is answered.
  using Run = std::function<Future<Json>(Json)>;

  void add(const std::string &name, Run run) { known_.emplace(name, std::move(run)); }

  /// Reads and begins commands, up to the one of this name, which it gives, or to the last.
  std::optional<Json> obey_until(const std::string &last) {
    for (std::string text; std::getline(std::cin, text);) {
      Json line = Json::parse(text);
      const std::string name = line.at("do");
      if (name == last) {
        return line;
      }
      const auto found = known_.find(name);
      if (found == known_.end()) {
        const Json error{{"status", "UNIMPLEMENTED"}, {"reason", "there is no command " + name}};
        say({{"id", line.at("id")}, {"error", error}});
        continue;
      }
      std::erase_if(begun_, [](const auto &one) { return one.is_ready(); });
      begun_.push_back(obey(found->second, std::move(line)));
    }
    return std::nullopt;
  }

  /// Waits until all has ended that was begun.
  void settle() {
    for (auto &one : begun_) {
      one.wait();
    }
  }

private:
  static Future<void> obey(Run run, Json line) {
    const Json id = line.at("id");
    Json answer{{"id", id}};
    try {
      auto begun = run(std::move(line));
      Json value = co_await begun;
      answer["ok"] = std::move(value);
    } catch (const std::exception &error) {
      answer["error"] = shown(error);
    }
    say(answer);
  }

  std::map<std::string, Run> known_;
  std::vector<Future<void>> begun_;
};

} // namespace commands
