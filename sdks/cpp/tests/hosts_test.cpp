// Nodes that meet by address, through a router, and by certificates.

#include "processes.hpp"

#include <fstream>

namespace {

using namespace support;
using commy::Bytes;

/// An address that nobody listens on.
std::string free_address(const std::string &protocol, const std::string &host) {
  const Listener listener;
  return protocol + "/" + host + ":" + std::to_string(listener.port());
}

/// Signs certificates, by the command openssl.
class Authority {
public:
  explicit Authority(const std::string &name) {
    openssl("req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=" + name + " -keyout ca-key.pem -out ca.pem -addext keyUsage=critical,keyCertSign");
  }

  /// The certificates of a node, by the names of TlsOptions.
  Json signs(const std::string &node) const {
    std::ofstream(folder_.path() / "names") << "subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth,clientAuth\nkeyUsage=digitalSignature\nbasicConstraints=CA:FALSE\n";
    openssl("req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=" + node + " -keyout " + node + "-key.pem -out " + node + ".csr");
    openssl("x509 -req -in " + node + ".csr -CA ca.pem -CAkey ca-key.pem -CAcreateserial -days 2 -extfile names -out " + node + ".pem");
    return {{"ca", path("ca.pem")}, {"certificate", path(node + ".pem")}, {"key", path(node + "-key.pem")}};
  }

private:
  std::string path(const std::string &file) const { return (folder_.path() / file).string(); }

  void openssl(const std::string &arguments) const {
    const std::string command = "cd " + folder_.path().string() + " && openssl " + arguments + " >openssl.log 2>&1";
    if (std::system(command.c_str()) != 0) {
      throw std::runtime_error("it fails: openssl " + arguments);
    }
  }

  Folder folder_;
};

TEST(Remote, NodesOnOtherHostsMeetByAddress) {
  const Folder elsewhere;
  const auto address = free_address("tcp", "127.0.0.1");
  const auto mesh = open(fresh_name(), {.listen = {address}});
  {
    Process other(mesh.name(), workers, {{"connect", {address}}}, elsewhere.path());
    knows(mesh, 1);
    EXPECT_EQ(who(mesh), other.node());
  }
  // One who names no address is as far away as it seems.
  Process lost(mesh.name(), {{"lost", Json::object()}}, Json::object(), elsewhere.path());
  lost.node();
  Process found(mesh.name(), {{"found", Json::object()}});
  knows(mesh, 1, "found");
  EXPECT_TRUE(mesh.discover({.service = "lost"}).empty());
  EXPECT_EQ(lost.act("stats").at("peers"), 0);
}

TEST(Remote, ClientsMeetThroughTheirRouter) {
  const auto name = fresh_name();
  const auto address = free_address("tcp", "127.0.0.1");
  Process router(name, Json::object(), {{"mode", "router"}, {"listen", {address}}});
  router.node();
  const auto mesh = open(name, {.mode = commy::FabricMode::Client, .connect = {address}});
  Process callee(name, workers, {{"mode", "client"}, {"connect", {address}}});
  knows(mesh, 1);
  EXPECT_EQ(who(mesh), callee.node());
}

TEST(Remote, CertificatesOfOneAuthorityLetNodesMeet) {
  const Folder elsewhere;
  const Authority ours("ours");
  const Authority theirs("theirs");
  const auto address = free_address("tls", "localhost");
  const auto here = ours.signs("here");
  const auto path = [&](const char *what) { return here.at(what).get<std::string>(); };
  const auto mesh = open(fresh_name(), {.listen = {address}, .tls = commy::TlsOptions{path("ca"), path("certificate"), path("key")}});
  {
    Process other(mesh.name(), workers, {{"connect", {address}}, {"tls", ours.signs("there")}}, elsewhere.path());
    knows(mesh, 1);
    const Bytes sealed{'s', 'e', 'a', 'l'};
    EXPECT_EQ(soon(mesh.call<Bytes>("workers", "echo", sealed)), sealed);
    EXPECT_EQ(who(mesh), other.node());
    EXPECT_EQ(mesh.stats().peers, 1U);
  }
  until("it is gone", [&] { return mesh.stats().peers == 0; });

  // Another authority's node trusts ours, and is not trusted.
  auto stranger = theirs.signs("stranger");
  stranger["ca"] = here.at("ca");
  Process refused(mesh.name(), {{"strangers", Json::object()}}, {{"connect", {address}}, {"tls", stranger}}, elsewhere.path());
  try {
    refused.node();
  } catch (const Refused &) {
    // It may fail to start, or go on alone.
  }
  for (int turn = 0; turn < 100; turn++) {
    EXPECT_EQ(mesh.stats().peers, 0U);
    EXPECT_TRUE(mesh.discover({.service = "strangers"}).empty());
    std::this_thread::sleep_for(10ms);
  }
}

} // namespace
