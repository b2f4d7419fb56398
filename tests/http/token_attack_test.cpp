// Tokens that somebody has thought about.
#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>

#include "http/auth.hpp"
#include "tests/http/running_server.hpp"

namespace coreldove::test {
namespace {

constexpr std::int64_t now_s = 1'800'000'000;
const domain::time_point now{std::chrono::seconds{now_s}};

std::string base64url(std::string_view bytes) {
  std::string out(4 * ((bytes.size() + 2) / 3) + 1, '\0');
  out.resize(static_cast<std::size_t>(
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()), reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()))));
  for (auto& c : out) c = c == '+' ? '-' : c == '/' ? '_' : c;
  while (!out.empty() && out.back() == '=') out.pop_back();
  return out;
}

std::string signed_token(const std::string& header, const std::string& claims, const EVP_MD* hash = EVP_sha256()) {
  const auto text = base64url(header) + "." + base64url(claims);
  std::array<unsigned char, EVP_MAX_MD_SIZE> mac{};
  unsigned size = 0;
  HMAC(hash, jwt_secret.data(), static_cast<int>(jwt_secret.size()), reinterpret_cast<const unsigned char*>(text.data()), text.size(), mac.data(), &size);
  return text + "." + base64url({reinterpret_cast<const char*>(mac.data()), size});
}

const std::string plain_header = R"({"alg":"HS256","typ":"JWT"})";

std::string claims_with(const std::string& from = {}, const std::string& to = {}) {
  std::string out = R"({"iss":"coreldove","aud":"coreldove-api","sub":"mia","role":"manager","iat":1800000000,"exp":1800000600})";
  if (!from.empty()) out.replace(out.find(from), from.size(), to);
  return out;
}

bool accepted(const std::string& token) { return http::verify_token(jwt_secret, token, now).has_value(); }

TEST(TokenAttack, TheHonestOneIsTaken) {
  EXPECT_TRUE(accepted(signed_token(plain_header, claims_with())));
  EXPECT_TRUE(accepted(signed_token(R"({"alg":"HS256"})", claims_with())));
  EXPECT_TRUE(accepted(signed_token(plain_header, claims_with("\"coreldove-api\"", R"(["other","coreldove-api"])"))));
  EXPECT_TRUE(accepted(signed_token(plain_header, claims_with("1800000600", "1800000600.5"))));
  EXPECT_TRUE(accepted(signed_token(plain_header, claims_with("\"iat\"", "\"nbf\":1800000030,\"iat\""))));
}

TEST(TokenAttack, AlgorithmsAreNotTheTokensToChoose) {
  for (const std::string alg : {"\"none\"", "\"None\"", "\"hs256\"", "\"HS384\"", "\"RS256\"", "\"\"", "null", "7", "[\"HS256\"]"})
    EXPECT_FALSE(accepted(signed_token("{\"alg\":" + alg + ",\"typ\":\"JWT\"}", claims_with()))) << alg;
  EXPECT_FALSE(accepted(signed_token(R"({"alg":"HS512","typ":"JWT"})", claims_with(), EVP_sha512())));
  EXPECT_FALSE(accepted(base64url(R"({"alg":"none"})") + "." + base64url(claims_with()) + "."));
  EXPECT_FALSE(accepted(signed_token(R"({"typ":"JWT"})", claims_with())));
}

TEST(TokenAttack, KeysAreNotTheTokensToBring) {
  for (const std::string extra : {R"("jku":"http://a")", R"("jwk":{})", R"("x5u":"http://a")", R"("x5c":[])", R"("crit":["exp"])"})
    EXPECT_FALSE(accepted(signed_token("{\"alg\":\"HS256\"," + extra + "}", claims_with()))) << extra;
  EXPECT_FALSE(accepted(signed_token(R"({"alg":"HS256","typ":"other"})", claims_with())));
}

TEST(TokenAttack, EveryClaimMustBeThereAndRight) {
  const std::vector<std::pair<std::string, std::string>> changes{
      {"\"iss\":\"coreldove\",", ""},
      {"\"iss\":\"coreldove\"", "\"iss\":\"someone\""},
      {"\"iss\":\"coreldove\"", "\"iss\":[\"coreldove\"]"},
      {"\"aud\":\"coreldove-api\",", ""},
      {"\"aud\":\"coreldove-api\"", "\"aud\":\"other\""},
      {"\"aud\":\"coreldove-api\"", "\"aud\":[]"},
      {"\"sub\":\"mia\",", ""},
      {"\"sub\":\"mia\"", "\"sub\":\"\""},
      {"\"sub\":\"mia\"", "\"sub\":\"a b\""},
      {"\"sub\":\"mia\"", "\"sub\":7"},
      {"\"role\":\"manager\",", ""},
      {"\"role\":\"manager\"", "\"role\":\"root\""},
      {"\"role\":\"manager\"", "\"role\":[\"admin\"]"},
      {"\"iat\":1800000000,", ""},
      {"\"iat\":1800000000", "\"iat\":1800000031"},
      {"\"iat\":1800000000", "\"iat\":\"1800000000\""},
      {",\"exp\":1800000600", ""},
      {"\"exp\":1800000600", "\"exp\":1799999970"},
      {"\"exp\":1800000600", "\"exp\":\"1800000600\""},
      {"\"exp\":1800000600", "\"exp\":-1"},
      {"\"exp\":1800000600", "\"exp\":1e300"},
      {"\"exp\":1800000600", "\"exp\":null"},
      {"\"iat\"", "\"nbf\":1800000031,\"iat\""},
      {"\"iat\"", "\"nbf\":\"soon\",\"iat\""},
  };
  for (const auto& [from, to] : changes) EXPECT_FALSE(accepted(signed_token(plain_header, claims_with(from, to)))) << from << " -> " << to;
}

TEST(TokenAttack, FormsThatAreNoTokensAreRefusedWithoutHarm) {
  const auto honest = signed_token(plain_header, claims_with());
  const auto last_dot = honest.rfind('.');
  std::vector<std::string> forms{"",
                                 ".",
                                 "..",
                                 "...",
                                 "a",
                                 "a.b",
                                 "a.b.c.d",
                                 honest + ".",
                                 "." + honest,
                                 honest + "=",
                                 honest.substr(0, last_dot),
                                 honest.substr(0, last_dot + 1),
                                 honest.substr(0, honest.size() - 1),
                                 honest + "A",
                                 "\xFF\xFE.\x80.\x81",
                                 std::string(15'000, 'a'),
                                 "e30.e30.e30",
                                 honest + " "};
  auto flipped = honest;
  flipped[honest.find('.') + 3] = flipped[honest.find('.') + 3] == 'a' ? 'b' : 'a';
  forms.push_back(flipped);
  forms.push_back(signed_token("[]", claims_with()));
  forms.push_back(signed_token("\"HS256\"", claims_with()));
  forms.push_back(signed_token(plain_header, "[]"));
  forms.push_back(signed_token(plain_header, "not json"));
  for (const std::size_t depth : {1400U, 5000U})
    forms.push_back(signed_token(plain_header, "{\"a\":" + std::string(depth, '[') + std::string(depth, ']') + "}"));
  for (const auto& form : forms) EXPECT_FALSE(accepted(form)) << form.substr(0, 60);
}

}  // namespace
}  // namespace coreldove::test
