#include "runtime/app/catalog_file.hpp"

#include <csv.h>
#include <fmt/format.h>
#include <simdjson.h>

#include <new>

#include "runtime/app/catalog_record.hpp"

namespace coreldove::app {
namespace {

/// Calls `each(line number from 1, line with its line break)`.
template <class Each>
void for_each_line(std::string_view text, Each each) {
  std::size_t number = 0;
  while (!text.empty()) {
    const auto end = text.find('\n');
    const auto line = text.substr(0, end == std::string_view::npos ? text.size() : end + 1);
    if (!each(++number, line)) return;
    text.remove_prefix(line.size());
  }
}

// ---- CSV -----------------------------------------------------------------------------------------------------------------------------------------
class csv_reader {
public:
  explicit csv_reader(catalog_builder& out) : out_(out) {
    if (csv_init(&parser_, CSV_STRICT | CSV_STRICT_FINI) != 0) throw std::bad_alloc{};
  }
  ~csv_reader() { csv_free(&parser_); }
  csv_reader(const csv_reader&) = delete;
  csv_reader& operator=(const csv_reader&) = delete;

  void read(std::string_view text) {
    bool broken = false;
    for_each_line(text, [&](std::size_t number, std::string_view line) {
      line_ = number;
      broken = csv_parse(&parser_, line.data(), line.size(), on_field, on_row, this) != line.size();
      return !broken && !out_.hopeless() && header_right_;
    });
    if (out_.hopeless() || !header_right_) return;
    if (broken || csv_fini(&parser_, on_field, on_row, this) != 0)
      out_.complain(line_, "", csv_strerror(csv_error(&parser_)));
    else if (header_.empty())
      out_.complain(1, "", "the header is missing");
  }

private:
  static void on_field(void* field, std::size_t size, void* self) {
    auto& r = *static_cast<csv_reader*>(self);
    if (r.fields_.empty()) r.row_line_ = r.line_;
    r.fields_.emplace_back(static_cast<const char*>(field), size);
  }
  static void on_row(int, void* self) {
    auto& r = *static_cast<csv_reader*>(self);
    if (r.header_.empty())
      r.take_header();
    else
      r.take_row();
    r.fields_.clear();
  }
  void take_header() {
    for (const auto& name : fields_) {
      const auto c = column_from(name);
      if (!c) out_.complain(row_line_, "", fmt::format("there is no column \"{}\"; allowed are {}", name, fmt::join(column_names, ", ")));
      header_right_ = header_right_ && c.has_value();
      header_.push_back(c.value_or(column::record));
    }
  }
  void take_row() {
    if (fields_.size() != header_.size())
      return out_.complain(row_line_, "", fmt::format("{} values, but the header has {} columns", fields_.size(), header_.size()));
    catalog_record row;
    row.line = row_line_;
    for (std::size_t i = 0; i < fields_.size(); ++i) row[header_[i]] = std::move(fields_[i]);
    out_.take(row);
  }

  csv_parser parser_{};
  catalog_builder& out_;
  std::vector<column> header_;
  std::vector<std::string> fields_;
  std::size_t line_ = 0, row_line_ = 0;
  bool header_right_ = true;
};

// ---- NDJSON --------------------------------------------------------------------------------------------------------------------------------------
std::optional<std::string> plain_text(simdjson::dom::element value) {
  switch (value.type()) {
    case simdjson::dom::element_type::STRING:
      return std::string{value.get_string().value()};
    case simdjson::dom::element_type::INT64:
      return fmt::to_string(value.get_int64().value());
    case simdjson::dom::element_type::UINT64:
      return fmt::to_string(value.get_uint64().value());
    case simdjson::dom::element_type::BOOL:
      return value.get_bool().value() ? "true" : "false";
    case simdjson::dom::element_type::NULL_VALUE:
      return "";
    case simdjson::dom::element_type::ARRAY:
    case simdjson::dom::element_type::OBJECT:
    case simdjson::dom::element_type::DOUBLE:
      return std::nullopt;
  }
  return std::nullopt;
}

void read_json_line(simdjson::dom::parser& parser, std::size_t number, std::string_view line, catalog_builder& out) {
  simdjson::dom::object object;
  if (const auto error = parser.parse(line.data(), line.size()).get(object))
    return out.complain(number, "", fmt::format("not a JSON object ({})", simdjson::error_message(error)));
  catalog_record row;
  row.line = number;
  for (const auto [name, value] : object) {
    const auto c = column_from(name);
    auto text = plain_text(value);
    if (!c)
      out.complain(number, name, fmt::format("there is no such name; allowed are {}", fmt::join(column_names, ", ")));
    else if (!text)
      out.complain(number, name, "neither a text, a whole number nor true or false");
    else
      row[*c] = *std::move(text);
  }
  out.take(row);
}

void read_ndjson(std::string_view text, catalog_builder& out) {
  simdjson::dom::parser parser;
  for_each_line(text, [&](std::size_t number, std::string_view line) {
    if (line.find_first_not_of(" \t\r\n") != std::string_view::npos) read_json_line(parser, number, line, out);
    return !out.hopeless();
  });
}

}  // namespace

catalog_file read_catalog(std::string_view text) {
  catalog_builder out;
  constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
  if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
  const auto first = text.find_first_not_of(" \t\r\n");
  if (!simdjson::validate_utf8(text.data(), text.size())) {
    for_each_line(text, [&](std::size_t number, std::string_view line) {
      if (!simdjson::validate_utf8(line.data(), line.size())) out.complain(number, "", "not UTF-8");
      return !out.hopeless();
    });
  } else if (first != std::string_view::npos && text[first] == '{') {
    read_ndjson(text, out);
  } else {
    csv_reader{out}.read(text);
  }
  return std::move(out).finish();
}

}  // namespace coreldove::app
