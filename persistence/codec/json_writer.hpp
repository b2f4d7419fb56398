#pragma once
// Writes JSON straight into a string: no tree, no intermediate values. Keys are the program's own and are written as they are; texts are escaped.
#include <charconv>
#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

#include "domain/money.hpp"
#include "domain/time.hpp"

namespace coreldove::persistence {

/// Appends RFC 3339 with milliseconds, in UTC.
void write_time(domain::time_point t, std::string& out);

class json_writer {
public:
  explicit json_writer(std::string& out) : out_(out) {}

  void begin_object() { open('{'); }
  void end_object() { close('}'); }
  void begin_array() { open('['); }
  void end_array() { close(']'); }
  void key(std::string_view name);

  void text(std::string_view value);
  void boolean(bool value);
  void null();
  void time(domain::time_point value);
  /// A decimal string in the currency's own number of digits.
  void amount(domain::minor_units value, std::uint8_t digits);
  /// `json` is a complete JSON value already.
  void raw(std::string_view json);
  template <std::integral T>
  void integer(T value) {
    separate();
    char digits[24];
    out_.append(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
  }

  void field(std::string_view name, std::string_view value) { key(name), text(value); }
  /// null where the text is empty.
  void field_or_null(std::string_view name, std::string_view value);

private:
  void separate() {
    if (follows_) out_ += ',';
    follows_ = true;
  }
  void open(char c) {
    separate();
    out_ += c;
    follows_ = false;
  }
  void close(char c) {
    out_ += c;
    follows_ = true;
  }

  std::string& out_;
  bool follows_ = false;  // a value stands right before: the next one needs a comma
};

}  // namespace coreldove::persistence
