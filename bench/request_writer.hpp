#pragma once
// Writes the bytes of requests. Everything that repeats (head, addresses, each line of an order) is written out once, ahead; a request is then
// a handful of copies.
#include <array>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "bench/options.hpp"

namespace coreldove::bench {

class request_writer {
public:
  /// `tag` makes names (customers, keys) differ from other runs'; `thread` from other threads'.
  request_writer(const options& o, std::string_view tag, std::uint64_t seed, std::uint32_t thread);

  /// Append one whole request to `out`.
  void create(std::string& out);
  void get(std::string_view order_id, std::string& out);
  void list(std::string& out);  // the queries in turn
  void fulfill(std::string_view order_id, std::string& out);

  /// A random number below `bound`.
  std::uint64_t pick(std::uint64_t bound);

private:
  static constexpr std::uint32_t most_per_line = 3;
  using line_texts = std::array<std::string, most_per_line>;

  void prepare_heads(const options& o);
  void prepare_lines(const options& o);
  void prepare_tails(const options& o);
  void prepare_popularity(const options& o);
  std::size_t pick_sku();
  void write_body();

  std::mt19937_64 random_;
  std::string prefix_;  // of customers and keys
  std::string create_head_, get_head_, list_head_, fulfill_head_, after_target_;
  std::vector<std::string> list_queries_, tails_;
  std::vector<line_texts> lines_;   // by SKU, by quantity
  std::vector<double> popularity_;  // cumulated, up to 1; empty: uniform
  std::vector<std::size_t> chosen_;
  std::string body_;
  std::uint32_t lines_per_order_;
  std::uint64_t customers_, made_ = 0, listed_ = 0;
  bool keys_, email_;
};

/// "GET TARGET HTTP/1.1" with the headers of every request.
std::string plain_get(const options& o, std::string_view target);

/// Where the API begins.
inline constexpr std::string_view api_prefix = "/api/order-workflow";

}  // namespace coreldove::bench
