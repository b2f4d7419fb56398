#pragma once
// What PayU's commands answer. Numbers come as numbers or as text, and "not found" comes as text in the place of an object; here everything is text, and what
// is missing is empty.
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace coreldove::integrations::payu {

/// The frame of every answer. The HTTP status is 200 whatever happened.
struct answer {
  bool ok = false;  // status 1
  std::string message, error_code, request_id;
};

/// A payment as verify_payment and check_payment show it.
struct transaction {
  std::string id;      // mihpayid; empty where there is none
  std::string status;  // unmappedstatus in small letters: auth, captured, failed, …; "not found"
  std::string amount;  // as it was posted
  std::string error_code, error_message;
  std::string order_id;  // udf1, which is ours
};

/// A capture, cancellation or refund as check_action_status shows it.
struct action {
  std::string request_id, kind, token, amount;
  std::string status;  // in small letters: queued, requested, in progress, success, failure, od_hit
};

/// Nothing where the body is no JSON object with a status.
std::optional<answer> read_answer(const std::string& body);
/// verify_payment's, by our txnid. Nothing where it says nothing about it.
std::optional<transaction> read_verified(const std::string& body, std::string_view txnid);
/// check_payment's.
std::optional<transaction> read_checked(const std::string& body);
/// Everything ever asked about one payment, or one request. Nothing where the answer is not of that kind.
std::optional<std::vector<action>> read_actions(const std::string& body);

}  // namespace coreldove::integrations::payu
