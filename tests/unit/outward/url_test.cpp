// The address that is judged is the one that is called: URLs that readers understand in different ways are refused.
#include <gmock/gmock.h>

#include "tools/outward/url.hpp"

namespace autoheal::outward {
namespace {

using ::testing::HasSubstr;

TEST(OutwardUrl, IsReadInItsParts) {
  const auto url = read_url("https://hooks.example.org:8443/a/b?c=d#e");
  ASSERT_TRUE(url) << url.error().message;
  EXPECT_TRUE(url->tls);
  EXPECT_EQ(url->host, "hooks.example.org");
  EXPECT_EQ(url->port, 8443);
  EXPECT_EQ(url->target, "/a/b?c=d");
  EXPECT_EQ(origin_of(*url), "https://hooks.example.org:8443");
  EXPECT_EQ(read_url("http://[::1]:80/")->host, "::1");
  EXPECT_EQ(read_url("http://192.0.2.7")->target, "/");
}

TEST(OutwardUrl, Case126_OtherSchemesAndTwofoldHostsAreRefused) {
  for (const char* text : {"file:///etc/passwd",
                           "gopher://a/",
                           "ftp://a/",
                           "//a/",
                           "http:a",
                           "HTTP://a/",
                           "http:///etc",
                           "http://",
                           "http://user@a/",
                           "http://user:word@a/",
                           "http://a@b@c/",
                           "http://a\\@b/",
                           "http://a/\\b",
                           "http://a b/",
                           "http://a\tb/",
                           "http://a/\r\nX: y",
                           "http://127.1/",
                           "http://0x7f000001/",
                           "http://2130706433/",
                           "http://0177.0.0.1/",
                           "http://127.0.0.1.2/",
                           "http://[127.0.0.1]/",
                           "http://[::1%25eth0]/",
                           "http://[fe80::1%1]/",
                           "http://[::1/",
                           "http://::1]/",
                           "http://a]/",
                           "http://a[b]/",
                           "http://a..b/",
                           "http://.a/",
                           "http://a%2eb/",
                           "http://\xe2\x91\xa0/",
                           "http://a:0/",
                           "http://a:99999/",
                           "http://a:80:80/",
                           "http://a:x/"}) {
    EXPECT_FALSE(read_url(text)) << text;
  }
  EXPECT_FALSE(read_url("http://a/" + std::string(longest_url, 'b')));
}

TEST(OutwardUrl, RefusalsDoNotRepeatWhatMayBeAToken) {
  const auto refused = read_url("ftp://a/secret-token");
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, ::testing::Not(HasSubstr("secret-token")));
}

}  // namespace
}  // namespace autoheal::outward
