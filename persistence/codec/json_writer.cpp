#include "persistence/codec/json_writer.hpp"

#include <simdjson.h>

#include <algorithm>
#include <array>

#include "persistence/codec/event_codec.hpp"

namespace coreldove::persistence {
namespace {

/// 0: as it is; 'u': \u00XX; anything else: the letter after the backslash.
constexpr std::array<char, 128> make_escapes() {
  std::array<char, 128> table{};
  for (std::size_t c = 0; c < 32; ++c) table[c] = 'u';
  table['\b'] = 'b', table['\f'] = 'f', table['\n'] = 'n', table['\r'] = 'r', table['\t'] = 't';
  table['"'] = '"', table['\\'] = '\\';
  return table;
}
constexpr auto escapes = make_escapes();

void write_escape(unsigned char c, std::string& out) {
  constexpr std::string_view hex = "0123456789abcdef";
  out += '\\';
  out += escapes[c];
  if (escapes[c] == 'u') {
    out += "00";
    out += hex[c >> 4];
    out += hex[c & 15];
  }
}

/// The length of the well-formed UTF-8 sequence at the start of `s`, or 0.
std::size_t sequence_length(std::string_view s) {
  const auto lead = static_cast<unsigned char>(s[0]);
  const std::size_t n = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  return lead >= 0xC2 && n <= s.size() && simdjson::validate_utf8(s.data(), n) ? n : 0;
}

/// One bad byte from some vendor must not make a stored event unreadable for ever: it becomes U+FFFD.
std::string mended(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    if (static_cast<unsigned char>(text[0]) < 0x80) {
      out += text[0];
      text.remove_prefix(1);
    } else if (const auto n = sequence_length(text); n > 0) {
      out += text.substr(0, n);
      text.remove_prefix(n);
    } else {
      out += "\xEF\xBF\xBD";
      text.remove_prefix(1);
    }
  }
  return out;
}

void write_digits(unsigned value, int width, std::string& out) {
  char digits[10];
  for (int i = width; i-- > 0; value /= 10) digits[i] = static_cast<char>('0' + value % 10);
  out.append(digits, static_cast<std::size_t>(width));
}

}  // namespace

void write_json_string(std::string_view text, std::string& out) {
  const auto high = std::find_if(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) >= 0x80; });
  if (high != text.end() && !simdjson::validate_utf8(text.data(), text.size())) return write_json_string(mended(text), out);
  out += '"';
  std::size_t start = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c >= 0x80 || escapes[c] == 0) continue;
    out.append(text, start, i - start);
    write_escape(c, out);
    start = i + 1;
  }
  out.append(text, start);
  out += '"';
}

void write_time(domain::time_point t, std::string& out) {
  const auto day = std::chrono::floor<std::chrono::days>(t);
  const std::chrono::year_month_day date{day};
  const auto ms = static_cast<unsigned>((t - day).count());
  write_digits(static_cast<unsigned>(static_cast<int>(date.year())), 4, out);
  out += '-';
  write_digits(static_cast<unsigned>(date.month()), 2, out);
  out += '-';
  write_digits(static_cast<unsigned>(date.day()), 2, out);
  out += 'T';
  write_digits(ms / 3'600'000, 2, out);
  out += ':';
  write_digits(ms / 60'000 % 60, 2, out);
  out += ':';
  write_digits(ms / 1'000 % 60, 2, out);
  out += '.';
  write_digits(ms % 1'000, 3, out);
  out += 'Z';
}

void json_writer::key(std::string_view name) {
  separate();
  out_ += '"';
  out_ += name;
  out_ += "\":";
  follows_ = false;
}

void json_writer::text(std::string_view value) {
  separate();
  write_json_string(value, out_);
}

void json_writer::boolean(bool value) {
  separate();
  out_ += value ? "true" : "false";
}

void json_writer::null() {
  separate();
  out_ += "null";
}

void json_writer::time(domain::time_point value) {
  separate();
  out_ += '"';
  write_time(value, out_);
  out_ += '"';
}

void json_writer::amount(domain::minor_units value, std::uint8_t digits) {
  separate();
  out_ += '"';
  out_ += domain::format_amount(value, digits);
  out_ += '"';
}

void json_writer::raw(std::string_view json) {
  separate();
  out_ += json;
}

void json_writer::field_or_null(std::string_view name, std::string_view value) {
  key(name);
  if (value.empty())
    null();
  else
    text(value);
}

}  // namespace coreldove::persistence
