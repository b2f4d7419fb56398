// The writing half of the store in memory.
#include <stdexcept>
#include <utility>

#include "tests/simulation/world/memory_store.hpp"

namespace coreldove::simulation {
namespace {

const domain::failure closed_for_now{domain::errc::unavailable, "the store cannot be written at the moment"};
const domain::failure nobody_knows{domain::errc::timed_out, "the disk did not say whether it has written"};

}  // namespace

std::string_view to_string(commit_fate fate) {
  switch (fate) {
    case commit_fate::committed:
      return "committed";
    case commit_fate::failed:
      return "nothing is written";
    case commit_fate::lost:
      return "nothing is written, and nobody can tell";
    case commit_fate::written_unknown:
      return "all is written, and nobody can tell";
  }
  return "";
}

void memory_store::append(persistence::append item, persistence::append_done done) {
  if (!open_) return;
  if (auto& [order_id, times] = append_throws_; times > 0 && (order_id.empty() || order_id == item.stream)) {
    --times;
    throw std::runtime_error("no memory for the append");
  }
  if (append_throws_when_ && append_throws_when_(item)) throw std::runtime_error("no memory for the append");
  if (!healthy()) return done(closed_for_now);
  queue_.push_back(append_job{std::move(item), std::move(done)});
}

void memory_store::adjust(persistence::stock_adjustment item, persistence::append_done done) {
  if (!open_) return;
  if (adjust_throws_ > 0) {
    --adjust_throws_;
    throw std::runtime_error("no memory for the adjustment");
  }
  queue_.push_back(adjust_job{std::move(item), std::move(done)});
}

void memory_store::import(persistence::catalog items, persistence::plain_done done) {
  if (open_) queue_.push_back(import_job{std::move(items), std::move(done)});
}

void memory_store::outbox_done(std::vector<std::string> keys, persistence::plain_done done) {
  if (open_) queue_.push_back(outbox_job{std::move(keys), std::move(done)});
}

void memory_store::keep(std::vector<persistence::kept_notice> notices, persistence::plain_done done) {
  if (open_) queue_.push_back(keep_job{std::move(notices), std::move(done)});
}

void memory_store::set(persistence::setting item, persistence::append_done done) {
  if (open_) queue_.push_back(set_job{std::move(item), std::move(done)});
}

void memory_store::begin_commit(std::size_t at_most) {
  for (; at_most > 0 && !queue_.empty(); --at_most) {
    committing_.push_back(std::move(queue_.front()));
    queue_.pop_front();
  }
}

void memory_store::commit_some(std::size_t at_most, commit_fate fate) {
  end_commit();
  begin_commit(at_most);
  end_commit(fate);
}

void memory_store::end_commit(commit_fate fate) {
  if (committing_.empty()) return;
  if (full_ || clock_.right() < down_until_) fate = commit_fate::failed;
  if (fate == commit_fate::failed) down_until_ = std::max(down_until_, clock_.right() + std::chrono::seconds{1});
  for (auto& j : std::exchange(committing_, {})) {
    if (fate == commit_fate::committed) {
      carry_out(j);
    } else if (fate == commit_fate::written_unknown) {
      const auto before = commit_answers_.size();
      carry_out(j);
      commit_answers_.resize(before);
      refuse(j, nobody_knows);
    } else {
      refuse(j, fate == commit_fate::failed ? closed_for_now : nobody_knows);
    }
  }
}

void memory_store::carry_out(job& j) {
  if (auto* a = std::get_if<append_job>(&j)) {
    commit_answers_.push_back([done = a->done, r = disk.write(a->item)] { done(r); });
  } else if (auto* s = std::get_if<adjust_job>(&j)) {
    commit_answers_.push_back([done = s->done, r = disk.write(s->item)] { done(r); });
  } else if (auto* c = std::get_if<import_job>(&j)) {
    disk.write(c->items);
    commit_answers_.push_back([done = c->done] { done(true); });
  } else if (auto* w = std::get_if<set_job>(&j)) {
    commit_answers_.push_back([done = w->done, r = disk.write(w->item)] { done(r); });
  } else if (auto* k = std::get_if<keep_job>(&j)) {
    for (const auto& n : k->notices) disk.keep(n);
    commit_answers_.push_back([done = k->done] { done(true); });
  } else {
    auto& o = std::get<outbox_job>(j);
    for (const auto& key : o.keys) disk.outbox.erase(key);
    commit_answers_.push_back([done = o.done] { done(true); });
  }
}

void memory_store::refuse(job& j, const domain::failure& why) {
  if (auto* a = std::get_if<append_job>(&j)) commit_answers_.push_back([done = a->done, why] { done(why); });
  if (auto* s = std::get_if<adjust_job>(&j)) commit_answers_.push_back([done = s->done, why] { done(why); });
  if (auto* c = std::get_if<import_job>(&j)) commit_answers_.push_back([done = c->done, why] { done(why); });
  if (auto* o = std::get_if<outbox_job>(&j)) commit_answers_.push_back([done = o->done, why] { done(why); });
  if (auto* w = std::get_if<set_job>(&j)) commit_answers_.push_back([done = w->done, why] { done(why); });
  if (auto* k = std::get_if<keep_job>(&j)) commit_answers_.push_back([done = k->done, why] { done(why); });
}

bool memory_store::answer_commit() {
  if (commit_answers_.empty()) return false;
  auto answer = std::move(commit_answers_.front());
  commit_answers_.pop_front();
  answer();
  return true;
}

void memory_store::crash(bool reached_disk) {
  open_ = false;
  if (reached_disk)
    for (auto& j : committing_) carry_out(j);
  std::deque<job>{}.swap(committing_);
  while (!queue_.empty() || !commit_answers_.empty() || !reads_.empty()) {
    std::deque<job>{}.swap(queue_);
    std::deque<std::function<void()>>{}.swap(commit_answers_);
    reads_.clear();
  }
  append_throws_ = {};
  adjust_throws_ = reads_to_fail_ = 0;
  down_until_ = {};
  open_ = true;
}

}  // namespace coreldove::simulation
