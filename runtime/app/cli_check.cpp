#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string_view>

#include "runtime/app/await.hpp"
#include "runtime/app/cli.hpp"
#include "runtime/app/outside.hpp"

namespace coreldove::app {
namespace {

config::vendor vendor_of(std::string_view name) {
  using config::vendor;
  if (name == "stripe") return vendor::stripe;
  if (name == "paypal") return vendor::paypal;
  if (name == "razorpay") return vendor::razorpay;
  if (name == "payu") return vendor::payu;
  if (name == "fedex") return vendor::fedex;
  return vendor::smtp;  // the grammar lets no other name in
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

}  // namespace

int check(const std::string& name, const config::settings& given) {
  const scratch_folder scratch;
  auto s = config::with_sandbox_credentials(given);
  s.data_dir = scratch.path().string();
  const auto which = vendor_of(name);
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

}  // namespace coreldove::app
