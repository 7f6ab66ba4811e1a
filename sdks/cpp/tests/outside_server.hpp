// An HTTP server that knows nothing of commy: it answers by path, until it is destroyed.

#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <functional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

class OutsideServer {
public:
  /// Gives the status and the body for a method, a path and a body.
  struct Answer {
    int status;
    std::string body;
  };
  using Handler = std::function<Answer(const std::string &method, const std::string &path, const std::string &body)>;

  explicit OutsideServer(Handler handler) : handler_(std::move(handler)), socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    auto *raw = reinterpret_cast<sockaddr *>(&address);
    if (socket_ < 0 || ::bind(socket_, raw, size) != 0 || ::listen(socket_, 64) != 0 || ::getsockname(socket_, raw, &size) != 0) {
      throw std::runtime_error("no server can listen on 127.0.0.1");
    }
    port_ = ntohs(address.sin_port);
    thread_ = std::jthread([this](const std::stop_token &stop) { serve(stop); });
  }
  OutsideServer(const OutsideServer &) = delete;
  OutsideServer &operator=(const OutsideServer &) = delete;
  ~OutsideServer() {
    thread_.request_stop();
    thread_.join();
    ::close(socket_);
  }

  std::uint16_t port() const noexcept { return port_; }

private:
  void serve(const std::stop_token &stop) const {
    while (!stop.stop_requested()) {
      pollfd waiting{socket_, POLLIN, 0};
      if (::poll(&waiting, 1, 10) <= 0) {
        continue;
      }
      const int connection = ::accept(socket_, nullptr, nullptr);
      if (connection >= 0) {
        answer(connection);
        ::close(connection);
      }
    }
  }

  void answer(int connection) const {
    // A TCP probe connects and says nothing.
    const timeval limit{1, 0};
    ::setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    std::string request;
    std::size_t head = std::string::npos;
    std::size_t length = 0;
    while (head == std::string::npos || request.size() < head + 4 + length) {
      char part[4096];
      const auto count = ::recv(connection, part, sizeof(part), 0);
      if (count <= 0) {
        return;
      }
      request.append(part, static_cast<std::size_t>(count));
      head = request.find("\r\n\r\n");
      if (const auto at = request.find("ontent-"); head != std::string::npos && at < head) {
        length = std::stoul(request.substr(request.find(':', at) + 1));
      }
    }
    const auto blank = request.find(' ');
    const auto path = request.substr(blank + 1, request.find(' ', blank + 1) - blank - 1);
    const auto [status, body] = handler_(request.substr(0, blank), path, request.substr(head + 4));
    const std::string reply = "HTTP/1.1 " + std::to_string(status) + " -\r\nContent-Length: " + std::to_string(body.size()) + "\r\nConnection: close\r\n\r\n" + body;
    [[maybe_unused]] const auto sent = ::send(connection, reply.data(), reply.size(), MSG_NOSIGNAL);
  }

  const Handler handler_;
  const int socket_;
  std::uint16_t port_ = 0;
  std::jthread thread_;
};

/// Posts to a server on this host, and gives the body of its answer.
inline std::string post(std::uint16_t port, const std::string &path, const std::string &body) {
  const int connection = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  const std::string request = "POST " + path + " HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  std::string reply;
  if (connection >= 0 && ::connect(connection, reinterpret_cast<sockaddr *>(&address), sizeof(address)) == 0 && ::send(connection, request.data(), request.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(request.size())) {
    char part[4096];
    for (ssize_t count = 0; (count = ::recv(connection, part, sizeof(part), 0)) > 0;) {
      reply.append(part, static_cast<std::size_t>(count));
    }
  }
  ::close(connection);
  const auto head = reply.find("\r\n\r\n");
  if (head == std::string::npos) {
    throw std::runtime_error("the outside server does not answer");
  }
  return reply.substr(head + 4);
}
