#pragma once
// A shipping label as a PDF that viewers and printers open: one 4×6 inch page, text only.
#include <string>
#include <vector>

namespace coreldove::integrations::world {

/// The lines from the top; what is not printable ASCII becomes '?'.
std::string label_pdf(const std::vector<std::string>& lines);

}  // namespace coreldove::integrations::world
