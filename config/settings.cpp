#include "config/settings.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <fstream>
#include <iterator>
#include <numeric>

#include "config/option.hpp"
#include "config/redis_address.hpp"
#include "config/stop_at.hpp"

namespace coreldove::config {
namespace {

constexpr std::size_t key_bytes_min = 32;  // a 256-bit key, as RFC 7518 asks for HS256
constexpr std::size_t secret_file_max = 64 * 1024;

// Keys that stand in tutorials and templates; compared without case and separators.
constexpr std::array<std::string_view, 12> obvious_keys = {"yoursecretkey", "yourjwtsecretkey", "changeme", "changethis",  "secret",     "jwtsecret",
                                                           "supersecret",   "mysecretkey",      "password", "development", "examplekey", "0123456789abcdef"};

struct reader {
  const variables& from;
  loaded out;

  std::string_view value_of(std::string_view name) const {
    const auto at = from.find(name);
    return at == from.end() ? std::string_view{} : std::string_view{at->second};
  }
  void complain(std::string line) { out.problems.push_back(std::move(line)); }
};

// The last line break is the editor's, not the secret's.
std::optional<std::string> read_secret_file(const std::string& path) {
  std::ifstream file{path, std::ios::binary};
  if (!file) return std::nullopt;
  std::string text{std::istreambuf_iterator<char>{file}, {}};
  if (file.bad() || text.size() > secret_file_max) return std::nullopt;
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  if (text.empty()) return std::nullopt;
  return text;
}

// The text of one setting, from the environment or from the file that NAME_FILE points at; nothing where it is not set.
std::optional<std::string> text_of(const option& o, reader& r) {
  std::string text{r.value_of(o.name)};
  const auto file_name = fmt::format("{}_FILE", o.name);
  const std::string path{o.secret ? r.value_of(file_name) : std::string_view{}};
  if (!text.empty() && !path.empty()) {
    r.complain(fmt::format("{0}: set here and by {1}; allowed is one of the two", o.name, file_name));
    return std::nullopt;
  }
  if (!path.empty()) {
    auto secret = read_secret_file(path);
    if (!secret) r.complain(fmt::format("{}: {} cannot be used; allowed is a readable file that is not empty", file_name, shown(option{}, path)));
    return secret;
  }
  return text.empty() ? std::nullopt : std::optional{std::move(text)};
}

void read_option(const option& o, reader& r) {
  const auto text = text_of(o, r);
  if (!text) return;
  if (const auto wanted = read_value(o, *text, r.out.values)) {
    r.complain(fmt::format("{}: {}{} is not allowed; allowed is {}", o.name, shown(o, *text), o.secret ? " value" : "", *wanted));
    return;
  }
  const auto value = write_value(o, r.out.values), usual = write_value(o, settings{});
  if (o.effect == effect::fixed && value != usual)
    r.complain(fmt::format("{}: {} is not allowed; this version knows only {}", o.name, shown(o, *text), usual.empty() ? "the empty value" : usual));
  if (o.effect == effect::unused) r.out.notes.push_back(fmt::format("{} is set but nothing in this version uses it", o.name));
}

std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const auto above = row[j];
      row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)});
      diagonal = above;
    }
  }
  return row[b.size()];
}

void refuse_unknown_names(reader& r) {
  constexpr std::string_view ours = "CORELDOVE_", cluster = "CLUSTER_";
  for (const auto& [name, value] : r.from) {
    if (name.starts_with(cluster) && !value.empty() && std::ranges::find(options(), name, &option::name) == options().end())
      r.complain(fmt::format("{}: {} is not allowed; there is no such setting", name, shown(option{}, value)));
    if (!name.starts_with(ours) || std::ranges::find(options(), name, &option::name) != options().end()) continue;
    const option* nearest = nullptr;
    for (const auto& o : options())
      if (o.name.starts_with(ours) && (nearest == nullptr || distance(name, o.name) < distance(name, nearest->name))) nearest = &o;
    r.complain(fmt::format("{}: there is no such setting; did you mean {}?", name, nearest->name));
  }
}

bool is_obvious(std::string_view key) {
  std::string plain;
  for (const unsigned char c : key)
    if (std::isalnum(c) != 0) plain += static_cast<char>(std::tolower(c));
  const bool one_character = std::ranges::all_of(key, [&](char c) { return c == key.front(); });
  return one_character || std::ranges::any_of(obvious_keys, [&](std::string_view known) { return plain.starts_with(known); });
}

void check_key(std::string_view name, std::string_view key, reader& r) {
  const auto wanted = fmt::format("at least {} bytes that cannot be guessed (openssl rand -base64 48)", key_bytes_min);
  if (key.empty())
    r.complain(fmt::format("{}: not set; in production it is required, allowed is {}", name, wanted));
  else if (key.size() < key_bytes_min)
    r.complain(fmt::format("{}: (hidden) has {} bytes; in production allowed is {}", name, key.size(), wanted));
  else if (is_obvious(key))
    r.complain(fmt::format("{}: (hidden) is a well-known example; in production allowed is {}", name, wanted));
}

// All of them or none.
void check_all_or_none(std::initializer_list<std::string_view> names, reader& r) {
  std::vector<std::string_view> missing;
  for (const auto name : names)
    if (write_value(find_option(name), r.out.values).empty()) missing.push_back(name);
  if (missing.size() == names.size()) return;
  for (const auto name : missing) r.complain(fmt::format("{}: not set; {} are needed together", name, fmt::join(names, ", ")));
}

void check_tls(reader& r) {
  const auto& s = r.out.values;
  check_all_or_none({"TLS_CERT_FILE", "TLS_KEY_FILE"}, r);
  if (s.require_https && s.tls_cert_file.empty() && s.tls_key_file.empty())
    r.complain("REQUIRE_HTTPS: \"true\" is not allowed alone; set TLS_CERT_FILE and TLS_KEY_FILE too");
}

void check_production(reader& r) {
  const auto& s = r.out.values;
  check_key("JWT_SECRET_KEY", s.jwt_secret_key, r);
  check_key("ENCRYPTION_KEY", s.encryption_key, r);
  if (!s.jwt_secret_key.empty() && s.jwt_secret_key == s.encryption_key)
    r.complain("ENCRYPTION_KEY: (hidden) is the same as JWT_SECRET_KEY; allowed is a key of its own");
  check_all_or_none({"STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET"}, r);
  check_all_or_none({"PAYPAL_CLIENT_ID", "PAYPAL_CLIENT_SECRET", "PAYPAL_WEBHOOK_ID"}, r);
  check_all_or_none({"RAZORPAY_KEY_ID", "RAZORPAY_KEY_SECRET", "RAZORPAY_WEBHOOK_SECRET"}, r);
  check_all_or_none({"PAYU_MERCHANT_KEY", "PAYU_MERCHANT_SALT"}, r);
  check_all_or_none({"FEDEX_CLIENT_ID", "FEDEX_CLIENT_SECRET", "FEDEX_ACCOUNT_NUMBER", "FEDEX_WEBHOOK_SECRET"}, r);
  for (const auto& [v, name] : {std::pair{vendor::stripe, "Stripe"},
                                {vendor::paypal, "PayPal"},
                                {vendor::razorpay, "Razorpay"},
                                {vendor::payu, "PayU"},
                                {vendor::fedex, "FedEx"},
                                {vendor::smtp, "Mail"}})
    if (reach_of(s, v) == reach::off) r.out.notes.push_back(fmt::format("{} is off: it has neither credentials nor an address", name));
}

bool is_postgres(std::string_view url) {
  constexpr std::string_view name = "postgresql://", short_name = "postgres://";
  return (url.starts_with(name) && url.size() > name.size()) || (url.starts_with(short_name) && url.size() > short_name.size());
}

void check_test_stop(reader& r) {
  const auto& at = r.out.values.test_stop_at;
  if (at.empty()) return;
  const auto value = shown(find_option("CORELDOVE_TEST_STOP_AT"), at);
  if (r.out.values.environment == environment::production)
    r.complain(fmt::format("CORELDOVE_TEST_STOP_AT: {} is not allowed; in production allowed is the empty value", value));
  else if (!parse_stop_at(at))
    r.complain(fmt::format("CORELDOVE_TEST_STOP_AT: {} is not allowed; allowed is {}", value, stop_at_form()));
}

void check_redis(reader& r) {
  const auto& url = r.out.values.redis_url;
  if (url.empty() || parse_redis_address(url)) return;
  const auto why = url.starts_with("rediss://") ? "this version speaks no TLS with Redis, put a tunnel before it; " : "";
  r.complain(fmt::format("REDIS_URL: {} is not allowed; {}allowed is {}", shown(find_option("REDIS_URL"), url), why, redis_address_form()));
}

void check_cluster(reader& r) {
  const auto& s = r.out.values;
  check_all_or_none({"CLUSTER_TLS_CERT_FILE", "CLUSTER_TLS_KEY_FILE", "CLUSTER_TLS_CA_FILE"}, r);
  if (!is_loopback(s.cluster_host) && s.cluster_tls_cert_file.empty())
    r.complain(fmt::format("CLUSTER_HOST: {} is not allowed without CLUSTER_TLS_CERT_FILE, CLUSTER_TLS_KEY_FILE and CLUSTER_TLS_CA_FILE; allowed is loopback",
                           shown(find_option("CLUSTER_HOST"), s.cluster_host)));
}

void check_together(reader& r) {
  const auto& s = r.out.values;
  check_tls(r);
  check_test_stop(r);
  check_all_or_none({"SMTP_USERNAME", "SMTP_PASSWORD"}, r);
  const bool is_file = s.database_url.starts_with("sqlite:") && s.database_url.size() > std::string_view{"sqlite:"}.size();
  if (!s.database_url.empty() && !is_file && !is_postgres(s.database_url))
    r.complain(fmt::format("DATABASE_URL: {} is not allowed; allowed is the empty value, sqlite:PATH, or postgresql://USER:PASSWORD@HOST/DATABASE",
                           shown(find_option("DATABASE_URL"), s.database_url)));
  if (!s.cluster_node_id.empty() && !is_postgres(s.database_url))
    r.complain(fmt::format("CLUSTER_NODE_ID: {} is not allowed; allowed is the empty value, since the nodes of a cluster need DATABASE_URL=postgresql://…",
                           shown(find_option("CLUSTER_NODE_ID"), s.cluster_node_id)));
  if (!s.database_replica_url.empty() && (!is_postgres(s.database_replica_url) || !is_postgres(s.database_url)))
    r.complain(fmt::format("DATABASE_REPLICA_URL: {} is not allowed; allowed is postgresql://… beside DATABASE_URL=postgresql://…, or the empty value",
                           shown(find_option("DATABASE_REPLICA_URL"), s.database_replica_url)));
  check_cluster(r);
  check_redis(r);
  if (s.environment == environment::production) check_production(r);
}

std::string sandbox_folder(std::string_view url, std::string_view folder) {
  while (url.ends_with('/')) url.remove_suffix(1);
  return std::string{url}.append(folder);
}

// "http://HOST:8100" → "smtp://HOST:8101": one setting is enough for the whole sandbox world.
std::string sandbox_mail(std::string_view url) {
  const bool tls = url.starts_with("https://");
  auto authority = url.substr(url.find("://") + 3);
  authority = authority.substr(0, authority.find('/'));
  const auto colon = authority.rfind(':');
  std::uint16_t port = tls ? 443 : 80;
  if (colon != std::string_view::npos && authority.find(']', colon) == std::string_view::npos) {
    std::from_chars(authority.data() + colon + 1, authority.data() + authority.size(), port);
    authority = authority.substr(0, colon);
  }
  return fmt::format("smtp://{}:{}", authority, port + 1);
}

}  // namespace

loaded load(const variables& from) {
  reader r{from, {}};
  for (const auto& o : options()) read_option(o, r);
  refuse_unknown_names(r);
  check_together(r);
  return std::move(r.out);
}

variables process_environment() {
  variables out;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text{*entry};
    const auto equals = text.find('=');
    if (equals != std::string_view::npos) out.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return out;
}

bool is_loopback(std::string_view host) {
  // A name such as 127.example may resolve to anything, so only the numeric form of 127/8 counts.
  return host == "localhost" || host == "::1" || host == "[::1]" ||
         (host.starts_with("127.") && host.find_first_not_of("0123456789.") == std::string_view::npos);
}

reach reach_of(const settings& s, vendor v) {
  const bool production = s.environment == environment::production;
  const auto decide = [&](const std::string& base, bool configured) {
    if (!base.empty()) return reach::own_address;
    if (!s.sandbox_url.empty()) return reach::sandbox_url;
    if (!production) return reach::built_in_sandbox;
    return configured ? reach::own_address : reach::off;
  };
  switch (v) {
    case vendor::stripe:
      return decide(s.stripe_api_base, !s.stripe_secret_key.empty());
    case vendor::paypal:
      return decide(s.paypal_api_base, !s.paypal_client_id.empty());
    case vendor::razorpay:
      return decide(s.razorpay_api_base, !s.razorpay_key_id.empty());
    case vendor::payu:
      return decide(s.payu_api_base, !s.payu_merchant_key.empty());
    case vendor::fedex:
      return decide(s.fedex_api_base, !s.fedex_client_id.empty());
    case vendor::smtp:
      return decide(s.smtp_api_base, false);
  }
  return reach::off;
}

std::string address_of(const settings& s, vendor v) {
  const auto either = [](const std::string& base, std::string_view production) { return base.empty() ? std::string{production} : base; };
  const auto where = reach_of(s, v);
  if (where != reach::own_address && where != reach::sandbox_url) return {};
  const bool own = where == reach::own_address;
  switch (v) {
    case vendor::stripe:
      return own ? either(s.stripe_api_base, "https://api.stripe.com") : sandbox_folder(s.sandbox_url, "/stripe");
    case vendor::paypal:
      return own ? either(s.paypal_api_base, "https://api-m.paypal.com") : sandbox_folder(s.sandbox_url, "/paypal");
    case vendor::razorpay:
      return own ? either(s.razorpay_api_base, "https://api.razorpay.com") : sandbox_folder(s.sandbox_url, "/razorpay");
    case vendor::payu:
      return own ? either(s.payu_api_base, "https://info.payu.in") : sandbox_folder(s.sandbox_url, "/payu");
    case vendor::fedex:
      return own ? either(s.fedex_api_base, "https://apis.fedex.com") : sandbox_folder(s.sandbox_url, "/fedex");
    case vendor::smtp:
      return own ? s.smtp_api_base : sandbox_mail(s.sandbox_url);
  }
  return {};
}

settings with_sandbox_credentials(settings s) {
  const bool production = s.environment == environment::production;
  const auto pretend = [&](vendor v) { return reach_of(s, v) == reach::sandbox_url || !production; };
  const auto fill = [](std::string& value, std::string_view usual) {
    if (value.empty()) value = usual;
  };
  if (pretend(vendor::stripe)) {
    fill(s.stripe_secret_key, "sk_test_sandbox");
    fill(s.stripe_webhook_secret, "whsec_sandbox");
  }
  if (pretend(vendor::paypal)) {
    fill(s.paypal_client_id, "sandbox-client");
    fill(s.paypal_client_secret, "sandbox-secret");
    fill(s.paypal_webhook_id, "WH-SANDBOX");
  }
  if (pretend(vendor::razorpay)) {
    fill(s.razorpay_key_id, "rzp_test_sandbox");
    fill(s.razorpay_key_secret, "sandbox-secret");
    fill(s.razorpay_webhook_secret, "sandbox-webhook-secret");
  }
  if (pretend(vendor::payu)) {
    fill(s.payu_merchant_key, "sandbox");
    fill(s.payu_merchant_salt, "sandbox-salt");
  }
  if (pretend(vendor::fedex)) {
    fill(s.fedex_client_id, "sandbox-client");
    fill(s.fedex_client_secret, "sandbox-secret");
    fill(s.fedex_account_number, "740561073");  // FedEx's own test account
    fill(s.fedex_webhook_secret, "sandbox-webhook-token");
  }
  return s;
}

std::string database_place(const settings& s) {
  if (s.database_url.empty()) return s.data_dir + "/coreldove.db";
  std::string_view path = s.database_url;
  if (is_postgres(path)) return std::string{path};
  path.remove_prefix(std::string_view{"sqlite:"}.size());
  if (path.starts_with("///")) path.remove_prefix(2);  // sqlite:///var/lib/x.db, as other tools write it
  return std::string{path};
}

}  // namespace coreldove::config
