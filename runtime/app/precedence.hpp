#pragma once

namespace coreldove::app {

/// Who goes first where there are fewer cores than threads: the threads that are there now and the ones they start, the caller's own excepted, become the
/// working ones (SCHED_BATCH, a little less weight; see sched(7)). What starts afterwards, the front end, is not held up by them: under overload a request is
/// refused at once instead of after the work in hand, and the work is interrupted less often. Needs no rights; where the system refuses, all stay equal.
void make_working_threads();

}  // namespace coreldove::app
