// SPDX-License-Identifier: Apache-2.0
#include "parser.hpp"

#include <expat.h>

#include <algorithm>
#include <new>
#include <utility>

#include "namespaces.hpp"

namespace microhost::bot::xmpp {
namespace {

constexpr char kBetween = '\n';  // a name and its namespace; expat refuses it in either
constexpr size_t kSlice = 16 * 1024;
constexpr std::string_view kXml = "http://www.w3.org/XML/1998/namespace";

struct Name {
    std::string_view local, ns;
    explicit Name(std::string_view text) : local(text) {
        const size_t cut = text.find(kBetween);
        if (cut == text.npos) return;
        ns = text.substr(0, cut), local = text.substr(cut + 1);
    }
};

}  // namespace

/// What expat calls.
struct Parser::Calls {
    static Parser& of(void* user) { return *static_cast<Parser*>(user); }
    static void start(void* user, const char* name, const char** attributes) {
        of(user).start_element(name, attributes);
    }
    static void end(void* user, const char*) { of(user).end_element(); }
    static void text(void* user, const char* s, int n) {
        of(user).characters({s, static_cast<size_t>(n)});
    }
    static void declaration(void* user, const char*, const char* encoding, int) {
        const std::string_view e = encoding ? encoding : "UTF-8";
        if (e != "UTF-8" && e != "utf-8") of(user).refuse("an encoding other than UTF-8");
    }
    static void doctype(void* user, const char*, const char*, const char*, int) {
        of(user).refuse("a document type");
    }
    static void instruction(void* user, const char*, const char*) {
        of(user).refuse("a processing instruction");
    }
    static void comment(void* user, const char*) { of(user).refuse("a comment"); }
    static void set(Parser& p) {
        XML_SetUserData(p.expat_, &p);
        XML_SetElementHandler(p.expat_, start, end);
        XML_SetCharacterDataHandler(p.expat_, text);
        XML_SetXmlDeclHandler(p.expat_, declaration);
        XML_SetStartDoctypeDeclHandler(p.expat_, doctype);
        XML_SetProcessingInstructionHandler(p.expat_, instruction);
        XML_SetCommentHandler(p.expat_, comment);
#if XML_MAJOR_VERSION > 2 || XML_MINOR_VERSION >= 6
        // A stanza that came in two parts must not wait for the next one; the limits keep the price of reading twice low.
        XML_SetReparseDeferralEnabled(p.expat_, XML_FALSE);
#endif
    }
};

Parser::Parser(Sink& sink, Limits limits)
    : sink_(sink), limits_(limits), expat_(XML_ParserCreateNS("UTF-8", kBetween)) {
    if (!expat_) throw std::bad_alloc();
    Calls::set(*this);
}

Parser::~Parser() { XML_ParserFree(expat_); }

bool Parser::feed(std::string_view bytes) {
    if (!why_.empty()) return false;
    while (!bytes.empty() && !stopped_) {
        const std::string_view slice = bytes.substr(0, kSlice);
        bytes.remove_prefix(slice.size());
        if (!feed_some(slice)) return false;
        // A stanza is complete with the last bytes that came: what expat has not read yet is at the end of the slice.
        const size_t unread = std::min<uint64_t>(fed_ - stanza_begin_, slice.size());
        if (std::exchange(restart_, false))
            return begin_anew({slice.data() + slice.size() - unread, unread + bytes.size()});
    }
    return true;
}

bool Parser::feed_some(std::string_view bytes) {
    fed_ += bytes.size();
    raw_ += bytes;
    XML_Status s = XML_Parse(expat_, bytes.data(), static_cast<int>(bytes.size()), 0);
    while (s == XML_STATUS_SUSPENDED) {
        if (!deliver()) return true;
        s = XML_ResumeParser(expat_);
    }
    if (!why_.empty()) return false;
    if (s == XML_STATUS_ERROR)
        return fail(std::string("what came is no XML: ") +
                    XML_ErrorString(XML_GetErrorCode(expat_)));
    raw_.erase(0, raw_.size() - (fed_ - stanza_begin_));
    return small_enough(fed_);  // also of what expat waits for the end of
}

/// Outside of expat's calls, so that a sink may do as it likes. False: no more of what is there.
bool Parser::deliver() {
    stanza_begin_ = position();
    switch (std::exchange(found_, Found::nothing)) {
        case Found::header:
            header_ = raw_.substr(0, raw_.size() - (fed_ - stanza_begin_));
            sink_.on_header(done_);
            break;
        case Found::stanza: sink_.on_stanza(std::move(done_)); break;
        case Found::end: sink_.on_end(); break;
        case Found::nothing: break;
    }
    return !stopped_ && !restart_;
}

void Parser::restart(bool white_space_may_follow) {
    restart_ = true;
    white_space_ = white_space_may_follow;
}

bool Parser::begin_anew(std::string_view left) {
    const bool blank = left.find_first_not_of(" \t\r\n") == left.npos;
    if (!left.empty() && !(white_space_ && blank))
        return fail("bytes before the stream that was to begin anew");
    if (!XML_ParserReset(expat_, "UTF-8")) throw std::bad_alloc();
    Calls::set(*this);
    open_.clear();
    header_.clear();
    raw_.clear();
    depth_ = elements_ = 0;
    fed_ = stanza_begin_ = 0;
    found_ = Found::nothing;
    return true;
}

bool Parser::fail(std::string why) {
    why_ = std::move(why);
    open_.clear();
    return false;
}

/// From within a call of expat.
void Parser::refuse(std::string why) {
    if (why_.empty()) why_ = std::move(why);
    XML_StopParser(expat_, XML_FALSE);
}

uint64_t Parser::position() const {
    return static_cast<uint64_t>(XML_GetCurrentByteIndex(expat_)) +
           static_cast<uint64_t>(XML_GetCurrentByteCount(expat_));
}

bool Parser::small_enough(uint64_t end) {
    if (end - stanza_begin_ <= limits_.stanza_bytes) return true;
    refuse("a stanza of more than " + std::to_string(limits_.stanza_bytes) + " bytes");
    return false;
}

void Parser::start_element(const char* name, const char** attributes) {
    if (!why_.empty()) return;
    if (++depth_ > limits_.depth) return refuse("elements nested too deep");
    if (++elements_ > limits_.elements) return refuse("a stanza of too many elements");
    if (!small_enough(position())) return;
    const Name n{std::string_view(name)};
    Element e(n.local, n.ns);
    for (size_t i = 0; attributes[i]; i += 2) {
        if (i / 2 >= limits_.attributes) return refuse("an element of too many attributes");
        const Name key{std::string_view(attributes[i])};
        if (key.ns.empty()) e.attributes.emplace_back(key.local, attributes[i + 1]);
        if (key.ns == kXml)
            e.attributes.emplace_back("xml:" + std::string(key.local), attributes[i + 1]);
    }
    if (depth_ > 1) {
        open_.push_back(std::move(e));
        return;
    }
    done_ = std::move(e);
    elements_ = 0;
    found_ = Found::header;
    XML_StopParser(expat_, XML_TRUE);
}

void Parser::end_element() {
    if (!why_.empty() || !small_enough(position())) return;
    if (--depth_ == 0) {
        found_ = Found::end;
        XML_StopParser(expat_, XML_TRUE);
        return;
    }
    Element e = std::move(open_.back());
    open_.pop_back();
    if (!open_.empty()) {
        open_.back().children.push_back(std::move(e));
        return;
    }
    done_ = std::move(e);
    elements_ = 0;
    found_ = Found::stanza;
    XML_StopParser(expat_, XML_TRUE);
}

void Parser::characters(std::string_view text) {
    if (!why_.empty()) return;
    if (!open_.empty()) {
        open_.back().text += text;
    } else if (text.find_first_not_of(" \t\r\n") != text.npos) {
        refuse("text between stanzas");
    } else {
        stanza_begin_ =
            position();  // white space keeps the connection alive and counts for nothing
    }
}

bool read_element(std::string_view xml, Element& out) {
    struct First final : Parser::Sink {
        void on_header(const Element&) override {}
        void on_stanza(Element e) override { found = std::move(e), there = true; }
        void on_end() override {}
        Element found;
        bool there = false;
    } first;
    constexpr size_t kAny = SIZE_MAX / 2;
    Parser parser(first, {kAny, 64, kAny, 64});
    if (!parser.feed(std::string("<all xmlns=\"") + ns::kClient + "\">") || !parser.feed(xml) ||
        !first.there)
        return false;
    out = std::move(first.found);
    return true;
}

}  // namespace microhost::bot::xmpp
