// SPDX-License-Identifier: Apache-2.0
/// Reading JSON with the host's parser. The module needs mh::uses<mh_json>.
#pragma once

#include <microhost/host.hpp>

#include <memory>
#include <optional>

namespace mh {

/// A value in a document, or nothing: asking nothing for a member answers nothing.
class json_value {
  public:
    json_value() = default;
    explicit json_value(const mh_json_value* v) : v_(v) {}
    int32_t kind() const { return api().kind(v_); }
    bool is_null() const { return kind() == MH_JSON_NULL; }
    json_value operator[](string_view key) const { return json_value(api().member(v_, lend(key))); }
    json_value at(uint32_t i) const { return json_value(api().at(v_, i)); }
    string_view key_at(uint32_t i) const { return view(api().key_at(v_, i)); }
    uint32_t count() const { return api().count(v_); }
    /// Empty when the value is of another kind.
    std::optional<string_view> string() const {
        mh_str s;
        return api().string(v_, &s) == MH_OK ? std::optional(view(s)) : std::nullopt;
    }
    std::optional<int64_t> integer() const {
        int64_t v;
        return api().integer(v_, &v) == MH_OK ? std::optional(v) : std::nullopt;
    }
    std::optional<double> number() const {
        double v;
        return api().number(v_, &v) == MH_OK ? std::optional(v) : std::nullopt;
    }
    std::optional<bool> boolean() const {
        int32_t v;
        return api().boolean(v_, &v) == MH_OK ? std::optional(v != 0) : std::nullopt;
    }

  private:
    static const mh_json& api() { return use<mh_json>(); }
    const mh_json_value* v_ = nullptr;
};

/// A parsed text; its values live as long as it does. False when the text is no JSON.
class json_document {
  public:
    json_document() = default;
    explicit json_document(string_view text) {
        mh_json_doc* d = nullptr;
        if (use<mh_json>().parse(lend(text), &d) == MH_OK) doc_.reset(d);
    }
    explicit operator bool() const { return doc_ != nullptr; }
    json_value root() const { return json_value(doc_ ? use<mh_json>().root(doc_.get()) : nullptr); }

  private:
    struct release {
        void operator()(mh_json_doc* d) const { use<mh_json>().release(d); }
    };
    std::unique_ptr<mh_json_doc, release> doc_;
};

}  // namespace mh
