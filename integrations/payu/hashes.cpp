#include "integrations/payu/hashes.hpp"

#include <array>

#include "integrations/http/hmac.hpp"

namespace coreldove::integrations::payu {

namespace {

constexpr std::size_t short_id_size = 23;

std::string_view field(const http::form_fields& f, std::string_view name) {
  const auto at = f.find(name);
  return at == f.end() ? std::string_view{} : std::string_view{at->second};
}

}  // namespace

std::string request_hash(const http::form_fields& f, std::string_view salt) {
  std::string text;
  for (const auto* name : {"key", "txnid", "amount", "productinfo", "firstname", "email", "udf1", "udf2", "udf3", "udf4", "udf5"})
    text.append(field(f, name)).push_back('|');
  return http::to_hex(http::sha512(text.append("|||||").append(salt)));
}

std::string response_hash(const http::form_fields& f, std::string_view salt) {
  std::string text;
  if (const auto charges = field(f, "additionalCharges"); !charges.empty()) text.append(charges).push_back('|');
  text.append(salt).append("|").append(field(f, "status")).append("|||||");
  for (const auto* name : {"udf5", "udf4", "udf3", "udf2", "udf1", "email", "firstname", "productinfo", "amount", "txnid", "key"})
    text.append("|").append(field(f, name));
  return http::to_hex(http::sha512(text));
}

std::string command_hash(std::string_view key, std::string_view command, std::string_view var1, std::string_view salt) {
  std::string text{key};
  for (const auto part : {command, var1, salt}) text.append("|").append(part);
  return http::to_hex(http::sha512(text));
}

std::string short_id(std::string_view idempotency_key) {
  constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyz234567";  // RFC 4648, base 32
  const auto digest = http::sha256(idempotency_key);
  std::string out;
  unsigned bits = 0, have = 0;
  for (std::size_t i = 0; out.size() < short_id_size; ++i) {
    bits = (bits << 8U) | static_cast<unsigned char>(digest[i]);
    for (have += 8; have >= 5 && out.size() < short_id_size; have -= 5) out.push_back(letters[(bits >> (have - 5)) & 31U]);
  }
  return out;
}

}  // namespace coreldove::integrations::payu
