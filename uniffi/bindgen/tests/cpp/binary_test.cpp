#include "binary.hpp"

#include <numeric>

#include <gtest/gtest.h>

namespace {

using Bytes = std::vector<std::uint8_t>;

TEST(Binary, BytesCross) {
  const Bytes data{0, 255, 127};
  EXPECT_EQ(binary::echo(data), data);
  EXPECT_TRUE(binary::echo({}).empty());
  EXPECT_EQ(binary::echo_optional(data), data);
  EXPECT_EQ(binary::echo_optional(std::nullopt), std::nullopt);
  EXPECT_EQ(binary::split(data, 1), (std::vector<Bytes>{{0}, {255, 127}}));
}

TEST(Binary, BorrowedOnesAreNotCopied) {
  const Bytes data{1, 2, 3};
  EXPECT_EQ(binary::address(data), reinterpret_cast<std::uintptr_t>(data.data()));
  EXPECT_EQ(binary::checksum(data), 6U);
  EXPECT_EQ(binary::checksum({}), 0U);
  EXPECT_EQ(binary::doubled(data), (Bytes{1, 2, 3, 1, 2, 3}));
  EXPECT_TRUE(binary::starts_with(data, Bytes{1, 2}));
  EXPECT_FALSE(binary::starts_with(data, Bytes{2}));
}

TEST(Binary, MethodsTakeThemToo) {
  const binary::Hasher hasher;
  hasher.update(Bytes{1, 2});
  hasher.update(Bytes{3});
  EXPECT_EQ(hasher.finish(), 6U);
  const binary::Packet packet = hasher.packet("p");
  EXPECT_EQ(packet.name, "p");
  EXPECT_EQ(packet.payload, (Bytes{1, 2, 3}));
}

TEST(Binary, ALargeOneCrosses) {
  Bytes data(16 << 20);
  std::iota(data.begin(), data.end(), std::uint8_t{0});
  EXPECT_EQ(binary::echo(data), data);
}

} // namespace
