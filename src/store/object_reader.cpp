#include "store/file_objects.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include <algorithm>
#include <cerrno>
#include <utility>
#include <vector>

#include "store/digest.hpp"
#include "store/files.hpp"
#include "store/trailer.hpp"
#include "util/file.hpp"
#include "util/try.hpp"

namespace snapshot_test::store {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kChunk = std::size_t{1} << 20U;
/// A block of a zstd frame takes at least 4 bytes and holds at most 128 KiB (RFC 8878, 3.1.1.2).
constexpr std::uint64_t kMostOfAByte = (std::uint64_t{128} << 10U) / 4;
/// No value that is worth a snapshot is larger; a stranger's file may claim anything.
constexpr std::uint64_t kLargest = std::uint64_t{1} << 40U;

/// Is there room for a file of this size?
Result<void> check_space(const fs::path& folder, std::uint64_t bytes) {
  std::error_code unknown;
  const fs::space_info space = fs::space(folder, unknown);
  if (!unknown && space.available < bytes) {
    return fail(ErrorKind::kIo,
                fmt::format("unpacking an object takes {} bytes, and '{}' has {} left; set TMPDIR to a folder that has "
                            "more",
                            bytes, folder.string(), space.available));
  }
  return {};
}

}  // namespace

void FrameDecoder::Free::operator()(ZSTD_DCtx_s* context) const noexcept { ZSTD_freeDCtx(context); }

FrameDecoder::FrameDecoder(std::span<const std::byte> frame, std::uint64_t plain_bytes)
    : context_(ZSTD_createDCtx()), input_(frame), left_(plain_bytes) {}

Result<std::size_t> FrameDecoder::read(std::span<std::byte> out) {
  if (!context_) {
    return fail(ErrorKind::kInternal, "zstd could not be started: out of memory");
  }
  if (ended_) {
    return 0;
  }
  const auto room = static_cast<std::size_t>(std::min<std::uint64_t>(out.size(), left_));
  ZSTD_inBuffer in{input_.data(), input_.size(), 0};
  ZSTD_outBuffer to{out.data(), room, 0};
  while (to.pos < room) {
    const std::size_t before = in.pos + to.pos;
    const std::size_t hint = ZSTD_decompressStream(context_.get(), &to, &in);
    if (ZSTD_isError(hint) != 0) {
      return fail(ErrorKind::kCorrupt, ZSTD_getErrorName(hint));
    }
    frame_ended_ = hint == 0;
    const bool stuck = in.pos + to.pos == before;
    if (to.pos < room && (frame_ended_ || stuck)) {
      return fail(ErrorKind::kCorrupt, fmt::format("it ends {} bytes too early", left_ - to.pos));
    }
  }
  input_ = input_.subspan(in.pos);
  left_ -= room;
  if (left_ == 0) {
    TRY(check_end());
  }
  return room;
}

/// All that was recorded is out: now the frame must end, with the right checksum, and nothing may follow.
Result<void> FrameDecoder::check_end() {
  ended_ = true;
  if (!frame_ended_) {
    std::byte extra{};
    ZSTD_inBuffer in{input_.data(), input_.size(), 0};
    ZSTD_outBuffer out{&extra, 1, 0};
    const std::size_t hint = ZSTD_decompressStream(context_.get(), &out, &in);
    if (ZSTD_isError(hint) != 0) {
      return fail(ErrorKind::kCorrupt, ZSTD_getErrorName(hint));
    }
    if (out.pos != 0) {
      return fail(ErrorKind::kCorrupt, "it unpacks to more than its recorded size");
    }
    if (hint != 0) {
      return fail(ErrorKind::kCorrupt, "its end is missing");
    }
    input_ = input_.subspan(in.pos);
  }
  if (!input_.empty()) {
    return fail(ErrorKind::kCorrupt, "something follows its end");
  }
  return {};
}

Result<std::optional<FileObjectReader>> FileObjectReader::open_one(std::string sha256, fs::path path, Encoding encoding,
                                                                   std::optional<std::uint64_t> expected_bytes) {
  if (::access(path.c_str(), F_OK) != 0 && (errno == ENOENT || errno == ENOTDIR)) {
    return std::nullopt;
  }
  TRY_ASSIGN(util::Fd fd, util::open_regular(path));
  TRY_ASSIGN(auto file, util::MappedFile::map(fd.get(), path));
  FileObjectReader made(std::move(sha256), std::move(path), encoding, std::move(fd), std::move(file));
  const std::span<const std::byte> bytes = made.file_.bytes();
  made.plain_bytes_ = bytes.size();
  if (encoding == Encoding::kZstd) {
    const auto recorded = read_trailer(bytes);
    if (!recorded) {
      return made.damaged("it is truncated or altered at its end");
    }
    if (*recorded / kMostOfAByte > bytes.size()) {
      return made.damaged(fmt::format("it cannot hold the {} bytes that it claims", *recorded));
    }
    made.plain_bytes_ = *recorded;
  }
  if (made.plain_bytes_ > kLargest) {
    return made.damaged(fmt::format("it claims {} bytes, more than any snapshot may have", made.plain_bytes_));
  }
  if (expected_bytes && *expected_bytes != made.plain_bytes_) {
    return made.damaged(fmt::format("it holds {} bytes where {} are recorded", made.plain_bytes_, *expected_bytes));
  }
  return std::optional(std::move(made));
}

std::span<const std::byte> FileObjectReader::frame() const {
  return file_.bytes().first(file_.bytes().size() - sizeof(Trailer));
}

tl::unexpected<Error> FileObjectReader::damaged(std::string_view cause) const {
  return fail(ErrorKind::kCorrupt, fmt::format("object {} at '{}' is damaged: {}; restore it or capture again", sha256_,
                                               path_.string(), cause));
}

Result<util::MappedFile> FileObjectReader::unpack(const fs::path& folder) const {
  TRY(check_space(folder, plain_bytes_));
  TRY_ASSIGN(const auto scratch, util::unnamed_file(folder));
  FrameDecoder unpacker(frame(), plain_bytes_);
  std::vector<std::byte> chunk(kChunk);
  for (;;) {
    const auto got = unpacker.read(chunk);
    if (!got) {
      return got.error().kind == ErrorKind::kCorrupt ? damaged(got.error().message) : tl::unexpected(got.error());
    }
    if (*got == 0) {
      return util::MappedFile::map(scratch.get(), folder);
    }
    TRY(write_fully(scratch, {chunk.data(), *got}, folder / (sha256_ + " (unpacked)")));
  }
}

Result<FileObjectReader> FileObjectReader::open(std::span<const fs::path> folders, std::string_view sha256,
                                                std::optional<std::uint64_t> plain_bytes) {
  if (!paths::is_object_name(sha256)) {
    return fail(ErrorKind::kCorrupt, fmt::format("'{}' is not the name of an object; capture again", sha256));
  }
  for (const fs::path& folder : folders) {
    for (const Encoding encoding : {Encoding::kPlain, Encoding::kZstd}) {
      TRY_ASSIGN(auto opened,
                 open_one(std::string(sha256), paths::object(folder, sha256, encoding), encoding, plain_bytes));
      if (opened) {
        return std::move(*opened);
      }
    }
  }
  const std::string last = folders.empty() ? "" : paths::object(folders.back(), sha256, Encoding::kPlain).string();
  return fail(ErrorKind::kCorrupt,
              fmt::format("object {} is missing: there is no '{}[.zst]'; restore it or capture again", sha256, last));
}

std::optional<std::span<const std::byte>> FileObjectReader::mapped() const noexcept {
  return encoding_ == Encoding::kPlain ? std::optional(file_.bytes()) : std::nullopt;
}

Result<std::size_t> FileObjectReader::read(std::span<std::byte> out) {
  if (encoding_ == Encoding::kPlain) {
    const auto rest = file_.bytes().subspan(position_);
    const std::size_t size = std::min(out.size(), rest.size());
    std::copy_n(rest.begin(), size, out.begin());
    position_ += size;
    return size;
  }
  if (!decoder_) {
    decoder_.emplace(frame(), plain_bytes_);
  }
  auto got = decoder_->read(out);
  if (!got && got.error().kind == ErrorKind::kCorrupt) {
    return damaged(got.error().message);
  }
  return got;
}

Result<void> FileObjectReader::check() const {
  TRY_ASSIGN(auto hash, Sha256::create());
  if (encoding_ == Encoding::kPlain) {
    hash.update(file_.bytes());
  } else {
    FrameDecoder unpacker(frame(), plain_bytes_);
    std::vector<std::byte> chunk(kChunk);
    for (std::size_t got = 1; got != 0;) {
      const auto read = unpacker.read(chunk);
      if (!read) {
        return damaged(read.error().message);
      }
      got = *read;
      hash.update(std::span(chunk).first(got));
    }
  }
  return check_name(hash.finish());
}

Result<void> FileObjectReader::check_name(std::string_view sha256) const {
  return sha256 == sha256_ ? Result<void>() : damaged("its SHA-256 is not its name");
}

Result<util::MappedFile> FileObjectReader::load_verified(const fs::path& scratch_folder) const {
  TRY_ASSIGN(auto hash, Sha256::create());
  auto plain = encoding_ == Encoding::kPlain ? util::MappedFile::map(fd_.get(), path_) : unpack(scratch_folder);
  if (!plain) {
    return plain;
  }
  hash.update(plain->bytes());
  TRY(check_name(hash.finish()));
  return plain;
}

bool is_object_there(std::span<const fs::path> folders, std::string_view sha256, std::uint64_t plain_bytes) {
  struct stat status {};
  for (const fs::path& folder : folders) {
    for (const Encoding encoding : {Encoding::kPlain, Encoding::kZstd}) {
      if (::stat(paths::object(folder, sha256, encoding).c_str(), &status) == 0) {
        const auto size = static_cast<std::uint64_t>(status.st_size);
        return S_ISREG(status.st_mode) && (encoding == Encoding::kPlain ? size == plain_bytes : size > sizeof(Trailer));
      }
      if (errno != ENOENT && errno != ENOTDIR) {
        return false;
      }
    }
  }
  return false;
}

Result<std::unique_ptr<ObjectReader>> open_object_file(const fs::path& path) {
  const fs::path folder = fs::absolute(path).parent_path();
  const auto object = paths::parse_object(folder.filename().string(), path.filename().string());
  if (!object) {
    return nullptr;
  }
  const std::vector<fs::path> folders = {folder.parent_path()};
  TRY_ASSIGN(FileObjectReader reader, FileObjectReader::open(folders, object->sha256, std::nullopt));
  return std::make_unique<FileObjectReader>(std::move(reader));
}

}  // namespace snapshot_test::store
