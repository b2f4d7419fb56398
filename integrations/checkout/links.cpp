#include "integrations/checkout/links.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>

#include "integrations/http/hmac.hpp"

namespace coreldove::integrations::checkout {

namespace {

constexpr std::size_t nonce_bytes = 12, tag_bytes = 16;
constexpr std::string_view goodbye = "back";  // never a sealed form: those are longer
constexpr std::string_view send_form = "document.forms[0].submit()";

using cipher = std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)>;

const unsigned char* bytes_of(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }
unsigned char* bytes_of(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

/// Nonce, ciphertext, tag.
std::string seal(std::string_view key, std::string_view nonce, std::string_view text) {
  const cipher c{EVP_CIPHER_CTX_new(), EVP_CIPHER_CTX_free};
  std::string secret(text.size(), '\0'), tag(tag_bytes, '\0');
  int size = 0;
  const bool ok = c != nullptr && EVP_EncryptInit_ex(c.get(), EVP_aes_256_gcm(), nullptr, bytes_of(key), bytes_of(nonce)) == 1 &&
                  EVP_EncryptUpdate(c.get(), bytes_of(secret), &size, bytes_of(text), static_cast<int>(text.size())) == 1 &&
                  EVP_EncryptFinal_ex(c.get(), bytes_of(secret) + size, &size) == 1 &&
                  EVP_CIPHER_CTX_ctrl(c.get(), EVP_CTRL_GCM_GET_TAG, static_cast<int>(tag_bytes), tag.data()) == 1;
  return ok ? std::string{nonce} + secret + tag : std::string{};
}

std::optional<std::string> unseal(std::string_view key, std::string_view sealed) {
  if (sealed.size() < nonce_bytes + tag_bytes) return std::nullopt;
  const auto nonce = sealed.substr(0, nonce_bytes), secret = sealed.substr(nonce_bytes, sealed.size() - nonce_bytes - tag_bytes);
  std::string tag{sealed.substr(sealed.size() - tag_bytes)}, text(secret.size(), '\0');
  const cipher c{EVP_CIPHER_CTX_new(), EVP_CIPHER_CTX_free};
  int size = 0;
  const bool ok = c != nullptr && EVP_DecryptInit_ex(c.get(), EVP_aes_256_gcm(), nullptr, bytes_of(key), bytes_of(nonce)) == 1 &&
                  EVP_DecryptUpdate(c.get(), bytes_of(text), &size, bytes_of(secret), static_cast<int>(secret.size())) == 1 &&
                  EVP_CIPHER_CTX_ctrl(c.get(), EVP_CTRL_GCM_SET_TAG, static_cast<int>(tag_bytes), tag.data()) == 1 &&
                  EVP_DecryptFinal_ex(c.get(), bytes_of(text) + size, &size) == 1;
  return ok ? std::optional{std::move(text)} : std::nullopt;
}

/// RFC 4648 base64url, not padded.
std::string to_url_text(std::string_view bytes) {
  auto out = http::to_base64(bytes);
  while (out.ends_with('=')) out.pop_back();
  std::replace(out.begin(), out.end(), '+', '-');
  std::replace(out.begin(), out.end(), '/', '_');
  return out;
}

std::optional<std::string> from_url_text(std::string_view text) {
  std::string padded{text};
  std::replace(padded.begin(), padded.end(), '-', '+');
  std::replace(padded.begin(), padded.end(), '_', '/');
  const auto padding = (4 - padded.size() % 4) % 4;
  padded.append(padding, '=');
  std::string out(padded.size() / 4 * 3, '\0');
  if (padding == 3 || EVP_DecodeBlock(bytes_of(out), bytes_of(padded), static_cast<int>(padded.size())) < 0) return std::nullopt;
  out.resize(out.size() - padding);
  return out;
}

void append_escaped(std::string& out, std::string_view text) {
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out.push_back(c);
    }
  }
}

page render(const posted_form& form) {
  page out;
  out.html = R"(<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Payment</title></head><body><form method="post" action=")";
  append_escaped(out.html, form.action);
  out.html += "\">";
  for (const auto& [name, value] : form.fields) {
    out.html += R"(<input type="hidden" name=")";
    append_escaped(out.html, name);
    out.html += R"(" value=")";
    append_escaped(out.html, value);
    out.html += "\">";
  }
  out.html += "<p>You are being taken to the payment page.</p><button type=\"submit\">Continue</button></form><script>";
  out.html.append(send_form).append("</script></body></html>\n");
  out.content_security_policy =
      "default-src 'none'; base-uri 'none'; frame-ancestors 'none'; script-src 'sha256-" + http::to_base64(http::sha256(send_form)) + "'";
  return out;
}

}  // namespace

links::links(std::string_view secret)
    : encryption_key_{http::hmac_sha256(secret, "checkout link: encryption")}, nonce_key_{http::hmac_sha256(secret, "checkout link: nonce")} {}

void links::set_base(std::string base) {
  while (base.ends_with('/')) base.pop_back();
  const std::lock_guard lock(mutex_);
  base_ = std::move(base);
}

std::string links::link(const posted_form& form) const {
  std::string out;
  {
    const std::lock_guard lock(mutex_);
    if (base_.empty()) return {};
    out = base_;
  }
  const auto text = nlohmann::json{{"action", form.action}, {"fields", form.fields}}.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  // A nonce made from the text repeats only where the text does, and makes equal links of equal forms.
  const auto nonce = http::hmac_sha256(nonce_key_, text).substr(0, nonce_bytes);
  return out + '/' + to_url_text(seal(encryption_key_, nonce, text));
}

std::string links::back() const {
  const std::lock_guard lock(mutex_);
  return base_.empty() ? std::string{} : base_ + '/' + std::string{goodbye};
}

std::optional<page> links::open(std::string_view sealed) const {
  if (sealed == goodbye)
    return page{R"(<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Payment</title></head><body><p>Thank you. You can close this page.</p>)"
                "</body></html>\n",
                "default-src 'none'; base-uri 'none'; frame-ancestors 'none'"};
  const auto bytes = from_url_text(sealed);
  const auto text = bytes ? unseal(encryption_key_, *bytes) : std::nullopt;
  if (!text) return std::nullopt;
  const auto form = nlohmann::json::parse(*text);
  return render({form.at("action").get<std::string>(), form.at("fields").get<std::vector<std::pair<std::string, std::string>>>()});
}

}  // namespace coreldove::integrations::checkout
