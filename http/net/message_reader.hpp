#pragma once
// Beast's parser for one request after the other on a connection: it says where fields, chunks and bodies begin and end; which of them are let through
// is the header guard's business. No Beast in here.
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/header_guard.hpp"

namespace coreldove::http::net {

class message_reader {
public:
  message_reader();
  ~message_reader();
  message_reader(const message_reader&) = delete;
  message_reader& operator=(const message_reader&) = delete;

  /// Begins a request with its whole header; the views in `fields` point into `header`.
  std::optional<refusal> start(std::string_view header, std::vector<header_field>& fields);

  enum class keep : std::uint8_t { body, nothing };
  /// What to do with the body, and how long it may be. With `pass_on` its pieces go there instead.
  void expect_body(keep what, std::uint64_t bytes_max, std::function<void(std::string_view)> pass_on = {});

  enum class state : std::uint8_t { more, complete, refused };
  struct progress {
    std::size_t consumed = 0;
    message_reader::state state = message_reader::state::more;
    std::optional<refusal> why;
  };
  /// Takes bytes of the body; what was not consumed comes again with what follows.
  progress feed(std::string_view bytes);

  /// The body is over, or there is none.
  bool complete() const;
  std::uint64_t body_bytes() const;
  /// The body, with padding for the JSON parser behind it.
  std::string_view body();
  /// Frees the room of a large body.
  void reset();

private:
  struct parser;
  std::unique_ptr<parser> parser_;
};

}  // namespace coreldove::http::net
