// Every message of the protocol, there and back; and what is no message.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <set>

#include "model/link.hpp"

namespace snapshot_test::model {
namespace {

using nlohmann::json;
using testing::HasSubstr;

/// What a field of an aggregate can be initialised with, whatever its type.
struct Anything {
  template <class T>
  operator T() const;  // NOLINT: implicit, and only named
};

/// How many fields an aggregate has.
template <class T, class... Fields>
constexpr std::size_t field_count(Fields... fields) {
  if constexpr (requires { T{fields..., Anything{}}; }) {
    return field_count<T>(fields..., Anything{});
  } else {
    return sizeof...(Fields);
  }
}

Benchmark benchmark() {
  return {"bench.Core.time_it", "time", "it", "v1", "seconds", "bench", "Core", "time_it",
          "/suite/bench.py",    7,      {},   2.5,  "k1",      9.0,     true};
}

Rules rules() { return {{1e-3, 1e-4}, {{"float32", {1e-2, 1e-3}}}, false, false, false, false, true}; }

SiteValue site_value() {
  return {{SiteKind::kBody, 2},
          "x = f()",
          "numpy.ndarray",
          true,
          3,
          true,
          std::string(64, 'a'),
          80,
          std::string(32, 'b'),
          WholeValue{std::string(64, 'c'), 4711, std::string(32, 'd')},
          "a lock",
          "cut",
          {"[0]"},
          {{"[1]", 1e-6}},
          true};
}

SiteComparison comparison() {
  SiteComparison made;
  made.site = {SiteKind::kPath, 1};
  made.match = SiteMatch::kDifferent;
  made.meaningful = true;
  made.explanation = "1 of 2 differ";
  made.details = {{"differing", 1}};
  made.differing_paths = {"[0]"};
  made.passing_rtol = {{"[0]", 0.5}};
  made.wholly_different = true;
  made.nothing_agrees = true;
  made.shares_with = Site{SiteKind::kReturn, 0};
  return made;
}

CaseRequest case_request() {
  CaseRequest made;
  made.alone = BenchmarkRequest{benchmark(), rules()};
  made.index = 3;
  made.ids = {"'a'", "1"};
  made.workdir = "/scratch/case-3/work";
  made.temporary = "/scratch/case-3/tmp";
  made.scratch = "/scratch";
  made.mode = CaseMode::kCompare;
  made.observe = Observe::kUnheld;
  made.trace_depth_limit = 7;
  made.store = {"folder", {"/store/staging/1/objects", "/store/objects"}, "/store/staging/1/objects"};
  made.compress = false;
  made.baseline = {site_value()};
  made.repeat = 2;
  made.perturb = true;
  made.seed = 9;
  made.sealed = true;
  return made;
}

/// One of each command, no field of which is as it is by default.
std::vector<Command> commands() {
  HostStart start;
  start.executable = "/usr/bin/python3";
  start.benchmark_dir = "/suite";
  start.project_dir = "/project";
  start.workdir = "/scratch/base-0/work";
  start.seed = 1;
  start.preload = {"numpy"};
  start.reducers = {"/project/reducers.py"};
  start.limits = {1, 2, 3};
  start.max_memory = 4;
  start.frozen_time = 5;
  start.clock_shift = -6;
  start.watched = {"/store/objects"};
  start.project_code = {{"wavelab"}, {"/project"}};
  start.listings = {{"/project", {{"wavelab", "d"}}}};
  const CacheRequest cache{benchmark(), "/scratch/cache-0/work", CacheBuild::kDone};
  return {start,
          Preload{{"numpy", "scipy"}},
          Fork{1, DiscoverRequest{"time_",
                                  {"slow"},
                                  {{"bench.bad", "crashed"}},
                                  {benchmark()},
                                  true,
                                  {"wavelab"},
                                  true,
                                  "mem_",
                                  {"quick"}}},
          Fork{2, ModuleRequest{"bench", "/scratch/module-0/work"}},
          Fork{3, cache},
          Fork{4, BenchmarkRequest{benchmark(), rules()}},
          Fork{5, case_request()},
          Fork{6, SeriesRequest{}},
          RunCase{"bench.time_f", case_request()},
          Wanted{{2, 0}},
          Become{cache}};
}

std::vector<Report> reports() {
  Suite suite{"/suite", {benchmark()}, {{"bench.bad", "ImportError: x", "Traceback"}}, {"a note"}};
  Observation observation;
  observation.ending = Ending::kRaised;
  observation.detail = "ValueError";
  observation.traceback = "Traceback";
  observation.output = "said";
  observation.seconds = 0.5;
  observation.sites = {site_value()};
  observation.unheld = true;
  observation.notes = {"a note"};
  observation.replaced = {"numpy.sum"};
  observation.opened = {"/store/objects/aa"};
  return {Ready{{"/store/objects/aa"}},
          BranchFailure{Ending::kRefused, "no room", "Traceback"},
          Forked{1, 4711},
          ForkFailed{1, "no more processes"},
          Exited{1, 9},
          Importing{"bench"},
          Looking{},
          Running{},
          DiscoverReply{suite,
                        {{0, 2}},
                        {{1}},
                        {{"numpy", "2.0"}},
                        {{"wavelab", "0.1", "/project/wavelab", "", std::nullopt, "", 0, false}},
                        {"numpy"},
                        {{"numpy", "d1"}},
                        {{"bench", "d2"}},
                        1,
                        "why",
                        {1},
                        {"bench.bad"},
                        {"idle"},
                        true,
                        {{1, 2}},
                        {{"wavelab.fast", "/elsewhere/fast.so"}},
                        {{"numpy.sum"}, {"/store/objects/aa"}, {{"wavelab", "/p/wavelab.py"}}, {{"a.pth", "d3"}}},
                        true},
          Offer{{{true, "a lock", 1, true}}, {{1, 80, std::string(32, 'c'), "int", "cut", 3, true}}},
          CaseReply{observation, {comparison()}, "it has left threads", {{1, 0}}}};
}

template <class Message>
std::vector<Message> samples() {
  if constexpr (std::is_same_v<Message, Command>) {
    return commands();
  } else {
    return reports();
  }
}

template <class Message>
class Protocol : public testing::Test {};
using Directions = testing::Types<Command, Report>;
TYPED_TEST_SUITE(Protocol, Directions);

TYPED_TEST(Protocol, EveryMessage_Sent_ArrivesAsItWas) {
  auto ends = util::Channel::make_pair();
  ASSERT_TRUE(ends);
  Link<TypeParam, TypeParam> sender(std::move(ends->first));
  Link<TypeParam, TypeParam> receiver(std::move(ends->second));
  std::set<std::size_t> seen;
  for (const TypeParam& message : samples<TypeParam>()) {
    ASSERT_TRUE(sender.send(message));
    const auto got = receiver.receive();
    ASSERT_TRUE(got) << got.error().message;
    ASSERT_TRUE(*got);
    EXPECT_EQ((*got)->body.index(), message.index());
    EXPECT_EQ(encode((*got)->body), encode(message));
    seen.insert(message.index());
  }
  EXPECT_EQ(seen.size(), std::variant_size_v<TypeParam>) << "a message has no sample above";
}

/// Is every field of a message, and of the request in it, in its JSON, and none as it is by default?
template <class Variant>
void expect_whole(const Variant& message, const json& body) {
  std::visit(
      [&](const auto& each) {
        using Type = std::decay_t<decltype(each)>;
        EXPECT_EQ(body.size(), field_count<Type>() + 1) << Type::kOp << ": a field is not sent";
        json by_default;
        if constexpr (requires { each.request.index(); } && !std::is_same_v<Type, RunCase>) {
          expect_whole(each.request, body.at("request"));
        } else if constexpr (std::is_constructible_v<Command, Type>) {
          by_default = encode(Command(Type{}));
        } else if constexpr (std::is_constructible_v<Report, Type>) {
          by_default = encode(Report(Type{}));
        } else {
          by_default = encode(Command(Become{Type{}})).at("request");
        }
        for (const auto& [key, value] : by_default.items()) {
          EXPECT_TRUE(key == "op" || body.at(key) != value) << Type::kOp << ": the sample's " << key << " says nothing";
        }
      },
      message);
}

TYPED_TEST(Protocol, EveryField_OfEachMessage_IsSent) {
  for (const TypeParam& message : samples<TypeParam>()) {
    expect_whole(message, encode(message));
  }
}

TYPED_TEST(Protocol, Field_Missing_IsAnErrorThatNamesBoth) {
  for (const TypeParam& message : samples<TypeParam>()) {
    const json whole = encode(message);
    for (const auto& [key, value] : whole.items()) {
      if (key == "op") {
        continue;
      }
      json without = whole;
      without.erase(key);
      const auto got = decode<TypeParam>(without);
      ASSERT_FALSE(got) << whole["op"] << " without " << key;
      EXPECT_EQ(got.error().kind, ErrorKind::kCorrupt);
      EXPECT_THAT(got.error().message, HasSubstr("'" + whole["op"].template get<std::string>() + "'"));
      EXPECT_THAT(got.error().message, HasSubstr("'" + key + "'"));
    }
  }
}

TYPED_TEST(Protocol, Field_OfAnotherType_IsAnError) {
  for (const TypeParam& message : samples<TypeParam>()) {
    const json whole = encode(message);
    for (const auto& [key, value] : whole.items()) {
      json other = whole;
      other[key] = value.is_string() ? json(7) : json("text");
      const auto got = decode<TypeParam>(other);
      ASSERT_FALSE(got) << whole["op"] << " with another " << key;
      EXPECT_EQ(got.error().kind, ErrorKind::kCorrupt);
    }
  }
}

/// What a sealed case is told of its snapshot: nothing that says what the value is.
TEST(SealedSite, OfASite_HoldsNothingOfTheValue) {
  const SiteValue whole = site_value();
  const std::string told = json(sealed_site(whole)).dump();
  for (const std::string& secret : {whole.object, whole.fingerprint, std::to_string(whole.bytes), whole.type}) {
    EXPECT_THAT(told, testing::Not(HasSubstr(secret)));
  }
  EXPECT_EQ(sealed_site(whole).site, whole.site);
  EXPECT_TRUE(sealed_site(SiteValue{}).object.empty());
  EXPECT_FALSE(sealed_site(whole).object.empty());
}

TYPED_TEST(Protocol, Message_ThatIsUnknown_IsAnErrorThatNamesIt) {
  const auto got = decode<TypeParam>({{"op", "explode"}});
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().kind, ErrorKind::kCorrupt);
  EXPECT_THAT(got.error().message, HasSubstr("'explode'"));
}

TYPED_TEST(Protocol, Json_ThatIsNoMessage_IsAnError) {
  for (const json& body : {json(), json(7), json("ready"), json::array({"ready"}), json::object(), json{{"op", 7}}}) {
    const auto got = decode<TypeParam>(body);
    ASSERT_FALSE(got) << body;
    EXPECT_EQ(got.error().kind, ErrorKind::kCorrupt);
  }
}

TEST(ProtocolDirection, Message_OfTheOtherDirection_IsAnError) {
  for (const Report& report : reports()) {
    EXPECT_FALSE(decode<Command>(encode(report)));
  }
  for (const Command& command : commands()) {
    EXPECT_FALSE(decode<Report>(encode(command)));
  }
}

TEST(ProtocolEnum, Value_ThatIsUnknown_IsAnErrorThatNamesIt) {
  json body = encode(Command(Become{case_request()}));
  body["request"]["mode"] = "destroy";
  const auto got = decode<Command>(body);
  ASSERT_FALSE(got);
  EXPECT_THAT(got.error().message, HasSubstr("'destroy'"));
}

class BrokenLink : public testing::Test {
 protected:
  void SetUp() override {
    auto ends = util::Channel::make_pair();
    ASSERT_TRUE(ends);
    theirs_ = ends->first.take_fd();
    ours_.emplace(std::move(ends->second));
  }
  void write(const std::string& bytes) {
    ASSERT_EQ(::send(theirs_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL), static_cast<ssize_t>(bytes.size()));
  }
  static std::string frame(const std::string& text) {
    return std::string("sT\1\0", 4) + static_cast<char>(text.size()) + std::string(3, '\0') + text;
  }

  util::Fd theirs_;
  std::optional<HostLink> ours_;
};

TEST_F(BrokenLink, Message_CutOff_IsAnErrorAndNoEnd) {
  const std::string whole = frame(R"({"op": "ready"})");
  for (const std::size_t length : {std::size_t{1}, std::size_t{8}, whole.size() - 1}) {
    SetUp();
    write(whole.substr(0, length));
    theirs_.reset();
    const auto got = ours_->receive();
    ASSERT_FALSE(got) << length;
    EXPECT_EQ(got.error().kind, ErrorKind::kCorrupt);
    EXPECT_THAT(got.error().message, HasSubstr("in the middle of a message"));
  }
}

TEST_F(BrokenLink, Close_BetweenMessages_IsTheEnd) {
  write(frame(R"({"op": "running"})"));
  theirs_.reset();
  const auto first = ours_->receive();
  ASSERT_TRUE(first && *first);
  const auto end = ours_->receive();
  ASSERT_TRUE(end);
  EXPECT_FALSE(*end);
}

TEST_F(BrokenLink, Frame_OfSomethingElse_IsAnError) {
  for (const std::string& text : {std::string("{\"op\": "), std::string("[]"), std::string("{\"op\": \"start\"}")}) {
    SetUp();
    write(frame(text));
    const auto got = ours_->receive();
    ASSERT_FALSE(got) << text;
    EXPECT_EQ(got.error().kind, ErrorKind::kCorrupt);
  }
}

}  // namespace
}  // namespace snapshot_test::model
