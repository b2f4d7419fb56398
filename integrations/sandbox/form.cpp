#include "integrations/sandbox/form.hpp"

#include <simdjson.h>

#include "integrations/sandbox/signing.hpp"

namespace coreldove::integrations::world {

namespace {

int nibble(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// Decodes to `out`, which has room for in.size() characters, and moves it behind the last one.
bool decode(std::string_view in, char*& out) {
  for (std::size_t i = 0; i < in.size(); ++i) {
    if (in[i] == '+') {
      *out++ = ' ';
    } else if (in[i] != '%') {
      *out++ = in[i];
    } else {
      if (i + 2 >= in.size()) return false;
      const int high = nibble(in[i + 1]), low = nibble(in[i + 2]);
      if (high < 0 || low < 0) return false;
      *out++ = static_cast<char>(high * 16 + low);
      i += 2;
    }
  }
  return true;
}

}  // namespace

bool form::read(std::string_view encoded) {
  text_.resize(encoded.size());  // decoding only shrinks
  char* out = text_.data();
  fields_.clear();
  while (!encoded.empty()) {
    const auto end = encoded.find('&');
    const auto pair = encoded.substr(0, end);
    encoded = end == std::string_view::npos ? std::string_view{} : encoded.substr(end + 1);
    if (pair.empty()) continue;
    const auto equals = pair.find('=');
    const char* const key = out;
    if (!decode(pair.substr(0, equals), out)) return false;
    const char* const value = out;
    if (equals != std::string_view::npos && !decode(pair.substr(equals + 1), out)) return false;
    fields_.push_back({{key, static_cast<std::size_t>(value - key)}, {value, static_cast<std::size_t>(out - value)}});
  }
  return simdjson::validate_utf8(text_.data(), static_cast<std::size_t>(out - text_.data()));
}

std::optional<std::string_view> form::find(std::string_view key) const {
  for (auto f = fields_.rbegin(); f != fields_.rend(); ++f)
    if (f->key == key) return f->value;
  return std::nullopt;
}

std::uint64_t form::fingerprint() const {
  std::uint64_t sum = 0;
  for (const auto& f : fields_) sum += digest(f.value, digest(f.key) ^ 0x9e3779b97f4a7c15ULL);
  return sum;
}

std::optional<std::string_view> child_of(std::string_view key, std::string_view parent) {
  if (key.size() < parent.size() + 3 || !key.starts_with(parent) || key[parent.size()] != '[' || !key.ends_with(']')) return std::nullopt;
  return key.substr(parent.size() + 1, key.size() - parent.size() - 2);
}

}  // namespace coreldove::integrations::world
