#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include <algorithm>
#include <cstring>
#include <utility>
#include <vector>

#include "store/digest.hpp"
#include "store/file_objects.hpp"
#include "store/files.hpp"
#include "store/paths.hpp"
#include "store/trailer.hpp"
#include "util/file.hpp"
#include "util/try.hpp"

namespace snapshot_test::store {

namespace fs = std::filesystem;

namespace {

/// Below this an object stays plain: a compressed one would fill as many disk blocks.
constexpr std::size_t kSmallest = std::size_t{16} << 10U;
/// What is looked at to choose the encoding, and the most that is buffered.
constexpr std::size_t kSample = std::size_t{256} << 10U;
constexpr int kLevel = 1;

struct FreeCompressor {
  void operator()(ZSTD_CCtx* context) const noexcept { ZSTD_freeCCtx(context); }
};
using Compressor = std::unique_ptr<ZSTD_CCtx, FreeCompressor>;

Result<Compressor> make_compressor() {
  Compressor made(ZSTD_createCCtx());
  if (!made) {
    return fail(ErrorKind::kInternal, "zstd could not be started: out of memory");
  }
  ZSTD_CCtx_setParameter(made.get(), ZSTD_c_compressionLevel, kLevel);
  ZSTD_CCtx_setParameter(made.get(), ZSTD_c_checksumFlag, 1);
  return made;
}

/// Worth it from a tenth on.
constexpr bool saves_enough(std::size_t compressed, std::size_t plain) { return compressed <= plain - plain / 10; }

/// Streams into a temporary file, which becomes the object's.
struct FileObjectWriter : ObjectWriter {
  enum class State { kUndecided, kPlain, kZstd };

  FileObjectWriter(fs::path staging_objects, fs::path known_objects, Compression wanted, Sha256 its_hash)
      : staging(std::move(staging_objects)),
        known(std::move(known_objects)),
        compression(wanted),
        hash(std::move(its_hash)) {}
  FileObjectWriter(const FileObjectWriter&) = delete;
  FileObjectWriter& operator=(const FileObjectWriter&) = delete;
  ~FileObjectWriter() override { drop_temporary(); }

  Result<void> write(std::span<const std::byte> bytes) override;
  Result<ObjectInfo> finish() override;

  fs::path staging;
  fs::path known;
  Compression compression;
  Sha256 hash;
  State state = State::kUndecided;
  std::vector<std::byte> buffer{};  ///< the sample while undecided; then plain bytes on their way to the file
  std::vector<std::byte> packed{};  ///< compressed bytes on their way to the file
  Compressor compressor{};
  TemporaryFile temporary{};
  std::uint64_t plain_bytes = 0;
  std::uint64_t stored_bytes = 0;

  void drop_temporary() noexcept {
    temporary.fd.reset();
    if (!temporary.path.empty()) {
      ::unlink(temporary.path.c_str());
      temporary.path.clear();
    }
  }

  Result<void> to_file(std::span<const std::byte> bytes) {
    if (temporary.path.empty()) {
      TRY_ASSIGN(temporary, create_temporary(staging));
    }
    stored_bytes += bytes.size();
    return write_fully(temporary.fd, bytes, temporary.path);
  }

  Result<void> compress(std::span<const std::byte> bytes, ZSTD_EndDirective end) {
    packed.resize(ZSTD_CStreamOutSize());
    ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
    for (;;) {
      ZSTD_outBuffer out{packed.data(), packed.size(), 0};
      const std::size_t left = ZSTD_compressStream2(compressor.get(), &out, &in, end);
      if (ZSTD_isError(left) != 0) {
        return fail(ErrorKind::kInternal, fmt::format("zstd cannot compress a value: {}", ZSTD_getErrorName(left)));
      }
      if (out.pos != 0) {
        if (auto wrote = to_file({packed.data(), out.pos}); !wrote) {
          return wrote;
        }
      }
      if (end == ZSTD_e_end ? left == 0 : in.pos == in.size) {
        return {};
      }
    }
  }

  /// Chooses the encoding by compressing the sample. Where the sample is the whole value and compresses well, its
  /// frame is left in `packed`.
  Result<void> decide() {
    state = State::kPlain;
    if (compression == Compression::kNone || buffer.size() < kSmallest) {
      return {};
    }
    TRY_ASSIGN(auto made, make_compressor());
    packed.resize(ZSTD_compressBound(buffer.size()));
    const std::size_t size = ZSTD_compress2(made.get(), packed.data(), packed.size(), buffer.data(), buffer.size());
    if (ZSTD_isError(size) == 0 && saves_enough(size, buffer.size())) {
      state = State::kZstd;
      packed.resize(size);
      compressor = std::move(made);
    }
    return {};
  }

  /// The sample is full: from here on bytes flow into the file.
  Result<void> start_streaming() {
    TRY(decide());
    if (state == State::kPlain) {
      return flush();
    }
    ZSTD_CCtx_reset(compressor.get(), ZSTD_reset_session_only);
    auto compressed = compress(buffer, ZSTD_e_continue);
    buffer = {};
    return compressed;
  }

  Result<void> flush() {
    auto wrote = to_file(buffer);
    buffer.clear();
    return wrote;
  }

  /// Fills the buffer; what is left of `bytes` is returned.
  std::span<const std::byte> fill(std::span<const std::byte> bytes) {
    const std::size_t part = std::min(bytes.size(), kSample - buffer.size());
    buffer.insert(buffer.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(part));
    return bytes.subspan(part);
  }

  Result<void> stream(std::span<const std::byte> bytes) {
    if (state == State::kZstd) {
      return compress(bytes, ZSTD_e_continue);
    }
    while (!bytes.empty()) {
      if (buffer.empty() && bytes.size() >= kSample) {
        return to_file(bytes);
      }
      bytes = fill(bytes);
      if (buffer.size() == kSample) {
        TRY(flush());
      }
    }
    return {};
  }

  /// Everything is in the temporary file, or, for a value that fitted the sample, still in memory.
  Result<void> complete() {
    if (state == State::kUndecided) {
      TRY(decide());
      if (state == State::kZstd) {
        const Trailer trailer = make_trailer(plain_bytes);
        packed.insert(packed.end(), trailer.begin(), trailer.end());
        buffer = std::move(packed);
      }
      return {};
    }
    if (state == State::kZstd) {
      if (auto ended = compress({}, ZSTD_e_end); !ended) {
        return ended;
      }
      return to_file(make_trailer(plain_bytes));
    }
    return flush();
  }

  /// Is a file with just the bytes we would write there already? Comparing costs a read, but a damaged object is
  /// then replaced by the next capture that computes the same value.
  bool is_known(const fs::path& path) const {
    const auto there = util::MappedFile::open(path);
    if (!there) {
      return false;
    }
    util::MappedFile ours;
    std::span<const std::byte> bytes = buffer;
    if (!temporary.path.empty()) {
      auto mapped = util::MappedFile::map(temporary.fd.get(), temporary.path);
      if (!mapped) {
        return false;
      }
      ours = std::move(*mapped);
      bytes = ours.bytes();
    }
    return there->bytes().size() == bytes.size() &&
           (bytes.empty() || std::memcmp(there->bytes().data(), bytes.data(), bytes.size()) == 0);
  }

  Result<void> put(const fs::path& target) {
    if (temporary.path.empty()) {
      TRY(flush());
    }
    TRY(close_checked(temporary.fd, temporary.path));
    TRY(ensure_folder(target.parent_path()));
    TRY(rename_file(temporary.path, target));
    temporary.path.clear();
    return {};
  }
};

Result<void> FileObjectWriter::write(std::span<const std::byte> bytes) {
  hash.update(bytes);
  plain_bytes += bytes.size();
  if (state == State::kUndecided) {
    bytes = fill(bytes);
    if (buffer.size() < kSample) {
      return {};
    }
    TRY(start_streaming());
  }
  return stream(bytes);
}

Result<ObjectInfo> FileObjectWriter::finish() {
  TRY(complete());
  ObjectInfo info;
  info.sha256 = hash.finish();
  info.plain_bytes = plain_bytes;
  info.stored_bytes = temporary.path.empty() ? buffer.size() : stored_bytes;
  const Encoding encoding = state == State::kZstd ? Encoding::kZstd : Encoding::kPlain;
  const fs::path target = paths::object(staging, info.sha256, encoding);
  std::error_code ignored;  // a file that cannot be looked at is written once more
  if (fs::exists(target, ignored) || is_known(paths::object(known, info.sha256, encoding))) {
    drop_temporary();
    return info;
  }
  TRY(put(target));
  return info;
}

}  // namespace

Result<std::unique_ptr<ObjectWriter>> create_object_file(fs::path staging_objects, fs::path known_objects,
                                                         Compression compression) {
  TRY_ASSIGN(auto hash, Sha256::create());
  return std::make_unique<FileObjectWriter>(std::move(staging_objects), std::move(known_objects), compression,
                                            std::move(hash));
}

}  // namespace snapshot_test::store
