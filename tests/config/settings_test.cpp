#include "config/settings.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>
#include <fstream>

#include "config/option.hpp"
#include "config/stop_at.hpp"

namespace coreldove::config {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

const std::string good_key = "N5wq0yb2mJx8rT4vKc7uZp1sLd9fGh3a", other_key = "Q8zr3xk1nWt6yB5mVj2eHs7pCg4dLf0u";

variables production() { return {{"ENVIRONMENT", "production"}, {"JWT_SECRET_KEY", good_key}, {"ENCRYPTION_KEY", other_key}}; }

class SecretFile {
public:
  explicit SecretFile(std::string_view text) : path_(testing::TempDir() + "settings_" + testing::UnitTest::GetInstance()->current_test_info()->name()) {
    std::ofstream{path_} << text;
  }
  ~SecretFile() { std::filesystem::remove(path_); }
  SecretFile(const SecretFile&) = delete;
  SecretFile& operator=(const SecretFile&) = delete;
  const std::string& path() const { return path_; }

private:
  std::string path_;
};

TEST(Settings, AnEmptyEnvironmentGivesTheDocumentedDefaults) {
  const auto l = load({});
  EXPECT_THAT(l.problems, IsEmpty());
  EXPECT_THAT(l.notes, IsEmpty());
  EXPECT_EQ(l.values.environment, environment::development);
  EXPECT_EQ(l.values.host, "127.0.0.1");
  EXPECT_EQ(l.values.port, 8001);
  EXPECT_EQ(l.values.data_dir, "var");
  EXPECT_EQ(l.values.high_value_threshold_hundredths, 100'000);
  EXPECT_EQ(l.values.fraud_score_threshold_tenths, 750);
  EXPECT_EQ(l.values.max_in_flight, 20'000U);
  EXPECT_EQ(l.values.payment_timeout, std::chrono::seconds{10});
}

TEST(Settings, EveryTypeOfValueIsRead) {
  const auto l = load({{"ENVIRONMENT", "test"},
                       {"PORT", "0"},
                       {"HOST", "::1"},
                       {"HIGH_VALUE_THRESHOLD", "2500.5"},
                       {"FRAUD_SCORE_THRESHOLD", "80"},
                       {"ENABLE_QUALITY_CONTROL", "Off"},
                       {"CORELDOVE_PAYMENT_TIMEOUT", "1500ms"},
                       {"CORELDOVE_CARRIER_TIMEOUT", "2m"},
                       {"LOG_FORMAT", "json"},
                       {"SMTP_API_BASE", "smtp://127.0.0.1:2525"},
                       {"STRIPE_API_BASE", "http://[::1]:8100/stripe"}});
  EXPECT_THAT(l.problems, IsEmpty());
  EXPECT_EQ(l.values.environment, environment::test);
  EXPECT_EQ(l.values.port, 0);
  EXPECT_EQ(l.values.host, "::1");
  EXPECT_EQ(l.values.high_value_threshold_hundredths, 250'050);
  EXPECT_EQ(l.values.fraud_score_threshold_tenths, 800);
  EXPECT_FALSE(l.values.enable_quality_control);
  EXPECT_EQ(l.values.payment_timeout, std::chrono::milliseconds{1'500});
  EXPECT_EQ(l.values.carrier_timeout, std::chrono::minutes{2});
  EXPECT_EQ(l.values.log_format, "json");
  EXPECT_EQ(l.values.smtp_api_base, "smtp://127.0.0.1:2525");
  EXPECT_EQ(l.values.stripe_api_base, "http://[::1]:8100/stripe");
}

TEST(Settings, AnEmptyValueCountsAsNotSet) {
  const auto l = load({{"PORT", ""}, {"JWT_SECRET_KEY", ""}, {"SANDBOX_URL", ""}});
  EXPECT_THAT(l.problems, IsEmpty());
  EXPECT_EQ(l.values.port, 8001);
}

struct bad_value {
  std::string name, value, complaint;
};
class BadSetting : public testing::TestWithParam<bad_value> {};

TEST_P(BadSetting, IsOneLineWithNameValueAndWhatIsAllowed) {
  const auto& p = GetParam();
  EXPECT_THAT(load({{p.name, p.value}}).problems, ElementsAre(p.complaint));
}

INSTANTIATE_TEST_SUITE_P(
    All, BadSetting,
    testing::Values(
        bad_value{"ENVIRONMENT", "prod", "ENVIRONMENT: \"prod\" is not allowed; allowed is one of development, test, production"},
        bad_value{"PORT", "65536", "PORT: \"65536\" is not allowed; allowed is a whole number from 0 to 65535"},
        bad_value{"PORT", "-1", "PORT: \"-1\" is not allowed; allowed is a whole number from 0 to 65535"},
        bad_value{"PORT", "80 ", "PORT: \"80 \" is not allowed; allowed is a whole number from 0 to 65535"},
        bad_value{"PORT", "99999999999999999999", "PORT: \"99999999999999999999\" is not allowed; allowed is a whole number from 0 to 65535"},
        bad_value{"HOST", "a b", "HOST: \"a b\" is not allowed; allowed is a host name or an IP address"},
        bad_value{"API_KEY_HEADER", "X Key:", "API_KEY_HEADER: \"X Key:\" is not allowed; allowed is up to 64 letters, digits, - and _"},
        bad_value{"REQUIRE_HTTPS", "maybe", "REQUIRE_HTTPS: \"maybe\" is not allowed; allowed is true or false"},
        bad_value{"HIGH_VALUE_THRESHOLD", "1e3",
                  "HIGH_VALUE_THRESHOLD: \"1e3\" is not allowed; allowed is an amount such as 1000.00, from 0.00 to 1000000000000.00"},
        bad_value{"HIGH_VALUE_THRESHOLD", "1.005",
                  "HIGH_VALUE_THRESHOLD: \"1.005\" is not allowed; allowed is an amount such as 1000.00, from 0.00 to 1000000000000.00"},
        bad_value{"FRAUD_SCORE_THRESHOLD", "100.1", "FRAUD_SCORE_THRESHOLD: \"100.1\" is not allowed; allowed is a score such as 75.0, from 0.0 to 100.0"},
        bad_value{"CORELDOVE_PAYMENT_TIMEOUT", "10",
                  "CORELDOVE_PAYMENT_TIMEOUT: \"10\" is not allowed; allowed is a time with its unit (ms, s, m, h), from 100ms to 2m"},
        bad_value{"CORELDOVE_PAYMENT_TIMEOUT", "99ms",
                  "CORELDOVE_PAYMENT_TIMEOUT: \"99ms\" is not allowed; allowed is a time with its unit (ms, s, m, h), from 100ms to 2m"},
        bad_value{"CORELDOVE_PAYMENT_TIMEOUT", "9223372036854775807h",
                  "CORELDOVE_PAYMENT_TIMEOUT: \"9223372036854775807h\" is not allowed; allowed is a time with its unit (ms, s, m, h), from 100ms to 2m"},
        bad_value{
            "SANDBOX_URL", "127.0.0.1:8100",
            "SANDBOX_URL: \"127.0.0.1:8100\" is not allowed; allowed is an address such as http://127.0.0.1:8100 (http or https, no credentials, no query)"},
        bad_value{"SMTP_API_BASE", "smtp://u:secret@mail:25",
                  "SMTP_API_BASE: \"smtp://***@mail:25\" is not allowed; allowed is an address such as smtp://127.0.0.1:2525 (smtp or smtps, no credentials, "
                  "no path)"},
        bad_value{"SMTP_FROM", "nobody", "SMTP_FROM: \"nobody\" is not allowed; allowed is a mailbox such as orders@example.com"},
        bad_value{"LOG_LEVEL", "loud", "LOG_LEVEL: \"loud\" is not allowed; allowed is one of trace, debug, info, warning, error"},
        bad_value{"DATA_DIR", "a\nb", "DATA_DIR: \"a\\x0ab\" is not allowed; allowed is 1 to 4000 characters without control characters"},
        bad_value{"DATABASE_URL", "mysql://u:secret@db/x?password=secret",
                  "DATABASE_URL: \"mysql://***@db/x?password=***\" is not allowed; allowed is the empty value, sqlite:PATH, or "
                  "postgresql://USER:PASSWORD@HOST/DATABASE"},
        bad_value{"DATABASE_URL", "postgresql://",
                  "DATABASE_URL: \"postgresql://\" is not allowed; allowed is the empty value, sqlite:PATH, or postgresql://USER:PASSWORD@HOST/DATABASE"},
        bad_value{"DATABASE_URL",
                  "sqlite:", "DATABASE_URL: \"sqlite:\" is not allowed; allowed is the empty value, sqlite:PATH, or postgresql://USER:PASSWORD@HOST/DATABASE"},
        bad_value{"REDIS_URL", "redis://:secret@r:70000",
                  "REDIS_URL: \"redis://***@r:70000\" is not allowed; allowed is the empty value or redis://USER:PASSWORD@HOST:PORT/DATABASE, all but HOST "
                  "optional"},
        bad_value{"REDIS_URL", "rediss://:secret@r",
                  "REDIS_URL: \"rediss://***@r\" is not allowed; this version speaks no TLS with Redis, put a tunnel before it; allowed is the empty value or "
                  "redis://USER:PASSWORD@HOST:PORT/DATABASE, all but HOST optional"},
        bad_value{"CORELDOVE_EVENT_STREAM_LENGTH", "-1", "CORELDOVE_EVENT_STREAM_LENGTH: \"-1\" is not allowed; allowed is a whole number from 0 to 100000000"},
        bad_value{"ENABLE_AI_OPTIMIZATION", "true", "ENABLE_AI_OPTIMIZATION: \"true\" is not allowed; this version knows only false"},
        bad_value{"ENABLE_AI_CREW_INTEGRATION", "1", "ENABLE_AI_CREW_INTEGRATION: \"1\" is not allowed; this version knows only false"},
        bad_value{"ENABLE_SALEOR_INTEGRATION", "on", "ENABLE_SALEOR_INTEGRATION: \"on\" is not allowed; this version knows only false"},
        bad_value{"ENABLE_DYNAMIC_PRICING", "yes", "ENABLE_DYNAMIC_PRICING: \"yes\" is not allowed; this version knows only false"},
        bad_value{"ENABLE_ROUTE_OPTIMIZATION", "true", "ENABLE_ROUTE_OPTIMIZATION: \"true\" is not allowed; this version knows only false"},
        bad_value{"ENABLE_AUTO_REORDER", "true", "ENABLE_AUTO_REORDER: \"true\" is not allowed; this version knows only false"},
        bad_value{"ENABLE_MULTI_WAREHOUSE", "false", "ENABLE_MULTI_WAREHOUSE: \"false\" is not allowed; this version knows only true"},
        bad_value{"AI_CREW_API_URL", "http://crew", "AI_CREW_API_URL: \"http://crew\" is not allowed; this version knows only the empty value"},
        bad_value{"CLUSTER_PEERS", "a,b", "CLUSTER_PEERS: \"a,b\" is not allowed; there is no such setting"},
        bad_value{"CORELDOVE_HTTP_THREAD", "2", "CORELDOVE_HTTP_THREAD: there is no such setting; did you mean CORELDOVE_HTTP_THREADS?"},
        bad_value{"CORELDOVE_PAYMNT_TIMEOUT", "2", "CORELDOVE_PAYMNT_TIMEOUT: there is no such setting; did you mean CORELDOVE_PAYMENT_TIMEOUT?"},
        bad_value{"CORELDOVE_TEST_STOP_AT", "after_commit",
                  "CORELDOVE_TEST_STOP_AT: \"after_commit\" is not allowed; allowed is POINT:N with POINT one of before_commit, after_commit, before_call, "
                  "after_call, before_answer and N from 1"},
        bad_value{"CORELDOVE_TEST_STOP_AT", "lunch:1",
                  "CORELDOVE_TEST_STOP_AT: \"lunch:1\" is not allowed; allowed is POINT:N with POINT one of before_commit, after_commit, before_call, "
                  "after_call, before_answer and N from 1"},
        bad_value{"CORELDOVE_TEST_STOP_AT", "before_call:0",
                  "CORELDOVE_TEST_STOP_AT: \"before_call:0\" is not allowed; allowed is POINT:N with POINT one of before_commit, after_commit, before_call, "
                  "after_call, before_answer and N from 1"},
        bad_value{"TLS_CERT_FILE", "/nowhere/cert.pem", "TLS_CERT_FILE: \"/nowhere/cert.pem\" is not allowed; allowed is a file that can be read"},
        bad_value{"SMTP_USERNAME", "mailer", "SMTP_PASSWORD: not set; SMTP_USERNAME, SMTP_PASSWORD are needed together"},
        bad_value{"REQUIRE_HTTPS", "true", "REQUIRE_HTTPS: \"true\" is not allowed alone; set TLS_CERT_FILE and TLS_KEY_FILE too"}));

TEST(Settings, ATestMayStopTheServerAtANamedPointButNotInProduction) {
  EXPECT_THAT(load({{"CORELDOVE_TEST_STOP_AT", "before_answer:37"}}).problems, IsEmpty());
  const auto at = parse_stop_at("before_answer:37");
  ASSERT_TRUE(at);
  EXPECT_EQ(at->point, stop_point::before_answer);
  EXPECT_EQ(at->nth, 37U);
  auto variables = production();
  variables["CORELDOVE_TEST_STOP_AT"] = "before_answer:37";
  EXPECT_THAT(load(variables).problems, ElementsAre("CORELDOVE_TEST_STOP_AT: \"before_answer:37\" is not allowed; in production allowed is the empty value"));
}

TEST(Settings, AllComplaintsComeAtOnce) {
  const auto l = load({{"PORT", "x"}, {"LOG_LEVEL", "x"}, {"CORELDOVE_X", "x"}, {"ENVIRONMENT", "production"}});
  EXPECT_THAT(l.problems, ElementsAre(StartsWith("PORT:"), StartsWith("LOG_LEVEL:"), StartsWith("CORELDOVE_X:"), StartsWith("JWT_SECRET_KEY:"),
                                      StartsWith("ENCRYPTION_KEY:")));
}

TEST(Settings, AComplaintNeverShowsASecret) {
  const auto l = load({{"STRIPE_SECRET_KEY", "sk_live_\x01topsecret"}});
  ASSERT_THAT(l.problems, ElementsAre(StartsWith("STRIPE_SECRET_KEY: (hidden)")));
  EXPECT_THAT(l.problems, Not(Contains(HasSubstr("topsecret"))));
}

TEST(Settings, ALongValueIsCutBetweenCharacters) {
  std::string value(79, 'x');
  value += "äöü";
  const auto l = load({{"PORT", value}});
  EXPECT_THAT(l.problems, ElementsAre(StartsWith("PORT: \"" + std::string(79, 'x') + "…\" is not allowed")));
}

TEST(Settings, UnusedNamesAreRemarkedUponAndAccepted) {
  const auto l = load({{"OPENAI_API_KEY", "sk-abc"}});
  EXPECT_THAT(l.problems, IsEmpty());
  EXPECT_THAT(l.notes, ElementsAre("OPENAI_API_KEY is set but nothing in this version uses it"));
}

TEST(Settings, FixedNamesAcceptTheirDefault) {
  EXPECT_THAT(load({{"ENABLE_MULTI_WAREHOUSE", "true"}, {"ENABLE_AI_OPTIMIZATION", "false"}, {"CLUSTER_PEERS", ""}}).problems, IsEmpty());
}

TEST(Settings, NamesOfOthersAreLeftAlone) { EXPECT_THAT(load({{"PATH", "/bin"}, {"CORELDOVEX", "1"}}).problems, IsEmpty()); }

TEST(ProductionSettings, StartWithTwoKeysAndTurnOffWhatHasNoCredentials) {
  const auto l = load(production());
  EXPECT_THAT(l.problems, IsEmpty());
  EXPECT_THAT(l.notes, ElementsAre(StartsWith("Stripe is off"), StartsWith("PayPal is off"), StartsWith("Razorpay is off"), StartsWith("PayU is off"),
                                   StartsWith("FedEx is off"), StartsWith("Mail is off")));
  EXPECT_EQ(reach_of(l.values, vendor::stripe), reach::off);
}

TEST(ProductionSettings, RefuseMissingKeys) {
  EXPECT_THAT(
      load({{"ENVIRONMENT", "production"}}).problems,
      ElementsAre("JWT_SECRET_KEY: not set; in production it is required, allowed is at least 32 bytes that cannot be guessed (openssl rand -base64 48)",
                  "ENCRYPTION_KEY: not set; in production it is required, allowed is at least 32 bytes that cannot be guessed (openssl rand -base64 48)"));
}

TEST(ProductionSettings, RefuseAKeyThatIsTooShort) {
  auto v = production();
  v["JWT_SECRET_KEY"] = good_key.substr(1);
  EXPECT_THAT(load(v).problems, ElementsAre(StartsWith("JWT_SECRET_KEY: (hidden) has 31 bytes; in production allowed is at least 32 bytes")));
}

TEST(ProductionSettings, RefuseWellKnownKeys) {
  for (const auto* key : {"your-secret-key-your-secret-key-0123", "change_me_change_me_change_me_change_me", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
                          "0123456789abcdef0123456789abcdef"}) {
    auto v = production();
    v["JWT_SECRET_KEY"] = key;
    EXPECT_THAT(load(v).problems, ElementsAre(StartsWith("JWT_SECRET_KEY: (hidden) is a well-known example"))) << key;
  }
}

TEST(ProductionSettings, RefuseOneKeyForBothPurposes) {
  auto v = production();
  v["ENCRYPTION_KEY"] = good_key;
  EXPECT_THAT(load(v).problems, ElementsAre("ENCRYPTION_KEY: (hidden) is the same as JWT_SECRET_KEY; allowed is a key of its own"));
}

TEST(ProductionSettings, RefuseHalfOfAVendorsCredentials) {
  auto v = production();
  v["STRIPE_SECRET_KEY"] = "sk_live_1";
  v["FEDEX_CLIENT_ID"] = "id";
  EXPECT_THAT(load(v).problems, ElementsAre(StartsWith("STRIPE_WEBHOOK_SECRET: not set"), StartsWith("FEDEX_CLIENT_SECRET: not set"),
                                            StartsWith("FEDEX_ACCOUNT_NUMBER: not set"), StartsWith("FEDEX_WEBHOOK_SECRET: not set")));
}

TEST(ProductionSettings, TheSameGapsAreFineElsewhere) {
  EXPECT_THAT(load({{"STRIPE_SECRET_KEY", "sk_test_1"}, {"JWT_SECRET_KEY", "short"}}).problems, IsEmpty());
}

TEST(Secrets, MayComeFromAFileWithoutItsLastLineBreak) {
  const SecretFile file{good_key + "\n"};
  const auto l = load({{"JWT_SECRET_KEY_FILE", file.path()}});
  EXPECT_THAT(l.problems, IsEmpty());
  EXPECT_EQ(l.values.jwt_secret_key, good_key);
}

TEST(Secrets, MayNotBeSetTwice) {
  const SecretFile file{good_key};
  EXPECT_THAT(load({{"JWT_SECRET_KEY_FILE", file.path()}, {"JWT_SECRET_KEY", other_key}}).problems,
              ElementsAre("JWT_SECRET_KEY: set here and by JWT_SECRET_KEY_FILE; allowed is one of the two"));
}

TEST(Secrets, RefuseAFileThatIsMissingOrEmpty) {
  const SecretFile file{"\n"};
  for (const auto& path : {file.path(), std::string{"/nowhere/key"}})
    EXPECT_THAT(load({{"SMTP_PASSWORD_FILE", path}}).problems,
                ElementsAre("SMTP_PASSWORD_FILE: \"" + path + "\" cannot be used; allowed is a readable file that is not empty"));
}

TEST(Reach, FollowsAddressThenSandboxUrlThenEnvironment) {
  EXPECT_EQ(reach_of(load({}).values, vendor::stripe), reach::built_in_sandbox);
  EXPECT_EQ(reach_of(load({{"SANDBOX_URL", "http://127.0.0.1:8100"}}).values, vendor::smtp), reach::sandbox_url);
  const auto own = load({{"SANDBOX_URL", "http://127.0.0.1:8100"}, {"FEDEX_API_BASE", "http://127.0.0.1:9"}}).values;
  EXPECT_EQ(reach_of(own, vendor::fedex), reach::own_address);
  EXPECT_EQ(address_of(own, vendor::fedex), "http://127.0.0.1:9");
}

TEST(Reach, OfTheSandboxUrlIsAFolderForEachVendorAndThePortAfterItForMail) {
  const auto s = load({{"SANDBOX_URL", "http://127.0.0.1:8100/"}}).values;
  EXPECT_EQ(address_of(s, vendor::stripe), "http://127.0.0.1:8100/stripe");
  EXPECT_EQ(address_of(s, vendor::paypal), "http://127.0.0.1:8100/paypal");
  EXPECT_EQ(address_of(s, vendor::razorpay), "http://127.0.0.1:8100/razorpay");
  EXPECT_EQ(address_of(s, vendor::payu), "http://127.0.0.1:8100/payu");
  EXPECT_EQ(address_of(s, vendor::fedex), "http://127.0.0.1:8100/fedex");
  EXPECT_EQ(address_of(s, vendor::smtp), "smtp://127.0.0.1:8101");
  EXPECT_EQ(address_of(load({{"SANDBOX_URL", "http://[::1]:8100"}}).values, vendor::smtp), "smtp://[::1]:8101");
  EXPECT_EQ(address_of(load({{"SANDBOX_URL", "http://sandbox"}}).values, vendor::smtp), "smtp://sandbox:81");
}

TEST(Reach, OfTheBuiltInSandboxHasNoAddressBeforeItRuns) { EXPECT_EQ(address_of(load({}).values, vendor::stripe), ""); }

TEST(Reach, OfAConfiguredVendorInProductionIsItsOwnAddress) {
  auto v = production();
  v["STRIPE_SECRET_KEY"] = "sk_live_1";
  v["STRIPE_WEBHOOK_SECRET"] = "whsec_1";
  const auto s = load(v).values;
  EXPECT_EQ(reach_of(s, vendor::stripe), reach::own_address);
  EXPECT_EQ(address_of(s, vendor::stripe), "https://api.stripe.com");
  EXPECT_EQ(reach_of(s, vendor::fedex), reach::off);
}

TEST(ProductionSettings, WantAGatewaysCredentialsTogether) {
  auto v = production();
  v["PAYPAL_CLIENT_ID"] = "client";
  v["PAYPAL_CLIENT_SECRET"] = "secret";
  v["RAZORPAY_KEY_ID"] = "rzp_live_1";
  v["PAYU_MERCHANT_KEY"] = "k";
  EXPECT_THAT(load(v).problems, ElementsAre(StartsWith("PAYPAL_WEBHOOK_ID: not set"), StartsWith("RAZORPAY_KEY_SECRET: not set"),
                                            StartsWith("RAZORPAY_WEBHOOK_SECRET: not set"), StartsWith("PAYU_MERCHANT_SALT: not set")));
}

TEST(SandboxCredentials, FillOnlyWhatIsEmptyOutsideProduction) {
  const auto s = with_sandbox_credentials(load({{"STRIPE_SECRET_KEY", "sk_test_mine"}}).values);
  EXPECT_EQ(s.stripe_secret_key, "sk_test_mine");
  EXPECT_EQ(s.stripe_webhook_secret, "whsec_sandbox");
  EXPECT_EQ(s.fedex_client_id, "sandbox-client");
  EXPECT_EQ(s.paypal_webhook_id, "WH-SANDBOX");
  EXPECT_EQ(s.razorpay_key_id, "rzp_test_sandbox");
  EXPECT_EQ(s.payu_merchant_salt, "sandbox-salt");
}

TEST(SandboxCredentials, NeverReachAVendorsProductionAddress) {
  EXPECT_EQ(with_sandbox_credentials(load(production()).values).stripe_webhook_secret, "");
  auto v = production();
  v["SANDBOX_URL"] = "http://127.0.0.1:8100";
  v["STRIPE_API_BASE"] = "https://api.stripe.com";
  const auto s = with_sandbox_credentials(load(v).values);
  EXPECT_EQ(s.stripe_webhook_secret, "");
  EXPECT_EQ(s.fedex_webhook_secret, "sandbox-webhook-token");
}

TEST(DatabasePath, IsInTheDataDirectoryUnlessSaidOtherwise) {
  EXPECT_EQ(database_place(load({{"DATA_DIR", "/srv/x"}}).values), "/srv/x/coreldove.db");
  EXPECT_EQ(database_place(load({{"DATABASE_URL", "sqlite:orders.db"}}).values), "orders.db");
  EXPECT_EQ(database_place(load({{"DATABASE_URL", "sqlite:///srv/orders.db"}}).values), "/srv/orders.db");
  for (const auto* url : {"postgresql://u:p@db:5432/orders", "postgres://db/orders?sslmode=require"}) {
    const auto loaded = load({{"DATABASE_URL", url}});
    EXPECT_TRUE(loaded.problems.empty()) << loaded.problems.front();
    EXPECT_EQ(database_place(loaded.values), url);
  }
}

TEST(Loopback, KnowsTheNamesOfThisMachine) {
  for (const auto* host : {"127.0.0.1", "127.1.2.3", "::1", "localhost"}) EXPECT_TRUE(is_loopback(host)) << host;
  for (const auto* host : {"0.0.0.0", "::", "10.0.0.1", "127.evil.example"}) EXPECT_FALSE(is_loopback(host)) << host;
}

}  // namespace
}  // namespace coreldove::config
