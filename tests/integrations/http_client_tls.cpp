#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <memory>

#include "integrations/http/client.hpp"
#include "tests/integrations/loopback_server.hpp"
#include "tests/integrations/waiting.hpp"

namespace {

using namespace coreldove::integrations::http;
using namespace coreldove::testing;

struct identity {
  std::string certificate, key;  // PEM
};

std::string pem_of(BIO* out) {
  char* bytes = nullptr;
  const auto size = BIO_get_mem_data(out, &bytes);
  return {bytes, static_cast<std::size_t>(size)};
}

/// A self-signed certificate for one name, "DNS:…" or "IP:…".
identity make_identity(const std::string& name) {
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key{EVP_EC_gen("P-256"), &EVP_PKEY_free};
  const std::unique_ptr<X509, decltype(&X509_free)> x{X509_new(), &X509_free};
  X509_set_version(x.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(x.get()), 1);
  X509_gmtime_adj(X509_getm_notBefore(x.get()), -3600);
  X509_gmtime_adj(X509_getm_notAfter(x.get()), 3600);
  X509_set_pubkey(x.get(), key.get());
  X509_NAME_add_entry_by_txt(X509_get_subject_name(x.get()), "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("test"), -1, -1, 0);
  X509_set_issuer_name(x.get(), X509_get_subject_name(x.get()));
  const std::unique_ptr<X509_EXTENSION, decltype(&X509_EXTENSION_free)> names{X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, name.c_str()),
                                                                              &X509_EXTENSION_free};
  X509_add_ext(x.get(), names.get(), -1);
  X509_sign(x.get(), key.get(), EVP_sha256());
  const std::unique_ptr<BIO, decltype(&BIO_free)> certificate_out{BIO_new(BIO_s_mem()), &BIO_free}, key_out{BIO_new(BIO_s_mem()), &BIO_free};
  PEM_write_bio_X509(certificate_out.get(), x.get());
  PEM_write_bio_PrivateKey(key_out.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  return {pem_of(certificate_out.get()), pem_of(key_out.get())};
}

/// A file that lives as long as the test.
struct pem_file {
  explicit pem_file(const std::string& text)
      : path{std::filesystem::temp_directory_path() / ("ca-" + std::to_string(::getpid()) + "-" + std::to_string(++count) + ".pem")} {
    std::ofstream{path} << text;
  }
  ~pem_file() { std::filesystem::remove(path); }
  std::filesystem::path path;
  static inline int count = 0;
};

response get(client& c, const std::string& url) {
  return wait_for<response>([&](auto done) { c.send({.url = url}, done); });
}

std::string address(const loopback_server& s, const std::string& host) { return "https://" + host + ":" + std::to_string(s.port()) + "/"; }

scripted_reply hello(const seen_request&) { return answer(200, "hello"); }

TEST(HttpClientTls, TalksToATrustedPeerByAddressAndKeepsTheConnection) {
  const auto id = make_identity("IP:127.0.0.1");
  const pem_file ca{id.certificate};
  loopback_server server{hello, id.certificate, id.key};
  client c{{.ca_file = ca.path.string()}};
  for (int i = 0; i < 3; ++i) EXPECT_EQ(get(c, address(server, "127.0.0.1")).body, "hello");
  EXPECT_EQ(server.connections(), 1U);
}

TEST(HttpClientTls, TalksToATrustedPeerByName) {
  const auto id = make_identity("DNS:localhost");
  const pem_file ca{id.certificate};
  loopback_server server{hello, id.certificate, id.key};
  client c{{.ca_file = ca.path.string()}};
  EXPECT_EQ(get(c, address(server, "localhost")).body, "hello");
}

TEST(HttpClientTls, SendsNothingToAPeerWithAnotherName) {
  const auto id = make_identity("DNS:elsewhere.example");
  const pem_file ca{id.certificate};
  loopback_server server{hello, id.certificate, id.key};
  client c{{.ca_file = ca.path.string()}};
  for (const auto* host : {"localhost", "127.0.0.1"}) {
    const auto got = get(c, address(server, host));
    EXPECT_EQ(got.kind, reach::not_sent);
    EXPECT_EQ(got.error, "tls");
  }
  EXPECT_TRUE(server.seen().empty());
}

TEST(HttpClientTls, SendsNothingToAPeerThatNobodyVouchesFor) {
  const auto id = make_identity("IP:127.0.0.1");
  loopback_server server{hello, id.certificate, id.key};
  client c;
  const auto got = get(c, address(server, "127.0.0.1"));
  EXPECT_EQ(got.kind, reach::not_sent);
  EXPECT_EQ(got.error, "tls");
  EXPECT_TRUE(server.seen().empty());
}

TEST(HttpClientTls, SendsNothingToAPeerThatSpeaksNoTls) {
  loopback_server server{[](const seen_request&) { return answer(200, ""); }};
  client c;
  // The server reads the handshake as the beginning of a request and waits for more: the deadline ends it.
  const auto got = wait_for<response>([&](auto done) { c.send({.url = address(server, "127.0.0.1"), .timeout = std::chrono::milliseconds{200}}, done); });
  EXPECT_EQ(got.kind, reach::not_sent);
  EXPECT_TRUE(server.seen().empty());
}

TEST(HttpClientTls, SaysWhichAuthorityFileCannotBeRead) {
  try {
    const client c{{.ca_file = "/nowhere/ca.pem"}};
    FAIL() << "accepted";
  } catch (const std::runtime_error& e) {
    EXPECT_NE(std::string{e.what()}.find("/nowhere/ca.pem"), std::string::npos);
  }
}

}  // namespace
