#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <iterator>

#include "actors/notifier/mail_text.hpp"
#include "persistence/codec/event_codec.hpp"
#include "persistence/open_store.hpp"
#include "persistence/sql/repair.hpp"
#include "persistence/stock_certificate.hpp"
#include "persistence/verify.hpp"
#include "runtime/app/cli.hpp"

namespace coreldove::app {
namespace {

/// A repair can uncover what the damage had hidden; each pass leaves less.
constexpr int passes_max = 4;

bool reaches(const persistence::outbox_entry& stored, const persistence::outbox_entry& wanted) {
  const auto is = actors::read_mail(stored), should_be = actors::read_mail(wanted);
  return is && should_be && is->to == should_be->to && is->order_id == should_be->order_id;
}

persistence::verification look(persistence::audit_source& source, persistence::repair_target* repair) {
  persistence::verify_options options;
  options.message_of = actors::mail_for;
  options.reaches = reaches;
  options.repair = repair;
  const bool watched = ::isatty(STDERR_FILENO) == 1;
  if (watched) options.progress = [](std::uint64_t orders) { fmt::print(stderr, "\r{} orders", orders); };
  auto v = persistence::verify(source, options);
  if (watched) fmt::print(stderr, "\r\033[K");
  return v;
}

void print(const persistence::verification& v, bool with_repairs) {
  for (const auto& f : v.findings) {
    fmt::print("{}: {}: {}\n", f.check, f.subject, f.detail);
    if (with_repairs) fmt::print("  repair: {}\n", f.repair.empty() ? "none; what is missing cannot be made up" : f.repair);
  }
  if (v.findings_total > v.findings.size()) fmt::print("… and {} more\n", v.findings_total - v.findings.size());
  fmt::print("{} orders, {} events, {} rows of stock: {}\n", v.orders, v.events, v.stock_rows,
             v.findings_total == 0 ? "everything adds up" : fmt::format("{} findings", v.findings_total));
}

std::string read_file(const std::string& name) {
  std::ifstream file{name, std::ios::binary};
  if (!file) throw std::runtime_error(fmt::format("{} cannot be read", name));
  return {std::istreambuf_iterator<char>{file}, {}};
}

/// Whether what the certificate says is still in the store, however much has been added since.
bool holds(const std::string& file, persistence::audit_source& source, std::uint64_t last) {
  const auto certificate = persistence::read_certificate(read_file(file));
  if (!certificate) {
    fmt::print("certificate: {}: {}\n", file, certificate.error().detail);
    return false;
  }
  const auto wrong = persistence::differences(*certificate, last, [&](std::uint64_t after, std::uint64_t until) { return source.stock_ledger(after, until); });
  if (!wrong) {
    fmt::print("certificate: {}: {}\n", file, wrong.error().detail);
    return false;
  }
  for (const auto& w : *wrong) fmt::print("certificate: {}\n", w);
  if (wrong->empty())
    fmt::print("certificate of {}: position {}, {} rows of stock; all of it is in the store, which has {} events more now\n",
               persistence::format_time(certificate->made_at), certificate->position, certificate->rows.size(), last - certificate->position);
  return wrong->empty();
}

int repair(const config::settings& s) {
  const auto store = persistence::open_repair(config::database_place(s));
  auto v = look(store->source(), &store->target());
  print(v, true);
  if (v.repairable == 0) return v.findings_total == 0 ? success : failure;
  for (int pass = 1; pass < passes_max && v.repairable > 0; ++pass) v = look(store->source(), &store->target());
  if (v.repairable > 0) return fail("the store is as it was: after all repairs it still did not add up");
  store->keep();
  fmt::print("Repaired. Now:\n");
  print(v, false);
  return v.findings_total == 0 ? success : failure;
}

}  // namespace

int verify(const verify_options& o, const config::settings& s) {
  if (o.yes) return repair(s);
  const auto source = persistence::open_audit(config::database_place(s));
  const auto v = look(*source, nullptr);
  print(v, o.repair);
  const bool certified = o.certificate.empty() || holds(o.certificate, *source, v.position);
  if (o.repair && v.repairable > 0) fmt::print("{} of them can be repaired: coreldove verify --repair --yes, while no server is running\n", v.repairable);
  return v.findings_total == 0 && certified ? success : failure;
}

}  // namespace coreldove::app
