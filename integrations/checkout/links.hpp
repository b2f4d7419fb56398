#pragma once
// Links to vendors' pages that take a form by POST only. A link cannot post, so it leads to a small page of ours that does. The whole form travels in the
// link, sealed with AES-256-GCM: nothing needs to be kept, and nobody can read or change it on the way.
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace coreldove::integrations::checkout {

struct posted_form {
  std::string action;  // the vendor's page
  std::vector<std::pair<std::string, std::string>> fields;
};

struct page {
  std::string html;
  std::string content_security_policy;  // lets nothing run but the page's one line that sends the form
};

/// Thread-safe.
class links {
public:
  /// `secret`: any length, the same after a restart, else links sent before are dead.
  explicit links(std::string_view secret);

  /// Where the page is served: "https://shop.example/api/order-workflow/pay". Without one there are no links.
  void set_base(std::string base);
  /// "<base>/<sealed form>", the same for the same form; empty while there is no base.
  std::string link(const posted_form& form) const;
  /// "<base>/back": a page that says goodbye, for buyers whose shop has named no page of its own; empty while there is no base.
  std::string back() const;
  /// The page behind a link, by what stands behind the base's slash; nothing where it was not sealed by this secret.
  std::optional<page> open(std::string_view sealed) const;

private:
  std::string encryption_key_, nonce_key_;
  mutable std::mutex mutex_;
  std::string base_;
};

}  // namespace coreldove::integrations::checkout
