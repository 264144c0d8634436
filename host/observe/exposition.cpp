// SPDX-License-Identifier: Apache-2.0
#include "observe/exposition.hpp"

#include "observe/escape.hpp"

#include <fmt/format.h>

#include <cmath>
#include <iterator>

namespace microhost::observe {
namespace {

std::string_view kind_name(Kind kind) {
    switch (kind) {
        case Kind::counter: return "counter";
        case Kind::gauge: return "gauge";
        case Kind::histogram: break;
    }
    return "histogram";
}

/// `number` / 10^digits, exactly: a double would lose the last digits of a long-running sum.
std::string decimal(std::uint64_t number, int digits) {
    std::uint64_t scale = 1;
    for (int i = 0; i < digits; ++i) scale *= 10;
    std::string text = fmt::format("{}.{:0{}}", number / scale, number % scale, digits);
    while (text.back() == '0') text.pop_back();
    if (text.back() == '.') text.pop_back();
    return text;
}

std::string in_unit(std::uint64_t number, Unit unit) {
    switch (unit) {
        case Unit::nanoseconds: return decimal(number, 9);
        case Unit::microseconds: return decimal(number, 6);
        case Unit::one: break;
    }
    return fmt::format("{}", number);
}

std::string real(double number) {
    if (std::isnan(number)) return "NaN";
    if (std::isinf(number)) return number > 0 ? "+Inf" : "-Inf";
    return fmt::format("{}", number);
}

/// Backslash and newline are escaped everywhere, quotes only in label values. The format is UTF-8
/// by definition.
void append_escaped(std::string& out, std::string_view text, bool label) {
    while (!text.empty()) {
        char32_t code = 0;
        std::size_t length = utf8_sequence(text, code);
        if (length == 0) {
            out += "\xef\xbf\xbd";
            length = 1;
        } else if (text[0] == '\n') {
            out += "\\n";
        } else if (text[0] == '\\' || (label && text[0] == '"')) {
            out += '\\';
            out += text[0];
        } else {
            out += text.substr(0, length);
        }
        text.remove_prefix(length);
    }
}

class Text {
  public:
    void family(const Family& family) {
        out_ += "# HELP " + family.name + ' ';
        append_escaped(out_, family.help, false);
        out_ += "\n# TYPE " + family.name + ' ';
        out_ += kind_name(family.kind);
        out_ += '\n';
        for (const Sample& sample : family.samples) {
            family.kind == Kind::histogram ? histogram(family, sample) : single(family, sample);
        }
    }
    std::string take() { return std::move(out_); }

  private:
    void line(const Family& family, const Sample& sample, std::string_view suffix,
              std::string_view bound, std::string_view value) {
        out_ += family.name;
        out_ += suffix;
        char separator = '{';
        const auto label = [&](std::string_view name, std::string_view text) {
            out_ += separator;
            out_ += name;
            out_ += "=\"";
            append_escaped(out_, text, true);
            out_ += '"';
            separator = ',';
        };
        for (std::size_t i = 0; i < family.labels.size(); ++i) {
            label(family.labels[i], sample.values[i]);
        }
        if (!bound.empty()) label("le", bound);
        if (separator == ',') out_ += '}';
        fmt::format_to(std::back_inserter(out_), " {}\n", value);
    }

    void single(const Family& family, const Sample& sample) {
        if (sample.real) {
            line(family, sample, "", "", real(*sample.real));
        } else if (family.kind == Kind::gauge && family.unit == Unit::one) {
            const auto number = static_cast<std::int64_t>(sample.cells[0]);
            line(family, sample, "", "", fmt::format("{}", number));
        } else {
            line(family, sample, "", "", in_unit(sample.cells[0], family.unit));
        }
    }

    void histogram(const Family& family, const Sample& sample) {
        std::uint64_t count = 0;
        for (std::size_t i = 0; i < kBuckets; ++i) {
            count += sample.cells[1 + i];
            const bool last = i == kBucketBounds.size();
            line(family, sample, "_bucket", last ? "+Inf" : decimal(kBucketBounds[i], 6),
                 fmt::format("{}", count));
        }
        line(family, sample, "_sum", "", in_unit(sample.cells[0], family.unit));
        line(family, sample, "_count", "", fmt::format("{}", count));
    }

    std::string out_;
};

}  // namespace

std::string prometheus_text(std::span<const Family> families) {
    Text text;
    for (const Family& family : families) text.family(family);
    return text.take();
}

}  // namespace microhost::observe
