#pragma once
// The certificates that PayPal signs its webhooks with: fetched in the background, checked once, kept until they end. Thread-safe; nothing here blocks.
#include <openssl/types.h>

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "domain/result.hpp"
#include "domain/time.hpp"
#include "integrations/http/client.hpp"

namespace coreldove::integrations::paypal {

/// An RSA key, and between when and when its certificate holds.
struct signing_key {
  std::shared_ptr<EVP_PKEY> key;
  domain::time_point from, until;
};

/// Whom a chain must lead to.
class authorities {
public:
  /// The system's, and those of `more` (PEM). Throws std::runtime_error where `more` cannot be read.
  explicit authorities(std::string more);
  /// The key of the first certificate in `pem` (the others may stand between it and an authority) where the chain holds at `now` and the certificate is of
  /// a host below paypal.com; else what is wrong. Reads the system's authorities at the first call.
  domain::result<signing_key> check(std::string_view pem, domain::time_point now) const;

private:
  std::string more_;
  mutable std::once_flag read_;
  mutable std::shared_ptr<X509_STORE> store_;
};

/// The same for a certificate that is trusted for where it came from: dates and host name only.
domain::result<signing_key> check_alone(std::string_view pem, domain::time_point now);

class certificates : public std::enable_shared_from_this<certificates> {
public:
  certificates(std::string api_base, std::string more_authorities, http::client& client);

  /// Errors: forbidden (an address that certificates do not come from, or a certificate that does not hold), unavailable (not here yet: its fetching is
  /// under way, or has failed and is tried again when somebody asks).
  domain::result<std::shared_ptr<EVP_PKEY>> key_of(const std::string& url, domain::time_point now);

private:
  enum class origin { nowhere, paypal, base };
  struct entry {
    domain::result<signing_key> known{domain::failure{domain::errc::unavailable, {}}};
    bool fetching = false;
    domain::time_point again_at{};  // not before
  };
  origin origin_of(std::string_view url) const;
  bool make_room();
  void fetch(const std::string& url, domain::time_point now);
  void fetched(const std::string& url, const http::response& r, domain::time_point now);

  std::string base_;  // where certificates are trusted as they are; empty: nowhere
  authorities authorities_;
  http::client& client_;
  std::mutex mutex_;
  std::map<std::string, entry> known_;
};

}  // namespace coreldove::integrations::paypal
