#pragma once
// Text that is kept as long as the world stands, eight bytes a reference: millions of ids and keys without an allocation each.
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

namespace coreldove::integrations::world {

/// A text in an arena; empty by default. Readable from any thread once it has been handed over.
class kept_text {
public:
  kept_text() = default;
  std::string_view view() const {
    if (at_ == nullptr) return {};
    std::uint32_t size = 0;
    std::memcpy(&size, at_, sizeof size);
    return {at_ + sizeof size, size};
  }

private:
  friend class text_arena;
  explicit kept_text(const char* at) : at_(at) {}
  const char* at_ = nullptr;  // the length (4 bytes), then the text
};

/// Not thread-safe: its owner's lock guards put().
class text_arena {
public:
  kept_text put(std::string_view text) {
    if (text.empty()) return {};
    const auto size = static_cast<std::uint32_t>(text.size());
    const std::size_t need = sizeof size + text.size();
    if (need > left_) {
      const std::size_t chunk = need > chunk_bytes ? need : chunk_bytes;
      chunks_.push_back(std::make_unique_for_overwrite<char[]>(chunk));
      next_ = chunks_.back().get();
      left_ = chunk;
    }
    char* at = next_;
    std::memcpy(at, &size, sizeof size);
    std::memcpy(at + sizeof size, text.data(), text.size());
    next_ += need;
    left_ -= need;
    return kept_text{at};
  }

private:
  static constexpr std::size_t chunk_bytes = 1 << 20;
  std::vector<std::unique_ptr<char[]>> chunks_;
  char* next_ = nullptr;
  std::size_t left_ = 0;
};

}  // namespace coreldove::integrations::world
