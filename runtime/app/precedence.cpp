#include "runtime/app/precedence.hpp"

#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

#include <charconv>
#include <filesystem>
#include <string>

namespace coreldove::app {
namespace {

constexpr int nice_of_work = 3;  // half the weight: enough for refusals within 50 ms at three times the load, measured by bench/overload.py

}  // namespace

void make_working_threads() {
  std::error_code failed;
  for (std::filesystem::directory_iterator task{"/proc/self/task", failed}, end; !failed && task != end; task.increment(failed)) {
    const auto name = task->path().filename().string();
    pid_t thread = 0;
    std::from_chars(name.data(), name.data() + name.size(), thread);
    if (thread == 0 || thread == gettid()) continue;
    const sched_param none{};
    sched_setscheduler(thread, SCHED_BATCH, &none);
    setpriority(PRIO_PROCESS, static_cast<id_t>(thread), nice_of_work);
  }
}

}  // namespace coreldove::app
