/* SPDX-License-Identifier: Apache-2.0 */
/* Paper module: a prompt in the terminal that runs the commands of all modules. */
#include <microhost/draft.h>
#include <string.h>

static const mh_host* host;
static const mh_terminal* tty;
static const mh_command* commands;
static const mh_app_control* control;
static mh_token running;

static void put(mh_str s) { tty->write(host, 0, (mh_seg){(const uint8_t*)s.ptr, s.len}); }
static void prompt(void) { put((mh_str){"> ", 2}); }
static void on_columns(void* user, const mh_str* names, uint32_t n) {
    (void)user;
    for (uint32_t i = 0; i < n; i++) put(names[i]), put((mh_str){i + 1 < n ? "\t" : "\n", 1});
}
static void on_row(void* user, const mh_cell* cells, uint32_t n) {
    (void)user;
    for (uint32_t i = 0; i < n; i++) put(cells[i].text), put((mh_str){i + 1 < n ? "\t" : "\n", 1});
}
static void on_text(void* user, mh_str text) { (void)user, put(text); }
static void on_end(void* user, mh_status s, int32_t exit_code, mh_str error) {
    (void)user, (void)s, (void)exit_code;
    running = 0;
    put(error);
    prompt();
}
static const mh_command_sink sink = {sizeof sink, 0, on_columns, on_row, on_text, on_text, on_end, 0};

static void on_input(void* user, mh_seg line) {
    mh_command_run run = {
        .size = sizeof run, .surface = MH_SURFACE_TERMINAL, .line = {(const char*)line.ptr, line.len}};
    (void)user;
    run.principal = control->principal(host);
    if (line.len == 0)
        control->exit(host, 0);
    else if (!running && commands->run(host, &run, &sink, NULL, &running) < 0)
        put((mh_str){"no such command\n", 16}), prompt();
}
static const mh_terminal_events events = {.size = sizeof events, .on_input = on_input};

static mh_status run(void* user, const mh_str* args, uint32_t n) {
    (void)user, (void)args, (void)n;
    if (tty->flags(host) & MH_TTY_IN) prompt();
    return tty->read(host, &events, NULL);
}
static void on_interrupt(void* user, mh_status why) {
    (void)user;
    if (why == MH_E_CANCELLED && running)
        commands->cancel(running), running = 0, prompt();
    else
        control->exit(host, 130);
}
static const mh_app app = {
    .size = sizeof app, .verb = "shell", .summary = "A prompt", .run = run, .on_interrupt = on_interrupt};
static const mh_module module = {.size = sizeof module};

static mh_status create(const mh_host* h, const mh_module** out) {
    host = h;
    tty = h->get(h, MH_TERMINAL);
    commands = h->get(h, MH_COMMAND);
    control = h->get(h, MH_APP_CONTROL);
    *out = &module;
    return h->contribute(h, MH_APP, &app);
}
MH_MODULE("{\"id\":\"paper-shell\",\"version\":\"1.0.0\",\"abi\":{\"epoch\":1},\"commands\":[{\"name\":\"shell\"}]}",
          create)
