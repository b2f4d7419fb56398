#include "integrations/sandbox/control.hpp"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <iterator>

#include "integrations/sandbox/form.hpp"
#include "integrations/sandbox/json_text.hpp"
#include "integrations/sandbox/mail/mail_receiver.hpp"
#include "integrations/sandbox/settlement.hpp"

namespace coreldove::integrations::world {

namespace {

constexpr std::uint64_t delay_ms_max = 600'000;

/// Reads a body of one JSON object; a problem is written where it is none, or has a member that is not known.
bool read_object(const request& rq, std::initializer_list<std::string_view> known, simdjson::dom::parser& parser, simdjson::dom::object& object, reply& out) {
  if (parser.parse(rq.body.data(), rq.body.size()).get_object().get(object) != simdjson::SUCCESS) {
    problem(out, 400, "Not a JSON object", "The body must be one JSON object.");
    return false;
  }
  for (const auto member : object)
    if (std::find(known.begin(), known.end(), member.key) == known.end()) {
      problem(out, 422, "Unknown member", fmt::format("'{}' means nothing here; known are: {}.", member.key, fmt::join(known, ", ")));
      return false;
    }
  return true;
}

std::string_view text_of(const simdjson::dom::object& object, std::string_view key) {
  std::string_view text;
  return object[key].get_string().get(text) == simdjson::SUCCESS ? text : std::string_view{};
}

bool only(const request& rq, reply& out, std::string_view method) {
  if (rq.method == method) return true;
  out.add_header("Allow", method);
  problem(out, 405, "Method not allowed", fmt::format("{} takes {} only.", rq.path, method));
  return false;
}

/// Reads a query whose keys are all in `known`.
bool read_query(const request& rq, std::initializer_list<std::string_view> known, form& query, reply& out) {
  if (!query.read(rq.query)) {
    problem(out, 400, "Not a readable query", "The query string is not percent-encoded UTF-8.");
    return false;
  }
  for (const auto& f : query.fields())
    if (std::find(known.begin(), known.end(), f.key) == known.end()) {
      problem(out, 400, "Unknown parameter", fmt::format("'{}' means nothing here; known are: {}.", f.key, fmt::join(known, ", ")));
      return false;
    }
  return true;
}

void append_rule(std::string& out, const fault_rule& r) {
  fmt::format_to(std::back_inserter(out), R"({{"id":{},"vendor":"{}","operation":"{}","kind":"{}",)", r.id, r.vendor, r.op ? to_string(*r.op) : "*",
                 to_string(r.kind));
  if (r.times)
    fmt::format_to(std::back_inserter(out), R"("times":{},)", *r.times);
  else
    fmt::format_to(std::back_inserter(out), R"("rate":{},)", r.rate);
  fmt::format_to(std::back_inserter(out), R"("delay_ms":{},"struck":{}}})", r.delay.count(), r.struck);
}

/// times, rate and delay_ms of a fault; the complaint, or empty.
std::string read_numbers(const simdjson::dom::object& object, fault_rule& rule) {
  simdjson::dom::element value;
  const bool has_times = object["times"].get(value) == simdjson::SUCCESS;
  if (has_times) {
    std::uint64_t times = 0;
    if (value.get(times) != simdjson::SUCCESS || times == 0) return "times must be a whole number of at least 1.";
    rule.times = times;
  }
  if (object["rate"].get(value) == simdjson::SUCCESS) {
    if (has_times) return "Give times or rate, not both.";
    if (value.get(rule.rate) != simdjson::SUCCESS || !(rule.rate > 0 && rule.rate <= 1)) return "rate must be a number above 0 and at most 1.";
  } else if (!has_times) {
    rule.times = 1;
  }
  if (object["delay_ms"].get(value) == simdjson::SUCCESS) {
    std::uint64_t ms = 0;
    if (value.get(ms) != simdjson::SUCCESS || ms > delay_ms_max) return fmt::format("delay_ms must be a whole number from 0 to {}.", delay_ms_max);
    rule.delay = std::chrono::milliseconds{ms};
  }
  return {};
}

}  // namespace

control::control(world& w, std::vector<vendor*> vendors, const mail_receiver& mails) : world_(w), vendors_(std::move(vendors)), mails_(mails) {}

void control::settle() {
  if (world_.log.enabled()) world_.log.flush();
}

vendor* control::find(std::string_view name) const {
  const auto it = std::find_if(vendors_.begin(), vendors_.end(), [&](const vendor* v) { return v->name() == name; });
  return it == vendors_.end() ? nullptr : *it;
}

std::string control::vendor_names() const {
  std::string names;
  for (const vendor* v : vendors_) names.append(names.empty() ? "" : ", ").append(v->name());
  return names;
}

void control::answer(request& rq, reply& out) {
  const auto first = rq.path.substr(0, rq.path.find('/', 1));
  for (vendor* v : vendors_)
    if (first.size() == v->name().size() + 1 && first.substr(1) == v->name()) {
      rq.path.remove_prefix(first.size());
      return v->answer(rq, out);
    }
  if (rq.path == "/") return only(rq, out, "GET") ? show_world(out) : void();
  if (rq.path == "/ledger") return only(rq, out, "GET") ? read_ledger(rq, out) : void();
  if (rq.path == "/settlement") return only(rq, out, "GET") ? report_settlement(rq, out) : void();
  if (rq.path == "/faults") return faults_call(rq, out);
  if (rq.path == "/advance") return only(rq, out, "POST") ? advance(rq, out) : void();
  if (rq.path == "/approve") return only(rq, out, "POST") ? approve(rq, out) : void();
  if (rq.path == "/mails") return only(rq, out, "GET") ? read_mails(rq, out) : void();
  problem(out, 404, "Not found", fmt::format("There is no {} here; GET / tells what there is.", rq.path));
}

void control::show_world(reply& out) const {
  const auto hooks = world_.hooks->counts();
  auto to = std::back_inserter(out.body);
  fmt::format_to(to, R"({{"name":"CoreLDove sandbox world","http":"{}","smtp":"{}","vendors":{{)", at_.http, at_.smtp);
  bool first = true;
  for (const vendor* v : vendors_) {
    const bool mail = v->name() == mails_.name();
    fmt::format_to(to, R"({}"{}":{{"address":"{}{}{}","operations":[)", std::exchange(first, false) ? "" : ",", v->name(), mail ? "smtp://" : "http://",
                   mail ? at_.smtp : at_.http + "/", mail ? "" : v->name());
    for (std::size_t i = 0; i < v->operations().size(); ++i) fmt::format_to(to, R"({}"{}")", i > 0 ? "," : "", to_string(v->operations()[i]));
    out.body += "]}";
  }
  out.body += R"(},"webhook_base":)";
  append_json(out.body, world_.hooks->base());
  fmt::format_to(to, R"(,"webhooks":{{"waiting":{},"delivered":{},"failed":{},"dropped":{}}},"ledger_lines":{},)", hooks.waiting, hooks.delivered, hooks.failed,
                 hooks.dropped, world_.book.size());
  out.body +=
      R"("calls":["GET /","GET /ledger?vendor=&operation=&order_id=&after=","GET /settlement?vendor=","GET /faults","POST /faults","DELETE /faults","POST /advance","POST /approve","GET /mails?order_id="]})";
  out.body += '\n';
}

void control::read_ledger(const request& rq, reply& out) const {
  form query;
  if (!read_query(rq, {"vendor", "operation", "order_id", "after"}, query, out)) return;
  ledger_filter filter;
  filter.order_id = query.find("order_id").value_or("");
  if (const auto vendor_name = query.find("vendor"); vendor_name && !vendor_name->empty()) {
    if (find(*vendor_name) == nullptr)
      return problem(out, 400, "Unknown vendor", fmt::format("There is no '{}'; there are: {}.", *vendor_name, vendor_names()));
    filter.vendor = *vendor_name;
  }
  if (const auto op = query.find("operation"); op && !op->empty()) {
    filter.op = operation_from(*op);
    if (!filter.op || !has_effect(*filter.op))
      return problem(out, 400, "Unknown operation",
                     fmt::format("The ledger has no '{}' lines; it has: {}.", *op, fmt::join(operation_names.begin(), operation_names.begin() + 10, ", ")));
  }
  if (const auto after = query.find("after"); after && !after->empty()) {
    const auto* end = after->data() + after->size();
    const auto [stop, ec] = std::from_chars(after->data(), end, filter.after);
    if (ec != std::errc{} || stop != end) return problem(out, 400, "Bad parameter", "after must be a line's number n.");
  }
  out.content_type = "application/x-ndjson";
  out.more = world_.book.read(std::move(filter), append_ledger_line);
}

void control::report_settlement(const request& rq, reply& out) const {
  form query;
  if (!read_query(rq, {"vendor"}, query, out)) return;
  out.more = settlement_report(world_.book, query.find("vendor").value_or(""));
  if (!out.more) return problem(out, 400, "No such report", fmt::format("vendor must be one of: {}.", settlement_vendors()));
  out.content_type = "text/csv";
}

void control::faults_call(const request& rq, reply& out) {
  if (rq.method == "GET") return list_faults(out);
  if (rq.method == "POST") return add_fault(rq, out);
  if (rq.method == "DELETE") {
    world_.mishaps.clear();
    out.status = 204;
    return;
  }
  out.add_header("Allow", "GET, POST, DELETE");
  problem(out, 405, "Method not allowed", "/faults takes GET, POST and DELETE.");
}

void control::list_faults(reply& out) const {
  out.body = R"({"items":[)";
  bool first = true;
  for (const auto& r : world_.mishaps.list()) {
    if (!std::exchange(first, false)) out.body.push_back(',');
    append_rule(out.body, r);
  }
  out.body += "]}\n";
}

void control::add_fault(const request& rq, reply& out) {
  simdjson::dom::parser parser;
  simdjson::dom::object object;
  if (!read_object(rq, {"vendor", "operation", "kind", "times", "rate", "delay_ms"}, parser, object, out)) return;
  const auto refuse = [&](std::string_view why) { problem(out, 422, "Not a possible fault", why); };
  fault_rule rule;
  rule.vendor = text_of(object, "vendor");
  const vendor* struck = find(rule.vendor);
  if (struck == nullptr) return refuse(fmt::format("vendor must be one of: {}.", vendor_names()));
  const auto kind = fault_kind_from(text_of(object, "kind"));
  if (!kind) return refuse(fmt::format("kind must be one of: {}.", fmt::join(fault_kind_names, ", ")));
  rule.kind = *kind;
  simdjson::dom::element value;
  const auto op_name = text_of(object, "operation");
  if (object["operation"].get(value) == simdjson::SUCCESS && op_name != "*") {
    rule.op = operation_from(op_name);
    const auto ops = struck->operations();
    if (!rule.op || std::find(ops.begin(), ops.end(), *rule.op) == ops.end()) {
      std::string names;
      for (const auto op : ops) names.append(to_string(op)).append(", ");
      return refuse(fmt::format("operation of {} must be one of: {}or * for all of them.", rule.vendor, names));
    }
    if (*rule.op == operation::webhook && !strikes_webhooks(*kind))
      return refuse("A webhook can be struck by duplicate_webhook, late_webhook and reordered_webhook only: here the sandbox is the one who calls.");
  }
  if (strikes_webhooks(*kind) && std::ranges::find(struck->operations(), operation::webhook) == struck->operations().end())
    return refuse(fmt::format("{} sends no webhooks.", rule.vendor));
  if (const auto complaint = read_numbers(object, rule); !complaint.empty()) return refuse(complaint);
  rule.id = world_.mishaps.add(rule);
  out.status = 201;
  append_rule(out.body, rule);
  out.body.push_back('\n');
}

void control::advance(const request& rq, reply& out) {
  simdjson::dom::parser parser;
  simdjson::dom::object object;
  if (!read_object(rq, {"tracking_number", "state"}, parser, object, out)) return;
  const auto number = text_of(object, "tracking_number");
  const auto state = domain::tracking_state_from(text_of(object, "state"));
  if (number.empty()) return problem(out, 422, "Bad member", "tracking_number must be the number of a parcel, as a string.");
  if (!state || *state == domain::tracking_state::unknown)
    return problem(out, 422, "Bad member",
                   "state must be one of: label_created, picked_up, in_transit, out_for_delivery, available_for_pickup, attempted, exception, delivered, "
                   "returning, returned, cancelled.");
  for (vendor* v : vendors_) {
    const auto moved = v->advance(number, *state);
    if (!moved) continue;
    if (!*moved) return problem(out, 409, "Not a possible move", moved->error().detail);
    const moved_shipment& m = **moved;
    fmt::format_to(std::back_inserter(out.body), R"({{"tracking_number":"{}","carrier":"{}","state":"{}","code":"{}","at":")", m.tracking_number, m.carrier,
                   m.state, m.code);
    append_time(out.body, m.at_ms);
    fmt::format_to(std::back_inserter(out.body), R"(","webhook":{}}})", world_.hooks->wanted());
    out.body.push_back('\n');
    return;
  }
  problem(out, 404, "Not found", fmt::format("No carrier here knows the tracking number '{}'.", number));
}

void control::approve(const request& rq, reply& out) {
  simdjson::dom::parser parser;
  simdjson::dom::object object;
  if (!read_object(rq, {"vendor", "reference", "decision"}, parser, object, out)) return;
  const auto refuse = [&](std::string_view why) { problem(out, 422, "Bad member", why); };
  vendor* asked = find(text_of(object, "vendor"));
  if (asked == nullptr) return refuse(fmt::format("vendor must be one of: {}.", vendor_names()));
  const auto reference = text_of(object, "reference"), decision = text_of(object, "decision");
  if (reference.empty()) return refuse("reference must be the vendor's id of the payment, as a string.");
  if (decision != "approve" && decision != "decline") return refuse("decision must be approve or decline.");
  const auto decided = asked->decide(reference, decision == "approve");
  if (!decided) return problem(out, 404, "Not found", fmt::format("{} has no payment '{}' that a buyer could decide on.", asked->name(), reference));
  if (!*decided) return problem(out, 409, "Not a possible decision", decided->error().detail);
  fmt::format_to(std::back_inserter(out.body), R"({{"vendor":"{}","reference":)", asked->name());
  append_json(out.body, (*decided)->reference);
  fmt::format_to(std::back_inserter(out.body), R"(,"state":"{}","webhook":{}}})", (*decided)->state, world_.hooks->wanted());
  out.body.push_back('\n');
}

void control::read_mails(const request& rq, reply& out) const {
  form query;
  if (!read_query(rq, {"order_id"}, query, out)) return;
  mails_.list(query.find("order_id").value_or(""), out.body);
}

void vendor::answer(const request& rq, reply& out) { problem(out, 404, "Not found", fmt::format("{} does not speak HTTP ({}).", name(), rq.path)); }

std::optional<domain::result<moved_shipment>> vendor::advance(std::string_view, domain::tracking_state) { return std::nullopt; }

std::optional<domain::result<decided_payment>> vendor::decide(std::string_view, bool) { return std::nullopt; }

std::int64_t world::now_ms() const {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

}  // namespace coreldove::integrations::world
