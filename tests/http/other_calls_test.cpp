// Routes, health, metrics, documents, TLS.
#include <gtest/gtest.h>
#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <simdjson.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <set>

#include "http/openapi.hpp"
#include "http/openapi/texts.hpp"
#include "http/routes.hpp"
#include "tests/http/running_server.hpp"

namespace coreldove::test {
namespace {

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

TEST(Routes, UnknownPathsAreNotFound) {
  running_server server;
  for (const std::string path :
       {"/", "/nothing", "/api", "/api/order-workflow", "/api/order-workflow/", "/api/order-workflowx/orders", "/orders", "/health/", "/health/none",
        "/api/order-workflow/orders/", "/api/order-workflow/orders//cancel", "/api/order-workflow/%6frders", "/../health"}) {
    const auto answer = server.get(path);
    EXPECT_EQ(answer.status, 404) << path;
    EXPECT_TRUE(has(answer.body, R"("type":"not-found")"));
    EXPECT_TRUE(has(answer.body, "\"instance\":\"" + path + "\""));
  }
}

TEST(Routes, WrongMethodsLearnTheRightOnes) {
  running_server server;
  const auto answer = server.send("DELETE", api + "/orders", "");
  EXPECT_EQ(answer.status, 405);
  EXPECT_EQ(answer.field("allow"), "POST, GET, HEAD, OPTIONS");
  EXPECT_TRUE(has(answer.body, R"("type":"method-not-allowed")"));
  EXPECT_EQ(server.get(api + "/orders/bulk").field("allow"), "POST, OPTIONS");
  EXPECT_EQ(server.send("POST", "/health", "").status, 405);
  EXPECT_EQ(ask(server.port(), "HEAD " + api + "/orders/bulk HTTP/1.1").status, 405);
}

TEST(Routes, OptionsNeedsNoCredentials) {
  running_server server;
  const auto answer = ask(server.port(), "OPTIONS " + api + "/inventory/A HTTP/1.1");
  EXPECT_EQ(answer.status, 204);
  EXPECT_EQ(answer.field("allow"), "GET, HEAD, PUT, OPTIONS");
  EXPECT_EQ(ask(server.port(), "OPTIONS /nothing HTTP/1.1").status, 404);
}

TEST(Health, ShowsEachComponent) {
  running_server server;
  const auto up = server.get("/health");
  EXPECT_EQ(up.status, 200);
  EXPECT_EQ(up.body, R"({"status":"up","ready":true,"version":"1.2.3","node":"test-node","components":{"store":{"state":"up","detail":""}}})");
  server.engine.components = {{"store", "up", ""}, {"stripe", "degraded", "slow"}};
  EXPECT_TRUE(has(server.get("/health").body, R"("status":"degraded")"));
  server.engine.components = {{"store", "down", "disk full"}};
  EXPECT_EQ(server.get("/health").status, 503);
  EXPECT_EQ(server.get("/health/live").status, 200);
}

TEST(Health, ReadinessFollowsTheEngine) {
  running_server server;
  EXPECT_EQ(server.get("/health/ready").status, 200);
  server.engine.is_ready = false;
  const auto answer = server.get("/health/ready");
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(answer.field("retry-after"), "2");
}

TEST(Metrics, CountByRouteMethodAndStatus) {
  running_server server;
  server.get(api + "/orders/" + known_order);
  server.get(api + "/orders/" + missing_order);
  server.get("/nothing");
  const auto text = server.get("/metrics").body;
  EXPECT_TRUE(has(text, R"(coreldove_http_requests_total{method="GET",route="/api/order-workflow/orders/{id}",status="200"} 1)")) << text;
  EXPECT_TRUE(has(text, R"(coreldove_http_requests_total{method="GET",route="/api/order-workflow/orders/{id}",status="404"} 1)"));
  EXPECT_TRUE(has(text, R"(coreldove_http_requests_total{method="GET",route="unmatched",status="404"} 1)"));
  EXPECT_TRUE(has(text, R"(coreldove_http_request_duration_seconds_count{method="GET",route="/api/order-workflow/orders/{id}"} 2)"));
  EXPECT_FALSE(has(text, known_order));
  EXPECT_TRUE(has(text, "coreldove_http_requests_in_flight 0"));
}

TEST(OpenApi, IsValidAndDescribesEveryRoute) {
  simdjson::dom::parser parser;
  const auto text = http::openapi_document("1.2.3", "X-API-Key");
  simdjson::dom::element doc;
  ASSERT_EQ(parser.parse(text).get(doc), simdjson::SUCCESS) << text.substr(0, 500);
  EXPECT_EQ(std::string_view(doc["openapi"]), "3.1.0");
  std::set<std::string_view> ids;
  for (const auto& row : http::routes()) {
    if (row.between_nodes) continue;
    std::string path{row.pattern};
    if (path.starts_with('~')) path.replace(0, 1, api);
    std::string verb{http::to_string(row.method)};
    for (auto& c : verb) c = static_cast<char>(c + 32);
    simdjson::dom::element operation;
    ASSERT_EQ(doc["paths"][path][verb].get(operation), simdjson::SUCCESS) << path;
    EXPECT_EQ(std::string_view(operation["operationId"]), row.operation);
    EXPECT_TRUE(ids.insert(row.operation).second) << row.operation;
    EXPECT_EQ(operation["requestBody"].error() == simdjson::SUCCESS, row.body != http::body_kind::none) << path;
  }
  EXPECT_EQ(http::operation_texts().size(), ids.size());
}

TEST(OpenApi, HasEverythingItRefersTo) {
  simdjson::dom::parser parser;
  const auto text = http::openapi_document("1.2.3", "X-API-Key");
  simdjson::dom::element doc;
  ASSERT_EQ(parser.parse(text).get(doc), simdjson::SUCCESS);
  const std::string mark = "\"$ref\":\"#";
  std::size_t n = 0;
  for (auto at = text.find(mark); at != std::string::npos; at = text.find(mark, at + 1), ++n) {
    const auto begin = at + mark.size();
    const auto pointer = text.substr(begin, text.find('"', begin) - begin);
    EXPECT_EQ(doc.at_pointer(pointer).error(), simdjson::SUCCESS) << pointer;
  }
  EXPECT_GT(n, 100U);
}

TEST(Docs, IsOnePageThatAllowsNothingFromElsewhere) {
  running_server server;
  const auto page = server.get("/docs");
  EXPECT_EQ(page.field("content-type"), "text/html; charset=utf-8");
  EXPECT_TRUE(has(page.field("content-security-policy"), "default-src 'none'"));
  EXPECT_TRUE(has(page.field("content-security-policy"), "script-src 'sha256-"));
  EXPECT_FALSE(has(page.body, "http://"));
  EXPECT_FALSE(has(page.body, "https://"));
}

TEST(PaymentPage, IsShownToWhoeverHasItsLink) {
  http::server_options options;
  options.payment_page = [](std::string_view sealed) {
    return sealed == "sealed" ? std::optional{http::payment_page{"<p>Pay</p>", "default-src 'none'"}} : std::nullopt;
  };
  running_server server{options};
  const auto page = server.get("/api/order-workflow/pay/sealed");
  EXPECT_EQ(page.status, 200);
  EXPECT_EQ(page.body, "<p>Pay</p>");
  EXPECT_EQ(page.field("content-type"), "text/html; charset=utf-8");
  EXPECT_EQ(page.field("content-security-policy"), "default-src 'none'");
  EXPECT_EQ(page.field("cache-control"), "no-store");
  EXPECT_EQ(page.field("referrer-policy"), "no-referrer");
  EXPECT_EQ(server.get("/api/order-workflow/pay/made-up").status, 404);
  EXPECT_EQ(running_server{}.get("/api/order-workflow/pay/sealed").status, 404) << "a server without gateways that want one";
}

struct certificate_files {
  std::filesystem::path directory = std::filesystem::temp_directory_path() / ("coreldove-http-" + std::to_string(::getpid()));
  std::string certificate = (directory / "certificate.pem").string(), key = (directory / "key.pem").string();

  certificate_files() {
    std::filesystem::create_directories(directory);
    EVP_PKEY* pair = EVP_EC_gen("P-256");
    X509* x = X509_new();
    ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
    X509_gmtime_adj(X509_getm_notBefore(x), -60);
    X509_gmtime_adj(X509_getm_notAfter(x), 3600);
    X509_set_pubkey(x, pair);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("localhost"), -1, -1, 0);
    X509_set_issuer_name(x, X509_get_subject_name(x));
    X509_sign(x, pair, EVP_sha256());
    write(certificate, [&](std::FILE* f) { PEM_write_X509(f, x); });
    write(key, [&](std::FILE* f) { PEM_write_PrivateKey(f, pair, nullptr, nullptr, 0, nullptr, nullptr); });
    X509_free(x);
    EVP_PKEY_free(pair);
  }
  ~certificate_files() { std::filesystem::remove_all(directory); }

  template <class F>
  static void write(const std::string& path, F f) {
    std::FILE* file = std::fopen(path.c_str(), "w");
    f(file);
    std::fclose(file);
  }
};

std::string ask_with_tls(std::uint16_t port, const std::string& request, int highest_version = 0) {
  SSL_CTX* context = SSL_CTX_new(TLS_client_method());
  if (highest_version != 0) SSL_CTX_set_max_proto_version(context, highest_version);
  BIO* connection = BIO_new_ssl_connect(context);
  BIO_set_conn_hostname(connection, ("127.0.0.1:" + std::to_string(port)).c_str());
  std::string out;
  if (BIO_do_handshake(connection) == 1 && BIO_write(connection, request.data(), static_cast<int>(request.size())) > 0) {
    char buffer[4096];
    for (int n = 0; (n = BIO_read(connection, buffer, sizeof buffer)) > 0;) out.append(buffer, static_cast<std::size_t>(n));
  }
  BIO_free_all(connection);
  SSL_CTX_free(context);
  return out;
}

TEST(Tls, IsSpokenOnTheSamePort) {
  const certificate_files files;
  http::server_options options;
  options.tls_cert_file = files.certificate;
  options.tls_key_file = files.key;
  running_server server{options};
  const auto answer = ask_with_tls(server.port(), "GET /health/live HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  EXPECT_TRUE(has(answer, "HTTP/1.1 200 OK")) << answer;
  EXPECT_TRUE(has(answer, "Strict-Transport-Security"));
  EXPECT_EQ(server.get(api + "/orders").status, 200);
  EXPECT_EQ(ask_with_tls(server.port(), "GET /health/live HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", TLS1_1_VERSION), "");
}

TEST(Tls, CanBeRequired) {
  const certificate_files files;
  http::server_options options;
  options.tls_cert_file = files.certificate;
  options.tls_key_file = files.key;
  options.require_https = true;
  running_server server{options};
  const auto plain = server.get(api + "/orders");
  EXPECT_EQ(plain.status, 403);
  EXPECT_TRUE(has(plain.body, R"("type":"https-required")"));
  EXPECT_EQ(server.get("/health").status, 200);
  EXPECT_TRUE(has(ask_with_tls(server.port(), "GET " + api + "/orders HTTP/1.1\r\nHost: a\r\nX-API-Key: dev-admin-key\r\nConnection: close\r\n\r\n"),
                  "HTTP/1.1 200 OK"));
}

TEST(Tls, OptionsThatCannotWorkAreRefusedAtTheStart) {
  const auto refused = [](http::server_options options) { EXPECT_THROW(running_server{options}, std::invalid_argument); };
  http::server_options required;
  required.require_https = true;
  refused(required);
  http::server_options half;
  half.tls_cert_file = "certificate.pem";
  refused(half);
  http::server_options missing;
  missing.tls_cert_file = missing.tls_key_file = "/nonexistent/file.pem";
  refused(missing);
}

TEST(Server, SaysWhyItCannotListen) {
  running_server first;
  fake_engine engine;
  runtime::metrics metrics;
  http::server_options options;
  options.port = first.port();
  http::server second{options, engine, metrics, {}, runtime::system_clock()};
  try {
    second.start();
    FAIL();
  } catch (const std::runtime_error& e) {
    EXPECT_TRUE(has(e.what(), "127.0.0.1:" + std::to_string(first.port()))) << e.what();
  }
}

}  // namespace
}  // namespace coreldove::test
