// SPDX-License-Identifier: Apache-2.0
/// Makes module files, good and bad ones, in a temporary folder with the C compiler.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

class Workshop {
  public:
    Workshop() {
        std::string name = (std::filesystem::temp_directory_path() / "mh-hostile-XXXXXX").string();
        if (!mkdtemp(name.data())) throw std::runtime_error("mkdtemp");
        folder_ = name;
    }
    ~Workshop() {
        std::error_code ignored;
        std::filesystem::remove_all(folder_, ignored);
    }
    Workshop(const Workshop&) = delete;
    Workshop& operator=(const Workshop&) = delete;

    const std::string& folder() const { return folder_; }
    std::string path(const std::string& name) const { return folder_ + "/" + name; }

    std::string write(const std::string& name, const std::string& bytes) const {
        std::ofstream(path(name), std::ios::binary) << bytes;
        return path(name);
    }
    std::string read(const std::string& name) const {
        std::ifstream in(path(name), std::ios::binary);
        return {std::istreambuf_iterator<char>(in), {}};
    }
    /// Compiles C (or C++ for "cpp") behind a prelude that brings the SDK, a module that does nothing and its create().
    std::string build(const std::string& name, const std::string& source,
                      const std::string& language = "c", const std::string& flags = "") const {
        const std::string from = write(name + "." + language, std::string(kPrelude) + source);
        const std::string compiler = language == "c" ? "cc" : "c++";
        const std::string command = compiler +
                                    " -O1 -fPIC -shared -w -I" MICROHOST_SDK_INCLUDE " -o " +
                                    path(name) + " " + from + " " + flags;
        if (std::system(command.c_str()) != 0) throw std::runtime_error(command);
        return path(name);
    }
    /// A module that does nothing, with this id and more manifest members (`,"requires":[...]`, escaped for C).
    std::string module(const std::string& name, const std::string& id,
                       const std::string& more = "") const {
        return build(name, "MH_MODULE(" + manifest(id, more) + ", create)");
    }
    static std::string manifest(const std::string& id, const std::string& more = "") {
        return R"("{\"id\":\")" + id + R"(\",\"version\":\"1.2.3\",\"abi\":{\"epoch\":1})" + more +
               "}\"";
    }

  private:
    static constexpr const char* kPrelude = R"(#include <microhost/entry.h>
static void destroy(const mh_module *m) {}
static const mh_module idle = {sizeof(mh_module), 0, NULL, NULL, NULL, NULL, NULL, destroy, NULL};
static mh_status create(const mh_host *h, const mh_module **out) { *out = &idle; return MH_OK; }
)";
    std::string folder_;
};
