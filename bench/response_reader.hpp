#pragma once
// Reads HTTP/1.1 responses from bytes as they come in, in any pieces: just what a load generator needs to know of them.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace coreldove::bench {

class response_reader {
public:
  enum class progress {
    more,  // the response goes on; all input was taken
    done,  // a whole response is there; the input that follows it was left
    bad,   // not HTTP/1.1, or beyond the bounds; the connection is of no use any more
  };
  static constexpr std::size_t longest_head = 64 * 1024;
  static constexpr std::size_t longest_body = 64 * 1024 * 1024;

  /// Takes bytes off the front of `input`. After `done`, begins anew with the next call. Interim (1xx) responses are passed over.
  progress take(std::string_view& input);
  /// The peer has closed: completes a response that runs until then. `bad` in the middle of one; `more` when none had begun.
  progress close();

  // Of the last complete response, until the next call of take.
  int status() const { return status_; }
  bool keep_alive() const { return keep_alive_; }
  std::string_view body() const { return body_; }
  /// No byte of a response has come in since the last complete one.
  bool between() const { return (state_ == state::head && head_.empty()) || state_ == state::complete; }

private:
  enum class state { head, sized, until_close, chunk_size, chunk, chunk_end, trailers, complete, broken };

  void begin();
  bool take_head(std::string_view& input);
  bool read_head();
  bool read_field(std::string_view line);
  bool take_body(std::string_view& input);
  bool take_chunk_size(std::string_view& input);
  bool take_trailers(std::string_view& input);
  /// Collects up to and without the line's end into line_; true once it is whole.
  bool take_line(std::string_view& input);

  state state_ = state::head;
  std::string head_, line_, body_;
  int status_ = 0;
  bool keep_alive_ = true, chunked_ = false, has_length_ = false;
  std::uint64_t left_ = 0;  // bytes still to come of the body or of the chunk
};

}  // namespace coreldove::bench
