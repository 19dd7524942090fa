#include "remote/helper_storage.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "remote/helper_process.hpp"
#include "remote/helper_sources.hpp"
#include "remote/redaction.hpp"
#include "util/program_path.hpp"
#include "util/python_modules.hpp"
#include "util/try.hpp"
#include "util/visible.hpp"

namespace snapshot_test::remote {

namespace {

using nlohmann::json;

/// In one request.
constexpr std::size_t kKeysToRemove = 1000;
/// What fits into one message of ours, of what another program says.
constexpr std::size_t kMessageBytes = 2000;

std::string helper_scheme(std::string_view url) {
  const std::size_t end = url.find("://");
  return std::string(url.substr(0, end == std::string_view::npos ? 0 : end));
}

Result<HelperCommand> helper_command(const HelperOptions& options, const std::string& shown) {
  HelperCommand command;
  if (!options.command.empty()) {
    command.argv = options.command;
  } else {
    util::PythonCommand python = util::command_of(kHelperModules, options.python);
    command.argv = std::move(python.argv);
    command.preamble = std::move(python.preamble);
  }
  const std::optional<std::string> path = util::find_program(command.argv[0]);
  if (!path) {
    return fail(ErrorKind::kUnavailable,
                fmt::format("'{}', which is to reach {}, is not there or cannot be executed; name {}", command.argv[0],
                            shown, options.command.empty() ? "a Python as remote_python" : "another helper"));
  }
  command.argv[0] = *path;
  return command;
}

ErrorKind kind_of(const std::string& name) {
  if (name == "corrupt") return ErrorKind::kCorrupt;
  if (name == "unsupported") return ErrorKind::kUnsupported;
  if (name == "usage") return ErrorKind::kUsage;
  if (name == "io") return ErrorKind::kIo;
  return ErrorKind::kUnavailable;
}

/// A member of an answer that comes from another program, of the type that it has to have.
template <class T>
std::optional<T> member(const json& object, const char* name) {
  const auto found = object.find(name);
  if (found == object.end()) {
    return std::nullopt;
  }
  if constexpr (std::is_same_v<T, std::string>) {
    return found->is_string() ? std::optional(found->get<std::string>()) : std::nullopt;
  } else if constexpr (std::is_same_v<T, bool>) {
    return found->is_boolean() ? std::optional(found->get<bool>()) : std::nullopt;
  } else {
    return found->is_number_unsigned() ? std::optional(found->get<T>()) : std::nullopt;
  }
}

void set_condition(json& request, const Condition& condition) {
  if (condition.kind == Condition::Kind::kAbsent) {
    request["if"] = "absent";
  } else if (condition.kind == Condition::Kind::kMatches) {
    request["if"] = "matches";
    request["tag"] = condition.tag;
  }
}

/// Puts the lines of a listing together from its pieces: ["key", bytes, seconds since 1970].
class ListingReader {
 public:
  /// False where a line is not of that form.
  [[nodiscard]] bool take(std::string_view piece) {
    text_.append(piece);
    std::size_t start = 0;
    for (std::size_t end = 0; (end = text_.find('\n', start)) != std::string::npos; start = end + 1) {
      const json line = json::parse(text_.begin() + static_cast<std::ptrdiff_t>(start),
                                    text_.begin() + static_cast<std::ptrdiff_t>(end), nullptr, false);
      if (!line.is_array() || line.size() != 3 || !line[0].is_string() || !line[1].is_number_unsigned() ||
          !line[2].is_number()) {
        return false;
      }
      const std::chrono::duration<double> changed(line[2].get<double>());
      entries_.push_back({line[0].get<std::string>(), line[1].get<std::uint64_t>(),
                          std::chrono::system_clock::time_point(
                              std::chrono::duration_cast<std::chrono::system_clock::duration>(changed))});
    }
    text_.erase(0, start);
    return true;
  }
  [[nodiscard]] bool whole() const { return text_.empty(); }
  [[nodiscard]] std::vector<Entry> entries() { return std::move(entries_); }

 private:
  std::string text_;
  std::vector<Entry> entries_;
};

class ProcessStorage : public HelperStorage {
 public:
  ProcessStorage(std::string name, std::unique_ptr<HelperProcess> process, std::shared_ptr<const Redaction> redaction)
      : name_(std::move(name)), redaction_(std::move(redaction)), process_(std::move(process)) {}

  [[nodiscard]] std::string name() const override { return name_; }

  [[nodiscard]] std::uint64_t retries() const override { return retries_; }
  [[nodiscard]] HelperTraffic traffic() const override { return {requests_, retries_, bytes_sent_, bytes_received_}; }

  [[nodiscard]] Result<std::optional<Content>> get(std::string_view key) override {
    Content content;
    TRY_ASSIGN(const json answer, body_of(key, {{"op", "get"}, {"key", key}}, [&](std::string_view piece) {
                 content.bytes.append(piece);
                 return Result<void>();
               }));
    if (member<bool>(answer, "absent").value_or(false)) {
      return std::optional<Content>();
    }
    auto tag = member<std::string>(answer, "tag");
    if (!tag) {
      return tl::unexpected(no_answer("get", answer));
    }
    content.tag = *std::move(tag);
    return std::optional(std::move(content));
  }

  [[nodiscard]] Result<bool> read(std::string_view key, std::optional<Range> range, const Receiver& receiver) override {
    json request = {{"op", "read"}, {"key", key}};
    if (range) {
      request["range"] = {range->offset, range->bytes};
    }
    std::uint64_t received = 0;
    TRY_ASSIGN(const json answer, body_of(key, request, [&](std::string_view piece) {
                 received += piece.size();
                 return receiver(piece);
               }));
    if (member<bool>(answer, "absent").value_or(false)) {
      return false;
    }
    if (range && received != range->bytes) {
      return fail(ErrorKind::kCorrupt, fmt::format("'{}' of {}: {} bytes came of the {} at offset {}", key, name_,
                                                   received, range->bytes, range->offset));
    }
    return true;
  }

  [[nodiscard]] Result<Written> put(std::string_view key, std::string_view bytes, const Condition& condition) override {
    json request = {{"op", "put"}, {"key", key}, {"bytes", bytes.size()}};
    set_condition(request, condition);
    return written(request, bytes);
  }

  [[nodiscard]] Result<Written> put_file(std::string_view key, const std::string& path, std::optional<Range> range,
                                         const Condition& condition) override {
    json request = {{"op", "put_file"}, {"key", key}, {"path", path}};
    if (range) {
      request["range"] = {range->offset, range->bytes};
    }
    set_condition(request, condition);
    return written(request, {});
  }

  [[nodiscard]] Result<std::vector<Entry>> list(std::string_view prefix) override {
    ListingReader listing;
    bool in_order = true;
    TRY_ASSIGN(const json answer, call({{"op", "list"}, {"prefix", prefix}}, {}, [&](std::string_view piece) {
                 in_order = in_order && listing.take(piece);
                 return Result<void>();
               }));
    if (!in_order || !listing.whole()) {
      return tl::unexpected(no_answer("list", answer));
    }
    return listing.entries();
  }

  [[nodiscard]] Result<void> remove(std::span<const std::string> keys) override {
    while (!keys.empty()) {
      const auto some = keys.first(std::min(keys.size(), kKeysToRemove));
      TRY_ASSIGN(const json answer, call({{"op", "remove"}, {"keys", some}}, {}, nullptr));
      keys = keys.subspan(some.size());
    }
    return {};
  }

  /// The first request of all: where the remote is.
  [[nodiscard]] Result<void> open(std::string_view url, const HelperOptions& options) {
    const json request = {{"op", "open"},
                          {"protocol", 1},
                          {"url", url},
                          {"timeout", std::chrono::duration<double>(options.timeout).count()}};
    TRY_ASSIGN(const json answer, call(request, {}, nullptr));
    if (member<std::uint64_t>(answer, "protocol") != 1) {
      return tl::unexpected(no_answer("open", answer));
    }
    return {};
  }

 private:
  /// The answer to a request, where it is no error.
  [[nodiscard]] Result<json> call(const json& request, std::string_view upload, const HelperProcess::Pieces& pieces) {
    TRY_ASSIGN(json answer, process_->call(request, upload, pieces));
    if (const auto traffic = answer.find("traffic"); traffic != answer.end() && traffic->is_object()) {
      requests_ += member<std::uint64_t>(*traffic, "requests").value_or(0);
      retries_ += member<std::uint64_t>(*traffic, "retries").value_or(0);
      bytes_sent_ += member<std::uint64_t>(*traffic, "sent").value_or(0);
      bytes_received_ += member<std::uint64_t>(*traffic, "received").value_or(0);
    }
    if (const auto error = answer.find("error"); error != answer.end()) {
      const std::string said = shown(error->is_object() ? member<std::string>(*error, "message").value_or("") : "");
      const std::string kind = error->is_object() ? member<std::string>(*error, "kind").value_or("") : "";
      return fail(kind_of(kind), fmt::format("{}: {}", name_, said.empty() ? "failed without a reason" : said));
    }
    return answer;
  }

  /// The same of a request whose answer says how long the body before it was.
  [[nodiscard]] Result<json> body_of(std::string_view key, const json& request, const Receiver& receiver) {
    std::uint64_t received = 0;
    TRY_ASSIGN(json answer, call(request, {}, [&](std::string_view piece) {
                 received += piece.size();
                 return receiver(piece);
               }));
    if (!member<bool>(answer, "absent").value_or(false) && member<std::uint64_t>(answer, "bytes") != received) {
      return fail(ErrorKind::kCorrupt, fmt::format("'{}' of {}: {} bytes came, and {} were announced", key, name_,
                                                   received, member<std::uint64_t>(answer, "bytes").value_or(0)));
    }
    return answer;
  }

  [[nodiscard]] Result<Written> written(const json& request, std::string_view bytes) {
    TRY_ASSIGN(const json answer, call(request, bytes, nullptr));
    const auto outcome = member<bool>(answer, "written");
    if (!outcome) {
      return tl::unexpected(no_answer("put", answer));
    }
    return *outcome ? Written::kDone : Written::kRefused;
  }

  [[nodiscard]] Error no_answer(std::string_view op, const json& answer) const {
    return Error{ErrorKind::kUnavailable,
                 fmt::format("the remote helper of {} answered '{}' with what the protocol has not: {}", name_, op,
                             shown(answer.dump(-1, ' ', false, json::error_handler_t::replace)))};
  }

  [[nodiscard]] std::string shown(std::string_view text) const {
    std::string one_line = util::visible((*redaction_)(text), util::Keep::kNothing);
    if (one_line.size() > kMessageBytes) {
      one_line.resize(util::whole_characters(std::string_view(one_line).substr(0, kMessageBytes)));
      one_line += "…";
    }
    return one_line;
  }

  const std::string name_;
  const std::shared_ptr<const Redaction> redaction_;
  const std::unique_ptr<HelperProcess> process_;
  std::atomic<std::uint64_t> requests_ = 0;
  std::atomic<std::uint64_t> retries_ = 0;
  std::atomic<std::uint64_t> bytes_sent_ = 0;
  std::atomic<std::uint64_t> bytes_received_ = 0;
};

}  // namespace

bool is_helper_url(std::string_view url) {
  const std::string scheme = helper_scheme(url);
  return std::find(kHelperSchemes.begin(), kHelperSchemes.end(), scheme) != kHelperSchemes.end();
}

Result<std::unique_ptr<HelperStorage>> open_helper_storage(std::string_view url, const HelperOptions& options) {
  const std::string shown = shown_url(url);
  if (helper_scheme(url).empty()) {
    return fail(ErrorKind::kUsage, fmt::format("'{}' is no URL of a remote, such as s3://bucket/folder", shown));
  }
  const auto redaction = std::make_shared<const Redaction>(url);
  TRY_ASSIGN(HelperCommand command, helper_command(options, shown));
  HelperProcess::Settings settings{fmt::format("the remote helper of {} ({})", shown, command.argv[0]),
                                   options.timeout + options.grace, options.interrupted};
  TRY_ASSIGN(auto process, HelperProcess::start(std::move(command), std::move(settings), redaction));
  auto storage = std::make_unique<ProcessStorage>(shown, std::move(process), redaction);
  TRY(storage->open(url, options));
  return storage;
}

}  // namespace snapshot_test::remote
