#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <memory>
#include <stdexcept>

#include "runtime/app/await.hpp"
#include "runtime/app/cli.hpp"
#include "runtime/app/outside.hpp"

namespace coreldove::app {
namespace {

const std::map<std::string, config::vendor>& vendors() {
  using config::vendor;
  static const std::map<std::string, vendor> all{{"stripe", vendor::stripe}, {"paypal", vendor::paypal}, {"razorpay", vendor::razorpay},
                                                 {"payu", vendor::payu},     {"fedex", vendor::fedex},   {"smtp", vendor::smtp}};
  return all;
}

// The sandbox of a check keeps its own little state, so that it never touches a running server's.
class scratch_folder {
public:
  scratch_folder() {
    auto name = (std::filesystem::temp_directory_path() / "coreldove-check-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("cannot make a temporary folder");
    path_ = name;
  }
  ~scratch_folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  scratch_folder(const scratch_folder&) = delete;
  scratch_folder& operator=(const scratch_folder&) = delete;
  const std::filesystem::path& path() const { return path_; }

private:
  std::filesystem::path path_;
};

int report(std::string_view name, std::string_view where, const integrations::outcome& o) {
  if (o.kind == domain::operation_outcome::done) {
    fmt::print("{} at {}: works{}{}\n", name, where, o.reference.empty() ? "" : ", ", o.reference);
    return success;
  }
  fmt::print("{} at {}: does not work: {}{}{}\n", name, where, o.code, o.code.empty() || o.message.empty() ? "" : ": ", o.message);
  return failure;
}

int check(const std::string& name, const config::settings& given) {
  const scratch_folder scratch;
  auto s = config::with_sandbox_credentials(given);
  s.data_dir = scratch.path().string();
  const auto which = vendors().at(name);
  const auto reach = config::reach_of(s, which);
  if (reach == config::reach::off) return fail(fmt::format("{} is off: it has neither credentials nor an address", name));
  outside_world world{s};
  const auto where = reach == config::reach::built_in_sandbox ? std::string{"the built-in sandbox world"} : config::address_of(s, which);
  const auto answer = await<integrations::outcome>([&](integrations::on_outcome done) {
    if (const auto gateway = world.gateways.find(name); gateway != world.gateways.end())
      gateway->second->check(std::move(done));
    else if (const auto carrier = world.carriers.find(name); carrier != world.carriers.end())
      carrier->second->check(std::move(done));
    else
      world.mailer->check(std::move(done));
  });
  world.stop();
  return report(name, where, answer);
}

}  // namespace

void add_check(CLI::App& app, action& chosen) {
  auto* command = app.add_subcommand("check", "Call one outside system with harmless real calls and print what worked");
  const auto name = std::make_shared<std::string>();
  command->add_option("INTEGRATION", *name, "stripe, paypal, razorpay, payu, fedex or smtp")->required()->check(CLI::IsMember(vendors()));
  command->footer("It goes where the settings say: <NAME>_API_BASE, SANDBOX_URL, the vendor in production, else a sandbox world started for the check.\n");
  command->callback([&chosen, name] { chosen = with_settings([name](const config::settings& s) { return check(*name, s); }); });
}

}  // namespace coreldove::app
