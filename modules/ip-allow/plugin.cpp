// SPDX-License-Identifier: Apache-2.0
// Lets requests in by the address of their client.
#include <microhost/file_value.hpp>
#include <microhost/module.hpp>

#include <memory>

#include "address_rules.hpp"

namespace {

using microhost::ip_allow::AddressRules;

constexpr const char* kDefaults[] = {"deny", "allow", nullptr};

struct file_rules {
    explicit file_rules(std::string_view text) {
        std::string why;
        if (!rules.add_lines(text, why)) throw mh::failure(why, "/file");
    }
    AddressRules rules;
};

struct ip_allow : mh::filter<ip_allow> {
    struct config {
        std::vector<std::string_view> rules;
        std::string_view file, otherwise;
        static constexpr auto options = mh::options(
            mh::option("rules", &config::rules, "",
                       "In order, the first that fits decides: 10.0.0.0/8, allow ..., deny ..."),
            mh::option("file", &config::file, "", "More rules behind these, one a line; watched"),
            mh::option("default", &config::otherwise, "deny", "What becomes of all others")
                .one_of(kDefaults));
    };
    static constexpr auto phase = MH_PHASE_AUTHZ;
    static constexpr mh::uses<mh_file, mh_health, mh_loop> needs{};

    struct shared {
        explicit shared(const config& c) : allow_others(c.otherwise == "allow") {
            for (const std::string_view rule : c.rules) {
                if (!inline_rules.add(rule))
                    throw mh::failure("rules: \"" + std::string(rule) +
                                          "\" is none; write such as \"10.0.0.0/8\" or \"deny "
                                          "192.0.2.7\"",
                                      "/rules");
            }
            if (!c.file.empty())
                file = std::make_unique<mh::file_value<file_rules>>(c.file, "/file");
            if (inline_rules.size() == 0 && !file && !allow_others)
                mh::log::warn("neither rules nor a file: nobody gets in");
        }
        AddressRules inline_rules;
        std::unique_ptr<mh::file_value<file_rules>> file;
        bool allow_others;
    };

    explicit ip_allow(shared& s) : shared_(s) {}

    mh::verdict on_request(mh::request& r) {
        const std::string_view client = r.client_ip();
        auto said = shared_.inline_rules.allows(client);
        if (!said && shared_.file) said = shared_.file->now().rules.allows(client);
        if (said.value_or(shared_.allow_others)) return mh::detach;
        return r.respond_error(403, "ip-allow", "this address is not allowed");
    }

  private:
    const shared& shared_;
};

}  // namespace

MH_PLUGIN("ip-allow", "1.0.0", "Lets requests in by the address of their client", ip_allow)
