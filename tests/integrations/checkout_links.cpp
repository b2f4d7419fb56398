#include <gtest/gtest.h>

#include "integrations/checkout/links.hpp"
#include "integrations/http/form.hpp"

namespace {

using namespace coreldove::integrations;

const checkout::posted_form form{"https://pay.example/?a=1&b=2", {{"name", "\"><script>alert(1)</script>"}, {"city", "Zürich"}}};

std::string sealed_of(const std::string& link) { return link.substr(link.rfind('/') + 1); }

TEST(CheckoutLinks, LeadToAPageThatPostsTheForm) {
  checkout::links l{"secret"};
  EXPECT_EQ(l.link(form), "") << "no address yet";
  EXPECT_EQ(l.back(), "");
  l.set_base("https://shop.example/pay/");
  const auto link = l.link(form);
  ASSERT_TRUE(link.starts_with("https://shop.example/pay/"));
  EXPECT_EQ(sealed_of(link).find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"), std::string::npos)
      << "one segment of a path";
  EXPECT_EQ(l.link(form), link);
  const auto page = l.open(sealed_of(link));
  ASSERT_TRUE(page);
  EXPECT_NE(page->html.find(R"(action="https://pay.example/?a=1&amp;b=2")"), std::string::npos);
  EXPECT_NE(page->html.find(R"(value="&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;")"), std::string::npos) << page->html;
  EXPECT_NE(page->html.find("Zürich"), std::string::npos);
  EXPECT_NE(page->content_security_policy.find("script-src 'sha256-"), std::string::npos);
  EXPECT_EQ(l.back(), "https://shop.example/pay/back");
  EXPECT_TRUE(l.open("back"));
}

TEST(CheckoutLinks, OpenOnlyForTheSecretThatSealedThemAndUnchanged) {
  checkout::links l{"secret"}, other{"another"};
  l.set_base("https://shop.example/pay");
  const auto sealed = sealed_of(l.link(form));
  EXPECT_TRUE(checkout::links{"secret"}.open(sealed)) << "also after a restart";
  EXPECT_FALSE(other.open(sealed));
  for (const std::size_t at : {std::size_t{0}, sealed.size() / 2, sealed.size() - 2}) {
    auto changed = sealed;
    changed[at] = changed[at] == 'A' ? 'B' : 'A';
    EXPECT_FALSE(l.open(changed)) << at;
  }
  for (const auto* nonsense : {"", "x", "!!!!", "AAAA", "backk"}) EXPECT_FALSE(l.open(nonsense)) << nonsense;
}

TEST(CheckoutLinks, ShowNothingOfTheFormInTheLink) {
  checkout::links l{"secret"};
  l.set_base("https://shop.example/pay");
  EXPECT_EQ(l.link({"https://pay.example", {{"email", "a@example.com"}}}).find("example.com"), std::string::npos);
}

TEST(HttpForm, IsReadBackAsItWasWritten) {
  http::form out;
  out.add("name", "A & B = C+D / Zürich 100%").add("empty", "").add("n", std::int64_t{-5});
  const auto f = http::read_form(out.text());
  ASSERT_TRUE(f);
  EXPECT_EQ(*f, (http::form_fields{{"name", "A & B = C+D / Zürich 100%"}, {"empty", ""}, {"n", "-5"}}));
  EXPECT_EQ(http::read_form("a=1+2&&a=3%2b4&b")->at("a"), "3+4") << "the last of two";
  EXPECT_EQ(http::read_form("a=1+2&b")->at("a"), "1 2");
  EXPECT_TRUE(http::read_form("a=1+2&b")->contains("b"));
  EXPECT_TRUE(http::read_form("")->empty());
  for (const auto* broken : {"a=%", "a=%4", "a=%zz", "%4=1"}) EXPECT_FALSE(http::read_form(broken)) << broken;
}

}  // namespace
