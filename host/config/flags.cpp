// SPDX-License-Identifier: Apache-2.0
#include "config/flags.hpp"

#include <algorithm>
#include <cctype>

namespace microhost::config {
namespace {

bool is_number(std::string_view word) {
    return word.size() > 1 && word[0] == '-' && std::isdigit(static_cast<unsigned char>(word[1]));
}

bool is_flag(std::string_view word) {
    return word.size() > 1 && word[0] == '-' && !is_number(word);
}

class Splitter {
  public:
    Splitter(std::span<const std::string> args, const Arity& arity) : args_(args), arity_(arity) {}

    Result<CommandLine> split() {
        while (at_ < args_.size() && is_flag(args_[at_])) {
            if (args_[at_] == "--") {
                ++at_;
                break;
            }
            if (auto r = flag(args_[at_++]); !r) return r.error();
        }
        const auto rest = args_.subspan(at_);
        out_.before.assign(args_.begin(), args_.begin() + static_cast<std::ptrdiff_t>(at_));
        out_.after.assign(rest.begin(), rest.end());
        return std::move(out_);
    }

  private:
    Result<> flag(const std::string& word) {
        if (word == "-h") return add("help", word, {});
        if (!word.starts_with("--"))
            return error("{}: flags begin with two dashes; see --help", word);
        const auto equals = word.find('=');
        const std::string spelled = word.substr(0, equals);
        const std::string name = flag_form(spelled.substr(2));
        if (name.empty()) return error("{}: a flag without a name", word);
        if (equals != word.npos) return add(name, spelled, word.substr(equals + 1));
        switch (arity_(name)) {
            case Follows::nothing:
                if (next_is("true") || next_is("false")) return add(name, spelled, args_[at_++]);
                return add(name, spelled, {});
            case Follows::unknown:
                if (at_ < args_.size() && !is_flag(args_[at_]))
                    return add(name, spelled, args_[at_++]);
                return add(name, spelled, {});
            case Follows::value: break;
        }
        if (at_ >= args_.size() || is_flag(args_[at_])) return error("{} needs a value", spelled);
        return add(name, spelled, args_[at_++]);
    }

    Result<> add(std::string name, const std::string& spelled, std::optional<std::string> value) {
        if (value && value->find('\0') != value->npos) return error("{}: a NUL byte", spelled);
        const bool load = name == "load";
        out_.flags.push_back({std::move(name), spelled, std::move(value)});
        while (load && at_ < args_.size() && args_[at_].ends_with(".so") && !is_flag(args_[at_]))
            out_.flags.push_back({"load", spelled, args_[at_++]});
        return {};
    }

    bool next_is(std::string_view word) const { return at_ < args_.size() && args_[at_] == word; }

    std::span<const std::string> args_;
    const Arity& arity_;
    std::size_t at_ = 0;
    CommandLine out_;
};

}  // namespace

Result<CommandLine> split_command_line(std::span<const std::string> args, const Arity& arity) {
    return Splitter{args, arity}.split();
}

std::string flag_form(std::string_view name) {
    std::string out(name);
    std::replace(out.begin(), out.end(), '-', '_');
    return out;
}

}  // namespace microhost::config
