#include "integrations/sandbox/paypal/signer.hpp"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include <boost/crc.hpp>
#include <memory>
#include <stdexcept>

#include "integrations/sandbox/signing.hpp"

namespace coreldove::integrations::world {

namespace {

constexpr unsigned key_bits = 2048;
constexpr long day_seconds = 24 * 60 * 60;
constexpr const char* host = "messageverificationcerts.sandbox.paypal.com";

struct pair {
  std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key{nullptr, &EVP_PKEY_free};
  paypal_certificate certificate;
};

std::string to_pem(X509* x) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> out{BIO_new(BIO_s_mem()), &BIO_free};
  char* bytes = nullptr;
  if (!out || PEM_write_bio_X509(out.get(), x) != 1) throw std::runtime_error("the sandbox cannot write a certificate");
  const auto size = BIO_get_mem_data(out.get(), &bytes);
  return {bytes, static_cast<std::size_t>(size)};
}

pair make_pair() {
  pair out;
  out.key.reset(EVP_RSA_gen(key_bits));
  const std::unique_ptr<X509, decltype(&X509_free)> x{X509_new(), &X509_free};
  if (!out.key || !x) throw std::runtime_error("the sandbox cannot make a key pair");
  X509_set_version(x.get(), X509_VERSION_3);
  ASN1_INTEGER_set_uint64(X509_get_serialNumber(x.get()), random_number() >> 1);
  X509_gmtime_adj(X509_getm_notBefore(x.get()), -day_seconds);
  X509_gmtime_adj(X509_getm_notAfter(x.get()), 365 * day_seconds);
  X509_set_pubkey(x.get(), out.key.get());
  auto* name = X509_get_subject_name(x.get());
  X509_NAME_add_entry_by_txt(name, "O", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("CoreLDove sandbox world"), -1, -1, 0);
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>(host), -1, -1, 0);
  X509_set_issuer_name(x.get(), name);
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, x.get(), x.get(), nullptr, nullptr, 0);
  const std::string names = std::string{"DNS:"} + host;
  const std::unique_ptr<X509_EXTENSION, decltype(&X509_EXTENSION_free)> alternative{X509V3_EXT_conf_nid(nullptr, &context, NID_subject_alt_name, names.c_str()),
                                                                                    &X509_EXTENSION_free};
  if (!alternative || X509_add_ext(x.get(), alternative.get(), -1) != 1 || X509_sign(x.get(), out.key.get(), EVP_sha256()) == 0)
    throw std::runtime_error("the sandbox cannot sign a certificate");
  out.certificate.pem = to_pem(x.get());
  const auto digits = hex(hmac_sha256("certificate", out.certificate.pem));
  out.certificate.name = "CERT-" + digits.substr(0, 8) + "-" + digits.substr(8, 8) + "-" + digits.substr(16, 8);
  return out;
}

const pair& the_pair() {
  static const pair one = make_pair();
  return one;
}

}  // namespace

const paypal_certificate& signing_certificate() { return the_pair().certificate; }

std::string rsa_signature(std::string_view message) {
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context{EVP_MD_CTX_new(), &EVP_MD_CTX_free};
  const auto* bytes = reinterpret_cast<const unsigned char*>(message.data());
  std::string out(key_bits / 8, '\0');
  auto size = out.size();
  if (!context || EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, the_pair().key.get()) != 1 ||
      EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(out.data()), &size, bytes, message.size()) != 1)
    throw std::runtime_error("the sandbox cannot sign a webhook");
  out.resize(size);
  return base64(out);
}

std::uint32_t crc32(std::string_view bytes) {
  boost::crc_32_type sum;
  sum.process_bytes(bytes.data(), bytes.size());
  return sum.checksum();
}

}  // namespace coreldove::integrations::world
