// SPDX-License-Identifier: Apache-2.0
#include "command/table.hpp"
#include "control/explain.hpp"
#include "control/ongoing.hpp"
#include "json/document.hpp"
#include "module/environment.hpp"

namespace microhost::control {
namespace {

using command::RunningPtr;

// A loop that hangs is not waited for: what it told last is used.
constexpr uint64_t kAnswersMs = 200;

ExplainedRequest request_of(const command::Values& given) {
    ExplainedRequest out;
    out.path = given.text("path");
    out.method = given.text("method");
    out.host = given.text("host");
    out.listener = given.text("listener");
    for (size_t i = 0; const command::Value* v = given.find("header", i); i++)
        out.headers.push_back(v->text);
    return out;
}

class Explain final : public Ongoing {
  public:
    Explain(RunningPtr r, Loop& main, const Sources& from, Census& census,
            std::function<LoopFigures()> figures)
        : Ongoing(std::move(r), main), from_(from), census_(census), figures_(std::move(figures)) {}

  private:
    void start() override {
        tick_after(kAnswersMs);
        const auto self = std::static_pointer_cast<Explain>(shared_from_this());
        census_.ask(!from_.listeners().empty(), [self] { self->show(); });
    }
    void on_tick() override { show(); }
    void on_over() override { over_ = true; }

    void show() {
        if (over_) return;
        const auto page = explain_page(from_, figures_(), request_of(run().values()));
        if (!page) return finish(MH_E_INVALID, 1, page.error().what);
        if (run().values().text("output") == "json")
            run().json(*page);
        else if (const auto read = json::Document::parse(*page))
            run().text(explain_text(read->root()));
        finish();
    }

    const Sources& from_;
    Census& census_;
    std::function<LoopFigures()> figures_;
    bool over_ = false;
};

}  // namespace

void add_explain_command(command::Table& table, const Sources& sources, Census& census,
                         std::function<LoopFigures()> figures) {
    command::Definition d =
        define("explain", "The filters that a request passes, in order, and why", "viewer");
    d.help =
        "Nothing is sent. In a terminal the verb of that name says the same: microhost explain "
        "[METHOD] PATH.";
    command::Argument header = flag("header", "'Name: value', a field of it; repeatable");
    header.flags |= MH_ARG_REPEATED;
    command::Argument path = place("path", "of the request");
    path.has_value = true;
    path.value = "/";
    d.args = {path,
              flag("method", "of the request", MH_TYPE_TEXT, "GET"),
              flag("host", "for which host it is"),
              header,
              flag("listener", "only there, instead of on every listener"),
              output("text without it")};
    table.add(std::move(d), [&table, &sources, &census, figures](const RunningPtr& r) {
        std::make_shared<Explain>(r, table.environment().control, sources, census, figures)
            ->begin();
    });
}

}  // namespace microhost::control
