#pragma once
// Decides whether a request's header is one that everybody on the way reads alike. Whatever RFC 9110 and 9112 leave to taste, and request smuggling
// lives on, is refused: the answer is an error and the connection ends. Two looks at it: at the raw bytes, for what a parser smooths over (folded
// lines, stray CR, LF and NUL, the request line), and at the parsed fields, for what they say together.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/problem.hpp"
#include "http/request.hpp"

namespace coreldove::http {

struct refusal {
  problem_kind kind;
  std::string_view detail;  // static text: nothing of the request is repeated
};

inline constexpr std::size_t target_bytes_max = 4096;
inline constexpr std::size_t fields_max = 100;
inline constexpr std::size_t chunk_extension_bytes_max = 256;

struct request_line {
  http::method method = method::get;
  std::string_view target;
  int version = 11;
};

/// `block` is the whole header with the empty line at its end.
std::variant<request_line, refusal> check_raw_header(std::string_view block);

struct framing {
  bool chunked = false;
  std::optional<std::uint64_t> content_length;
  bool expects_continue = false;
  bool close = false;  // no further request on this connection
};

/// `key_field` is the name of the field that carries API keys.
std::variant<framing, refusal> check_fields(int version, const std::vector<header_field>& fields, std::string_view key_field);

/// What stands between a chunk's size and the end of its line.
bool chunk_extension_is_fine(std::string_view extension);

}  // namespace coreldove::http
