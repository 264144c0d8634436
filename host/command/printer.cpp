// SPDX-License-Identifier: Apache-2.0
#include "command/printer.hpp"

#include <algorithm>

#include "json/document.hpp"
#include "json/writer.hpp"

namespace microhost::command {
namespace {

/// {"text":"1.5 s","value":1500} is what a person reads and what a script does.
json::Value value_of(json::Value cell) { return cell.is_object() ? cell.find("value") : cell; }

std::string plain(json::Value value) {
    if (value.is_null()) return "-";
    if (auto s = value.as_string()) return std::string(*s);
    return json::to_text(value);
}

std::string text_of(json::Value cell) { return plain(cell.is_object() ? cell.find("text") : cell); }

/// What comes from elsewhere must not steer the terminal.
std::string harmless(std::string_view text) {
    std::string out(text);
    for (char& c : out)
        if ((static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t') || c == 0x7f) c = '?';
    return out;
}

size_t width_of(std::string_view text) {
    return static_cast<size_t>(
        std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xc0) != 0x80; }));
}

void put(std::FILE* to, std::string_view text) { std::fwrite(text.data(), 1, text.size(), to); }

}  // namespace

void Printer::take(std::string_view piece, bool more) {
    partial_ += piece;
    size_t begin = 0, end;
    for (; (end = partial_.find('\n', begin)) != partial_.npos; begin = end + 1)
        line(std::string_view(partial_).substr(begin, end - begin));
    partial_.erase(0, begin);
    if (more) return;
    flush_rows();
    std::fflush(out_);
}

void Printer::line(std::string_view text) {
    auto d = json::Document::parse(text);
    if (!d || ended_) return;
    const json::Value root = d->root();
    if (const json::Value v = root.find("columns")) return columns(v);
    if (const json::Value v = root.find("row")) return row(v);
    flush_rows();
    if (const auto t = root.find("text").as_string()) {
        if (format_ == Format::json)
            put(out_, json::to_text(root) + "\n");
        else
            put(out_, format_ == Format::raw ? std::string(*t) : harmless(*t));
    } else if (const json::Value v = root.find("json")) {
        whole(v);
    } else if (const auto e = root.find("error").as_string()) {
        std::fflush(out_);
        put(err_, "microhost: " + harmless(*e) + "\n");
    } else if (const auto n = root.find("note").as_string()) {
        std::fflush(out_);
        put(err_, "microhost: " + harmless(*n) + "\n");
    } else if (const json::Value end = root.find("end")) {
        close_list();
        ended_ = true;
        exit_ = static_cast<int>(end.find("exit").as_int64().value_or(1));
    }
}

void Printer::columns(json::Value names) {
    for (json::Value n : names.items()) {
        names_.push_back(harmless(n.as_string().value_or("")));
        widths_.push_back(width_of(names_.back()));
    }
    header_due_ = format_ == Format::table;
    if (format_ != Format::json) return;
    put(out_, "[");
    list_open_ = true;
}

void Printer::row(json::Value cells) {
    if (format_ == Format::json) {
        std::string out = first_ ? "\n" : ",\n";
        json::Writer w(out);
        w.object();
        for (size_t i = 0; i < names_.size(); i++) w.key(names_[i]).value(value_of(cells.at(i)));
        w.end();
        first_ = false;
        return put(out_, out);
    }
    Row shown;
    for (json::Value c : cells.items())
        shown.push_back({format_ == Format::raw ? plain(value_of(c)) : harmless(text_of(c)),
                         value_of(c).is_number()});
    rows_.push_back(std::move(shown));
}

// An object is shown as lines of name and value: that is what a person reads.
void Printer::whole(json::Value v) {
    if (format_ != Format::table || !v.is_object())
        return put(out_, json::to_text(v, format_ == Format::table) + "\n");
    size_t width = 0;
    for (const json::Member& m : v.members()) width = std::max(width, width_of(m.key));
    for (const json::Member& m : v.members()) {
        const std::string text = plain(m.value);
        put(out_, harmless(m.key) + std::string(width + 2 - width_of(m.key), ' ') + harmless(text) +
                      "\n");
    }
}

void Printer::flush_rows() {
    if (rows_.empty() && !(header_due_ && ended_)) return;
    for (const Row& r : rows_)
        for (size_t i = 0; i < r.size() && i < widths_.size(); i++)
            widths_[i] = std::max(widths_[i], width_of(r[i].text));
    if (std::exchange(header_due_, false)) write_header();
    for (const Row& r : rows_) write_row(r, false);
    rows_.clear();
}

// Upper case, and on the side on which the numbers stand.
void Printer::write_header() {
    Row header;
    for (const std::string& n : names_) {
        const size_t at = header.size();
        header.push_back({n, !rows_.empty() && at < rows_[0].size() && rows_[0][at].number});
        for (char& c : header.back().text)
            if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 32);
    }
    write_row(header, true);
}

void Printer::write_row(const Row& r, bool header) {
    std::string out;
    if (format_ == Format::raw) {
        for (size_t i = 0; i < r.size(); i++) out += (i ? "\t" : "") + r[i].text;
        return put(out_, out + "\n");
    }
    for (size_t i = 0; i < r.size(); i++) {
        const size_t width = i < widths_.size() ? widths_[i] : 0;
        const size_t own = width_of(r[i].text);
        const std::string pad(width > own ? width - own : 0, ' ');
        if (i) out += "  ";
        if (r[i].number)
            out += pad + r[i].text;
        else
            out += i + 1 < r.size() ? r[i].text + pad : r[i].text;
    }
    if (header && colours_) out = "\033[1m" + out + "\033[0m";
    put(out_, out + "\n");
}

void Printer::close_list() {
    if (std::exchange(list_open_, false)) put(out_, first_ ? "]\n" : "\n]\n");
}

int Printer::finish() {
    flush_rows();
    close_list();
    std::fflush(out_);
    if (ended_) return exit_;
    put(err_, "microhost: the connection ended before the command did\n");
    return 1;
}

}  // namespace microhost::command
