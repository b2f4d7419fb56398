#include "persistence/postgres/arrays.hpp"

namespace coreldove::persistence::postgres {
namespace {

// The head of a one-dimensional array: dimensions, whether it holds NULL, type, and of the dimension its length and first index.
constexpr std::size_t nulls_at = 4, length_at = 12;
constexpr std::uint32_t null_length = 0xFFFFFFFF;

}  // namespace

array::array(std::uint32_t type) {
  for (const auto v : {std::uint32_t{1}, std::uint32_t{0}, type, std::uint32_t{0}, std::uint32_t{1}}) put32(v);
}

void array::add_bytes(const void* bytes, std::size_t size) {
  put32(static_cast<std::uint32_t>(size));
  bytes_.append(static_cast<const char*>(bytes), size);
  ++count_;
}

void array::add_null() {
  put32(null_length);
  set32(nulls_at, 1);
  ++count_;
}

pqxx::binarystring array::parameter() {
  set32(length_at, count_);
  return pqxx::binarystring(bytes_);
}

void array::put32(std::uint32_t v) {
  const auto big_endian = __builtin_bswap32(v);
  bytes_.append(reinterpret_cast<const char*>(&big_endian), sizeof big_endian);
}

void array::set32(std::size_t at, std::uint32_t v) {
  const auto big_endian = __builtin_bswap32(v);
  bytes_.replace(at, sizeof big_endian, reinterpret_cast<const char*>(&big_endian), sizeof big_endian);
}

}  // namespace coreldove::persistence::postgres
