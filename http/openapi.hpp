#pragma once
// The description of the interface: made from the route table, so that nothing can be called that is not described.
#include <string>
#include <string_view>

namespace coreldove::http {

/// OpenAPI 3.1, as JSON.
std::string openapi_document(std::string_view version, std::string_view api_key_header);

struct page {
  std::string html;
  std::string policy;  // Content-Security-Policy: nothing from elsewhere, scripts and styles by their hashes
};
/// One self-contained page that shows /openapi.json.
page docs_page();

}  // namespace coreldove::http
