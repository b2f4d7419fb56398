#include <fmt/format.h>
#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include <atomic>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <thread>
#include <vector>

#include "integrations/http/hmac.hpp"
#include "integrations/paypal/certificates.hpp"
#include "integrations/paypal/paypal.hpp"
#include "tests/integrations/loopback_server.hpp"

namespace {

using namespace std::chrono_literals;
using namespace coreldove::integrations;
using namespace coreldove::testing;
using coreldove::domain::errc;
using coreldove::domain::operation_kind;
using coreldove::domain::operation_outcome;
using coreldove::domain::time_point;
using nlohmann::json;

constexpr time_point now{std::chrono::milliseconds{1'767'323'045'000}};  // 2026-01-02T03:04:05Z
constexpr std::string_view sent_now = "2026-01-02T03:04:05Z";

using key_ptr = std::shared_ptr<EVP_PKEY>;
key_ptr new_key(unsigned bits = 2048) { return {EVP_RSA_gen(bits), &EVP_PKEY_free}; }

struct wanted_certificate {
  std::string name = "Test Authority";
  std::string host{};  // empty: an authority
  std::chrono::hours from{-24}, until{24};
};

/// A certificate over `key`, signed by `signer` (its own key: self-signed), as PEM.
std::string certificate(const key_ptr& key, const wanted_certificate& w, const std::string& issuer, const key_ptr& signer) {
  const std::unique_ptr<X509, decltype(&X509_free)> x{X509_new(), &X509_free};
  X509_set_version(x.get(), X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(x.get()), 1);
  ASN1_TIME_set(X509_getm_notBefore(x.get()), std::chrono::system_clock::to_time_t(now + w.from));
  ASN1_TIME_set(X509_getm_notAfter(x.get()), std::chrono::system_clock::to_time_t(now + w.until));
  X509_set_pubkey(x.get(), key.get());
  const auto common_name = [](X509_NAME* to, const std::string& text) {
    X509_NAME_add_entry_by_txt(to, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>(text.c_str()), -1, -1, 0);
  };
  common_name(X509_get_subject_name(x.get()), w.name);
  common_name(X509_get_issuer_name(x.get()), issuer);
  const auto extend = [&](int which, const std::string& value) {
    X509_EXTENSION* e = X509V3_EXT_conf_nid(nullptr, nullptr, which, value.c_str());
    X509_add_ext(x.get(), e, -1);
    X509_EXTENSION_free(e);
  };
  extend(NID_basic_constraints, w.host.empty() ? "critical,CA:TRUE" : "critical,CA:FALSE");
  if (!w.host.empty()) extend(NID_subject_alt_name, "DNS:" + w.host);
  X509_sign(x.get(), signer.get(), EVP_sha256());
  const std::unique_ptr<BIO, decltype(&BIO_free)> out{BIO_new(BIO_s_mem()), &BIO_free};
  PEM_write_bio_X509(out.get(), x.get());
  char* bytes = nullptr;
  const auto size = BIO_get_mem_data(out.get(), &bytes);
  return {bytes, static_cast<std::size_t>(size)};
}

/// Made once: keys take their time.
const key_ptr& authority_key() {
  static const key_ptr key = new_key();
  return key;
}
const key_ptr& paypals_key() {
  static const key_ptr key = new_key();
  return key;
}
std::string authority() { return certificate(authority_key(), {}, "Test Authority", authority_key()); }
std::string issued(const wanted_certificate& w, const key_ptr& key = paypals_key()) { return certificate(key, w, "Test Authority", authority_key()); }
const wanted_certificate good{"PayPal", "messageverificationcerts.paypal.com"};

std::string signature(const key_ptr& key, std::string_view message) {
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context{EVP_MD_CTX_new(), &EVP_MD_CTX_free};
  std::string out(256, '\0');
  auto size = out.size();
  EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key.get());
  EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(out.data()), &size, reinterpret_cast<const unsigned char*>(message.data()), message.size());
  return http::to_base64(out);
}

TEST(PaypalCertificates, HoldWhereTheChainTheHostAndTheDatesDo) {
  const paypal::authorities trusted{authority()};
  const auto got = trusted.check(issued(good) + authority(), now);
  ASSERT_TRUE(got) << got.error().detail;
  EXPECT_EQ(EVP_PKEY_eq(got->key.get(), paypals_key().get()), 1);
  EXPECT_LE(got->from, now);
  EXPECT_GE(got->until, now + 23h);
  EXPECT_TRUE(trusted.check(issued({"PayPal", "*.paypal.com"}), now)) << "without the authority's own certificate";
}

TEST(PaypalCertificates, AreRefusedForEverythingElse) {
  const paypal::authorities trusted{authority()};
  const std::map<std::string, std::string> bad{
      {"another host", issued({"PayPal", "messageverificationcerts.paypal.com.evil.example"})},
      {"a host that only ends alike", issued({"PayPal", "notpaypal.com"})},
      {"ended", issued({"PayPal", good.host, -48h, -1h})},
      {"not begun", issued({"PayPal", good.host, 1h, 48h})},
      {"a chain to nobody", certificate(paypals_key(), good, "Test Authority", paypals_key())},
      {"self-signed", certificate(paypals_key(), good, "PayPal", paypals_key())},
      {"a short key", issued(good, new_key(1024))},
      {"nothing", ""},
      {"no certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"},
  };
  for (const auto& [what, pem] : bad) {
    const auto got = trusted.check(pem, now);
    ASSERT_FALSE(got) << what;
    EXPECT_EQ(got.error().code, errc::forbidden) << what;
  }
  EXPECT_FALSE(paypal::authorities{""}.check(issued(good), now)) << "the system does not know our authority";
  EXPECT_THROW(paypal::authorities{"no PEM"}, std::runtime_error);
}

TEST(PaypalCertificates, ComeFromPaypalOverTlsOrFromTheConfiguredBaseOnly) {
  http::client client;
  client.stop();  // nothing is fetched: an allowed address ends in unavailable
  const auto asked = [&](const std::string& base, const std::string& url) {
    const auto got = std::make_shared<paypal::certificates>(base, "", client)->key_of(url, now);
    EXPECT_FALSE(got);
    return got.error().code;
  };
  const std::string live = "https://api-m.paypal.com", name = "/v1/notifications/certs/CERT-360caa42-fca2a594-a5cafa77";
  EXPECT_EQ(asked(live, "https://api.paypal.com" + name), errc::unavailable);
  EXPECT_EQ(asked(live, "https://api.sandbox.paypal.com" + name), errc::unavailable);
  EXPECT_EQ(asked("http://127.0.0.1:1/paypal/", "http://127.0.0.1:1/paypal" + name), errc::unavailable);
  for (const auto& url : std::vector<std::string>{
           "http://api.paypal.com" + name, "https://api.paypal.com:8443" + name, "https://paypal.com.evil.example" + name, "https://evilpaypal.com" + name,
           "https://paypal.com@evil.example" + name, "https://api.paypal.com/v1/notifications/certs/", "https://api.paypal.com" + name + "?x=1",
           "https://api.paypal.com/v1/notifications/certs/../certs/CERT-1", "https://api.paypal.com/other/CERT-1", "file:///etc/passwd" + name,
           "http://127.0.0.1:1/paypal" + name, "https://api.paypal.com" + name + std::string(600, 'a'), std::string{}})
    EXPECT_EQ(asked(live, url), errc::forbidden) << url;
  EXPECT_EQ(asked("http://127.0.0.1:1/paypal", "http://127.0.0.1:2/paypal" + name), errc::forbidden);
}

/// A webhook reader whose certificate is at a local base.
struct reader {
  reader()
      : server{[this](const seen_request&) { return answer(status, pem); }},
        webhook{paypal::make_paypal_webhook({"WH-1", server.base() + "/paypal"}, client)} {}
  ~reader() { client.stop(); }

  std::map<std::string, std::string> headers(std::string_view body, std::string_view sent = sent_now, std::string_view webhook_id = "WH-1",
                                             const key_ptr& key = paypals_key()) const {
    std::uint32_t crc = 0xffffffffU;  // by its definition, bit by bit
    for (const unsigned char c : body) {
      crc ^= c;
      for (int i = 0; i < 8; ++i) crc = (crc >> 1U) ^ ((crc & 1U) != 0 ? 0xedb88320U : 0U);
    }
    return {{"paypal-transmission-id", "69cd13f0-d67a-11e5-baa3-778b53f4ae55"},
            {"paypal-transmission-time", std::string{sent}},
            {"paypal-cert-url", server.base() + "/paypal/v1/notifications/certs/CERT-1"},
            {"paypal-auth-algo", "SHA256withRSA"},
            {"paypal-transmission-sig", signature(key, fmt::format("69cd13f0-d67a-11e5-baa3-778b53f4ae55|{}|{}|{}", sent, webhook_id, ~crc))}};
  }
  auto read_once(const std::map<std::string, std::string>& h, std::string_view body, time_point at = now) const {
    return webhook->read(
        [&](std::string_view name) {
          const auto it = h.find(std::string{name});
          return it == h.end() ? std::string{} : it->second;
        },
        body, at);
  }
  /// As PayPal does: again where the certificate is not here yet.
  auto read(const std::map<std::string, std::string>& h, std::string_view body, time_point at = now) const {
    const auto until = std::chrono::steady_clock::now() + 5s;
    auto got = read_once(h, body, at);
    while (!got && got.error().code == errc::unavailable && std::chrono::steady_clock::now() < until) {
      std::this_thread::yield();
      got = read_once(h, body, at);
    }
    return got;
  }

  std::atomic<int> status{200};
  std::string pem = certificate(paypals_key(), good, "PayPal", paypals_key());
  loopback_server server;
  http::client client;
  std::unique_ptr<payment_webhook> webhook;
};

std::string event(std::string_view type, const json& resource) { return json{{"id", "WH-EVENT-1"}, {"event_type", type}, {"resource", resource}}.dump(); }

json resource(std::string_view id, std::string_view status, std::string_view invoice) {
  return {{"id", id}, {"status", status}, {"amount", {{"currency_code", "USD"}, {"value", "59.98"}}}, {"invoice_id", invoice}, {"custom_id", "ord_1"}};
}

TEST(PaypalWebhook, AnswersUnavailableUntilTheCertificateIsHereAndFetchesItOnce) {
  const reader r;
  const auto body = event("PAYMENT.AUTHORIZATION.CREATED", resource("AUTH1", "CREATED", "ord_1/authorize/1"));
  const auto h = r.headers(body);
  const auto first = r.read_once(h, body);
  ASSERT_FALSE(first);
  EXPECT_EQ(first.error().code, errc::unavailable);
  EXPECT_TRUE(r.read(h, body));
  EXPECT_TRUE(r.read_once(h, body));
  ASSERT_EQ(r.server.seen().size(), 1U);
  EXPECT_EQ(r.server.seen().at(0).target, "/paypal/v1/notifications/certs/CERT-1");
}

TEST(PaypalWebhook, RefusesWhatIsNotSignedForThisEndpointOverTheseBytes) {
  const reader r;
  const auto body = event("PAYMENT.AUTHORIZATION.CREATED", resource("AUTH1", "CREATED", "ord_1/authorize/1"));
  const auto right = r.headers(body);
  ASSERT_TRUE(r.read(right, body));
  const auto refused = [&](std::map<std::string, std::string> h, std::string_view bytes, const char* what) {
    const auto got = r.read_once(h, bytes);
    ASSERT_FALSE(got) << what;
    EXPECT_EQ(got.error().code, errc::forbidden) << what;
  };
  const auto with = [&](const char* name, std::string value) {
    auto h = right;
    h[name] = std::move(value);
    return h;
  };
  refused(right, body + " ", "another body");
  refused(r.headers(body, sent_now, "WH-2"), body, "another endpoint");
  refused(r.headers(body, sent_now, "WH-1", authority_key()), body, "another key");
  refused(with("paypal-transmission-id", "other"), body, "another transmission");
  refused(with("paypal-transmission-time", "2026-01-02T03:04:06Z"), body, "another time");
  refused(with("paypal-auth-algo", "SHA1withRSA"), body, "a weaker algorithm");
  refused(with("paypal-transmission-sig", ""), body, "no signature");
  refused(with("paypal-transmission-sig", "????"), body, "no base64");
  refused(with("paypal-cert-url", "https://evil.example/v1/notifications/certs/CERT-1"), body, "a certificate from elsewhere");
  refused({}, body, "no headers at all");
}

TEST(PaypalWebhook, TakesRepeatsForThreeDaysAndNothingFromTheFuture) {
  const reader r;
  const auto body = event("PAYMENT.CAPTURE.COMPLETED", resource("CAP1", "COMPLETED", "ord_1/capture/2"));
  EXPECT_TRUE(r.read(r.headers(body, "2025-12-30T03:04:05Z"), body));
  EXPECT_TRUE(r.read(r.headers(body, "2026-01-02T03:09:05.000Z"), body));
  for (const auto* sent : {"2025-12-30T02:04:04Z", "2026-01-02T03:09:06Z", "2026-01-02 03:04:05", "yesterday", ""}) {
    const auto got = r.read(r.headers(body, sent), body);
    ASSERT_FALSE(got) << sent;
    EXPECT_EQ(got.error().code, errc::forbidden) << sent;
  }
}

TEST(PaypalWebhook, RefusesEverythingWithoutAWebhookId) {
  reader r;
  const auto unset = paypal::make_paypal_webhook({"", r.server.base() + "/paypal"}, r.client);
  const auto h = r.headers("{}", sent_now, "");
  const auto got = unset->read([&](std::string_view name) { return h.at(std::string{name}); }, "{}", now);
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, errc::forbidden);
}

TEST(PaypalWebhook, DoesNotTrustACertificateThatHasEndedOrIsNone) {
  reader r;
  const auto body = event("X", json::object());
  const auto h = r.headers(body);
  r.pem = certificate(paypals_key(), {"PayPal", good.host, -48h, -1h}, "PayPal", paypals_key());
  auto got = r.read(h, body);
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, errc::forbidden);
  r.pem = certificate(paypals_key(), good, "PayPal", paypals_key());
  EXPECT_TRUE(r.read(h, body, now + 1min)) << "fetched anew after a while";
  EXPECT_FALSE(r.read_once(h, body, now + 25h)) << "it has ended since";
  EXPECT_EQ(r.read(r.headers(body, "2026-01-03T04:04:05Z"), body, now + 25h).error().code, errc::forbidden);
}

TEST(PaypalWebhook, TriesAgainLaterWhereTheCertificateCannotBeFetched) {
  reader r;
  const auto body = event("X", json::object());
  const auto h = r.headers(body);
  r.status = 503;
  EXPECT_EQ(r.read_once(h, body).error().code, errc::unavailable);
  while (r.server.seen().empty()) std::this_thread::yield();
  r.status = 200;
  const auto until = std::chrono::steady_clock::now() + 5s;
  bool took = false;
  while (!took && std::chrono::steady_clock::now() < until) {  // `now` stays: far ahead of it the event itself would be too old
    took = static_cast<bool>(r.read_once(h, body, now + 11s));
    std::this_thread::yield();
  }
  EXPECT_TRUE(took);
}

class PaypalEvents : public ::testing::Test {
protected:
  payment_notice notice(std::string_view type, const json& what) {
    const auto body = event(type, what);
    auto got = reader_.read(reader_.headers(body), body);
    EXPECT_TRUE(got) << (got ? std::string{} : got.error().detail);
    return got ? *got : payment_notice{};
  }
  reader reader_;
};

TEST_F(PaypalEvents, CallSignedBytesMalformedWhereTheyAreNoEvent) {
  for (const std::string body :
       {"", "[]", "{", "{}", R"({"id":"WH","event_type":"X"})", R"({"id":"WH","resource":{}})", R"({"event_type":"X","resource":{}})"}) {
    const auto got = reader_.read(reader_.headers(body), body);
    ASSERT_FALSE(got) << body;
    EXPECT_EQ(got.error().code, errc::malformed) << body;
  }
}

TEST_F(PaypalEvents, TellThatTheBuyerHasActed) {
  const json order{{"id", "ORDER1"}, {"status", "APPROVED"}, {"purchase_units", {{{"invoice_id", "ord_1/authorize/1"}, {"custom_id", "ord_1"}}}}};
  for (const auto* type : {"CHECKOUT.ORDER.APPROVED", "CHECKOUT.ORDER.VOIDED"}) {
    const auto n = notice(type, order);
    EXPECT_TRUE(n.relevant) << type;
    EXPECT_EQ(n.event_id, "WH-EVENT-1");
    EXPECT_EQ(n.type, type);
    EXPECT_EQ(n.order_id, "ord_1");
    EXPECT_EQ(n.operation, operation_kind::authorize);
    EXPECT_EQ(n.idempotency_key, "ord_1/authorize/1");
    EXPECT_EQ(n.what.kind, operation_outcome::awaiting_buyer);
    EXPECT_EQ(n.what.reference, "ORDER1");
  }
  auto reversed = order;
  reversed.erase("id");
  reversed["order_id"] = "ORDER1";
  EXPECT_EQ(notice("CHECKOUT.PAYMENT-APPROVAL.REVERSED", reversed).what.reference, "ORDER1");
}

TEST_F(PaypalEvents, TellOfAuthorizations) {
  auto n = notice("PAYMENT.AUTHORIZATION.CREATED", resource("AUTH1", "CREATED", "ord_1/authorize/1"));
  EXPECT_TRUE(n.relevant);
  EXPECT_EQ(n.what.kind, operation_outcome::done);
  EXPECT_EQ(n.what.reference, "AUTH1");
  EXPECT_EQ(n.idempotency_key, "ord_1/authorize/1");
  n = notice("PAYMENT.AUTHORIZATION.CREATED", resource("AUTH1", "DENIED", "ord_1/authorize/1"));
  EXPECT_EQ(n.what.kind, operation_outcome::declined);
  EXPECT_EQ(n.what.code, "DENIED");
  EXPECT_FALSE(notice("PAYMENT.AUTHORIZATION.CREATED", resource("AUTH1", "PENDING", "ord_1/authorize/1")).relevant);
  n = notice("PAYMENT.AUTHORIZATION.VOIDED", resource("AUTH1", "VOIDED", "ord_1/authorize/1"));
  EXPECT_TRUE(n.relevant);
  EXPECT_EQ(n.operation, operation_kind::void_authorization);
  EXPECT_EQ(n.idempotency_key, "") << "named by its kind and authorization instead";
  EXPECT_EQ(n.what.reference, "AUTH1");
}

TEST_F(PaypalEvents, TellOfCapturesAndRefunds) {
  auto n = notice("PAYMENT.CAPTURE.COMPLETED", resource("CAP1", "COMPLETED", "ord_1/capture/2"));
  EXPECT_TRUE(n.relevant);
  EXPECT_EQ(n.operation, operation_kind::capture);
  EXPECT_EQ(n.what.kind, operation_outcome::done);
  EXPECT_EQ(n.what.reference, "CAP1");
  for (const auto* type : {"PAYMENT.CAPTURE.DECLINED", "PAYMENT.CAPTURE.DENIED"})
    EXPECT_EQ(notice(type, resource("CAP1", "DECLINED", "ord_1/capture/2")).what.kind, operation_outcome::declined) << type;
  EXPECT_FALSE(notice("PAYMENT.CAPTURE.PENDING", resource("CAP1", "PENDING", "ord_1/capture/2")).relevant);
  n = notice("PAYMENT.CAPTURE.REFUNDED", resource("REF1", "COMPLETED", "ord_1/refund/3"));
  EXPECT_TRUE(n.relevant);
  EXPECT_EQ(n.operation, operation_kind::refund);
  EXPECT_EQ(n.what.reference, "REF1");
  EXPECT_EQ(notice("PAYMENT.REFUND.FAILED", resource("REF1", "FAILED", "ord_1/refund/3")).what.kind, operation_outcome::declined);
  EXPECT_FALSE(notice("PAYMENT.CAPTURE.REFUNDED", resource("REF1", "COMPLETED", "ord_1/refund/3#CAP1")).relevant) << "a part is not the whole";
}

TEST_F(PaypalEvents, TellOfDisputes) {
  const json opened{{"dispute_id", "PP-D-1"},
                    {"reason", "MERCHANDISE_OR_SERVICE_NOT_RECEIVED"},
                    {"dispute_amount", {{"currency_code", "USD"}, {"value", "3.00"}}},
                    {"seller_response_due_date", "2026-01-12T03:04:05.000Z"},
                    {"disputed_transactions", {{{"seller_transaction_id", "CAP1"}, {"invoice_number", "ord_1/capture/2"}}}}};
  auto n = notice("CUSTOMER.DISPUTE.CREATED", opened);
  EXPECT_TRUE(n.relevant);
  EXPECT_EQ(n.order_id, "ord_1");
  ASSERT_TRUE(n.dispute);
  EXPECT_EQ(n.dispute->what, dispute_notice::step::opened);
  EXPECT_EQ(n.dispute->reference, "PP-D-1");
  EXPECT_EQ(n.dispute->payment, "CAP1");
  EXPECT_EQ(n.dispute->amount, 300);
  EXPECT_EQ(n.dispute->answer_by, time_point{now + 240h});
  const auto resolved = [&](std::string_view code) {
    auto r = opened;
    r["dispute_outcome"] = {{"outcome_code", code}};
    return notice("CUSTOMER.DISPUTE.RESOLVED", r).dispute->what;
  };
  for (const auto* code : {"RESOLVED_SELLER_FAVOUR", "RESOLVED_WITH_PAYOUT", "CANCELED_BY_BUYER", "DENIED"})
    EXPECT_EQ(resolved(code), dispute_notice::step::won) << code;
  for (const auto* code : {"RESOLVED_BUYER_FAVOUR", "ACCEPTED"}) EXPECT_EQ(resolved(code), dispute_notice::step::lost) << code;
  EXPECT_FALSE(notice("CUSTOMER.DISPUTE.UPDATED", opened).relevant);
}

TEST_F(PaypalEvents, ChangeNothingWhereTheyAreNotOursOrSayNothing) {
  for (const auto* type : {"PAYMENT.CAPTURE.COMPLETED", "PAYMENT.AUTHORIZATION.CREATED", "PAYMENT.AUTHORIZATION.VOIDED", "PAYMENT.CAPTURE.REFUNDED",
                           "CHECKOUT.ORDER.APPROVED", "CHECKOUT.ORDER.COMPLETED", "PAYMENT.CAPTURE.REVERSED", "BILLING.PLAN.CREATED"}) {
    EXPECT_FALSE(notice(type, resource("X", "COMPLETED", "INVOICE-123")).relevant) << type;
    EXPECT_FALSE(notice(type, json::object()).relevant) << type;
  }
  auto other = resource("CAP1", "COMPLETED", "ord_1/capture/2");
  other["custom_id"] = "ord_2";
  EXPECT_FALSE(notice("PAYMENT.CAPTURE.COMPLETED", other).relevant) << "the two disagree on whose it is";
  EXPECT_FALSE(notice("PAYMENT.CAPTURE.COMPLETED", resource("CAP1", "COMPLETED", "ord_1/refund/3")).relevant) << "of another kind";
}

}  // namespace
