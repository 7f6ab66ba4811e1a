#include "customs.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace {

TEST(Customs, OneIsWhatTheConfigurationSays) {
  static_assert(std::is_same_v<customs::Url, web::Url>);
  const customs::Url url{"https", "example.org/a"};
  EXPECT_EQ(customs::echo_url(url), url);
  EXPECT_EQ(customs::host_of(url), "example.org");
  EXPECT_EQ(customs::echo_urls({url}), std::vector<customs::Url>{url});
}

TEST(Customs, OneWithoutConfigurationIsWhatItIsMadeOf) {
  static_assert(std::is_same_v<customs::Handle, std::int64_t>);
  EXPECT_EQ(customs::echo_handle(-5), -5);
  EXPECT_EQ(customs::echo_digest({1, 2}), (customs::Digest{1, 2}));
}

TEST(Customs, TheyCrossInsideOthers) {
  const customs::Url url{"https", "example.org/"};
  const auto handles = customs::echo_handles({{url, 1}});
  EXPECT_EQ(handles.at(url), 1);
  const auto site = customs::echo_site(customs::Site{url, 2});
  EXPECT_EQ(site->url, url);
  EXPECT_EQ(site->handle, 2);
  EXPECT_FALSE(customs::echo_site(std::nullopt).has_value());
}

TEST(Customs, AValueThatRustCannotConvertIsAnInternalErrorWithItsReason) {
  EXPECT_THAT([] { customs::host_of({"", "mailto:someone"}); }, testing::ThrowsMessage<uniffi::InternalError>(testing::HasSubstr("not a URL: mailto:someone")));
}

} // namespace
