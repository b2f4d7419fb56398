#pragma once
// Reads HTTP/1.1 answers off a byte stream, one after another. Interim answers (1xx) are passed over; trailers are dropped.
#include <cstddef>
#include <memory>
#include <string_view>

#include "integrations/http/message.hpp"

namespace coreldove::integrations::http {

class response_reader {
public:
  static constexpr std::size_t header_bytes_max = 32 * 1024;

  explicit response_reader(std::size_t body_bytes_max);
  ~response_reader();
  response_reader(const response_reader&) = delete;
  response_reader& operator=(const response_reader&) = delete;

  /// Before each answer. `to_head`: the request was a HEAD, so no body follows whatever the header says.
  void start(bool to_head);

  enum class state { more, complete, malformed, too_large };
  /// How many of the bytes were used; the others are to be presented again, with more behind them.
  struct progress {
    std::size_t used = 0;
    state now = state::more;
  };
  progress feed(std::string_view bytes);
  /// The other side has closed: complete where the answer ends there by its own rules, else malformed.
  state end_of_stream();

  /// After `complete`.
  response take();
  /// The connection may carry another exchange.
  bool keep_alive() const;

private:
  class parser;
  std::unique_ptr<parser> parser_;
  std::size_t body_bytes_max_;
  bool to_head_ = false;
};

}  // namespace coreldove::integrations::http
