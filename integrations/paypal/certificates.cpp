#include "integrations/paypal/certificates.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <stdexcept>
#include <string_view>
#include <vector>

#include "integrations/http/url.hpp"

namespace coreldove::integrations::paypal {

using domain::errc;
using domain::failure;

namespace {

constexpr std::string_view folder = "/v1/notifications/certs/";
constexpr std::string_view paypals_host = ".paypal.com";  // the leading dot: any host below it
constexpr std::size_t chain_max = 10, url_max = 500, known_max = 32;
constexpr int key_bits_min = 2048;
constexpr std::chrono::seconds fetch_timeout{5}, pause{10};

using certificate = std::unique_ptr<X509, decltype(&X509_free)>;

std::vector<certificate> read_chain(std::string_view pem) {
  std::vector<certificate> out;
  const std::unique_ptr<BIO, decltype(&BIO_free)> bytes{BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), &BIO_free};
  while (bytes && out.size() < chain_max) {
    certificate one{PEM_read_bio_X509(bytes.get(), nullptr, nullptr, nullptr), &X509_free};
    if (!one) break;
    out.push_back(std::move(one));
  }
  ERR_clear_error();  // the end of the text counts as one
  return out;
}

std::shared_ptr<X509_STORE> new_store() { return {X509_STORE_new(), &X509_STORE_free}; }

domain::time_point to_time(const ASN1_TIME* t) {
  std::tm parts{};
  if (t == nullptr || ASN1_TIME_to_tm(t, &parts) != 1) return {};
  return std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::system_clock::from_time_t(timegm(&parts)));
}

domain::result<signing_key> key_in(X509* leaf) {
  const std::shared_ptr<EVP_PKEY> key{X509_get_pubkey(leaf), &EVP_PKEY_free};
  if (!key || EVP_PKEY_get_base_id(key.get()) != EVP_PKEY_RSA || EVP_PKEY_get_bits(key.get()) < key_bits_min)
    return failure{errc::forbidden, "the certificate holds no RSA key of a safe length"};
  return signing_key{key, to_time(X509_get0_notBefore(leaf)), to_time(X509_get0_notAfter(leaf))};
}

domain::result<signing_key> verify(const std::vector<certificate>& chain, X509_STORE* trusted, domain::time_point now) {
  const std::unique_ptr<X509_STORE_CTX, decltype(&X509_STORE_CTX_free)> context{X509_STORE_CTX_new(), &X509_STORE_CTX_free};
  const std::unique_ptr<STACK_OF(X509), void (*)(STACK_OF(X509)*)> between{sk_X509_new_null(), [](STACK_OF(X509) * s) { sk_X509_free(s); }};
  for (std::size_t i = 1; i < chain.size(); ++i) sk_X509_push(between.get(), chain[i].get());
  if (!context || X509_STORE_CTX_init(context.get(), trusted, chain.front().get(), between.get()) != 1)
    return failure{errc::internal, "OpenSSL cannot check certificates"};
  auto* wanted = X509_STORE_CTX_get0_param(context.get());
  X509_VERIFY_PARAM_set_time(wanted, std::chrono::system_clock::to_time_t(now));
  if (X509_VERIFY_PARAM_set1_host(wanted, paypals_host.data(), paypals_host.size()) != 1) return failure{errc::internal, "OpenSSL cannot check host names"};
  if (X509_verify_cert(context.get()) == 1) return key_in(chain.front().get());
  ERR_clear_error();
  return failure{errc::forbidden, std::string{"the certificate does not hold: "} + X509_verify_cert_error_string(X509_STORE_CTX_get_error(context.get()))};
}

/// "/v1/notifications/certs/CERT-360caa42-fca2a594-a5cafa77": no query and nothing to climb, so that an address cannot be varied at will.
bool is_certificate_path(std::string_view target) {
  if (!target.starts_with(folder)) return false;
  const auto name = target.substr(folder.size());
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
  });
}

bool is_paypals(const http::url_parts& url) { return url.tls && url.port == 443 && url.host.ends_with(paypals_host); }

failure not_here() { return {errc::unavailable, "PayPal's certificate is not here yet"}; }

/// Empty where the base is PayPal's own.
std::string base_to_trust(std::string api_base) {
  while (api_base.ends_with('/')) api_base.pop_back();
  const auto url = http::parse_url(api_base);
  return url && !is_paypals(*url) ? api_base : std::string{};
}

}  // namespace

authorities::authorities(std::string more) : more_{std::move(more)} {
  if (!more_.empty() && read_chain(more_).empty()) throw std::runtime_error{"the authorities for PayPal's certificates cannot be read"};
}

domain::result<signing_key> authorities::check(std::string_view pem, domain::time_point now) const {
  std::call_once(read_, [this] {
    store_ = new_store();
    if (X509_STORE_set_default_paths(store_.get()) != 1) spdlog::error("the system's certificate authorities cannot be read");
    for (const auto& one : read_chain(more_)) X509_STORE_add_cert(store_.get(), one.get());
    ERR_clear_error();
  });
  const auto chain = read_chain(pem);
  if (chain.empty()) return failure{errc::forbidden, "there is no certificate"};
  return verify(chain, store_.get(), now);
}

domain::result<signing_key> check_alone(std::string_view pem, domain::time_point now) {
  const auto chain = read_chain(pem);
  if (chain.empty()) return failure{errc::forbidden, "there is no certificate"};
  const auto itself = new_store();
  X509_STORE_add_cert(itself.get(), chain.front().get());
  return verify(chain, itself.get(), now);
}

certificates::certificates(std::string api_base, std::string more_authorities, http::client& client)
    : base_{base_to_trust(std::move(api_base))}, authorities_{std::move(more_authorities)}, client_{client} {}

certificates::origin certificates::origin_of(std::string_view url) const {
  if (url.size() > url_max) return origin::nowhere;
  if (!base_.empty() && url.starts_with(base_) && is_certificate_path(url.substr(base_.size()))) return origin::base;
  const auto parts = http::parse_url(url);
  return parts && is_paypals(*parts) && is_certificate_path(parts->target) ? origin::paypal : origin::nowhere;
}

domain::result<std::shared_ptr<EVP_PKEY>> certificates::key_of(const std::string& url, domain::time_point now) {
  if (origin_of(url) == origin::nowhere) return failure{errc::forbidden, "PayPal's certificates do not come from that address"};
  {
    const std::lock_guard lock{mutex_};
    if (known_.find(url) == known_.end() && !make_room()) return failure{errc::unavailable, "too many certificates are being fetched"};
    auto& e = known_[url];
    if (e.known && now >= e.known->from && now <= e.known->until) return e.known->key;
    if (!e.known && e.known.error().code == errc::forbidden && now < e.again_at) return e.known.error();
    if (e.fetching || now < e.again_at) return not_here();
    e.fetching = true;
  }
  fetch(url, now);  // a stopped client answers on this very thread
  return not_here();
}

/// Addresses that never gave a certificate go first; nothing that is on its way is forgotten.
bool certificates::make_room() {
  if (known_.size() < known_max) return true;
  auto victim = known_.end();
  for (auto at = known_.begin(); at != known_.end(); ++at)
    if (!at->second.fetching && (victim == known_.end() || !at->second.known)) victim = at;
  if (victim == known_.end()) return false;
  known_.erase(victim);
  return true;
}

void certificates::fetch(const std::string& url, domain::time_point now) {
  http::request r{.url = url, .timeout = fetch_timeout, .retry_on_stale = true};
  client_.send(std::move(r), [self = shared_from_this(), url, now](const http::response& answer) { self->fetched(url, answer, now); });
}

void certificates::fetched(const std::string& url, const http::response& r, domain::time_point now) {
  domain::result<signing_key> got{failure{errc::unavailable, "PayPal's certificate cannot be fetched"}};
  if (r.kind == http::reach::answered && r.status == 200) got = origin_of(url) == origin::base ? check_alone(r.body, now) : authorities_.check(r.body, now);
  if (!got) spdlog::warn("PayPal's certificate at {}: {}", url, got.error().detail);
  const std::lock_guard lock{mutex_};
  auto& e = known_[url];
  e.fetching = false;
  e.again_at = now + pause;
  e.known = std::move(got);
}

}  // namespace coreldove::integrations::paypal
