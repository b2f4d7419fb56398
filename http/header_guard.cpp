#include "http/header_guard.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace coreldove::http {
namespace {

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool is_alpha(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
constexpr bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

constexpr std::array<bool, 256> table_of(std::string_view others) {
  std::array<bool, 256> t{};
  for (unsigned c = 0; c < 256; ++c) {
    const auto ch = static_cast<char>(c);
    t[c] = c < 128 && (is_digit(ch) || is_alpha(ch) || others.find(ch) != std::string_view::npos);
  }
  return t;
}
constexpr auto token_chars = table_of("!#$%&'*+-.^_`|~");        // RFC 9110, 5.6.2
constexpr auto target_chars = table_of("-._~!$&'()*+,;=:@/?%");  // RFC 3986, path and query; "%" is looked at on its own
constexpr auto host_chars = table_of("-._");

bool all_of(std::string_view s, const std::array<bool, 256>& table) {
  return std::all_of(s.begin(), s.end(), [&](char c) { return table[static_cast<unsigned char>(c)]; });
}

bool is_target(std::string_view t) {
  if (t.empty() || t.front() != '/' || !all_of(t, target_chars)) return false;
  for (auto at = t.find('%'); at != std::string_view::npos; at = t.find('%', at + 3))
    if (at + 2 >= t.size() || !is_hex(t[at + 1]) || !is_hex(t[at + 2]) || t.substr(at + 1, 2) == "00") return false;
  return true;
}

/// Line ends are CR LF, in pairs only; no NUL; no line is a continuation of the one before.
bool lines_are_clean(std::string_view block) {
  if (block.find('\0') != std::string_view::npos) return false;
  std::size_t pairs = 0;
  for (auto at = block.find('\n'); at != std::string_view::npos; at = block.find('\n', at + 1), ++pairs) {
    if (at == 0 || block[at - 1] != '\r') return false;
    if (at + 1 < block.size() && (block[at + 1] == ' ' || block[at + 1] == '\t')) return false;
  }
  return static_cast<std::size_t>(std::count(block.begin(), block.end(), '\r')) == pairs;
}

bool is_host(std::string_view value) {
  auto host = value;
  std::string_view port;
  if (!host.empty() && host.front() == '[') {
    const auto end = host.find(']');
    if (end == std::string_view::npos || end < 3) return false;
    const auto inside = host.substr(1, end - 1);
    if (!std::all_of(inside.begin(), inside.end(), [](char c) { return is_hex(c) || c == ':' || c == '.'; })) return false;
    port = host.substr(end + 1);
  } else {
    const auto colon = std::min(host.find(':'), host.size());
    port = host.substr(colon);
    host = host.substr(0, colon);
    if (host.empty() || !all_of(host, host_chars)) return false;
  }
  if (port.empty()) return true;
  port.remove_prefix(1);
  return value[value.size() - port.size() - 1] == ':' && port.size() <= 5 && std::all_of(port.begin(), port.end(), is_digit);
}

refusal malformed(std::string_view detail) { return {problems::malformed_request, detail}; }

}  // namespace

std::variant<request_line, refusal> check_raw_header(std::string_view block) {
  if (!lines_are_clean(block)) return malformed("The header's lines must end in CR LF, must not be folded and must not hold CR, LF or NUL.");
  const auto line = block.substr(0, block.find('\r'));
  const auto first = line.find(' ');
  const auto last = line.rfind(' ');
  if (first == std::string_view::npos || first == last) return malformed("The request line needs a method, a target and a version.");
  const auto method_name = line.substr(0, first);
  const auto target = line.substr(first + 1, last - first - 1);
  const auto version = line.substr(last + 1);
  if (method_name.empty() || !all_of(method_name, token_chars)) return malformed("The method is not a token.");
  if (version.size() != 8 || !version.starts_with("HTTP/") || !is_digit(version[5]) || version[6] != '.' || !is_digit(version[7]))
    return malformed("The version does not look like HTTP/1.1.");
  if (version != "HTTP/1.1" && version != "HTTP/1.0") return refusal{problems::version_not_supported, "Only HTTP/1.0 and HTTP/1.1 are spoken here."};
  const auto m = method_from(method_name);
  if (!m) return refusal{problems::not_implemented, "The method is not implemented."};
  if (target.size() > target_bytes_max) return refusal{problems::uri_too_long, "The request target is longer than 4096 bytes."};
  if (!is_target(target)) return malformed("The request target must be a path, with an optional query, of characters that RFC 3986 allows there.");
  return request_line{*m, target, version == "HTTP/1.1" ? 11 : 10};
}

std::variant<framing, refusal> check_fields(int version, const std::vector<header_field>& fields, std::string_view key_field) {
  if (fields.size() > fields_max) return refusal{problems::headers_too_large, "More than 100 header fields."};
  enum once : std::size_t { host, length, encoding, authorization, api_key, idempotency, content_type, expect, once_count };
  const std::array<std::string_view, once_count> names{"Host",    "Content-Length",  "Transfer-Encoding", "Authorization",
                                                       key_field, "Idempotency-Key", "Content-Type",      "Expect"};
  std::array<const header_field*, once_count> found{};
  framing out;
  bool keep_alive = false;
  for (const auto& f : fields) {
    for (std::size_t i = 0; i < once_count; ++i) {
      if (!equal_ignoring_case(f.name, names[i])) continue;
      if (found[i] != nullptr) return malformed("A header field that may come once came twice.");
      found[i] = &f;
      break;
    }
    if (!equal_ignoring_case(f.name, "Connection")) continue;
    for (auto rest = f.value; !rest.empty();) {
      const auto comma = std::min(rest.find(','), rest.size());
      auto item = rest.substr(0, comma);
      rest.remove_prefix(std::min(comma + 1, rest.size()));
      while (!item.empty() && (item.front() == ' ' || item.front() == '\t')) item.remove_prefix(1);
      while (!item.empty() && (item.back() == ' ' || item.back() == '\t')) item.remove_suffix(1);
      out.close = out.close || equal_ignoring_case(item, "close");
      keep_alive = keep_alive || equal_ignoring_case(item, "keep-alive");
    }
  }
  if (version == 10 && !keep_alive) out.close = true;
  if (found[host] == nullptr ? version == 11 : !is_host(found[host]->value)) return malformed("HTTP/1.1 needs exactly one valid Host field.");
  if (found[encoding] != nullptr) {
    if (version == 10) return malformed("HTTP/1.0 has no Transfer-Encoding.");
    if (found[length] != nullptr) return malformed("Transfer-Encoding and Content-Length exclude each other.");
    if (!equal_ignoring_case(found[encoding]->value, "chunked")) return malformed("The only transfer coding understood here is chunked.");
    out.chunked = true;
  }
  if (found[length] != nullptr) {
    const auto v = found[length]->value;
    std::uint64_t n = 0;
    const auto [end, error] = std::from_chars(v.data(), v.data() + v.size(), n);
    if (v.empty() || v.size() > 19 || error != std::errc{} || end != v.data() + v.size()) return malformed("Content-Length must be a number.");
    out.content_length = n;
  }
  if (found[expect] != nullptr) {
    if (!equal_ignoring_case(found[expect]->value, "100-continue")) return refusal{problems::expectation_failed, "Only 100-continue may be expected."};
    out.expects_continue = version == 11;
  }
  return out;
}

bool chunk_extension_is_fine(std::string_view extension) {
  if (extension.empty()) return true;
  return extension.size() <= chunk_extension_bytes_max && extension.front() == ';' &&
         std::all_of(extension.begin(), extension.end(), [](char c) { return c == '\t' || (c >= ' ' && c < 0x7F); });
}

}  // namespace coreldove::http
