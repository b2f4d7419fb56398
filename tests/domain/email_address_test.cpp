#include "domain/email_address.hpp"

#include <gtest/gtest.h>

#include <string>

using namespace coreldove::domain;

namespace {

TEST(EmailAddress, InTheUsualFormsIsAccepted) {
  for (auto text : {"a@example.com", "first.last+tag@mail.example.co.uk", "o'neil@example.com", "a_b-c@x-y.org", "1@2.de", "a@b.c1"})
    EXPECT_TRUE(is_email_address(text)) << text;
  EXPECT_TRUE(is_email_address(std::string(64, 'a') + "@example.com"));
}

TEST(EmailAddress, InAnyOtherFormIsRefused) {
  for (auto text : {"",         "a",         "@",          "a@",        "@b.com",        "a@b",      "a@b..com", "a@.com",    "a@b.com.",
                    ".a@b.com", "a.@b.com",  "a..b@c.com", "a b@c.com", "a@b c.com",     "a@-b.com", "a@b-.com", "a@b_c.com", "a@127.0.0.1",
                    "a@@b.com", "a@b@c.com", "<a@b.com>",  "a@b.com\n", "\"a b\"@c.com", "ä@b.com",  "a,b@c.com"})
    EXPECT_FALSE(is_email_address(text)) << text;
}

TEST(EmailAddress, IsLimitedInLength) {
  EXPECT_FALSE(is_email_address(std::string(65, 'a') + "@example.com"));
  EXPECT_FALSE(is_email_address("a@" + std::string(64, 'b') + ".com"));
  std::string long_domain = "a@";
  while (long_domain.size() < 251) long_domain += "b.";
  EXPECT_TRUE(is_email_address(long_domain + "de"));
  EXPECT_FALSE(is_email_address(long_domain + "de.com"));
}

TEST(EmailAddress, OfAThrowAwayProviderIsRecognized) {
  for (auto text : {"a@mailinator.com", "a@MAILINATOR.com", "a@any.sub.mailinator.com", "a@yopmail.com", "a@0815.ru"}) EXPECT_TRUE(is_disposable(text)) << text;
  for (auto text : {"", "a@example.com", "mailinator.com@example.com", "a@notmailinator.com", "a@mailinator.com.example.org"})
    EXPECT_FALSE(is_disposable(text)) << text;
}

}  // namespace
