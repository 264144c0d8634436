// SPDX-License-Identifier: Apache-2.0
/// Endpoints of a service in this process.
///
///     struct greeter : mh::service<greeter> {
///         static constexpr const char* name = "go.micro.srv.greeter";
///         void hello(mh::incoming& in) { in.reply(R"({"msg":"hello"})"); }
///         static constexpr auto endpoints = mh::endpoints(mh::endpoint("Say.Hello", &greeter::hello));
///     };
///
/// An object is made for each loop, and one for the control thread and workers. Optional members: config, needs, metadata
/// (JSON), service_flags (MH_SERVICE_*: with BLOCKING the one object is used by several workers at once), and instead of
/// `name` a static std::string service_name(const config&).
#pragma once

#include <microhost/handler.hpp>

#include <array>

namespace mh {

/// A call that waits for its answer: reply or fail, now or later, on this thread. Cheap to copy.
class incoming {
  public:
    incoming(mh_rpc_in* in, const mh_rpc_message* m) : in_(in), message_(m) {}
    mh_rpc_in* raw() const { return in_; }
    /// Lent until the endpoint's function returns.
    string_view body() const { return view(message_->body); }
    string_view content_type() const { return view(message_->content_type); }
    string_view endpoint() const { return view(table().endpoint(in_)); }
    string_view metadata(string_view name) const {
        mh_str out{};
        return table().metadata(in_, lend(name), &out) == MH_OK ? view(out) : string_view{};
    }
    uint32_t time_left_ms() const { return table().time_left_ms(in_); }
    mh_status reply(string_view body, string_view content_type = {}) {
        return table().reply(in_, lend(content_type), bytes(body));
    }
    mh_status fail(unsigned code, string_view detail, string_view id = {}) {
        return table().fail(in_, code, lend(id), lend(detail));
    }

  private:
    static const mh_rpc_server& table() { return *the_table<mh_rpc_server>; }
    mh_rpc_in* in_;
    const mh_rpc_message* message_;
};

template <class D>
struct endpoint_row {
    const char* name;
    void (D::*call)(incoming&);
    const char* request;  ///< Micro's Value as JSON, or nullptr
    const char* response;
    const char* metadata;
};
template <class D>
constexpr endpoint_row<D> endpoint(const char* name, void (D::*call)(incoming&),
                                   const char* request = nullptr, const char* response = nullptr,
                                   const char* metadata = nullptr) {
    return {name, call, request, response, metadata};
}
template <class... Rows>
constexpr auto endpoints(Rows... rows) {
    return std::array{rows...};
}

template <class D>
struct [[gnu::visibility("hidden")]] service_part : per_loop_part<D> {
    using typename per_loop_part<D>::config;

    template <std::size_t I>
    static void on_call(void* shard, void*, mh_rpc_in* raw, const mh_rpc_message* m) {
        const mh_status s = guarded("on_call", [&] {
            incoming in(raw, m);
            (per_loop_part<D>::of(shard).*D::endpoints[I].call)(in);
            return MH_OK;
        });
        // A function that threw before it answered is a 500; after an answer this is refused as stale.
        if (s != MH_OK) the_table<mh_rpc_server>->fail(raw, 500, {}, lend("internal error"));
    }
    template <std::size_t... I>
    static constexpr auto make_rows(std::index_sequence<I...>) {
        return std::array{mh_rpc_endpoint{D::endpoints[I].name, D::endpoints[I].request,
                                          D::endpoints[I].response, D::endpoints[I].metadata,
                                          on_call<I>, nullptr, nullptr, nullptr, nullptr}...};
    }
    static constexpr auto rows = make_rows(std::make_index_sequence<D::endpoints.size()>{});

    static mh_status contribute(const config& c) {
        if constexpr (requires { D::service_name(c); }) {
            name = D::service_name(c);
        } else {
            name = D::name;
        }
        service.size = sizeof service;
        if constexpr (requires { D::service_flags; }) service.flags = D::service_flags;
        if constexpr (requires { D::metadata; }) service.metadata_json = D::metadata;
        service.name = name.c_str();
        service.endpoints = rows.data();
        service.n_endpoints = rows.size();
        service.stride = sizeof(mh_rpc_endpoint);
        return the_host->contribute(the_host, MH_RPC_SERVICE, &service);
    }
    inline static std::string name;
    inline static mh_rpc_service service{};
};

template <class D>
struct service {
    using part = service_part<D>;
};

}  // namespace mh
