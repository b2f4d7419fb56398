#pragma once
// application/x-www-form-urlencoded, as bodies and as query strings.
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace coreldove::integrations::world {

/// The pairs in the order in which they came, decoded; nested keys stay as written ("metadata[order_id]").
class form {
public:
  /// False where a %-escape is broken or the text is not UTF-8. May be used again and again; keeps its memory.
  bool read(std::string_view encoded);

  struct field {
    std::string_view key, value;
  };
  const std::vector<field>& fields() const { return fields_; }
  /// The last one of that key, as most servers take it.
  std::optional<std::string_view> find(std::string_view key) const;
  /// The same for every order of the same pairs.
  std::uint64_t fingerprint() const;

private:
  std::string text_;
  std::vector<field> fields_;
};

/// "metadata[order_id]", "metadata" → "order_id"; nothing where the key is not of that parent.
std::optional<std::string_view> child_of(std::string_view key, std::string_view parent);

}  // namespace coreldove::integrations::world
