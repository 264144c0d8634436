// SPDX-License-Identifier: Apache-2.0
#include "link.hpp"

namespace microhost::registry_etcd {

Link::Link(Client& client, Endpoints& endpoints, const Settings& settings, std::string folder,
           Hooks hooks)
    : client_(client),
      endpoints_(endpoints),
      settings_(settings),
      folder_(std::move(folder)),
      hooks_(std::move(hooks)) {}

void Link::stop() {
    stopped_ = true;
    timer_.cancel();
    client_.cancel(std::exchange(ticket_, 0));
}

void Link::suspect() {
    if (!stopped_ && up_ && !ticket_) probe();
}

void Link::probe() {
    timer_.cancel();
    ticket_ = client_.post("/kv/range", count_request(folder_, range_end(folder_)),
                           [this](const Answer& a) { on_answer(a); });
}

void Link::on_answer(const Answer& a) {
    ticket_ = 0;
    if (!a.good()) return on_bad(a, a.why());
    const auto range = read_range(a.json.root());
    if (!range) return on_bad(a, "its answer makes no sense");
    on_good(range->header, range->count);
}

void Link::on_good(const Header& header, int64_t keys) {
    endpoints_.succeeded();
    timer_.start(settings_.probe, [this] { probe(); });
    if (!std::exchange(up_, true)) {
        said_.clear();
        hooks_.up();
    }
    if (!stopped_) hooks_.beat(header, keys);
}

void Link::on_bad(const Answer& a, const std::string& why) {
    const std::string text = "etcd at " + endpoints_.at(a.endpoint).address + ": " + why;
    const auto delay = endpoints_.failed();
    timer_.start(delay, [this] { probe(); });
    if (!endpoints_.exhausted()) return;  // another one may be well
    const bool was_up = std::exchange(up_, false);
    if (was_up || said_ != text) hooks_.down(said_ = text);
}

}  // namespace microhost::registry_etcd
