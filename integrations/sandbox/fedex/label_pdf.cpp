#include "integrations/sandbox/fedex/label_pdf.hpp"

#include <fmt/format.h>

#include <array>
#include <cstddef>
#include <iterator>

namespace coreldove::integrations::world {

namespace {

std::string content_of(const std::vector<std::string>& lines) {
  std::string out = "BT /F1 12 Tf 16 TL 24 400 Td\n";
  for (const auto& line : lines) {
    out.push_back('(');
    for (char c : line) {
      if (c == '(' || c == ')' || c == '\\') out.push_back('\\');
      out.push_back(c >= 0x20 && c < 0x7f ? c : '?');
    }
    out += ") Tj T*\n";
  }
  return out + "ET\n";
}

}  // namespace

std::string label_pdf(const std::vector<std::string>& lines) {
  const std::string content = content_of(lines);
  const std::array<std::string, 5> objects{
      "<</Type/Catalog/Pages 2 0 R>>",
      "<</Type/Pages/Kids[3 0 R]/Count 1>>",
      "<</Type/Page/Parent 2 0 R/MediaBox[0 0 288 432]/Resources<</Font<</F1 5 0 R>>>>/Contents 4 0 R>>",  // 4×6 inches in points
      fmt::format("<</Length {}>>\nstream\n{}endstream", content.size(), content),
      "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
  };
  std::string pdf = "%PDF-1.4\n";
  std::string places = "0000000000 65535 f \n";
  for (std::size_t i = 0; i < objects.size(); ++i) {
    fmt::format_to(std::back_inserter(places), "{:010} 00000 n \n", pdf.size());
    fmt::format_to(std::back_inserter(pdf), "{} 0 obj\n{}\nendobj\n", i + 1, objects[i]);
  }
  const auto table = pdf.size();
  fmt::format_to(std::back_inserter(pdf), "xref\n0 {}\n{}trailer\n<</Size {}/Root 1 0 R>>\nstartxref\n{}\n%%EOF\n", objects.size() + 1, places,
                 objects.size() + 1, table);
  return pdf;
}

}  // namespace coreldove::integrations::world
