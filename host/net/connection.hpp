// SPDX-License-Identifier: Apache-2.0
/// One byte stream of a module: it connects or was accepted, perhaps goes over to TLS, and keeps what waits in both directions.
#pragma once

#include <microhost/base.h>

#include "net/dial.hpp"
#include "net/stdio.hpp"
#include "net/tls.hpp"

namespace microhost::net {

/// How a connection goes over to TLS: as client, or with `server` as the accepting side.
struct ConnectionTls {
    const TlsClientContext* client = nullptr;
    std::shared_ptr<const TlsServerContext> server;
    std::string
        name;  // whom the certificate of the other end must be for; empty: the host of the address
    std::string alpn;
    bool wanted() const { return client || server; }
};

struct ConnectionSettings {
    std::string address;  // as it was asked for; of who was accepted, where it comes from
    uint32_t connect_timeout_ms = 10'000, idle_timeout_ms = 0;
    ConnectionTls tls;  // from the first byte
};

/// What an open connection is made of, apart from who has it: it can go to another thread.
struct ConnectionParts {
    ConnectionSettings settings;
    Stream stream;
    std::unique_ptr<Stdio> stdio;  // instead of it
    bool accepted = false;
    std::string host;         // that was connected to
    std::string peer, local;  // addresses
    std::string in;           // shown, and not used
    std::string out;          // waits to be written
    bool peer_finished = false, peer_finish_told = false;
    bool finish_wanted = false, finished = false;  // our direction
};

/// Thread: that of its loop. Frees itself after the last call to its sink, or abort().
class Connection final : public Pollable {
  public:
    static constexpr size_t kWindow = 256 * 1024;       // what may wait before write() is refused
    static constexpr size_t kMostUnused = 1024 * 1024;  // bytes shown that the sink did not use
    static constexpr size_t kMostAtOnce = 16 * 1024 * 1024;

    /// Who has it. Any call may abort it, or ask for anything else.
    class Sink {
      public:
        virtual void on_open() = 0;
        /// How many were used.
        virtual size_t on_bytes(std::string_view bytes) = 0;
        /// False: the sink does not go on after it, and the connection is closed.
        virtual bool on_finish() = 0;
        virtual void on_writable() = 0;
        /// The last call.
        virtual void on_end(mh_status why, std::string_view text) = 0;

      protected:
        ~Sink() = default;
    };

    /// Begins to connect. An error: the address is none.
    static Result<Connection*> dial(Loop& loop, Sink& sink, ConnectionSettings settings);
    static Connection* accepted(Loop& loop, Sink& sink, ConnectionSettings settings, int fd,
                                const Address& peer);
    /// Null with errno.
    static Connection* standard(Loop& loop, Sink& sink, ConnectionSettings settings);
    /// One that was parked.
    static Connection* adopted(Loop& loop, Sink& sink, ConnectionParts parts);
    Connection(const Connection&) = delete;

    /// As mh_net has them.
    mh_status write(const mh_seg* v, uint32_t n);
    mh_status finish();
    void close() { end_softly(MH_OK, {}); }
    void abort();
    mh_status start_tls(ConnectionTls tls, uint32_t timeout_ms);
    mh_status pause();
    mh_status resume();
    const std::string& peer() const { return parts_.peer; }
    const std::string& local() const { return parts_.local; }
    bool accepted() const { return parts_.accepted; }
    /// Sends what waits, then ends with this.
    void end_softly(mh_status why, std::string text);
    /// Gives everything away without a call; false when it cannot now.
    bool park(ConnectionParts& out);

    void on_events(uint32_t events) override;

  private:
    enum class Phase : uint8_t { dialing, connected, shaking, open, closing, lingering, gone };

    Connection(Loop& loop, Sink& sink, ConnectionParts parts);
    ~Connection() = default;
    void dialed(Dial::State s);
    void take_addresses(const Address& peer);
    bool watch();
    void watch_or_end();
    void unwatch();
    void step();
    void schedule();
    void begin_tls();
    void shake();
    void opened();
    void take_in();
    void again();
    ssize_t read(char* p, size_t n);
    bool readable() const;
    bool show(std::string_view bytes);
    void peer_end();
    void put_out();
    ssize_t put_some();
    void all_out();
    void shutdown_write();
    void linger();
    void broke(ssize_t error);
    void on_time();
    /// By the clock, not by the turn: the control thread may have slept since its last one.
    void arm(uint64_t ms) { loop_.wheel().arm(timer_, Loop::clock_ns() / 1'000'000, ms); }
    void touched();
    void end(mh_status why, std::string text);
    void shut();
    std::string who() const;

    Loop& loop_;
    Sink* sink_;
    ConnectionParts parts_;
    std::unique_ptr<Dial> dial_;
    Phase phase_ = Phase::connected;
    ConnectionTls next_tls_;  // start_tls() was called
    size_t plain_left_ = 0;   // of what waits, goes out before TLS begins
    uint32_t tls_ms_ = 0;
    uint64_t deadline_ms_ = 0;  // of name, connection and TLS
    bool paused_ = false, scheduled_ = false, busy_told_ = false, showing_ = false;
    bool show_again_ = false;  // what was not used, though nothing came
    mh_status why_ = MH_OK;    // of an end that waits for what must be sent
    std::string text_;
    struct Deadline : Timer {
        Connection* owner;
    } timer_;
};

}  // namespace microhost::net
