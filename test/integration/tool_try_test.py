# SPDX-License-Identifier: Apache-2.0
"""try: what one filter does with one request, on the real engine."""
import json
import unittest

import tool

STAMP, TOKEN = tool.MODULES / "stamp.so", tool.MODULES / "auth-token.so"


class Try(tool.Case):
    def ask(self, *args, status=0):
        return json.loads(self.run_verb("try", "--json", *args, status=status))

    def setUp(self):
        super().setUp()
        (self.folder / "tokens.txt").write_text("alice s3cret\n")
        (self.folder / "tokens.txt").chmod(0o600)

    def test_an_edit_of_the_response_is_shown_with_the_time_it_took(self):
        said = self.ask(STAMP, "--config", '{"value": "me"}', "--repeat", "20", "/a?b=c")
        self.assertEqual((said["status"], said["reached_handler"]), (200, True))
        self.assertEqual(said["response"], {"added": ["X-Served-By: me"], "removed": []})
        self.assertEqual(said["request"], {"added": [], "removed": []})
        self.assertEqual(list(said["calls"]), ["on_response"])
        self.assertEqual(said["calls"]["on_response"]["calls"], 20)
        text = self.run_verb("try", STAMP, "--status", "404", "/a")
        self.assertIn("stamp on GET /a: has no say before the response; the client got 404\n", text)
        self.assertIn("response  + X-Served-By: microhost\n", text)

    def test_an_answer_of_the_filter_is_shown_and_the_handler_is_not_reached(self):
        config = json.dumps({"file": str(self.folder / "tokens.txt")})
        said = self.ask(TOKEN, "--config", config, "/")
        self.assertEqual((said["verdict"], said["status"], said["reached_handler"]), ("answers", 401, False))
        self.assertIn("a token is required", said["body"])
        self.assertIn("on_request", said["calls"])

    def test_edits_of_the_request_and_its_new_path_are_shown(self):
        self.filter("edit", """
    http->header_edit(r, MH_DIR_REQUEST, MH_EDIT_SET, S("X-Tenant"), S("acme"));
    http->header_edit(r, MH_DIR_REQUEST, MH_EDIT_REMOVE, S("Cookie"), S(""));
    http->rewrite(r, S("/v2"), S("x=1"));
    return MH_V_CONTINUE;""")
        said = self.ask("edit.so", "-H", "Cookie: a=b", "-d", "{}", "/v1")
        self.assertEqual(said["request"], {"added": ["X-Tenant: acme"], "removed": ["Cookie: a=b"]})
        self.assertEqual((said["rewritten_to"], said["verdict"]), ("/v2?x=1", "lets it pass"))
        self.assertIn("POST /v1", self.run_verb("try", "edit.so", "-d", "{}", "/v1"))

    def test_a_crash_or_a_wrong_configuration_is_one_line(self):
        self.filter("crash", "return *(volatile int *)0;")
        self.run_verb("try", "crash.so", "/", status=1)
        self.assertIn("in its hooks", self.stderr)
        self.run_verb("try", STAMP, "--config", '{"vlue": 1}', "/", status=1)
        self.assertIn('did you mean "value"?', self.stderr)
        self.run_verb("try", tool.MODULES / "greeter.so", "/", status=1)
        self.assertIn("greeter.so", self.stderr)

    def test_bad_usage_is_one_line(self):
        self.refuses_verb("try", STAMP, words=["PATH"])
        self.refuses_verb("try", STAMP, "a", words=["must begin with /"])
        self.refuses_verb("try", STAMP, "-H", "no colon", "/", words=["no colon"])
        self.refuses_verb("try", STAMP, "-X", "G T", "/", words=["G T"])

    def filter(self, name, body):
        self.compile(name, f"""
#define S(text) ((mh_str){{text, sizeof text - 1}})
static const mh_http_request *http;
static mh_verdict on_request(void *shard, mh_req *r, const mh_header *h, uint32_t n) {{ {body} }}
static const mh_http_filter filter = {{.size = sizeof filter, .interests = MH_I_REQUEST, .phase = MH_PHASE_ROUTE, .on_request = on_request}};
static const mh_module module = {{.size = sizeof module}};
static mh_status create(const mh_host *host, const mh_module **out) {{
    http = host->get(host, MH_HTTP_REQUEST);
    *out = &module;
    return host->contribute(host, MH_HTTP_FILTER, &filter);
}}
MH_MODULE(MH_MANIFEST({{"id": "{name}", "version": "1.0.0", "abi": {{"epoch": 1}}, "requires": ["mh.http.request/1"]}}), create)
""")


if __name__ == "__main__":
    unittest.main()
