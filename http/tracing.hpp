#pragma once
// W3C Trace Context: the caller's trace goes on here, or a new one begins.
#include <string>
#include <string_view>

namespace coreldove::http {

/// The trace id of a valid `traceparent`, else a new random one; 32 lower-case hex digits.
std::string trace_id_from(std::string_view traceparent);

}  // namespace coreldove::http
