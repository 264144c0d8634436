// SPDX-License-Identifier: Apache-2.0
#include "observe/metric_names.hpp"

#include <algorithm>

namespace microhost::observe {
namespace {

bool valid_name(std::string_view name, bool colon) {
    const auto letter = [colon](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (colon && c == ':');
    };
    return !name.empty() && name.size() <= 128 && letter(name[0]) &&
           std::all_of(name.begin(), name.end(),
                       [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}

Result<void> check_labels(const Definition& wanted) {
    for (std::size_t i = 0; i < wanted.label_count(); ++i) {
        const std::string_view label = wanted.labels[i];
        if (!valid_name(label, false) || label.starts_with("__") || label == "le" ||
            label == "quantile") {
            return error("the metric {} cannot have a label \"{}\"", wanted.name, label);
        }
        const auto end = wanted.labels.begin() + static_cast<std::ptrdiff_t>(i);
        if (std::find(wanted.labels.begin(), end, label) != end) {
            return error("the metric {} has the label \"{}\" twice", wanted.name, label);
        }
    }
    return {};
}

}  // namespace

Result<void> check_definition(const Definition& wanted) {
    std::string_view name = wanted.name;
    if (!valid_name(name, true)) return error("\"{}\" is not a name for a metric", name);
    for (const std::string_view prefix : {"microhost_", "process_"}) {
        if (name.starts_with(prefix)) {
            return error("the metric {} cannot be defined: names with {} are the host's", name,
                         prefix);
        }
    }
    if (wanted.kind == Kind::counter) {
        if (!name.ends_with("_total")) return error("the counter {} must end in _total", name);
        name.remove_suffix(6);
    }
    const bool time = wanted.kind == Kind::histogram || wanted.unit != Unit::one;
    if (time && !name.ends_with("_seconds")) {
        return error("the metric {} is a time and must be called ..._seconds", wanted.name);
    }
    if (wanted.kind == Kind::histogram && wanted.unit != Unit::microseconds) {
        return error("the histogram {} must count in microseconds", name);
    }
    return check_labels(wanted);
}

}  // namespace microhost::observe
