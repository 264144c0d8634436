// SPDX-License-Identifier: Apache-2.0
/// The file of one durable namespace of kv: read once at the start, then appended to by the writer's thread, and written anew
/// when most of it is history.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <set>
#include <string>
#include <string_view>

#include "module/kv_record.hpp"
#include "module/kv_store.hpp"
#include "observe/log.hpp"
#include "result.hpp"

namespace microhost::module {

class KvLog final : public KvSink {
  public:
    /// Below it, a file is not worth to be written anew.
    static constexpr uint64_t kSmall = 1 << 20;
    static constexpr size_t kMostPending = 16 << 20;
    static constexpr uint64_t kLargestFile = 1 << 28;

    /// `wake` is called from any thread when there is something to write.
    KvLog(KvNamespace& keys, std::string folder, std::string id, const KvClock& clock,
          log::Domain log, std::function<void()> wake);
    ~KvLog();

    /// Makes the folder and reads what is there into the namespace. Blocks on the disk. An error: nothing is kept. Thread: main.
    Result<> open();
    /// Writes what has changed; false: it has to be tried again later. Blocks on the disk. Thread: the writer's.
    bool write();

    // KvSink
    void on_set(std::string_view key, std::string_view value, uint64_t expires_ms) override;
    void on_remove(std::string_view key) override;

  private:
    Result<std::string> read_file() const;
    KvScan restore(std::string_view records, const std::set<std::string, std::less<>>* ours);
    bool take_lock();
    void catch_up();
    std::string take_pending();
    Result<> append(std::string_view bytes);
    Result<> write_anew();
    bool failed(const Error& e);
    void add(const KvRecord& r);
    uint64_t to_wall(uint64_t expires_ms) const;

    KvNamespace& keys_;
    const std::string folder_, id_, path_;
    const KvClock clock_;
    const log::Domain log_;
    const std::function<void()> wake_;

    std::mutex mutex_;  // of pending_ and overflowed_
    std::string pending_;
    bool overflowed_ = false;

    // The writer's, once open() is over.
    int fd_ = -1, lock_fd_ = -1;
    uint64_t size_ = 0;
    bool locked_ = false;
    unsigned waited_ = 0;     // rounds, for the lock
    bool whole_due_ = false;  // the file is to be written anew
    bool said_ = false;       // that it cannot be written
};

}  // namespace microhost::module
