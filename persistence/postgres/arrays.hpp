#pragma once
// SQL arrays in PostgreSQL's binary form: the columns of many rows as parameters of one statement, copied once and never quoted.
#include <cstdint>
#include <optional>
#include <pqxx/binarystring>
#include <span>
#include <string>
#include <string_view>

#include "persistence/hash_chain.hpp"

namespace coreldove::persistence::postgres {

class array {
public:
  /// For the parameter of the statement; the array is to be used once.
  pqxx::binarystring parameter();
  bool empty() const { return count_ == 0; }

protected:
  explicit array(std::uint32_t type);
  void add_bytes(const void* bytes, std::size_t size);
  void add_null();

private:
  void put32(std::uint32_t v);
  void set32(std::size_t at, std::uint32_t v);

  std::string bytes_;
  std::uint32_t count_ = 0;
};

/// text[]
class text_array : public array {
public:
  text_array() : array(25) {}
  void add(std::string_view v) { add_bytes(v.data(), v.size()); }
  void add_or_null(const std::optional<std::string_view>& v) { v ? add(*v) : add_null(); }
};

/// int8[]
class number_array : public array {
public:
  number_array() : array(20) {}
  void add(std::int64_t v) {
    const auto big_endian = __builtin_bswap64(static_cast<std::uint64_t>(v));
    add_bytes(&big_endian, sizeof big_endian);
  }
  void add(std::uint64_t v) { add(static_cast<std::int64_t>(v)); }
  void add(std::uint32_t v) { add(static_cast<std::int64_t>(v)); }
  void add(int v) { add(static_cast<std::int64_t>(v)); }
  void add_or_null(const std::optional<std::int64_t>& v) { v ? add(*v) : add_null(); }
};

/// bytea[]
class bytes_array : public array {
public:
  bytes_array() : array(17) {}
  void add(const digest& v) { add_bytes(v.data(), v.size()); }
  void add(std::span<const digest> v) { add_bytes(v.data(), v.size_bytes()); }  // one behind the other
};

}  // namespace coreldove::persistence::postgres
