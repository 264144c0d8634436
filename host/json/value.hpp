// SPDX-License-Identifier: Apache-2.0
/// Value: a read-only view of one JSON value, one pointer wide.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace microhost::json {

struct Node;  // private: the parser's own value

enum class Kind : std::uint8_t { null, boolean, number, string, array, object };

/// "a string", "an object", ...: for messages.
std::string_view name(Kind kind);

class Members;
class Items;

/// Lives as long as the Document that it came from. Copy it freely. A Value may be absent (what
/// find() did not find): then it is false, reads as null, and find() and at() on it are absent
/// again, so look-ups can be chained. Thread: any, the document is immutable.
class Value {
  public:
    Value() = default;
    explicit Value(const Node* node) : node_(node) {}

    explicit operator bool() const { return node_ != nullptr; }
    Kind kind() const;
    bool is_null() const { return kind() == Kind::null; }
    bool is_bool() const { return kind() == Kind::boolean; }
    bool is_number() const { return kind() == Kind::number; }
    bool is_string() const { return kind() == Kind::string; }
    bool is_array() const { return kind() == Kind::array; }
    bool is_object() const { return kind() == Kind::object; }
    /// A number written without fraction and exponent.
    bool is_int() const;

    /// Empty when the value is of another kind or does not fit; nothing is converted, but
    /// as_double() takes integers.
    std::optional<bool> as_bool() const;
    std::optional<std::int64_t> as_int64() const;
    std::optional<std::uint64_t> as_uint64() const;
    std::optional<double> as_double() const;
    std::optional<std::string_view> as_string() const;  ///< always followed by a NUL in memory

    /// Elements of an array, members of an object, else 0.
    std::size_t size() const;
    /// Absent when out of range or not an array.
    Value at(std::size_t index) const;
    /// Absent when there is no such member or this is no object. Linear.
    Value find(std::string_view key) const;
    /// RFC 6901: "/a/b", "" is the value itself.
    Value find_pointer(std::string_view pointer) const;

    Members members() const;  ///< of an object, in the order of the text; else empty
    Items items() const;      ///< of an array; else empty

    const Node* node() const { return node_; }

  private:
    const Node* node_ = nullptr;
};

struct Member {
    std::string_view key;
    Value value;
};

class Members {
  public:
    struct Iterator {
        Value object;
        std::size_t index;
        Member operator*() const;
        Iterator& operator++() { return ++index, *this; }
        bool operator!=(const Iterator& other) const { return index != other.index; }
    };
    explicit Members(Value object) : object_(object) {}
    Iterator begin() const { return {object_, 0}; }
    Iterator end() const { return {object_, object_.is_object() ? object_.size() : 0}; }

  private:
    Value object_;
};

class Items {
  public:
    struct Iterator {
        Value array;
        std::size_t index;
        Value operator*() const { return array.at(index); }
        Iterator& operator++() { return ++index, *this; }
        bool operator!=(const Iterator& other) const { return index != other.index; }
    };
    explicit Items(Value array) : array_(array) {}
    Iterator begin() const { return {array_, 0}; }
    Iterator end() const { return {array_, array_.is_array() ? array_.size() : 0}; }

  private:
    Value array_;
};

}  // namespace microhost::json
