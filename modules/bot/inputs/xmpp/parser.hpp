// SPDX-License-Identifier: Apache-2.0
/// An XML stream, read as its bytes come: its header, then one stanza after the other. All of expat is in parser.cpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "stanza.hpp"

struct XML_ParserStruct;

namespace microhost::bot::xmpp {

/// Document types, entities, processing instructions, comments, encodings other than UTF-8 and stanzas beyond the limits end it: XMPP
/// allows none of them (RFC 6120, 11.1).
class Parser {
  public:
    struct Limits {
        size_t stanza_bytes = 256 * 1024;
        size_t depth = 32;
        size_t elements = 4096;  ///< of one stanza
        size_t attributes = 64;  ///< of one element
    };
    /// None of these may destroy the parser; all may stop or restart it.
    class Sink {
      public:
        virtual void on_header(const Element& stream) = 0;
        virtual void on_stanza(Element stanza) = 0;
        virtual void on_end() = 0;

      protected:
        ~Sink() = default;
    };

    explicit Parser(Sink& sink) : Parser(sink, Limits()) {}
    Parser(Sink& sink, Limits limits);
    ~Parser();
    Parser(const Parser&) = delete;
    Parser& operator=(const Parser&) = delete;

    /// False: the stream is broken, why() says how. Nothing is told to the sink any more.
    bool feed(std::string_view bytes);
    const std::string& why() const { return why_; }

    /// A new stream begins with the next bytes. Those that are left of what was fed break it, unless they are white space and may be.
    void restart(bool white_space_may_follow = false);
    /// What is left is not looked at.
    void stop() { stopped_ = true; }

    /// The bytes from which another parser gets to where this one is: the stream's header and the stanza that is not complete yet. Not
    /// from within the sink.
    std::string bytes() const { return header_ + raw_; }

  private:
    struct Calls;
    bool feed_some(std::string_view bytes);
    bool deliver();
    bool begin_anew(std::string_view left);
    bool fail(std::string why);
    void refuse(std::string why);
    void start_element(const char* name, const char** attributes);
    void end_element();
    void characters(std::string_view text);
    uint64_t position() const;
    bool small_enough(uint64_t end);

    enum class Found : uint8_t { nothing, header, stanza, end };

    Sink& sink_;
    const Limits limits_;
    XML_ParserStruct* expat_;
    std::vector<Element> open_;  ///< of the stanza that is being read
    Element done_;
    Found found_ = Found::nothing;
    size_t depth_ = 0, elements_ = 0;
    uint64_t fed_ = 0, stanza_begin_ = 0;
    std::string header_, raw_;
    std::string why_;
    bool stopped_ = false, restart_ = false, white_space_ = false;
};

/// One element that Element::xml() wrote. False: it is none.
bool read_element(std::string_view xml, Element& out);

}  // namespace microhost::bot::xmpp
