// SPDX-License-Identifier: Apache-2.0
// One command: how far a new version of a service is out.
#include <microhost/module.hpp>

#include <set>

namespace {

struct Rollout : mh::command_set<Rollout> {
    static constexpr mh::uses<mh_registry> needs{};

    /// Calls f(name, version, number of nodes) for each version of each service, sorted.
    template <class F>
    static void each(F f) {
        const auto& registry = mh::use<mh_registry>();
        const mh_registry_view* now = registry.now(mh::the_host);
        for (uint32_t i = 0; i < registry.count(now); ++i) {
            const mh_service_view* s = registry.at(now, i);
            f(mh::view(registry.name(s)), mh::view(registry.version(s)), registry.node_count(s));
        }
    }

    // The arguments are checked already: a number is a number.
    void on_rollout(const mh::run_ptr& run) {
        const mh::string_view service = run->arg("service"), version = run->arg("version");
        const int64_t least = run->integer("at-least").value_or(1);
        bool found = false;
        each([&](mh::string_view name, mh::string_view v, int64_t nodes) {
            if ((!service.empty() && name != service) || (!version.empty() && v != version)) return;
            if (nodes < least) return;
            if (!found) run->columns({"service", "version", "nodes"});
            run->row({mh::cell::of(name), mh::cell::of(v), mh::cell::of(nodes)});
            found = true;
        });
        if (!found) return run->fail("nothing runs like that; \"list services\" shows what does", 1);
        run->done();
    }

    // What the host does not know: it completes @service by itself.
    void complete(mh::string_view arg, mh::string_view prefix, const mh::candidates& add) {
        if (arg != "version") return;
        std::set<mh::string_view> versions;
        each([&](mh::string_view, mh::string_view v, int64_t) { versions.insert(v); });
        for (mh::string_view v : versions)
            if (v.substr(0, prefix.size()) == prefix) add(v, {});
    }

    static constexpr std::array arguments{
        mh::place("service", "only this one", 0, "@service"),
        mh::flag("version", "only this version"),
        mh::flag("at-least", "so many nodes, or more", MH_TYPE_INTEGER, nullptr, "1"),
    };
    static constexpr auto commands =
        mh::commands(mh::command("rollout", "Shows how many nodes run which version", &Rollout::on_rollout)
                         .with(arguments)
                         .role("viewer")
                         .examples("microhost rollout go.micro.srv.greeter --at-least 2")
                         .completes(&Rollout::complete)
                         .here());

    // A dashboard shows it, too.
    static constexpr std::array pages{mh::page{"Rollouts", "rollout", {}, 5}};
};

}  // namespace

MH_PLUGIN("rollout", "1.0.0", "How far a new version of a service is out", Rollout)
