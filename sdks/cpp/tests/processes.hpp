// Nodes in processes of their own, as tests drive them: see the program of `peer.cpp`.

#pragma once

#include "support.hpp"

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <filesystem>
#include <future>
#include <map>
#include <stdexcept>
#include <vector>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>

namespace support {

using Clock = std::chrono::steady_clock;
using commy::Json;

/// Waits for what must happen soon.
template <typename T>
T soon(commy::Future<T> future) {
  if (!future.wait_for(limit)) {
    throw std::runtime_error("what is waited for does not come");
  }
  return future.get();
}

/// Waits until something holds that nothing tells of.
inline void until(const std::string &what, const std::function<bool()> &holds) {
  if (!eventually(holds)) {
    throw std::runtime_error("it does not come to this: " + what);
  }
}

/// Waits until a mesh knows this many instances of a service.
inline void knows(const commy::Mesh &mesh, std::size_t count, const std::string &service = "workers") {
  until(std::to_string(count) + " of " + service, [&] { return mesh.discover({.service = service}).size() == count; });
}

/// A mesh that runs, and that other processes find.
inline commy::Mesh open(const std::string &name, const commy::MeshOptions &options = {}) {
  commy::Mesh mesh(name, options);
  soon(mesh.start());
  return mesh;
}

/// The id of the node that answers.
inline std::string who(const commy::Mesh &mesh, const commy::CallOptions &options = {}) { return soon(mesh.call<std::string>("workers", "who", nullptr, options)); }

/// A folder that is gone with this: a process whose run-time directory it is, is as far away as on
/// another host.
class Folder {
public:
  Folder() {
    std::string pattern = "/tmp/commy-XXXXXX";
    if (mkdtemp(pattern.data()) == nullptr) {
      throw std::runtime_error("no folder can be made in /tmp");
    }
    path_ = pattern;
  }
  Folder(const Folder &) = delete;
  Folder &operator=(const Folder &) = delete;
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  const std::filesystem::path &path() const noexcept { return path_; }

private:
  std::filesystem::path path_;
};

/// Holds a port of this host while it lives.
class Listener {
public:
  Listener() : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    auto *raw = reinterpret_cast<sockaddr *>(&address);
    if (socket_ < 0 || ::bind(socket_, raw, size) != 0 || ::listen(socket_, 1) != 0 || ::getsockname(socket_, raw, &size) != 0) {
      throw std::runtime_error("nobody can listen on 127.0.0.1");
    }
    port_ = ntohs(address.sin_port);
  }
  Listener(const Listener &) = delete;
  Listener &operator=(const Listener &) = delete;
  ~Listener() { ::close(socket_); }

  std::uint16_t port() const noexcept { return port_; }

private:
  const int socket_;
  std::uint16_t port_ = 0;
};

/// A command failed in the other process.
struct Refused : std::runtime_error {
  explicit Refused(const Json &error) : std::runtime_error(error.dump()) {}
};

/// A node in a process of its own, killed when this is destroyed.
class Process {
public:
  explicit Process(const std::string &name, const Json &serves = Json::object(), Json options = Json::object(), const std::string &directory = {}) {
    // A process that has ended takes no command, which is no reason to end with it.
    std::signal(SIGPIPE, SIG_IGN);
    options["name"] = name;
    const std::array texts{options.dump(), serves.dump()};
    std::array<int, 2> in{};
    std::array<int, 2> out{};
    if (pipe2(in.data(), O_CLOEXEC) != 0 || pipe2(out.data(), O_CLOEXEC) != 0) {
      throw std::runtime_error("no pipe can be made");
    }
    std::string program = COMMY_PEER;
    std::vector<char *> arguments{program.data(), const_cast<char *>(texts[0].c_str()), const_cast<char *>(texts[1].c_str()), nullptr};
    std::string place = "XDG_RUNTIME_DIR=" + directory;
    std::vector<char *> variables;
    for (char **variable = environ; *variable != nullptr; variable++) {
      if (directory.empty() || !std::string_view(*variable).starts_with("XDG_RUNTIME_DIR=")) {
        variables.push_back(*variable);
      }
    }
    if (!directory.empty()) {
      variables.push_back(place.data());
    }
    variables.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, in[0], 0);
    posix_spawn_file_actions_adddup2(&actions, out[1], 1);
    // Not the test's own group of processes: Ctrl-C is for the test, which then ends this.
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID);
    const int failed = posix_spawn(&id_, program.c_str(), &actions, &attributes, arguments.data(), variables.data());
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    ::close(in[0]);
    ::close(out[1]);
    input_ = in[1];
    reader_ = std::thread([this, output = out[0]] { read(output); });
    if (failed != 0) {
      close();
      throw std::runtime_error("there is no " + program);
    }
  }
  Process(const Process &) = delete;
  Process &operator=(const Process &) = delete;
  ~Process() { close(); }

  /// The id of its node; waits until it is ready.
  const std::string &node() {
    if (node_.empty()) {
      const Json first = line([](const Json &line) { return line.contains("ready") || line.contains("error"); });
      if (first.contains("error")) {
        throw Refused(first.at("error"));
      }
      node_ = first.at("ready");
    }
    return node_;
  }

  /// Gives a command, and waits for its answer.
  Json act(const std::string &command, const Json &with = Json::object()) {
    const int number = begin(command, with);
    const Json answer = line([&](const Json &line) { return line.contains("id") && line.at("id") == number; });
    if (answer.contains("error")) {
      throw Refused(answer.at("error"));
    }
    return answer.at("ok");
  }

  /// Gives a command whose answer nobody waits for.
  int begin(const std::string &command, Json with = Json::object()) {
    node();
    with["id"] = ++number_;
    with["do"] = command;
    const std::string text = with.dump() + "\n";
    if (::write(input_, text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
      throw std::runtime_error("the process takes no command");
    }
    return number_;
  }

  /// The next time that it tells of something.
  Json told(const std::string &word) {
    return line([&](const Json &line) { return line.value("told", "") == word; });
  }

  /// How often it has told of something that nobody took.
  std::size_t untaken(const std::string &word) {
    const std::lock_guard lock(mutex_);
    return static_cast<std::size_t>(std::ranges::count_if(lines_, [&](const Json &line) { return line.value("told", "") == word; }));
  }

  void forget(const std::string &word) {
    const std::lock_guard lock(mutex_);
    std::erase_if(lines_, [&](const Json &line) { return line.value("told", "") == word; });
  }

  /// Sends a signal, and gives the moment before.
  Clock::time_point signal(int number) {
    node();
    const auto moment = Clock::now();
    ::kill(id_, number);
    return moment;
  }

  /// Tells it to end without stopping its mesh, and gives its exit code.
  int exits() {
    begin("exit");
    int status = 0;
    until("it ends", [&] { return waitpid(id_, &status, WNOHANG) == id_; });
    id_ = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

private:
  Json line(const std::function<bool(const Json &)> &is_wanted) {
    std::unique_lock lock(mutex_);
    const auto end = Clock::now() + limit;
    for (;;) {
      const auto found = std::ranges::find_if(lines_, is_wanted);
      if (found != lines_.end()) {
        Json line = std::move(*found);
        lines_.erase(found);
        return line;
      }
      if (is_over_ || changed_.wait_until(lock, end) == std::cv_status::timeout) {
        throw std::runtime_error(is_over_ ? "the process has ended" : "the process does not say what is waited for");
      }
    }
  }

  void read(int output) {
    FILE *lines = ::fdopen(output, "r");
    char *text = nullptr;
    std::size_t size = 0;
    while (::getline(&text, &size, lines) > 0) {
      const std::lock_guard lock(mutex_);
      lines_.push_back(Json::parse(text));
      changed_.notify_all();
    }
    std::free(text);
    std::fclose(lines);
    const std::lock_guard lock(mutex_);
    is_over_ = true;
    changed_.notify_all();
  }

  void close() {
    if (id_ > 0) {
      ::kill(id_, SIGKILL);
      waitpid(id_, nullptr, 0);
    }
    ::close(input_);
    reader_.join();
  }

  pid_t id_ = 0;
  int input_ = -1;
  int number_ = 0;
  std::string node_;
  std::thread reader_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Json> lines_;
  bool is_over_ = false;
};

/// What a process serves that is one of several.
inline const Json workers = Json::object({{"workers", Json::object()}});

/// Processes that each serve `workers`, all begun at once.
inline std::deque<Process> replicas(const std::string &name, int count) {
  std::deque<Process> processes;
  for (int number = 0; number < count; number++) {
    processes.emplace_back(name, workers);
  }
  for (auto &process : processes) {
    process.node();
  }
  return processes;
}

} // namespace support
