/* SPDX-License-Identifier: Apache-2.0 */
/* Paper module: one chat connection, with STARTTLS, that the next generation of the module goes on with. */
#include <microhost/draft.h>
#include <string.h>

static const mh_host* host;
static const mh_net* net;
static const mh_timer* timer;
static mh_net_stream* chat;
static int secure;

static void say(const char* text) {
    const mh_seg seg = {(const uint8_t*)text, strlen(text)};
    net->write(chat, &seg, 1);
}
static void on_open(void* user, mh_net_stream* s) {
    static const mh_net_options tls = {.size = sizeof tls, .flags = MH_NET_TLS, .tls_name = {"chat.example", 12}};
    (void)user;
    if (!secure++)
        net->start_tls(s, &tls);
    else
        say("<auth/>");
}
static size_t on_bytes(void* user, mh_net_stream* s, mh_seg b) {
    const uint8_t* end = memchr(b.ptr, '\n', b.len); /* a line is a message: what follows is shown again */
    (void)user, (void)s;
    return end ? (size_t)(end - b.ptr) + 1 : 0;
}
static void connect_again(void* arg);
static void on_close(void* user, mh_net_stream* s, mh_status why, mh_str text) {
    (void)user, (void)s, (void)why, (void)text;
    chat = NULL;
    timer->start(host, 5000, 0, connect_again, NULL);
}
static const mh_net_events events = {
    .size = sizeof events, .on_open = on_open, .on_bytes = on_bytes, .on_close = on_close};
static void connect_again(void* arg) {
    static const mh_net_options to = {.size = sizeof to, .address = {"chat.example:5222", 17}};
    (void)arg, secure = 0;
    net->open(host, &to, &events, NULL, &chat);
}
static mh_status start(const mh_module* m) {
    (void)m;
    if (!chat) connect_again(NULL); /* nothing was adopted: load() runs before start() */
    return MH_OK;
}
static mh_status save(const mh_module* m, const mh_state_writer* w) {
    uint64_t key = 0; /* 0: there was no connection */
    (void)m;
    if (chat && net->park(chat, &key) == MH_OK) chat = NULL;
    return w->write(w, (mh_seg){(const uint8_t*)&key, sizeof key});
}
static mh_status load(const mh_module* m, uint32_t schema, mh_seg bytes) {
    uint64_t key;
    (void)m, (void)schema;
    memcpy(&key, bytes.ptr, sizeof key);
    secure = 1;
    return key ? net->adopt(host, key, &events, NULL, &chat) : MH_OK;
}
static void resume(const mh_module* m, mh_seg bytes) { load(m, 1, bytes); }
static const mh_state state = {sizeof state, 1, save, load, resume};
static const void* get(const mh_module* m, const char* id) {
    return (void)m, strcmp(id, MH_STATE) ? NULL : (const void*)&state;
}
static const mh_module module = {.size = sizeof module, .start = start, .get = get};

static mh_status create(const mh_host* h, const mh_module** out) {
    host = h;
    net = h->get(h, MH_NET_STREAM);
    timer = h->get(h, MH_TIMER);
    *out = &module;
    return net && timer ? MH_OK : MH_E_UNSUPPORTED;
}
MH_MODULE(
    "{\"id\":\"paper-chat\",\"version\":\"1.0.0\",\"abi\":{\"epoch\":1},\"reload\":{\"state_schema\":1,\"accepts\":[1]}"
    "}",
    create)
