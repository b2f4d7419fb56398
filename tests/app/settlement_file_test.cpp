// The gateways' settlement reports, as they come.
#include "runtime/app/settlement_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace coreldove::app {
namespace {

using domain::settled_kind;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

const std::string order_id = "ord_01ARYZ6S410000000000000000";

std::int64_t ms(domain::time_point t) { return t.time_since_epoch().count(); }

TEST(SettlementFile, ReadsStripesBalanceReport) {
  const auto f = read_settlement_file(
      "balance_transaction_id,created_utc,available_on_utc,currency,gross,fee,net,reporting_category,source_id,charge_id,payment_intent_id,payment_metadata["
      "order_id]\n"
      "txn_1,2026-11-20 10:00:00,2026-11-22 00:00:00,usd,64.98,2.18,62.80,charge,ch_1,ch_1,pi_1," +
          order_id +
          "\n"
          "txn_2,2026-11-20 10:05:00,2026-11-22 00:00:00,usd,-10.00,0.00,-10.00,refund,re_1,ch_1,pi_1," +
          order_id +
          "\n"
          "txn_3,2026-11-20 10:06:00,2026-11-22 00:00:00,usd,100.00,3.20,96.80,charge,ch_2,ch_2,pi_2,\n"
          "txn_4,2026-11-20 10:06:00,2026-11-22 00:00:00,usd,-40.00,0.00,-40.00,partial_capture_reversal,ch_2,ch_2,pi_2,\n"
          "txn_5,2026-11-20 11:00:00,2026-11-22 00:00:00,jpy,-500,15.00,-515,dispute,dp_1,ch_3,pi_3,\n"
          "txn_6,2026-11-20 12:00:00,2026-11-22 00:00:00,usd,-52.80,0.00,-52.80,payout,po_1,,,\n",
      "");
  ASSERT_THAT(f.problems, IsEmpty());
  EXPECT_EQ(f.gateway, "stripe");
  ASSERT_THAT(f.lines, SizeIs(4));
  EXPECT_EQ(f.others, 1U);
  EXPECT_EQ(f.lines[0].amount, 6498);
  EXPECT_EQ(f.lines[0].order_id, order_id);
  EXPECT_THAT(f.lines[0].references, Contains("pi_1"));
  EXPECT_EQ(ms(f.lines[0].at), 1'795'168'800'000);
  EXPECT_EQ(f.lines[1].kind, settled_kind::refund);
  EXPECT_EQ(f.lines[1].amount, 1000);
  EXPECT_EQ(f.lines[2].amount, 6000) << "the authorization less what was not captured";
  EXPECT_EQ(f.lines[3].kind, settled_kind::dispute);
  EXPECT_EQ(f.lines[3].amount, 500);
}

TEST(SettlementFile, ReadsPayPalsSettlementReport) {
  const auto f = read_settlement_file(
      "\"RH\",\"2026/11/21 03:00:00 -0800\",\"A\",\"ACCOUNT\",\"9.0.5\"\r\n"
      "\"FH\",\"1\"\r\n"
      "\"SH\",\"2026/11/20 00:00:00 -0800\",\"2026/11/20 23:59:59 -0800\",\"ACCOUNT\",\"\"\r\n"
      "\"CH\",\"Transaction ID\",\"Invoice ID\",\"PayPal Reference ID\",\"PayPal Reference ID Type\",\"Transaction Event Code\",\"Transaction Initiation "
      "Date\","
      "\"Transaction Completion Date\",\"Transaction Debit or Credit\",\"Gross Transaction Amount\",\"Gross Transaction Currency\",\"Fee Debit or Credit\","
      "\"Fee Amount\",\"Fee Currency\",\"Custom Field\"\r\n"
      "\"SB\",\"CAP1\",\"" +
          order_id +
          "/capture/3\",\"AUTH1\",\"TXN\",\"T0006\",\"2026/11/20 02:00:00 -0800\",\"2026/11/20 02:00:00 -0800\",\"CR\",6498,\"USD\",\"DR\",250,\"USD\",\"" +
          order_id +
          "\"\r\n"
          "\"SB\",\"REF1\",\"\",\"CAP1\",\"TXN\",\"T1107\",\"2026/11/20 03:00:00 -0800\",\"2026/11/20 03:00:00 "
          "-0800\",\"DR\",50000,\"JPY\",\"\",0,\"\",\"\"\r\n"
          "\"SB\",\"W1\",\"\",\"\",\"\",\"T0400\",\"2026/11/20 04:00:00 -0800\",\"2026/11/20 04:00:00 -0800\",\"DR\",1,\"USD\",\"\",0,\"\",\"\"\r\n"
          "\"SF\",\"USD\"\r\n",
      "paypal");
  ASSERT_THAT(f.problems, IsEmpty());
  ASSERT_THAT(f.lines, SizeIs(2));
  EXPECT_EQ(f.others, 1U);
  EXPECT_EQ(f.lines[0].amount, 6498);
  EXPECT_EQ(f.lines[0].order_id, order_id);
  EXPECT_EQ(ms(f.lines[0].at), 1'795'168'800'000) << "02:00 in California is 10:00 UTC";
  EXPECT_EQ(f.lines[1].amount, 500) << "five hundred yen are written as 50000";
  EXPECT_THAT(f.lines[1].references, Contains("CAP1"));
}

TEST(SettlementFile, ReadsRazorpaysReconInBothItsForms) {
  const auto api = read_settlement_file(
      "entity_id,type,debit,credit,amount,currency,fee,tax,on_hold,settled,created_at,settled_at,settlement_id,notes,payment_id,order_id,order_receipt,dispute_"
      "id\n"
      "pay_1,payment,0,626300,649800,INR,19200,4300,false,true,1795168800,1795255200,setl_1,\"{\"\"order_id\"\":\"\"" +
          order_id +
          "\"\"}\",,order_1,,\n"
          "rfnd_1,refund,100000,0,100000,INR,0,0,false,true,1795168900,1795255200,setl_1,,pay_1,order_1,,\n"
          "adj_1,adjustment,5000,0,5000,INR,0,0,false,true,1795168900,1795255200,setl_1,,pay_1,,,disp_1\n"
          "trf_1,transfer,100,0,100,INR,0,0,false,true,1795168900,1795255200,setl_1,,,,,\n",
      "");
  ASSERT_THAT(api.problems, IsEmpty());
  EXPECT_EQ(api.gateway, "razorpay");
  ASSERT_THAT(api.lines, SizeIs(3));
  EXPECT_EQ(api.lines[0].amount, 649'800);
  EXPECT_EQ(api.lines[0].order_id, order_id);
  EXPECT_EQ(api.lines[2].kind, settled_kind::dispute);
  const auto dashboard = read_settlement_file(
      "transaction_entity,entity_id,amount,currency,debit,credit,created_at,payment_id,payment_notes\npayment,pay_1,\"6,498.00\",INR,0,6263.00,20/11/2026 "
      "10:00:00,,\n",
      "");
  ASSERT_THAT(dashboard.problems, IsEmpty());
  EXPECT_EQ(dashboard.lines.at(0).amount, 649'800);
  EXPECT_EQ(ms(dashboard.lines.at(0).at), 1'795'168'800'000);
}

TEST(SettlementFile, ReadsPayUsSettlementDetails) {
  const auto f = read_settlement_file(
      "payuid,txnid,txndate,mode,amount,requestid,requestdate,requestaction,requestamount,mer_utr,mer_net_amount,udf1\n"
      "403993715,tx1,2026-11-20 09:59:00,CC,64.98,7001,2026-11-20 10:00:00,capture,64.98,UTR1,63.00," +
          order_id +
          "\n"
          "403993715,tx1,2026-11-20 09:59:00,CC,64.98,7002,2026-11-20 11:00:00,refund,10.00,UTR1,-10.00," +
          order_id + "\n",
      "");
  ASSERT_THAT(f.problems, IsEmpty());
  EXPECT_EQ(f.gateway, "payu");
  ASSERT_THAT(f.lines, SizeIs(2));
  EXPECT_EQ(f.lines[0].currency, "INR");
  EXPECT_EQ(f.lines[1].amount, 1000);
  EXPECT_THAT(f.lines[1].references, Contains("403993715"));
}

TEST(SettlementFile, SaysWhichRowCannotBeRead) {
  const std::string header = "balance_transaction_id,created_utc,currency,gross,reporting_category\n";
  const auto problem = [&](const std::string& row) {
    const auto f = read_settlement_file(header + row, "");
    return f.problems.empty() ? std::string{} : f.problems.front();
  };
  EXPECT_THAT(problem("t,2026-11-20 10:00:00,usd,1.234,charge\n"), HasSubstr("row 2: gross"));
  EXPECT_THAT(problem("t,2026-11-20 10:00:00,zzz,1.00,charge\n"), HasSubstr("\"zzz\" is no currency"));
  EXPECT_THAT(problem("t,yesterday,usd,1.00,charge\n"), HasSubstr("\"yesterday\" is no time"));
  EXPECT_THAT(problem(",2026-11-20 10:00:00,usd,1.00,charge\n"), HasSubstr("no id"));
  EXPECT_THAT(problem("\"t,2026\n"), HasSubstr("row"));
  EXPECT_THAT(read_settlement_file("a,b\n1,2\n", "").problems, SizeIs(1));
  EXPECT_THAT(read_settlement_file(header, "payu").problems, SizeIs(1)) << "another gateway's report";
  EXPECT_THAT(read_settlement_file("", "").problems, SizeIs(1));
}

}  // namespace
}  // namespace coreldove::app
