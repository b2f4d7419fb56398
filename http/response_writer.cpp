#include "http/response_writer.hpp"

#include <fmt/format.h>

#include <chrono>
#include <ctime>
#include <iterator>

namespace coreldove::http {
namespace {

std::string_view reason(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 202:
      return "Accepted";
    case 204:
      return "No Content";
    case 304:
      return "Not Modified";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 412:
      return "Precondition Failed";
    case 413:
      return "Content Too Large";
    case 414:
      return "URI Too Long";
    case 415:
      return "Unsupported Media Type";
    case 417:
      return "Expectation Failed";
    case 422:
      return "Unprocessable Content";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    case 505:
      return "HTTP Version Not Supported";
    default:
      return "Status";
  }
}

/// The Date field's value, made once a second.
std::string_view http_date() {
  thread_local std::time_t made_at = -1;
  thread_local std::string text;
  const auto now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  if (now == made_at) return text;
  static constexpr std::string_view days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr std::string_view months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  std::tm t{};
  gmtime_r(&now, &t);
  text = fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT", days[t.tm_wday], t.tm_mday, months[t.tm_mon], t.tm_year + 1900, t.tm_hour, t.tm_min, t.tm_sec);
  made_at = now;
  return text;
}

constexpr std::size_t head_bytes_about = 512;

}  // namespace

void append_response(std::string& out, const response& r, const framing_of_answer& how) {
  out.reserve(out.size() + head_bytes_about + r.headers.size() + r.body.size());
  const auto to = std::back_inserter(out);
  fmt::format_to(to, "HTTP/1.1 {} {}\r\nDate: {}\r\n", r.status, reason(r.status), http_date());
  const bool bodiless = r.status == 204 || r.status == 304;
  if (r.stream) {
    out.append("Content-Type: ").append(r.content_type).append("\r\n");
    if (how.version == 11) out.append("Transfer-Encoding: chunked\r\n");
  } else if (!bodiless) {
    if (!r.body.empty()) out.append("Content-Type: ").append(r.content_type).append("\r\n");
    fmt::format_to(to, "Content-Length: {}\r\n", r.body.size());
  }
  if (how.close)
    out.append("Connection: close\r\n");
  else if (how.version == 10)
    out.append("Connection: keep-alive\r\n");
  out.append("Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nX-Frame-Options: DENY\r\nReferrer-Policy: no-referrer\r\n");
  if (how.tls) out.append("Strict-Transport-Security: max-age=31536000\r\n");
  if (!how.trace_id.empty()) out.append("Trace-Id: ").append(how.trace_id).append("\r\n");
  out.append(r.headers).append(how.more_fields).append("\r\n");
  if (!how.head_only && !bodiless && !r.stream) out.append(r.body);
}

void append_chunk(std::string& out, std::string_view piece, int version) {
  if (version == 10)
    out.append(piece);
  else if (piece.empty())
    out.append("0\r\n\r\n");
  else {
    fmt::format_to(std::back_inserter(out), "{:x}\r\n", piece.size());
    out.append(piece).append("\r\n");
  }
}

}  // namespace coreldove::http
