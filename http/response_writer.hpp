#pragma once
// From a response to its bytes. Every answer carries the same security fields, its trace id, and no word about the server's make.
#include <string>
#include <string_view>

#include "http/response.hpp"

namespace coreldove::http {

struct framing_of_answer {
  int version = 11;  // the request's
  bool close = false;
  bool head_only = false;  // the answer to HEAD
  bool tls = false;
  std::string_view trace_id = {};
  std::string_view more_fields = {};  // complete lines
};

/// Appends the whole response, or for a stream its head alone.
void append_response(std::string& out, const response& r, const framing_of_answer& how);
/// Appends a piece of a stream, framed as a chunk for HTTP/1.1; an empty one is the end.
void append_chunk(std::string& out, std::string_view piece, int version);

}  // namespace coreldove::http
