// Processes die, hang, come late and are replaced, and the others are told the truth in time.

#include "processes.hpp"

#include <fstream>
#include <set>

namespace {

using namespace support;
using commy::CallOptions;
using commy::ChangeKind;
using commy::Error;
using commy::Future;
using commy::Status;

constexpr std::size_t callers = 20;

/// A call, and what became of it: the node that answered, or the error.
struct Outcome {
  Clock::time_point began;
  Clock::time_point ended;
  std::string node;
  std::optional<Error> error;
};

/// Callers that call `workers` one after the other, until `end`.
class Load {
public:
  explicit Load(const commy::Mesh &mesh, CallOptions options = {}) : mesh_(mesh), options_(std::move(options)) {
    for (std::size_t caller = 0; caller < callers; caller++) {
      callers_.push_back(call());
    }
    goes_on();
  }
  Load(const Load &) = delete;
  Load &operator=(const Load &) = delete;
  ~Load() { finish(); }

  /// Waits until each caller had time for some calls.
  void goes_on() const {
    const auto enough = answered_ + 5 * callers;
    until("calls are answered", [&] { return answered_ >= enough; });
  }

  std::vector<Outcome> outcomes() const {
    const std::lock_guard lock(mutex_);
    return outcomes_;
  }

  std::vector<Outcome> failed() const {
    auto all = outcomes();
    std::erase_if(all, [](const auto &outcome) { return !outcome.error; });
    return all;
  }

  /// Ends the calls, and gives what became of them.
  std::vector<Outcome> finish() {
    is_over_ = true;
    for (auto &caller : callers_) {
      caller.wait();
    }
    return outcomes();
  }

private:
  Future<void> call() {
    while (!is_over_) {
      const auto began = Clock::now();
      const auto result = co_await commy::attempt(mesh_.call<std::string>("workers", "work", 0.003, options_));
      answered_++;
      const std::lock_guard lock(mutex_);
      if (result) {
        outcomes_.push_back({began, Clock::now(), *result, std::nullopt});
      } else {
        outcomes_.push_back({began, Clock::now(), "", result.error()});
      }
    }
  }

  const commy::Mesh &mesh_;
  const CallOptions options_;
  std::atomic<bool> is_over_ = false;
  std::atomic<std::size_t> answered_ = 0;
  mutable std::mutex mutex_;
  std::vector<Outcome> outcomes_;
  std::vector<Future<void>> callers_;
};

/// The time that the machine, busy with others, kept from whoever here was ready to go on: what
/// must happen within some time must happen within that time of ours.
class Stolen {
public:
  Stolen() {
    for (auto &thread : threads_) {
      thread = std::jthread([this](const std::stop_token &stop) { tick(stop); });
    }
  }

  Clock::duration between(Clock::time_point begin, Clock::time_point end) {
    const std::lock_guard lock(mutex_);
    Clock::duration sum{};
    for (const auto &[at, late] : ticks_) {
      sum += begin <= at && at <= end ? late : Clock::duration{};
    }
    return sum;
  }

private:
  static constexpr auto pause = 1ms;

  void tick(const std::stop_token &stop) {
    while (!stop.stop_requested()) {
      const auto began = Clock::now();
      std::this_thread::sleep_for(pause);
      const auto now = Clock::now();
      const std::lock_guard lock(mutex_);
      ticks_.emplace_back(now, now - began - pause);
    }
  }

  std::mutex mutex_;
  std::vector<std::pair<Clock::time_point, Clock::duration>> ticks_;
  std::array<std::jthread, 2> threads_;
};

/// Waits until a mesh gives up a node, and tells when it did.
class Gone {
public:
  Gone(const commy::Mesh &mesh, std::string node) : changes_(mesh.watch({.service = "workers"})), when_(std::async(std::launch::async, [this, node = std::move(node)] {
                                                      for (;;) {
                                                        const auto change = soon(changes_.next());
                                                        if (change && change->kind == ChangeKind::Removed && change->instance.node_id == node) {
                                                          return Clock::now();
                                                        }
                                                      }
                                                    })) {}

  Clock::time_point when() { return when_.get(); }

private:
  commy::Watch changes_;
  std::future<Clock::time_point> when_;
};

TEST(Failure, AKilledReplicaGetsNoMoreCallsAndOnlyThoseOnItFail) {
  const auto mesh = open(fresh_name());
  auto processes = replicas(mesh.name(), 3);
  knows(mesh, 3);
  Load load(mesh);
  Stolen stolen;
  auto fastest = Clock::duration::max();
  // A machine may be too busy to tell when one dies; it is not each time.
  for (auto *victim : {&processes[0], &processes[1]}) {
    const auto failed_before = load.failed().size();
    Gone gone(mesh, victim->node());
    load.goes_on();
    const auto killed = victim->signal(SIGKILL);
    const auto known = gone.when();
    fastest = std::min(fastest, known - killed - stolen.between(killed, known));
    load.goes_on();

    auto failed = load.failed();
    failed.erase(failed.begin(), failed.begin() + static_cast<std::ptrdiff_t>(failed_before));
    EXPECT_LE(failed.size(), callers);
    for (const auto &call : failed) {
      EXPECT_LT(call.began, std::max(known, killed + 50ms));
      const auto &error = *call.error;
      EXPECT_EQ(error.status(), Status::unavailable);
      EXPECT_EQ(error.service(), "workers");
      EXPECT_EQ(error.method(), "work");
      EXPECT_GE(error.attempts(), 1U);
      EXPECT_THAT(error.instance_id().value_or(""), testing::HasSubstr(victim->node()));
      EXPECT_THAT(error.reason(), testing::HasSubstr(victim->node()));
    }
    EXPECT_TRUE(std::ranges::none_of(load.outcomes(), [&](const auto &call) { return call.node == victim->node() && call.began > known; }));
  }
  const auto outcomes = load.finish();
  EXPECT_TRUE(std::all_of(outcomes.end() - callers, outcomes.end(), [&](const auto &call) { return call.node == processes[2].node(); }));
  EXPECT_LT(fastest, 50ms);
}

TEST(Failure, AReplicaThatHangsGetsNoCallAfterAMomentAndIsBackWhenItGoesOn) {
  const auto mesh = open(fresh_name());
  auto processes = replicas(mesh.name(), 3);
  knows(mesh, 3);
  auto &victim = processes[0];
  {
    Stolen stolen;
    Load once(mesh, {.timeout = 4s});
    Load repeated(mesh, {.timeout = 4s, .idempotent = true});
    Gone gone(mesh, victim.node());
    once.goes_on();
    const auto stopped = victim.signal(SIGSTOP);
    const auto known = gone.when();
    EXPECT_LT(known - stopped - stolen.between(stopped, known), 1500ms);
    once.goes_on();
    repeated.goes_on();
    const auto outcomes = once.finish();
    const auto others = repeated.finish();
    for (const auto &call : once.failed()) {
      EXPECT_THAT(call.error->status(), testing::AnyOf(Status::unavailable, Status::deadline_exceeded));
      EXPECT_LE(call.began, known);
      EXPECT_LT(call.ended - call.began, 5s);
    }
    for (const auto &call : repeated.failed()) {
      ADD_FAILURE() << call.error->what();
    }
    for (const auto *all : {&outcomes, &others}) {
      EXPECT_TRUE(std::ranges::none_of(*all, [&](const auto &call) { return call.node == victim.node() && call.began > known; }));
    }
  }
  victim.signal(SIGCONT);
  knows(mesh, 3);
  Load load(mesh);
  until("it is called again", [&] { return std::ranges::any_of(load.outcomes(), [&](const auto &call) { return call.node == victim.node(); }); });
  load.finish();
  EXPECT_TRUE(load.failed().empty());
}

TEST(Failure, ARollingRestartFailsNoCall) {
  const auto mesh = open(fresh_name());
  auto old = replicas(mesh.name(), 3);
  knows(mesh, 3);
  std::deque<Process> fresh;
  std::set<std::string> nodes;
  Load load(mesh);
  for (auto &leaving : old) {
    nodes.insert({fresh.emplace_back(mesh.name(), workers).node(), leaving.node()});
    knows(mesh, 4);
    load.goes_on();
    leaving.act("stop");
    EXPECT_EQ(leaving.exits(), 0);
    load.goes_on();
  }
  std::set<std::string> served;
  for (const auto &call : load.finish()) {
    served.insert(call.node);
    EXPECT_FALSE(call.error) << call.error->what();
  }
  EXPECT_EQ(served, nodes);
}

TEST(Failure, ACallWhoseCalleeIsKilledSaysWhatWasTried) {
  const auto mesh = open(fresh_name());
  Process other(mesh.name(), workers);
  knows(mesh, 1);
  const auto instance = mesh.discover({.service = "workers"}).at(0);
  auto call = mesh.call("workers", "hold");
  other.told("held");
  other.signal(SIGKILL);
  const auto error = caught<commy::Unavailable>([&] { soon(std::move(call)); });
  EXPECT_EQ(error.service(), "workers");
  EXPECT_EQ(error.method(), "hold");
  EXPECT_EQ(error.attempts(), 1U);
  EXPECT_EQ(error.instance_id(), instance.id);
  const auto next = caught<Error>([&] { who(mesh); });
  EXPECT_THAT(next.status(), testing::AnyOf(Status::not_found, Status::unavailable));
}

TEST(Failure, AnIdempotentCallWhoseCalleeIsKilledSucceedsElsewhere) {
  const auto mesh = open(fresh_name());
  auto processes = replicas(mesh.name(), 2);
  knows(mesh, 2);
  std::vector<Future<std::string>> calls;
  for (int number = 0; number < 4; number++) {
    calls.push_back(mesh.call<std::string>("workers", "work", 1.0, {.idempotent = true, .balance = commy::Balance::RoundRobin}));
  }
  for (auto &process : processes) {
    until("each is at work", [&] { return process.act("stats").at("requests_in_flight") == 2; });
  }
  processes[0].signal(SIGKILL);
  for (auto &call : calls) {
    EXPECT_EQ(soon(std::move(call)), processes[1].node());
  }
}

TEST(Failure, ACallToOneWhoHangsEndsByItsDeadline) {
  const auto mesh = open(fresh_name());
  Process other(mesh.name(), workers);
  knows(mesh, 1);
  other.signal(SIGSTOP);
  const auto began = Clock::now();
  const auto error = caught<Error>([&] { who(mesh, {.timeout = 500ms}); });
  const auto took = Clock::now() - began;
  EXPECT_THAT(error.status(), testing::AnyOf(Status::deadline_exceeded, Status::unavailable));
  EXPECT_GT(took, 400ms);
  EXPECT_LT(took, 5s);
  EXPECT_TRUE(error.instance_id().has_value());
  other.signal(SIGCONT);
}

TEST(Failure, WhoIsKilledStopsTheWorkThatItAskedFor) {
  const auto name = fresh_name();
  Process callee(name, workers);
  Process caller(name);
  callee.node();
  until("the caller knows the callee", [&] { return !caller.act("discover", {{"service", "workers"}}).empty(); });
  caller.begin("call", {{"service", "workers"}, {"method", "hold"}});
  callee.told("held");
  caller.signal(SIGKILL);
  callee.told("let go");
}

TEST(Failure, OneWhoComesAfterADeathKnowsTheLivingOnly) {
  const auto name = fresh_name();
  auto processes = replicas(name, 2);
  processes[0].signal(SIGKILL);
  const auto mesh = open(name);
  knows(mesh, 1);
  EXPECT_EQ(who(mesh), processes[1].node());
  EXPECT_EQ(mesh.stats().peers, 1U);
}

TEST(Failure, EventsGoOnAmongTheLiving) {
  const auto mesh = open(fresh_name());
  const auto events = soon(mesh.subscribe("numbers"));
  auto processes = replicas(mesh.name(), 2);
  knows(mesh, 2);
  processes[0].signal(SIGKILL);
  knows(mesh, 1);
  auto first = events.next();
  until("an event comes", [&] {
    processes[1].act("publish", {{"topic", "numbers"}, {"first", 1}, {"count", 1}});
    return first.wait_for(50ms);
  });
  const auto event = soon(std::move(first));
  EXPECT_EQ(event->as<int>(), 1);
  EXPECT_EQ(event->publisher, processes[1].node());
}

TEST(Failure, AStopKeepsItsTimeWhileAnotherHangs) {
  const auto mesh = open(fresh_name(), {.drain_timeout = 1s});
  Process other(mesh.name(), workers);
  knows(mesh, 1);
  auto call = mesh.call("workers", "hold");
  other.told("held");
  other.signal(SIGSTOP);
  const auto began = Clock::now();
  soon(mesh.stop());
  EXPECT_LT(Clock::now() - began, 5s);
  EXPECT_THROW(soon(std::move(call)), Error);
}

TEST(Failure, AProcessThatEndsWithAMeshThatRunsEndsWell) {
  const auto mesh = open(fresh_name());
  soon(mesh.register_service({.service = "here"}, echo));
  Process other(mesh.name(), workers);
  knows(mesh, 1);
  auto call = mesh.call("workers", "hold");
  other.told("held");
  other.begin("call", {{"service", "here"}, {"method", ""}, {"payload", 1}});
  EXPECT_EQ(other.exits(), 0);
  EXPECT_THROW(soon(std::move(call)), commy::Unavailable);
  until("it is gone", [&] { return mesh.stats().peers == 0; });
}

TEST(Failure, OptionsThatCannotWorkAreRefusedWithTheRule) {
  const auto refused = [](const commy::MeshOptions &options, const std::vector<std::string> &words) {
    const auto error = caught<commy::InvalidArgument>([&] { const commy::Mesh mesh(fresh_name(), options); });
    for (const auto &word : words) {
      EXPECT_THAT(error.reason(), testing::HasSubstr(word));
    }
  };
  refused({.listen = {"tcp/0.0.0.0:7447"}}, {"tcp/0.0.0.0:7447", "loopback", "allow_insecure"});
  refused({.connect = {"tcp/example.org:7447"}}, {"tcp/example.org:7447", "allow_insecure"});
  refused({.listen = {"tls/0.0.0.0:7447"}}, {"tls/0.0.0.0:7447", "certificates"});
  refused({.connect = {"quic/example.org:7447"}}, {"quic/example.org:7447", "certificates"});
  refused({.connect = {"udp/127.0.0.1:7447"}}, {"udp/127.0.0.1:7447", "tcp/, tls/ or quic/"});
  refused({.connect = {"127.0.0.1:7447"}}, {"127.0.0.1:7447", "tcp/, tls/ or quic/"});
  refused({.connect = {"tcp/127.0.0.1"}}, {"tcp/127.0.0.1", "port"});
  refused({.connect = {"tcp/127.0.0.1:7447#iface=eth0"}}, {"nothing else"});
  refused({.mode = commy::FabricMode::Client}, {"client", "connect"});
  refused({.multicast = true}, {"multicast", "listen"});
  refused({.tls = commy::TlsOptions{"/nowhere/ca.pem", "/nowhere/node.pem", "/nowhere/key.pem"}}, {"/nowhere/ca.pem"});
}

TEST(Failure, AnAddressThatIsTakenOrACertificateThatIsNoneFailsTheStart) {
  const Listener listener;
  const commy::Mesh taken(fresh_name(), {.listen = {"tcp/127.0.0.1:" + std::to_string(listener.port())}});
  EXPECT_THROW(soon(taken.start()), Error);
  EXPECT_FALSE(taken.is_running());
  const Folder folder;
  for (const auto *file : {"ca", "node", "key"}) {
    std::ofstream(folder.path() / file) << "this is no certificate";
  }
  const commy::TlsOptions tls{folder.path() / "ca", folder.path() / "node", folder.path() / "key"};
  const commy::Mesh sealed(fresh_name(), {.listen = {"tls/127.0.0.1:0"}, .tls = tls});
  EXPECT_THROW(soon(sealed.start()), Error);
  EXPECT_FALSE(sealed.is_running());
}

} // namespace
