#pragma once
// The key pair that PayPal's events are signed with here: one a process, made when it is first needed, with a certificate of its own.
#include <cstdint>
#include <string>
#include <string_view>

namespace coreldove::integrations::world {

struct paypal_certificate {
  std::string name;  // "CERT-…": the last part of its address
  std::string pem;
};
const paypal_certificate& signing_certificate();

/// Base64 of RSA PKCS#1 v1.5 over SHA-256.
std::string rsa_signature(std::string_view message);
std::uint32_t crc32(std::string_view bytes);

}  // namespace coreldove::integrations::world
