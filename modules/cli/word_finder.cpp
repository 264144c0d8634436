// SPDX-License-Identifier: Apache-2.0
#include "word_finder.hpp"

#include <microhost/app.hpp>

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <set>

namespace microhost::cli {
namespace {

constexpr int kLooks = 14;  // 700 ms: the host's patience is 500 for each
constexpr std::chrono::milliseconds kLook{50};

/// Shared by both threads; who comes too late writes for nobody.
struct Answer {
    std::mutex mutex;
    std::condition_variable changed;
    size_t open = 1;  ///< answers that are still to come
    std::set<std::string> words;

    void add(const std::vector<std::string>& some, std::string_view prefix) {
        const std::lock_guard lock(mutex);
        for (const std::string& w : some)
            if (w.starts_with(prefix)) words.insert(w);
    }
    void expect() {
        const std::lock_guard lock(mutex);
        open++;
    }
    void done() {
        const std::lock_guard lock(mutex);
        if (--open == 0) changed.notify_one();
    }
};

void ask(const std::shared_ptr<Answer>& answer, const Words& words, const std::string& prefix) {
    std::string line;
    for (const std::string& w : words) line += quoted_word(w) + " ";
    if (!prefix.empty()) line += quoted_word(prefix);
    answer->expect();
    const auto found = [answer, prefix](const std::vector<std::string>& some) {
        answer->add(some, prefix);
        answer->done();
    };
    if (mh::complete_line(line, found) < 0) answer->done();
}

}  // namespace

std::vector<std::string> find_words(const Words& words, const std::string& prefix,
                                    const Input& in) {
    const auto answer = std::make_shared<Answer>();
    if (words.empty()) answer->add({"exit", "help", "quit"}, prefix);
    on_main([answer, words, prefix] {
        for (const Words& w : completed(words, prefix)) ask(answer, w, prefix);
        answer->done();
    });
    std::unique_lock lock(answer->mutex);
    for (int i = 0; i < kLooks && answer->open > 0 && !in.stopping(); i++)
        answer->changed.wait_for(lock, kLook);
    return {answer->words.begin(), answer->words.end()};
}

}  // namespace microhost::cli
