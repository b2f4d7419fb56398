#include "integrations/smtp/message.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <iterator>

#include "integrations/http/hmac.hpp"

namespace coreldove::integrations::smtp {

namespace {

constexpr std::size_t plain_subject_max = 60;  // beyond, it is folded into encoded words, which every reader joins again
constexpr std::size_t word_bytes_max = 45;     // base64 makes 60 of them; an encoded word has 75 at most
constexpr std::size_t line_max = 76;

bool is_printable_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](unsigned char c) { return c >= 0x20 && c < 0x7f; });
}

bool is_address(std::string_view a) {
  const auto at = a.rfind('@');
  return at != std::string_view::npos && at > 0 && at + 1 < a.size() && a.size() <= 254 && a.find_first_of(" \t<>,;:\"\\()[]") == std::string_view::npos;
}

bool has_line_break(std::string_view text) { return text.find_first_of(std::string_view{"\r\n\0", 3}) != std::string_view::npos; }

bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }

}  // namespace

std::string_view address_of(std::string_view mailbox) {
  const auto open = mailbox.rfind('<'), close = mailbox.rfind('>');
  return open != std::string_view::npos && close != std::string_view::npos && open < close ? mailbox.substr(open + 1, close - open - 1) : mailbox;
}

std::string_view objection(const mail& m) {
  for (const std::string_view header : {std::string_view{m.to}, std::string_view{m.subject}, std::string_view{m.message_id}, std::string_view{m.order_id}})
    if (has_line_break(header)) return "line_break_in_header";
  if (!is_printable_ascii(m.to) || !is_address(m.to)) return "bad_address";
  if (!is_printable_ascii(m.message_id) || !is_printable_ascii(m.order_id) || m.message_id.empty()) return "bad_header";
  return {};
}

std::string encode_subject(std::string_view subject) {
  if (is_printable_ascii(subject) && subject.size() <= plain_subject_max && subject.find("=?") == std::string_view::npos) return std::string{subject};
  std::string out;
  while (!subject.empty()) {
    auto end = std::min(word_bytes_max, subject.size());
    while (end < subject.size() && end > 1 && is_continuation(subject[end])) --end;  // each word is whole characters
    out.append(out.empty() ? "" : "\r\n ").append("=?UTF-8?B?").append(http::to_base64(subject.substr(0, end))).append("?=");
    subject.remove_prefix(end);
  }
  return out;
}

std::string encode_quoted_printable(std::string_view text) {
  std::string out;
  out.reserve(text.size() + text.size() / 8);
  std::size_t column = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\n' || (c == '\r' && i + 1 < text.size() && text[i + 1] == '\n')) {
      if (c == '\r') ++i;
      out.append("\r\n");
      column = 0;
      continue;
    }
    const bool line_ends_next = i + 1 == text.size() || text[i + 1] == '\n' || text[i + 1] == '\r';
    const bool plain = ((c > ' ' && c < 0x7f && c != '=') || (c == ' ' && !line_ends_next));  // a blank at a line's end gets lost on the way
    const std::size_t width = plain ? 1 : 3;
    if (column + width > line_max - 1) {
      out.append("=\r\n");
      column = 0;
    }
    if (plain) {
      out.push_back(c);
    } else {
      fmt::format_to(std::back_inserter(out), "={:02X}", static_cast<unsigned char>(c));
    }
    column += width;
  }
  return out;
}

std::string write_message(const mail& m, std::string_view from, domain::time_point now) {
  std::string out;
  fmt::format_to(std::back_inserter(out), "Date: {:%a, %d %b %Y %H:%M:%S} +0000\r\n", fmt::gmtime(std::chrono::system_clock::to_time_t(now)));
  fmt::format_to(std::back_inserter(out), "From: {}\r\nTo: {}\r\nSubject: {}\r\nMessage-ID: {}\r\n", from, m.to, encode_subject(m.subject), m.message_id);
  if (!m.order_id.empty()) fmt::format_to(std::back_inserter(out), "X-Order-Id: {}\r\n", m.order_id);
  out.append(
      "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\nAuto-Submitted: auto-generated\r\n\r\n");
  out.append(encode_quoted_printable(m.text));
  if (!out.ends_with("\r\n")) out.append("\r\n");
  return out;
}

}  // namespace coreldove::integrations::smtp
