# SPDX-License-Identifier: Apache-2.0
"""`microhost cli`: a person at a terminal, and lines that come from elsewhere."""
import os
import signal
import subprocess
import unittest
from pathlib import Path

import cli_case
import harness
import terminal
from cli_case import GREETER

PROMPT = "microhost> "


def children(pid):
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == pid and fields[0] != "Z":
            found.append(int(stat.parent.name))
    return found


class Case(cli_case.Case):
    def session(self, *flags, env=None):
        """At its prompt."""
        t = terminal.Terminal([str(harness.PROGRAM), *flags, "cli"], harness.clean_environment(self.folder, env), self.folder)
        self.addCleanup(t.__exit__)
        t.wait_for(PROMPT)
        return t

    def ask(self, t, line):
        """What the line shows, without itself."""
        t.type(line + "\r")
        t.wait_for("\n")
        return t.wait_for(PROMPT).removesuffix(PROMPT)

    def complete(self, t, keys, text):
        """Types the keys and TAB, and waits for the text. A machine that is busy misses the half second; then TAB again."""
        t.type(keys)
        for attempt in range(10, -1, -1):
            t.type("\t")
            try:
                return t.wait_for(text, 1.5)
            except AssertionError:
                if not attempt:
                    raise

    def slow_call(self, t, upstream):
        """Types a call that nobody answers, and waits until it is there."""
        before = len(upstream.requests)
        t.type("call greeter Say.Hello --timeout 60s\r")
        upstream.wait_for_requests(before + 1)

    def history(self):
        return (self.state / "cli/history").read_text().splitlines()


class Prompt(Case):
    def test_a_line_is_a_command_as_from_a_shell(self):
        self.greeter()
        t = self.session()
        self.assertEqual(self.ask(t, "list services"), f"{GREETER}\n")
        self.assertEqual(self.ask(t, "call greeter Say.Hello name=John"), f'microhost: greeter is {GREETER}\n{{\n\t"msg": "Hello John"\n}}\n')
        self.assertIn('did you mean "list services"?', self.ask(t, "list srvices"))
        self.assertIn("Usage: microhost call SERVICE ENDPOINT", self.ask(t, "help call"))
        self.assertEqual(self.ask(t, ""), "")
        t.type("exit\r")
        self.assertEqual(t.wait(), 0)

    def test_flags_before_the_verb_count_for_every_line(self):
        t = self.session("--runtime_dir", "else where")
        self.assertIn("looked in else where/registry/v1", self.ask(t, "list services"))
        self.register("elsewhere")
        self.runtime.rename(self.folder / "else where")
        self.complete(t, "get else", "elsewhere ")  # completion looks there, too

    def test_micros_shorter_forms(self):
        self.greeter()
        t = self.session()
        for short, long in (("list", "list services"), ("ls", "list services"), ("get greeter", "get service greeter"),
                            ("microhost list nodes greeter", "list nodes greeter")):
            with self.subTest(short):
                answer = self.ask(t, short)
                self.assertIn(GREETER, answer)
                self.assertEqual(answer, self.ask(t, long))
        self.assertEqual(self.ask(t, 'register {"name": "shop", "nodes": [{"id": "shop-1", "address": "127.0.0.1:9"}]}'), "ok\n")
        self.assertIn("shop\n", self.ask(t, "list"))
        self.assertEqual(self.ask(t, 'deregister {"name": "shop", "nodes": [{"id": "shop-1"}]}'), "ok\n")

    def test_words_are_quoted_as_in_a_shell_and_json_needs_no_quotes(self):
        upstream = self.greeter()
        t = self.session()
        for typed in ("""'{"name": "a  b"}'""", '''"{\\"name\\": \\"a  b\\"}"''', '{"name": "a  b"}', "'name=a  b'", "name=a\\ \\ b"):
            with self.subTest(typed):
                self.assertIn("Hello John", self.ask(t, f"call {GREETER} Say.Hello {typed}"))
                self.assertEqual(upstream.requests[-1].body.replace(b": ", b":"), b'{"name":"a  b"}')
        self.assertEqual(self.ask(t, "call 'greeter Say.Hello"), "microhost: the quote ' is not closed\n")

    def test_help_lists_what_there_is(self):
        shown = self.ask(self.session(), "help")
        for word in ("call    ", "list services    ", "Also: ", " exit ", " inspect ", " modules "):
            self.assertIn(word, shown)

    def test_what_is_wrong_is_a_line_and_the_session_goes_on(self):
        t = self.session()
        self.assertEqual(self.ask(t, "cli"), "microhost: this is the prompt already; exit ends it\n")
        self.assertEqual(self.ask(t, "exit now"), "microhost: exit takes no words\n")
        self.assertEqual(self.ask(t, "--config x.json"), "microhost: a line begins with a command; help shows all\n")
        self.assertEqual(self.ask(t, "list"), self.ask(t, "list services"))

    def test_ctrl_d_ends_it_and_the_terminal_is_as_it_was(self):
        t = terminal.Terminal([str(harness.PROGRAM), "cli"], harness.clean_environment(self.folder), self.folder)
        with t:
            self.assertFalse(t.is_raw())
            t.wait_for(PROMPT)
            harness.wait_for(t.is_raw, 5)
            t.type("\x04")
            self.assertEqual(t.wait(), 0)
            self.assertFalse(t.is_raw())

    def test_output_can_go_elsewhere(self):
        self.greeter()
        t = terminal.Terminal(["/bin/sh", "-c", f"exec {harness.PROGRAM} cli >result"], harness.clean_environment(self.folder), self.folder)
        with t:
            t.wait_for(PROMPT)
            t.type("list\r")
            t.wait_for(PROMPT)
            t.type("\x04")
            self.assertEqual(t.wait(), 0)
        self.assertEqual((self.folder / "result").read_text(), f"{GREETER}\n")


class Keys(Case):
    def test_completion_of_commands_services_endpoints_and_flags(self):
        self.greeter()
        t = self.session()
        self.complete(t, "cal", "call ")
        self.complete(t, "go.mic", f"{GREETER} ")
        listed = self.complete(t, "Say.", f"{PROMPT}call {GREETER} Say.")  # more than one
        self.assertIn("Say.Hello   Say.Stream\n", listed)
        self.complete(t, "H", "Hello ")
        self.complete(t, "name=John --outp", "--output ")
        t.type("raw\r")
        t.wait_for('{"msg":"Hello John"}\n')
        t.wait_for(PROMPT)
        self.complete(t, "get go", f"get {GREETER} ")
        t.type("\r")
        t.wait_for("service  " + GREETER)

    def test_completion_knows_the_words_of_the_prompt(self):
        t = self.session()
        self.assertIn("explain", self.complete(t, "ex", f"{PROMPT}ex"))
        self.complete(t, "i", "it ")
        t.type("\r")
        self.assertEqual(t.wait(), 0)

    def test_completion_puts_quotes_where_they_are_needed(self):
        self.register("two words")
        t = self.session()
        self.complete(t, "list nodes tw", "'two words' ")
        t.type("\r")
        t.wait_for("two words-1")

    def test_history_outlives_the_session(self):
        t = self.session()
        for line in ("list services", "list services", "help call", "call x y --metadata Token=abc", "token john"):
            self.ask(t, line)
        t.type("\x04")
        t.wait()
        self.assertEqual(self.history(), ["list services", "help call"])
        self.assertEqual((self.state / "cli/history").stat().st_mode & 0o777, 0o600)
        t = self.session()
        t.type("\x1b[A")
        t.wait_for_line(f"{PROMPT}help call")
        t.type("\x1b[A")
        t.wait_for_line(f"{PROMPT}list services")
        t.type("\x03")
        t.wait_for_line(PROMPT)
        t.type("\x12lp ")  # searched for
        t.wait_for("help call")
        t.type("\r")
        t.wait_for("Usage: microhost call")
        t.wait_for(PROMPT)
        t.type("\x04")
        self.assertEqual(t.wait(), 0)
        self.assertEqual(self.history(), ["list services", "help call"])

    def test_a_history_that_cannot_be_kept_is_told_and_no_more(self):
        self.state.mkdir()
        (self.state / "cli").mkdir()
        (self.state / "cli/history").mkdir()
        t = terminal.Terminal([str(harness.PROGRAM), "cli"], harness.clean_environment(self.folder), self.folder)
        with t:
            t.wait_for(PROMPT)
            self.assertIn("no services", self.ask(t, "list"))
            t.type("\x04")
            t.wait()
            self.assertIn("cli/history: Is a directory", t.all)

    def test_a_line_is_edited_with_emacs_keys_and_in_utf_8_whatever_the_locale(self):
        for locale in ({}, {"LANG": "", "LC_ALL": ""}, {"LC_ALL": "C"}, {"LC_ALL": "xx_YY"}):
            with self.subTest(locale):
                t = self.session(env=locale)
                t.type("zo\u00eb list services\x01\x1b[3~\x1b[3~\x1b[3~\x04\x05\r")
                t.wait_for("no services")
                t.wait_for(PROMPT)
                t.type("get zo\u00eb\r")
                t.wait_for("service not found: zo\u00eb")

    def test_a_terminal_that_can_nothing_is_enough(self):
        for name in ("dumb", "", "nobody-knows-it"):
            with self.subTest(name):
                t = self.session(env={"TERM": name})
                t.type("list\r")
                t.wait_for("no services")
                t.wait_for(PROMPT)
                t.type("\x04")
                self.assertEqual(t.wait(), 0)


class Interrupts(Case):
    def test_ctrl_c_at_the_prompt_leaves_the_line(self):
        t = self.session()
        t.type("call that is n")
        t.wait_for("is n")
        t.type("\x03")
        t.wait_for(f"^C\n{PROMPT}")
        self.assertIn("no services", self.ask(t, "list"))

    def test_ctrl_c_cancels_the_command_alone(self):
        upstream = self.greeter(lambda *_: b"")
        t = self.session()
        for line in ("call greeter Say.Hello --timeout 60s", "stream greeter Say.Stream --timeout 60s"):
            with self.subTest(line):
                before = len(upstream.requests)
                t.type(line + "\r")
                upstream.wait_for_requests(before + 1)
                t.type("\x03")
                t.wait_for(PROMPT)
                self.assertEqual(children(t.pid), [])
        self.assertEqual(self.ask(t, "list"), f"{GREETER}\n")

    def test_a_sigint_for_the_session_alone_reaches_the_command(self):
        upstream = self.greeter(lambda *_: b"")
        t = self.session()
        self.slow_call(t, upstream)
        t.signal(signal.SIGINT)
        t.wait_for(PROMPT)
        self.assertEqual(self.ask(t, "list"), f"{GREETER}\n")

    def test_a_signal_that_ends_it_ends_the_command(self):
        upstream = self.greeter(lambda *_: b"")
        for number in (signal.SIGTERM, signal.SIGHUP):
            with self.subTest(number):
                t = self.session()
                self.slow_call(t, upstream)
                [child] = children(t.pid)
                t.signal(number)
                self.assertEqual(t.wait(), 128 + number)
                harness.wait_for(lambda: not Path(f"/proc/{child}").exists(), 5)
                self.assertFalse(t.is_raw())

    def test_at_the_prompt_too_and_the_terminal_is_as_it_was(self):
        t = self.session()
        harness.wait_for(t.is_raw, 5)
        t.signal(signal.SIGTERM)
        self.assertEqual(t.wait(), 143)
        self.assertFalse(t.is_raw())

    def test_a_terminal_that_is_closed_ends_everything(self):
        upstream = self.greeter(lambda *_: b"")
        t = self.session()
        self.slow_call(t, upstream)
        [child] = children(t.pid)
        t.hang_up()
        self.assertEqual(t.wait_after_hang_up(), 129)
        harness.wait_for(lambda: not Path(f"/proc/{child}").exists(), 5)

    def test_keys_that_end_or_stop_programs_do_neither_at_the_prompt(self):
        t = self.session()
        t.type("li\x1a\x1cst\r")
        t.wait_for("no services")
        t.wait_for(PROMPT)

    def test_ctrl_backslash_ends_the_command_alone(self):
        upstream = self.greeter(lambda *_: b"")
        t = self.session()
        self.slow_call(t, upstream)
        t.type("\x1c")
        t.wait_for("microhost: the command was ended by signal 3 (Quit)\n")
        t.wait_for(PROMPT)
        self.assertEqual(self.ask(t, "list"), f"{GREETER}\n")

    def test_lines_that_are_typed_ahead_or_pasted_are_run_in_order(self):
        self.greeter()
        t = self.session()
        t.type("list\rlist nodes greeter --output raw\rlist endpoints greeter --output raw\rexit\r")
        self.assertEqual(t.wait(), 0)
        shown = t.all
        self.assertLess(shown.index(f"\n{GREETER}\n"), shown.index("\ngo.micro.srv.greeter-greeter-1"))
        self.assertLess(shown.index("\ngo.micro.srv.greeter-greeter-1"), shown.index("\nSay.Hello"))

    def test_a_command_that_is_killed_is_told(self):
        upstream = self.greeter(lambda *_: b"")
        t = self.session()
        self.slow_call(t, upstream)
        os.kill(children(t.pid)[0], signal.SIGKILL)
        t.wait_for("microhost: the command was ended by signal 9 (Killed)\n")
        t.wait_for(PROMPT)


class FromElsewhere(Case):
    def test_lines_are_run_one_by_one_and_the_last_one_counts(self):
        self.greeter()
        out = self.run_here("cli", given=f"# what there is\nlst\n\nlist\n  call {GREETER} Say.Hello {{}} --output raw", status=0)
        self.assertEqual(out, f'{GREETER}\n{{"msg":"Hello John"}}\n')
        self.assertIn('there is no command "lst"', self.stderr)
        self.assertEqual(self.run_here("cli", given="list\nget service nobody\n", status=1), f"{GREETER}\n")
        self.run_here("cli", given="list\n'\n", status=2)
        self.run_here("cli", given="get service nobody\nexit\nlist\n", status=1)
        self.assertFalse((self.state / "cli/history").exists())

    def test_what_follows_can_be_the_commands_own_input(self):
        upstream = self.greeter()
        self.run_here("cli", given=f'call {GREETER} Say.Hello -\n{{"name": "John"}}')
        self.assertEqual(upstream.requests[-1].body, b'{"name": "John"}')

    def test_ctrl_c_ends_all_of_it(self):
        upstream = self.greeter(lambda *_: b"")
        with self.popen("cli", stdin=subprocess.PIPE) as process:
            process.stdin.write("call greeter Say.Hello --timeout 60s\nlist\n")
            process.stdin.flush()
            upstream.wait_for_requests(1)
            process.send_signal(signal.SIGINT)
            self.assertEqual(process.wait(10 * harness.SLOW), 130)
            self.assertEqual(process.stdout.read(), "")

    def test_it_takes_no_words(self):
        self.fails("cli", "list", status=2, says=["cli takes no words", "microhost list ..."])
        self.assertIn("Usage: microhost cli", self.run_here("cli", "--help"))


if __name__ == "__main__":
    unittest.main()
