// SPDX-License-Identifier: Apache-2.0
#include "outlet.hpp"

#include <utility>

namespace microhost::broker_http {
namespace {

std::string percent_encoded(std::string_view s) {
    constexpr char kHex[] = "0123456789ABCDEF";
    std::string out;
    for (const char c : s) {
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                           (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' || c == '~';
        if (plain) {
            out += c;
            continue;
        }
        const auto byte = static_cast<unsigned char>(c);
        out += '%';
        out += kHex[byte >> 4];
        out += kHex[byte & 15];
    }
    return out;
}

}  // namespace

mh_status Outlet::send(const Subscribers& to, std::string message) {
    const size_t more = to.all.size() + to.queues.size();
    if (waiting_.size() + more > kMostWaiting) return MH_E_BUSY;
    const auto shared = std::make_shared<const std::string>(std::move(message));
    for (const Node& n : to.all) waiting_.push_back({shared, {n}});
    for (const Queue& q : to.queues) {
        seed_ = seed_ * 6364136223846793005U + 1442695040888963407U;
        std::vector<Node> nodes = q.nodes;
        std::swap(nodes.back(), nodes[(seed_ >> 33) % nodes.size()]);
        waiting_.push_back({shared, std::move(nodes)});
    }
    go_on();
    return MH_OK;
}

void Outlet::go_on() {
    over_.clear();
    while (!waiting_.empty() && under_way_.size() < kMostAtOnce) {
        Job job = std::move(waiting_.front());
        waiting_.pop_front();
        ask(std::move(job));
    }
}

void Outlet::ask(Job job) {
    const Node node = std::move(job.nodes.back());
    job.nodes.pop_back();
    const mh_kv type{mh::lend("Content-Type"), mh::lend("application/json")};
    const auto body = job.message;
    mh::to_fetch t;
    t.where.tls = node.tls;
    t.where.address = t.where.authority = node.address;
    t.where.host = node.address.substr(0, node.address.rfind(':'));
    t.where.target = "/_sub?id=" + percent_encoded(node.id);
    t.method = "POST";
    t.body = *body;
    t.headers = {&type, 1};
    t.timeout = timeout_;
    const auto here = under_way_.emplace(under_way_.end());
    const mh_status s =
        here->start(t, [this, here, node, job = std::move(job)](const mh::fetched& got) mutable {
            over_.splice(over_.end(), under_way_, here);
            if (got.status != MH_OK) {
                complain(node, "it does not answer");
                if (!job.nodes.empty()) waiting_.push_front(std::move(job));
            } else if (got.code != 200) {
                complain(node, "it answers with status " + std::to_string(got.code));
            }
            go_on();
        });
    if (s == MH_OK) return;
    under_way_.erase(here);
    complain(node, "its address cannot be used");
}

// At the first, the tenth, the hundredth.
void Outlet::complain(const Node& node, const std::string& why) {
    uint64_t n = ++failed_;
    while (n % 10 == 0) n /= 10;
    if (n != 1) return;
    const std::string count = std::to_string(failed_);
    const mh_kv fields[] = {{mh::lend("subscriber"), mh::lend(node.id)},
                            {mh::lend("address"), mh::lend(node.address)},
                            {mh::lend("reason"), mh::lend(why)},
                            {mh::lend("so_far"), mh::lend(count)}};
    mh::use<mh_log>().write(mh::the_host, MH_LOG_WARN,
                            mh::lend("a subscriber has not taken a message"), fields, 4);
}

}  // namespace microhost::broker_http
