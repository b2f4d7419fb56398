#include "runtime/logging.hpp"

#include <spdlog/async.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <future>
#include <stdexcept>
#include <thread>

namespace coreldove::runtime {
namespace {

constexpr std::size_t queue_lines = 8192;

/// %J: the message as a JSON string, without its quotes. Text that users wrote must not be able to forge lines.
class json_message final : public spdlog::custom_flag_formatter {
public:
  void format(const spdlog::details::log_msg& msg, const std::tm&, spdlog::memory_buf_t& dest) override {
    constexpr char hex[] = "0123456789abcdef";
    for (const char c : msg.payload) {
      const auto u = static_cast<unsigned char>(c);
      if (c == '"' || c == '\\') {
        dest.push_back('\\');
        dest.push_back(c);
      } else if (u < 0x20) {
        for (const char x : {'\\', 'u', '0', '0', hex[u >> 4], hex[u & 15]}) dest.push_back(x);
      } else {
        dest.push_back(c);
      }
    }
  }
  std::unique_ptr<custom_flag_formatter> clone() const override { return std::make_unique<json_message>(); }
};

/// %T-like, for text lines: control characters become blanks.
class plain_message final : public spdlog::custom_flag_formatter {
public:
  void format(const spdlog::details::log_msg& msg, const std::tm&, spdlog::memory_buf_t& dest) override {
    for (const char c : msg.payload) dest.push_back(static_cast<unsigned char>(c) < 0x20 ? ' ' : c);
  }
  std::unique_ptr<custom_flag_formatter> clone() const override { return std::make_unique<plain_message>(); }
};

}  // namespace

void start_logging(std::string_view level, log_format format) {
  const auto wanted = spdlog::level::from_str(std::string{level});
  if (wanted == spdlog::level::off && level != "off") throw std::invalid_argument("unknown log level");
  spdlog::init_thread_pool(queue_lines, 1);
  auto sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
  auto logger = std::make_shared<spdlog::async_logger>("coreldove", std::move(sink), spdlog::thread_pool(), spdlog::async_overflow_policy::overrun_oldest);
  auto formatter = std::make_unique<spdlog::pattern_formatter>(spdlog::pattern_time_type::utc);
  if (format == log_format::json)
    formatter->add_flag<json_message>('*').set_pattern(R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l","msg":"%*"})");
  else
    formatter->add_flag<plain_message>('*').set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %^%-7l%$ %*");
  logger->set_formatter(std::move(formatter));
  logger->set_level(wanted);
  logger->flush_on(spdlog::level::warn);
  spdlog::set_default_logger(std::move(logger));
}

bool stop_logging(std::chrono::milliseconds at_most) {
  const auto ended = std::make_shared<std::promise<void>>();
  auto written = ended->get_future();
  std::thread{[ended] {
    spdlog::shutdown();
    ended->set_value();
  }}.detach();
  return written.wait_for(at_most) == std::future_status::ready;
}

void log_order(spdlog::level::level_enum level, std::string_view order_id, std::string_view trace_id, std::string_view what, std::string_view detail) {
  if (!spdlog::should_log(level)) return;
  spdlog::log(level, "{} order_id={} trace_id={}{}{}", what, order_id, trace_id.empty() ? "-" : trace_id, detail.empty() ? "" : " ", detail);
}

}  // namespace coreldove::runtime
