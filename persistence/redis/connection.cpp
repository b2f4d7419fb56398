#include "persistence/redis/connection.hpp"

#include <hiredis/hiredis.h>
#include <sys/socket.h>

#include <system_error>

namespace coreldove::persistence::redis {
namespace {

struct reply_closer {
  void operator()(redisReply* r) const { freeReplyObject(r); }
};

answer to_answer(const redisReply& r) {
  const auto text = [&r] { return std::string{r.str, r.len}; };
  switch (r.type) {
    case REDIS_REPLY_INTEGER:
      return {answer::kind::number, r.integer, {}, {}};
    case REDIS_REPLY_STRING:
    case REDIS_REPLY_STATUS:
      return {answer::kind::text, 0, text(), {}};
    case REDIS_REPLY_ERROR:
      return {answer::kind::refused, 0, text(), {}};
    case REDIS_REPLY_ARRAY: {
      answer all{answer::kind::list, 0, {}, {}};
      all.list.reserve(r.elements);
      for (std::size_t i = 0; i < r.elements; ++i) all.list.push_back(to_answer(*r.element[i]));
      return all;
    }
    default:
      return {};
  }
}

}  // namespace

void connection::closer::operator()(redisContext* c) const { redisFree(c); }

connection::connection(const std::string& ip, std::uint16_t port) : context_(redisConnectNonBlock(ip.c_str(), port)) {
  if (!context_) throw fault("no memory for a connection");
  if (context_->err != 0) throw fault(context_->errstr);
}

int connection::descriptor() const { return context_->fd; }

void connection::finish_connecting() const {
  int error = 0;
  socklen_t size = sizeof error;
  if (getsockopt(context_->fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0) error = errno;
  if (error != 0) throw fault(std::generic_category().message(error));
}

void connection::append(const command& what) {
  std::vector<const char*> words;
  std::vector<std::size_t> sizes;
  words.reserve(what.size());
  sizes.reserve(what.size());
  for (const auto& w : what) {
    words.push_back(w.data());
    sizes.push_back(w.size());
  }
  if (redisAppendCommandArgv(context_.get(), static_cast<int>(what.size()), words.data(), sizes.data()) != REDIS_OK) throw fault(context_->errstr);
  unsent_ = true;
}

void connection::flush() {
  int done = 0;
  if (redisBufferWrite(context_.get(), &done) != REDIS_OK) throw fault(context_->errstr);
  unsent_ = done == 0;
}

void connection::read() {
  if (redisBufferRead(context_.get()) != REDIS_OK) throw fault(context_->errstr);
}

std::optional<answer> connection::next() {
  void* raw = nullptr;
  if (redisGetReplyFromReader(context_.get(), &raw) != REDIS_OK) throw fault(context_->errstr);
  if (raw == nullptr) return std::nullopt;
  const std::unique_ptr<redisReply, reply_closer> reply{static_cast<redisReply*>(raw)};
  return to_answer(*reply);
}

}  // namespace coreldove::persistence::redis
