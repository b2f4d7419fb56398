#include "tests/program/web.hpp"

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <cctype>
#include <charconv>
#include <chrono>

namespace coreldove::program_test {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;

}  // namespace

web_answer ask(std::uint16_t port, const std::string& method, const std::string& target, const std::map<std::string, std::string>& fields,
               const std::string& body, std::chrono::seconds at_most) {
  asio::io_context io;
  beast::tcp_stream stream{io};
  beast::http::request<beast::http::string_body> request;
  request.method_string(method);
  request.target(target);
  request.set(beast::http::field::host, "127.0.0.1:" + std::to_string(port));
  for (const auto& [name, value] : fields) request.set(name, value);
  request.body() = body;
  request.prepare_payload();

  beast::flat_buffer buffer;
  beast::http::response_parser<beast::http::string_body> parser;
  parser.body_limit(boost::none);  // a ledger may be long
  boost::system::error_code failed;
  stream.expires_after(at_most);  // honoured by asynchronous calls alone
  stream.async_connect(asio::ip::tcp::endpoint{asio::ip::address_v4::loopback(), port}, [&](boost::system::error_code connect_failed) {
    failed = connect_failed;
    if (failed) return;
    beast::http::async_write(stream, request, [&](boost::system::error_code write_failed, std::size_t) {
      failed = write_failed;
      if (failed) return;
      beast::http::async_read(stream, buffer, parser, [&](boost::system::error_code read_failed, std::size_t) { failed = read_failed; });
    });
  });
  io.run();
  if (failed) throw boost::system::system_error{failed, method + " " + target};
  const auto& response = parser.get();
  web_answer out{static_cast<int>(response.result_int()), response.body(), {}};
  for (const auto& f : response) {
    std::string name{f.name_string()};
    std::ranges::transform(name, name.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    out.fields.emplace(std::move(name), f.value());
  }
  return out;
}

std::uint16_t port_in(const std::string& line) {
  const auto colon = line.rfind(':');
  std::uint16_t port = 0;
  if (colon != std::string::npos) std::from_chars(line.data() + colon + 1, line.data() + line.size(), port);
  return port;
}

}  // namespace coreldove::program_test
