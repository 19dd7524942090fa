#include "crash/disk.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <functional>
#include <iterator>
#include <stdexcept>
#include <utility>

namespace snapshot_test::crash {

namespace fs = std::filesystem;
using Kind = FileCall::Kind;

namespace {

bool is_counted(const FileCall& call) { return call.kind != Kind::kOpen || call.writes; }

struct stat status_of(const fs::path& path) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0) {
    throw std::runtime_error("cannot look at " + path.string());
  }
  return status;
}

std::string read(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

Disk::Disk(fs::path root) : root_(std::move(root)) {
  nodes_.push_back({true});
  scan(root_, kRoot);
  for (const Inode& node : nodes_) {
    now_.push_back(node.entries);
  }
}

void Disk::scan(const fs::path& path, Node node) {
  std::map<std::uint64_t, Node> known;  // files by inode: some have several names
  std::vector<std::pair<fs::path, Node>> folders{{path, node}};
  while (!folders.empty()) {
    const auto [folder, number] = folders.back();
    folders.pop_back();
    for (const auto& entry : fs::directory_iterator(folder)) {
      const struct stat status = status_of(entry.path());
      const auto linked = known.find(status.st_ino);
      const Node made = linked == known.end() ? nodes_.size() : linked->second;
      nodes_[number].entries[entry.path().filename().string()] = made;
      if (linked != known.end()) {
        continue;
      }
      Inode inode{S_ISDIR(status.st_mode)};
      inode.seconds = status.st_mtim.tv_sec;
      inode.nanoseconds = status.st_mtim.tv_nsec;
      inode.shown = shown_inode(status.st_ino);
      if (inode.folder) {
        folders.emplace_back(entry.path(), made);
      } else {
        inode.bytes = read(entry.path());
        known.emplace(status.st_ino, made);
      }
      nodes_.push_back(std::move(inode));
    }
  }
}

Disk::Place Disk::place_of(const std::string& path) const {
  const fs::path below = fs::path(path).lexically_normal().lexically_relative(root_);
  Node folder = kRoot;
  std::string name;
  for (const fs::path& part : below) {
    if (part == "." || part.empty()) {
      continue;
    }
    if (!name.empty()) {
      const auto found = now_[folder].find(name);
      if (found == now_[folder].end()) {
        return {};
      }
      folder = found->second;
    }
    name = part.string();
  }
  return {folder, name};
}

Disk::Node Disk::node_at(const std::string& path) const {
  const Place place = place_of(path);
  if (place.folder == kNone) {
    return kNone;
  }
  if (place.name.empty()) {
    return kRoot;
  }
  const auto found = now_[place.folder].find(place.name);
  return found == now_[place.folder].end() ? kNone : found->second;
}

Answer Disk::before(const FileCall& call) {
  if (!is_counted(call)) {
    return {};
  }
  const std::size_t number = calls_++;
  kinds_.push_back(call.kind);
  log_.push_back(std::string(name(call.kind)) + " " + fs::path(call.path).lexically_relative(root_).string() +
                 (call.to.empty() ? "" : " " + fs::path(call.to).lexically_relative(root_).string()));
  const Answer given = answer ? answer(call, number) : Answer();
  if (given.error != 0 && call.kind == Kind::kSync) {
    const auto open = open_.find(call.fd);
    sync(open == open_.end() ? node_at(call.path) : open->second, true);
  } else if (given.error != 0 && call.kind == Kind::kSyncAll) {
    sync_all(true);
  }
  return given;
}

void Disk::note_time(const FileCall& call, Node node) {
  struct stat status {};
  if (::fstat(call.fd, &status) == 0) {
    nodes_[node].seconds = status.st_mtim.tv_sec;
    nodes_[node].nanoseconds = status.st_mtim.tv_nsec;
    nodes_[node].shown = status.st_ino;
  }
}

void Disk::after(const FileCall& call) {
  const auto open = open_.find(call.fd);
  const Node of_fd = open == open_.end() ? kNone : open->second;
  const Place place = place_of(call.path);
  Update update;
  update.node = of_fd;
  update.folder = place.folder;
  update.name = place.name;
  switch (call.kind) {
    case Kind::kOpen:
      if (const Node node = node_at(call.path); node != kNone) {
        open_[call.fd] = node;
      }
      return;
    case Kind::kCreate:
      update.kind = Update::Kind::kAdd;
      update.node = nodes_.size();
      nodes_.push_back({});
      now_.emplace_back();
      now_[place.folder][place.name] = update.node;
      open_[call.fd] = update.node;
      note_time(call, update.node);
      break;
    case Kind::kMakeFolder:
      update.kind = Update::Kind::kAdd;
      update.node = nodes_.size();
      nodes_.push_back({true});
      now_.emplace_back();
      now_[place.folder][place.name] = update.node;
      break;
    case Kind::kLink: {
      const Place to = place_of(call.to);
      update.kind = Update::Kind::kAdd;
      update.node = node_at(call.path);
      update.folder = to.folder;
      update.name = to.name;
      now_[to.folder][to.name] = update.node;
      break;
    }
    case Kind::kUnlink:
    case Kind::kRemoveFolder:
      update.kind = Update::Kind::kRemove;
      update.node = node_at(call.path);
      now_[place.folder].erase(place.name);
      break;
    case Kind::kRename: {
      const Place to = place_of(call.to);
      update.kind = Update::Kind::kMove;
      update.node = node_at(call.path);
      if (node_at(call.to) == update.node) {
        return;  // two names of one file: rename() does nothing
      }
      update.to_folder = to.folder;
      update.to_name = to.name;
      now_[place.folder].erase(place.name);
      now_[to.folder][to.name] = update.node;
      break;
    }
    case Kind::kWrite:
      update.kind = Update::Kind::kBytes;
      update.offset = call.offset;
      update.bytes = call.bytes;
      break;
    case Kind::kResize:
      update.kind = Update::Kind::kSize;
      update.offset = call.size;
      break;
    case Kind::kSync: sync(of_fd, false); return;
    case Kind::kSyncAll: sync_all(false); return;
    case Kind::kTimes:
      if (of_fd != kNone) {
        note_time(call, of_fd);
      }
      return;
    case Kind::kClose: open_.erase(call.fd); return;
    case Kind::kLock: return;
  }
  if (update.node == kNone) {
    return;  // a file without a name, which no crash leaves
  }
  if (call.kind == Kind::kWrite || call.kind == Kind::kResize) {
    note_time(call, update.node);
  }
  add(std::move(update));
}

void Disk::add(Update update) {
  update.call = calls_ - 1;
  const auto touches = [](const Update& each, Node folder, const std::string& name) {
    return (each.folder == folder && each.name == name && each.kind >= Update::Kind::kAdd) ||
           (each.to_folder == folder && each.to_name == name && folder != kNone);
  };
  if (update.kind >= Update::Kind::kAdd) {
    for (std::size_t i = 0; i < updates_.size(); ++i) {
      const Update& each = updates_[i];
      const bool same_entry = touches(each, update.folder, update.name) ||
                              (update.kind == Update::Kind::kMove && touches(each, update.to_folder, update.to_name));
      const bool its_folder =
          update.kind == Update::Kind::kMove && each.kind == Update::Kind::kAdd && each.node == update.to_folder;
      if (same_entry || its_folder) {
        update.needs.push_back(i);
      }
    }
  }
  updates_.push_back(std::move(update));
}

void Disk::make_durable(std::size_t update) {
  Update& it = updates_[update];
  if (it.durable == kNever && !it.doubtful) {
    it.durable = calls_ - 1;
    for (const std::size_t need : it.needs) {
      make_durable(need);
    }
  }
}

void Disk::sync(Node node, bool failed) {
  if (node == kNone) {
    throw std::logic_error("a sync of a file that was never opened: " + log_.back());
  }
  for (std::size_t i = 0; i < updates_.size(); ++i) {
    Update& each = updates_[i];
    const bool of_file = each.kind < Update::Kind::kAdd && each.node == node;
    const bool of_folder = each.kind >= Update::Kind::kAdd && (each.folder == node || each.to_folder == node);
    if (failed) {
      each.doubtful = each.doubtful || (of_file && each.durable == kNever);
    } else if (of_file || of_folder) {
      make_durable(i);
    }
  }
}

void Disk::sync_all(bool failed) {
  for (std::size_t i = 0; i < updates_.size(); ++i) {
    if (failed) {
      updates_[i].doubtful =
          updates_[i].doubtful || (updates_[i].kind < Update::Kind::kAdd && updates_[i].durable == kNever);
    } else {
      make_durable(i);
    }
  }
}

std::vector<std::size_t> Disk::pending_after(std::size_t calls) const {
  std::vector<std::size_t> pending;
  for (std::size_t i = 0; i < updates_.size(); ++i) {
    if (updates_[i].call < calls && (updates_[i].durable == kNever || updates_[i].durable >= calls)) {
      pending.push_back(i);
    }
  }
  return pending;
}

CrashState Disk::killed_after(std::size_t calls) const {
  CrashState state{calls, Fates(updates_.size(), Fate::kLost), "all happened"};
  for (std::size_t i = 0; i < updates_.size(); ++i) {
    state.fates[i] = updates_[i].call < calls ? Fate::kKept : Fate::kLost;
  }
  return state;
}

CrashState Disk::bare_after(std::size_t calls) const {
  CrashState state = killed_after(calls);
  state.how = "what is not durable is lost";
  for (const std::size_t i : pending_after(calls)) {
    state.fates[i] = Fate::kLost;
  }
  return state;
}

void Disk::keep_with_needs(std::size_t update, Fates& fates) const {
  if (fates[update] != Fate::kKept) {
    fates[update] = Fate::kKept;
    for (const std::size_t need : updates_[update].needs) {
      keep_with_needs(need, fates);
    }
  }
}

void Disk::lose_with_dependents(std::size_t update, Fates& fates) const {
  fates[update] = Fate::kLost;
  for (std::size_t i = update + 1; i < updates_.size(); ++i) {
    const auto& needs = updates_[i].needs;
    if (fates[i] != Fate::kLost && std::any_of(needs.begin(), needs.end(), [&](std::size_t need) {
          return fates[need] == Fate::kLost && need >= update;
        })) {
      fates[i] = Fate::kLost;
    }
  }
}

std::vector<CrashState> Disk::states_after(std::size_t calls, std::size_t random, std::mt19937& engine) const {
  const CrashState all = killed_after(calls);
  const CrashState bare = bare_after(calls);
  const std::vector<std::size_t> pending = pending_after(calls);
  const auto is_bytes = [&](std::size_t i) { return updates_[i].kind == Update::Kind::kBytes; };
  std::vector<CrashState> states{all, bare};
  const auto with = [&](CrashState state, std::string how) -> CrashState& {
    states.push_back(std::move(state));
    states.back().how = std::move(how);
    return states.back();
  };
  const auto all_bytes = [&](Fate fate, const char* how) {
    CrashState& state = with(all, how);
    for (const std::size_t i : pending) {
      state.fates[i] = is_bytes(i) ? fate : state.fates[i];
    }
  };
  all_bytes(Fate::kLost, "entries without bytes");
  all_bytes(Fate::kTorn, "entries with half of the bytes");
  all_bytes(Fate::kZeros, "entries with zeros");
  for (const std::size_t i : pending) {
    const std::string which = log_[updates_[i].call];
    keep_with_needs(i, with(bare, "only " + which).fates);
    lose_with_dependents(i, with(all, "all but " + which).fates);
    Fates up_to = bare.fates;
    Fates entries = bare.fates;
    for (const std::size_t j : pending) {
      if (j <= i) {
        up_to[j] = Fate::kKept;
        entries[j] = is_bytes(j) ? Fate::kLost : Fate::kKept;
      }
    }
    with(bare, "all up to " + which).fates = std::move(up_to);
    with(bare, "entries up to " + which).fates = std::move(entries);
    if (is_bytes(i)) {
      with(all, "torn " + which).fates[i] = Fate::kTorn;
      with(all, "zeros of " + which).fates[i] = Fate::kZeros;
    }
  }
  for (std::size_t n = 0; n < random && !pending.empty(); ++n) {
    CrashState& state = with(bare, "some, by chance");
    const auto odds = 1 + engine() % 7;  // few of them, or most
    for (const std::size_t i : pending) {
      if (engine() % 8 < odds) {
        keep_with_needs(i, state.fates);
        if (is_bytes(i) && engine() % 4 == 0) {
          state.fates[i] = engine() % 2 == 0 ? Fate::kTorn : Fate::kZeros;
        }
      }
    }
  }
  return states;
}

Disk::Built Disk::build(const CrashState& state) const {
  Built built;
  built.entries.reserve(nodes_.size());
  for (const Inode& node : nodes_) {
    built.entries.push_back(node.entries);
  }
  built.changes.resize(nodes_.size());
  for (std::size_t i = 0; i < updates_.size(); ++i) {
    if (state.fates[i] == Fate::kLost) {
      continue;
    }
    const Update& update = updates_[i];
    switch (update.kind) {
      case Update::Kind::kBytes:
      case Update::Kind::kSize:
        built.changes[update.node].push_back({static_cast<std::uint32_t>(i), state.fates[i]});
        break;
      case Update::Kind::kAdd: built.entries[update.folder][update.name] = update.node; break;
      case Update::Kind::kRemove: built.entries[update.folder].erase(update.name); break;
      case Update::Kind::kMove: {
        auto& from = built.entries[update.folder];
        if (const auto found = from.find(update.name); found != from.end() && found->second == update.node) {
          from.erase(found);
        }
        built.entries[update.to_folder][update.to_name] = update.node;
        break;
      }
    }
  }
  return built;
}

std::string Disk::bytes_of(const Built& built, Node node) const {
  std::string bytes = nodes_[node].bytes;
  for (const Applied& each : built.changes[node]) {
    const Update& update = updates_[each.update];
    if (update.kind == Update::Kind::kSize) {
      bytes.resize(update.offset);
      continue;
    }
    std::string part = update.bytes;
    if (each.fate == Fate::kTorn) {
      part.resize(part.size() / 2);
    } else if (each.fate == Fate::kZeros) {
      part.assign(part.size(), '\0');
    }
    if (bytes.size() < update.offset + part.size()) {
      bytes.resize(update.offset + part.size());
    }
    bytes.replace(update.offset, part.size(), part);
  }
  return bytes;
}

std::uint64_t Disk::signature(const CrashState& state) const {
  const Built built = build(state);
  std::uint64_t hash = 1469598103934665603U;
  const auto mix = [&](std::uint64_t value) { hash = (hash ^ value) * 1099511628211U; };
  const std::function<void(Node)> walk = [&](Node folder) {
    for (const auto& [name, node] : built.entries[folder]) {
      mix(std::hash<std::string>()(name));
      mix(node);
      for (const Applied& each : built.changes[node]) {
        mix(each.update * 4U + static_cast<unsigned>(each.fate));
      }
      if (nodes_[node].folder) {
        walk(node);
        mix(~std::uint64_t{0});
      }
    }
  };
  walk(kRoot);
  return hash;
}

std::map<std::string, std::string> Disk::files(const CrashState& state) const {
  const Built built = build(state);
  std::map<std::string, std::string> found;
  const std::function<void(Node, const std::string&)> walk = [&](Node folder, const std::string& path) {
    for (const auto& [name, node] : built.entries[folder]) {
      if (nodes_[node].folder) {
        found[path + name + "/"] = "";
        walk(node, path + name + "/");
      } else {
        found[path + name] = bytes_of(built, node);
      }
    }
  };
  walk(kRoot, "");
  return found;
}

void Disk::write_tree(const Built& built, Node folder, const fs::path& path, std::map<Node, fs::path>& written) const {
  for (const auto& [name, node] : built.entries[folder]) {
    const fs::path at = path / name;
    if (nodes_[node].folder) {
      if (::mkdir(at.c_str(), 0777) != 0) {
        throw std::runtime_error("cannot make " + at.string());
      }
      write_tree(built, node, at, written);
      continue;
    }
    if (const auto linked = written.find(node); linked != written.end()) {
      fs::create_hard_link(linked->second, at);
      continue;
    }
    const std::string bytes = bytes_of(built, node);
    const int fd = ::open(at.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    struct timespec times[2] = {{0, UTIME_OMIT}, {nodes_[node].seconds, static_cast<long>(nodes_[node].nanoseconds)}};
    struct stat status {};
    if (fd < 0 || ::write(fd, bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size()) ||
        ::futimens(fd, times) != 0 || ::stat(at.c_str(), &status) != 0) {
      throw std::runtime_error("cannot write " + at.string());
    }
    ::close(fd);
    show_inode(status.st_ino, nodes_[node].shown);
    written.emplace(node, at);
  }
}

void Disk::materialize(const CrashState& state) const {
  for (const auto& entry : fs::directory_iterator(root_)) {
    fs::remove_all(entry.path());
  }
  forget_shown_inodes();
  std::map<Node, fs::path> written;
  write_tree(build(state), kRoot, root_, written);
}

std::unique_ptr<Disk> Disk::go_on_after(std::size_t calls) const {
  auto made = std::make_unique<Disk>(root_);
  made->nodes_ = nodes_;
  made->now_ = build(killed_after(calls)).entries;
  made->log_.assign(log_.begin(), log_.begin() + static_cast<std::ptrdiff_t>(calls));
  made->kinds_.assign(kinds_.begin(), kinds_.begin() + static_cast<std::ptrdiff_t>(calls));
  made->calls_ = calls;
  made->updates_.clear();
  for (const Update& each : updates_) {
    if (each.call < calls) {
      made->updates_.push_back(each);
      Update& copied = made->updates_.back();
      copied.durable = copied.durable < calls ? copied.durable : kNever;
      copied.doubtful = false;
    }
  }
  return made;
}

}  // namespace snapshot_test::crash
