#pragma once
// spdlog set up once: text or JSON lines on standard error, asynchronous, never blocking the caller (oldest lines are dropped first and counted).
// Order id and trace id go into every line that has them; personal data only at debug.
#include <spdlog/spdlog.h>

#include <chrono>
#include <string>
#include <string_view>

namespace coreldove::runtime {

enum class log_format { text, json };

/// `level`: trace, debug, info, warning, error. Throws std::invalid_argument for another name.
void start_logging(std::string_view level, log_format format);
/// Writes out what is queued. False where that takes longer, because nobody reads what is written: then a thread still hangs in it, and only _exit ends the
/// process.
bool stop_logging(std::chrono::milliseconds at_most);

/// A line about one order. `what` is a sentence without personal data; `detail` may be empty.
void log_order(spdlog::level::level_enum level, std::string_view order_id, std::string_view trace_id, std::string_view what, std::string_view detail = {});

}  // namespace coreldove::runtime
