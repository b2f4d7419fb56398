#pragma once
// PayU's signatures: SHA-512 in hex over fields joined by '|', with the merchant's salt at one end. And the ids that it lets us choose.
#include <string>
#include <string_view>

#include "integrations/http/form.hpp"

namespace coreldove::integrations::payu {

/// Of the form that the buyer's browser posts: key|txnid|amount|productinfo|firstname|email|udf1…udf5||||||SALT.
std::string request_hash(const http::form_fields& f, std::string_view salt);
/// Of what PayU reports, the other way round: [additionalCharges|]SALT|status||||||udf5…udf1|email|firstname|productinfo|amount|txnid|key.
std::string response_hash(const http::form_fields& f, std::string_view salt);
/// Of a command: key|command|var1|SALT.
std::string command_hash(std::string_view key, std::string_view command, std::string_view var1, std::string_view salt);

/// An idempotency key as PayU takes ids of ours (txnid, the token of an action): 23 letters and digits, all small because nobody promises to tell capitals
/// apart. 115 bits of its SHA-256, so two keys never meet.
std::string short_id(std::string_view idempotency_key);

}  // namespace coreldove::integrations::payu
