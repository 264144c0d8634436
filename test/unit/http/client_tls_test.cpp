// SPDX-License-Identifier: Apache-2.0
#include "http/client_tls.hpp"

#include <doctest/doctest.h>

#include "../net/certificates.hpp"
#include "../net/sockets.hpp"

using namespace microhost;
using namespace microhost::http;
using namespace microhost::net::test;

namespace {

std::string refusal(const ClientTls& wanted) {
    auto made = client_tls(wanted);
    return made ? "it was accepted" : made.error().what;
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != text.npos; }

}  // namespace

TEST_SUITE("host/http") {
    TEST_CASE("calls with the same certificate files share a context until a file changes") {
        Folder folder;
        const Issued ca = Issued::authority("ca");
        const net::TlsFiles own = write_files(folder.path, "own", ca.issue({}));
        write_file(folder.file("ca.crt"), ca.certificate_pem());
        const ClientTls wanted{folder.file("ca.crt"), own.certificate, own.key};
        const auto* first = *client_tls(wanted);
        CHECK(*client_tls(wanted) == first);
        CHECK(*client_tls({folder.file("ca.crt")}) != first);

        write_files(folder.path, "next", ca.issue({}));
        std::filesystem::rename(folder.file("next.crt"), own.certificate);
        CHECK(has(refusal(wanted), "does not belong"));  // one of two was replaced
        std::filesystem::rename(folder.file("next.key"), own.key);
        CHECK(*client_tls(wanted) != first);
    }

    TEST_CASE("certificate files of a call that cannot be used are one line that names the file") {
        Folder folder;
        const net::TlsFiles own =
            write_files(folder.path, "own", Issued::authority("ca").issue({}));
        const std::string gone = folder.file("gone"), garbage = folder.file("garbage");
        write_file(garbage, "hello");
        const struct {
            ClientTls wanted;
            std::string names;
            const char* says;
        } rows[] = {
            {{gone}, gone, "No such file"},
            {{garbage}, garbage, "no certificate"},
            {{"", gone, own.key}, gone, "No such file"},
            {{"", own.certificate, gone}, gone, "No such file"},
            {{"", own.certificate, garbage}, garbage, "no private key"},
            {{"", "", own.key}, own.key, "no certificate"},
        };
        for (const auto& row : rows) {
            const std::string said = refusal(row.wanted);
            CAPTURE(said);
            CHECK(has(said, row.names));
            CHECK(has(said, row.says));
            CHECK(!has(said, "\n"));
        }
        // Mended, it is taken without a restart.
        write_file(gone, Issued::authority("late").certificate_pem());
        CHECK(refusal({gone}) == "it was accepted");
    }
}
