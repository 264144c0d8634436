// SPDX-License-Identifier: Apache-2.0
// A service inside the process: every call to its name reaches it without a connection.
#include <microhost/module.hpp>

struct greeter : mh::service<greeter> {
    struct config {
        std::string name;
        static constexpr auto options = mh::options(
            mh::option("name", &config::name, "go.micro.api.greeter", "Name under which the service is found"));
    };
    static constexpr mh::uses<mh_json> needs{};
    static std::string service_name(const config& c) { return c.name; }

    explicit greeter(const config& c) : name_(c.name) {}

    void hello(mh::incoming& call) {
        const mh::json_document request(call.body());
        const auto name = request.root()["name"].string();
        if (!name || name->empty()) {
            call.fail(400, request ? "Name cannot be blank" : "the body is not JSON", name_);
            return;
        }
        call.reply(R"({"msg":)" + mh::quoted("Hello " + std::string(*name)) + "}");
    }

    static constexpr auto endpoints = mh::endpoints(mh::endpoint(
        "Say.Hello", &greeter::hello,
        R"({"name":"Request","type":"Request","values":[{"name":"name","type":"string","values":null}]})",
        R"({"name":"Response","type":"Response","values":[{"name":"msg","type":"string","values":null}]})"));

  private:
    std::string name_;
};

MH_PLUGIN("greeter", "1.0.0", "Says hello: a service in the process", greeter)
