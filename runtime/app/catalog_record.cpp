#include "runtime/app/catalog_record.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>

namespace coreldove::app {
namespace {

constexpr std::size_t id_bytes_max = 100, name_bytes_max = 200;
constexpr std::int64_t weight_grams_max = 10'000'000;    // ten tonnes
constexpr std::int64_t on_hand_max = 1'000'000'000'000;  // sums over thousands of warehouses stay far below an overflow

}  // namespace

std::optional<column> column_from(std::string_view name) {
  const auto at = std::ranges::find(column_names, name);
  if (at == column_names.end()) return std::nullopt;
  return static_cast<column>(at - column_names.begin());
}

void catalog_builder::complain(std::size_t line, std::string_view where, std::string_view what) {
  if (!hopeless()) out_.problems.push_back(fmt::format("line {}{}{}: {}", line, where.empty() ? "" : ", ", where, what));
}

const std::string& catalog_builder::text(const catalog_record& row, column c, std::size_t bytes_max, bool required) {
  const auto& value = row[c];
  const auto name = column_names[static_cast<std::size_t>(c)];
  if (value.empty() && required) complain(row.line, name, "missing");
  if (value.size() > bytes_max) complain(row.line, name, fmt::format("{} bytes; at most {} are allowed", value.size(), bytes_max));
  if (std::ranges::any_of(value, [](unsigned char ch) { return std::iscntrl(ch) != 0; })) complain(row.line, name, "has control characters");
  return value;
}

std::int64_t catalog_builder::number(const catalog_record& row, column c, std::int64_t max) {
  const auto& value = row[c];
  std::int64_t out = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), out);
  if (value.empty() || error != std::errc{} || end != value.data() + value.size() || out < 0 || out > max)
    complain(row.line, column_names[static_cast<std::size_t>(c)], fmt::format("\"{}\" is not a whole number from 0 to {}", value, max));
  return out;
}

void catalog_builder::refuse_others(const catalog_record& row, std::initializer_list<column> known) {
  for (std::size_t i = 1; i < row.values.size(); ++i)
    if (!row.values[i].empty() && std::ranges::find(known, static_cast<column>(i)) == known.end())
      complain(row.line, column_names[i], fmt::format("a {} has no such value", row[column::record]));
}

void catalog_builder::take(const catalog_record& row) {
  const auto& kind = row[column::record];
  if (kind == "warehouse")
    take_warehouse(row);
  else if (kind == "product")
    take_product(row);
  else if (kind == "stock")
    take_stock(row);
  else
    complain(row.line, "record", fmt::format("\"{}\" is none of warehouse, product, stock", kind));
}

void catalog_builder::take_warehouse(const catalog_record& row) {
  refuse_others(row, {column::warehouse, column::name, column::country, column::state, column::postal_code});
  domain::warehouse_info w{text(row, column::warehouse, id_bytes_max), text(row, column::name, name_bytes_max), text(row, column::country, 2),
                           text(row, column::state, id_bytes_max, false), text(row, column::postal_code, id_bytes_max, false)};
  const bool country_right = w.country.size() == 2 && std::ranges::all_of(w.country, [](char c) { return c >= 'A' && c <= 'Z'; });
  if (!w.country.empty() && !country_right) complain(row.line, "country", fmt::format("\"{}\" is not an ISO 3166-1 code of two capitals", w.country));
  if (!seen_.emplace("warehouse", w.id).second) complain(row.line, "warehouse", fmt::format("\"{}\" stands in the file twice", w.id));
  out_.items.warehouses.push_back(std::move(w));
}

void catalog_builder::take_product(const catalog_record& row) {
  refuse_others(row, {column::sku, column::product_id, column::name, column::weight_grams, column::inspect});
  domain::catalog_item item{text(row, column::sku, id_bytes_max), text(row, column::product_id, id_bytes_max), text(row, column::name, name_bytes_max),
                            static_cast<std::int32_t>(number(row, column::weight_grams, weight_grams_max)), row[column::inspect] == "true"};
  const auto& inspect = row[column::inspect];
  if (!inspect.empty() && inspect != "true" && inspect != "false") complain(row.line, "inspect", fmt::format("\"{}\" is neither true nor false", inspect));
  if (!seen_.emplace("product", item.sku).second) complain(row.line, "sku", fmt::format("\"{}\" stands in the file twice", item.sku));
  out_.items.items.push_back(std::move(item));
}

void catalog_builder::take_stock(const catalog_record& row) {
  refuse_others(row, {column::sku, column::warehouse, column::on_hand});
  domain::stock_row stock{text(row, column::sku, id_bytes_max), text(row, column::warehouse, id_bytes_max), {number(row, column::on_hand, on_hand_max), 0}};
  // A line break cannot be part of either name, so the joined key is unambiguous.
  if (!seen_.emplace("stock", stock.sku + '\n' + stock.warehouse).second)
    complain(row.line, "sku", fmt::format("stock of \"{}\" at \"{}\" stands in the file twice", stock.sku, stock.warehouse));
  out_.items.levels.push_back(std::move(stock));
}

}  // namespace coreldove::app
