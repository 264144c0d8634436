// SPDX-License-Identifier: Apache-2.0
// Every bad file is refused before any of its code runs, in one line that says which file, what, and what to do.
#include <doctest/doctest.h>
#include <microhost/entry.h>
#include <sys/stat.h>

#include "module/host_interface.hpp"
#include "module/loader.hpp"
#include "workshop.hpp"

using namespace microhost;
using module::check_file;

namespace {

std::string refusal(const std::string& path) {
    const auto result = check_file(path);
    return result ? "accepted" : result.error().what;
}

constexpr const char* kEntry =
    "static const char text[] __attribute__((section(\".mh_manifest\"), used)) = ";

/// An entry of its own instead of MH_MODULE.
std::string entry(const std::string& manifest, const std::string& fields) {
    return kEntry + manifest + ";\nMH_EXPORT const mh_module_entry_t mh_module_entry = {" + fields +
           ", text, create};";
}

}  // namespace

TEST_SUITE("hostile") {
    TEST_CASE("a good module is accepted, and what it says is read") {
        Workshop w;
        const auto c =
            check_file(w.module("good.so", "com.acme.good", R"(,\"provides\":[\"acme.x/1\"])"));
        REQUIRE(c.has_value());
        CHECK((*c)->id() == "com.acme.good");
        CHECK((*c)->manifest.version == "1.2.3");
        CHECK((*c)->manifest.provides == std::vector<std::string>{"acme.x/1"});
        CHECK((*c)->elf.entry->magic == MH_MAGIC);
        CHECK_FALSE((*c)->elf.text_relocations);
    }

    TEST_CASE("what is no shared object for this machine is refused by its own reason") {
        Workshop w;
        w.module("good.so", "good");
        const std::string good = w.read("good.so");
        auto patched = [&](size_t at, const std::string& bytes) {
            std::string copy = good;
            return w.write("bad.so", copy.replace(at, bytes.size(), bytes));
        };
        const std::string bad = w.path("bad.so") + ": ";
        CHECK(refusal(w.write("bad.so", "")) == bad + "empty file");
        CHECK(refusal(w.write("bad.so", "hello\n")) == bad + "not an ELF file");
        CHECK(refusal(w.write("bad.so",
                              "\x7f"
                              "ELF")) ==
              bad + "cut off: the file ends inside the ELF header; copy it again");
        CHECK(refusal(w.write("bad.so", good.substr(0, good.size() / 2))) ==
              bad + "cut off: the section table lies behind the end of the file; copy it again");
        CHECK(refusal(patched(4, "\x01")) == bad + "not a 64-bit file; build it for this machine");
        CHECK(refusal(patched(18, std::string("\xf3\x7f", 2))).find("this machine is") !=
              std::string::npos);
        CHECK(refusal(patched(16, std::string("\x02\0", 2))) ==
              bad + "not a shared object (ELF type 2); link it with -shared");
        CHECK(refusal(patched(32, "\xff\xff\xff\xff\xff\xff\xff\x7f")) ==
              bad + "damaged: the program headers lie outside the file; copy it again");
    }

    TEST_CASE("a module cut off anywhere is refused, never followed") {
        Workshop w;
        w.module("good.so", "good");
        const std::string good = w.read("good.so");
        for (size_t n = 0; n < good.size(); n += 97) {
            const auto elf =
                module::read_elf(module::MemoryBytes(std::string_view(good).substr(0, n)));
            CHECK_MESSAGE(!elf.has_value(), "cut at ", n);
        }
    }

    TEST_CASE("a wrong entry is refused before it is loaded") {
        Workshop w;
        const std::string m = Workshop::manifest("bad"), file = w.path("bad.so") + ": ";
        auto with = [&](const std::string& source) { return refusal(w.build("bad.so", source)); };
        CHECK(with("int x;") == file +
                                    "manifest: no section .mh_manifest; is it a microhost module? "
                                    "Define it with MH_MODULE");
        CHECK(with(kEntry + m + ";") ==
              file + "no symbol mh_module_entry; define it with MH_MODULE and export it");
        CHECK(with(entry(m, "0x41414141u, 1, sizeof(mh_module_entry_t), 1")) ==
              file +
                  "mh_module_entry begins with 0x41414141, not MH_MAGIC; define it with MH_MODULE");
        CHECK(with(entry(m, "MH_MAGIC, 2, sizeof(mh_module_entry_t), 1")) ==
              file +
                  "built for ABI epoch 2, this host speaks epoch 1; build it against this host's "
                  "SDK");
        CHECK(
            with(entry(m, "MH_MAGIC, 1, 8, 1")) ==
            file +
                "mh_module_entry says it has 8 bytes, the symbol has 32; define it with MH_MODULE");
        CHECK(with(entry(m, "MH_MAGIC, 1, 0xffffffffu, 1")) ==
              file +
                  "mh_module_entry says it has 4294967295 bytes, the symbol has 32; define it with "
                  "MH_MODULE");
    }

    TEST_CASE("a wrong manifest is refused with the key that is wrong") {
        Workshop w;
        const std::string file = w.path("bad.so") + ": manifest: ";
        auto with = [&](const std::string& text) {
            return refusal(w.build("bad.so", "MH_MODULE(" + text + ", create)"));
        };
        CHECK(with(R"("not json")").starts_with(file + "not JSON: 1:"));
        CHECK(with(R"("[]")") == file + "must be an object, it is an array");
        CHECK(with(R"("{\"id\":\"a\",\"abi\":{\"epoch\":1}}")") ==
              file + "key \"version\" is missing");
        CHECK(with(R"("{\"id\":\"A b\",\"version\":\"1.0.0\",\"abi\":{\"epoch\":1}}")")
                  .starts_with(file + "id \"A b\" must be"));
        CHECK(with(R"("{\"id\":\"a\",\"version\":\"1.0.0\",\"abi\":{\"epoch\":2}}")") ==
              file +
                  "it is built for ABI epoch 2, this host speaks epoch 1; build it against this "
                  "host's SDK");
        CHECK(with(Workshop::manifest("a", R"(,\"requires\":\"mh.log/1\")")) ==
              file + "key \"requires\" must be an array, it is a string");
        CHECK(with(Workshop::manifest("a", std::string(1 << 20, ' '))) ==
              file + "1048623 bytes, at most 65536 are allowed");
    }

    TEST_CASE("a symbol that nobody has is named") {
        Workshop w;
        const std::string source =
            "extern int no_such_function(void); int (*keep)(void) = no_such_function;";
        CHECK(refusal(w.build("bad.so",
                              source + "MH_MODULE(" + Workshop::manifest("bad") + ", create)")) ==
              w.path("bad.so") +
                  ": undefined symbol no_such_function; define it or link the library that has it");
    }

    TEST_CASE("what is no regular file of ours is refused without waiting for it") {
        Workshop w;
        const std::string bad = w.path("bad.so");
        REQUIRE(mkfifo(bad.c_str(), 0600) == 0);
        CHECK(refusal(bad) == bad + ": not a regular file but a pipe");
        std::filesystem::remove(bad);
        std::filesystem::create_directory(bad);
        CHECK(refusal(bad) == bad + ": not a regular file but a folder");
        std::filesystem::remove(bad);
        std::filesystem::create_symlink("bad.so", bad);
        CHECK(refusal(bad) == bad + ": a link where a file is expected, or links in a circle");
        std::filesystem::remove(bad);
        CHECK(refusal(bad) == bad + ": no such file");
        CHECK(refusal("/dev/zero") == "/dev/zero: not a regular file but a device");
        w.module("bad.so", "bad");
        chmod(bad.c_str(), 0666);
        CHECK(refusal(bad) == bad + ": everybody may write it; chmod o-w it");
        chmod(bad.c_str(), 04755);
        CHECK(refusal(bad) == bad + ": is set-user-ID or set-group-ID; chmod ug-s it");
        chmod(bad.c_str(), 0755);
        CHECK(refusal(bad) == "accepted");
        std::filesystem::create_symlink(bad, w.path("link.so"));
        CHECK(check_file(w.path("link.so")).has_value());
        CHECK_FALSE(check_file(w.path("link.so"), module::Links::refuse).has_value());
    }
}

TEST_SUITE("hostile") {
    TEST_CASE("the loader finds, orders and refuses as the manifests say") {
        Workshop w;
        module::InterfaceTable interfaces;
        interfaces.offer("mh.foo/1", &interfaces);
        const module::Loader loader({w.path("none"), w.folder()}, interfaces);
        auto plan = [&](std::vector<std::string> names) {
            const auto p = loader.plan(names);
            if (!p) return p.error().what;
            std::string ids;
            for (const auto& c : *p) ids += (ids.empty() ? "" : " ") + c->id();
            return ids;
        };
        w.module("one.so", "one",
                 R"(,\"requires\":[\"module:two\",\"mh.foo/1\",\"three.thing/1\"])");
        w.module("two.so", "two");
        w.module("three.so", "three", R"(,\"provides\":[\"three.thing/1\"])");
        CHECK(plan({"one", "three.so", w.path("one.so")}) == "two three one");
        CHECK(plan({"one"}) ==
              w.path("one.so") +
                  ": needs three.thing/1, this host does not serve it; update microhost");
        CHECK(plan({"thre"}) == "module \"thre\" not found: no thre.so in " + w.path("none") +
                                    ", " + w.folder() + "; did you mean \"three\"?");
        w.module("new.so", "new", R"(,\"requires\":[\"mh.foo/2\"])");
        CHECK(plan({"new"}) == w.path("new.so") +
                                   ": needs mh.foo/2, this host serves mh.foo/1; use a module or a "
                                   "host of the other version");
        w.module("copy.so", "two");
        CHECK(plan({"two", "copy"}) == w.path("copy.so") +
                                           ": module \"two\" is already loaded from " +
                                           w.path("two.so") + "; remove one of the two");
        w.module("ring-a.so", "ring-a", R"(,\"requires\":[\"module:ring-b\"])");
        w.module("ring-b.so", "ring-b", R"(,\"requires\":[\"module:ring-a\"])");
        CHECK(plan({"ring-a"}) == w.path("ring-a.so") +
                                      ": modules require each other in a circle: ring-a -> ring-b "
                                      "-> ring-a; remove one requirement");
        w.module("lost.so", "lost", R"(,\"requires\":[\"module:nobody\"])");
        CHECK(plan({"lost"}).starts_with(w.path("lost.so") +
                                         ": requires module:nobody: module \"nobody\" not found"));
    }
}
