#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <vector>

#include "http/json_text.hpp"
#include "http/openapi.hpp"
#include "http/openapi/texts.hpp"
#include "http/routes.hpp"

namespace coreldove::http {
namespace {

constexpr std::string_view description =
    "Takes orders, sees them through payment, stock, fulfilment and shipping, and never loses one. Money is a decimal string, times are RFC 3339 in UTC, "
    "errors "
    "are problem details (RFC 9457) with all bad fields at once.";

std::vector<std::string_view> words(std::string_view text) {
  std::vector<std::string_view> out;
  while (!text.empty()) {
    const auto end = std::min(text.find(' '), text.size());
    if (end > 0) out.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

std::string quoted(std::string_view text) {
  std::string out;
  append_json(out, text);
  return out;
}

/// JSON is the rule; these are the schemas that are something else.
std::string content_of(std::string_view schema) {
  if (schema == "Metrics" || schema == "EventStream" || schema == "Page") {
    const std::string_view type = schema == "Metrics" ? "text/plain" : schema == "Page" ? "text/html" : "text/event-stream";
    return fmt::format(R"("content":{{"{}":{{"schema":{{"type":"string"}}}}}})", type);
  }
  const std::string_view type = schema.starts_with("Bulk") ? "application/x-ndjson" : "application/json";
  return fmt::format(R"("content":{{"{}":{{"schema":{{"$ref":"#/components/schemas/{}"}}}}}})", type, schema);
}

std::string problem_answer(std::string_view status) { return fmt::format(R"("{}":{{"$ref":"#/components/responses/Problem"}})", status); }

std::string answers_of(const route& row, const operation_text& text) {
  std::map<std::string_view, std::string> out;
  for (const auto answer : words(text.answers)) {
    const auto status = answer.substr(0, 3), schema = answer.substr(4);
    const auto content = schema == "-" ? std::string{} : "," + content_of(schema);
    out.emplace(status, fmt::format(R"("{}":{{"description":"{}"{}}})", status, status == "304" ? "Not modified" : "The answer", content));
  }
  auto problems = words(text.problems);
  problems.push_back("400");
  if (!row.roles.is_open()) problems.insert(problems.end(), {"401", "403", "429"});
  if (row.pattern.starts_with('~')) problems.insert(problems.end(), {"503", "504"});
  if (row.body != body_kind::none) problems.push_back("413");
  if (row.body == body_kind::json || row.body == body_kind::optional_json || row.body == body_kind::ndjson) problems.insert(problems.end(), {"415", "422"});
  for (const auto status : problems) out.emplace(status, problem_answer(status));
  std::string all;
  for (const auto& [status, answer] : out) all.append(all.empty() ? "" : ",").append(answer);
  return all;
}

std::string operation_of(const route& row, const operation_text& text) {
  std::string out = fmt::format(R"("{}":{{"operationId":"{}","tags":["{}"],"summary":{},"description":{})",
                                [&] {
                                  std::string verb{to_string(row.method)};
                                  std::transform(verb.begin(), verb.end(), verb.begin(), [](char c) { return static_cast<char>(c + 32); });
                                  return verb;
                                }(),
                                text.id, text.tag, quoted(text.summary), quoted(text.description));
  std::string roles;
  for (std::size_t i = 0; i < role_count; ++i)
    if (row.roles.has(static_cast<role>(i))) roles.append(roles.empty() ? "" : ",").append(quoted(to_string(static_cast<role>(i))));
  if (row.roles.is_open())
    out.append(",\"security\":[]");
  else
    out.append(",\"x-roles\":[").append(roles).append("]");
  std::string parameters;
  for (const auto name : words(text.parameters))
    parameters.append(parameters.empty() ? "" : ",").append(fmt::format(R"({{"$ref":"#/components/parameters/{}"}})", name));
  if (!parameters.empty()) out.append(",\"parameters\":[").append(parameters).append("]");
  if (!text.request.empty())
    out.append(fmt::format(R"(,"requestBody":{{"required":{},{}}})", row.body == body_kind::optional_json ? "false" : "true", content_of(text.request)));
  return out.append(",\"responses\":{").append(answers_of(row, text)).append("}}");
}

}  // namespace

std::string openapi_document(std::string_view version, std::string_view api_key_header) {
  std::string out = fmt::format(R"({{"openapi":"3.1.0","info":{{"title":"CoreLDove","version":{},"description":{}}},"servers":[{{"url":"/"}}],)",
                                quoted(version.empty() ? "0" : version), quoted(description));
  out.append(R"("security":[{"apiKey":[]},{"token":[]}],"paths":{)");
  std::string_view open;  // the path whose operations are being written
  for (const auto& first : routes()) {
    if (first.pattern == open || first.between_nodes) continue;
    open = first.pattern;
    std::string path{open};
    if (path.starts_with('~')) path.replace(0, 1, api_prefix);
    out.append(out.back() == '{' ? "" : ",").append(quoted(path)).append(":{");
    for (const auto& row : routes()) {
      if (row.pattern != open) continue;
      const auto text = std::find_if(operation_texts().begin(), operation_texts().end(), [&](const operation_text& t) { return t.id == row.operation; });
      if (text == operation_texts().end()) continue;
      out.append(out.back() == '{' ? "" : ",").append(operation_of(row, *text));
    }
    out.append("}");
  }
  out.append("},\"components\":{\"securitySchemes\":{\"apiKey\":{\"type\":\"apiKey\",\"in\":\"header\",\"name\":").append(quoted(api_key_header));
  out.append(R"(},"token":{"type":"http","scheme":"bearer","bearerFormat":"JWT"}},"responses":{"Problem":{"description":"What is wrong, by RFC 9457",)");
  out.append(R"("content":{"application/problem+json":{"schema":{"$ref":"#/components/schemas/Problem"}}}}},"parameters":)").append(parameter_text());
  return out.append(",\"schemas\":").append(schema_text()).append("}}");
}

}  // namespace coreldove::http
