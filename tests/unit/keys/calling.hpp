#pragma once

#include <gmock/gmock.h>

#include <string>
#include <utility>
#include <vector>

#include "spillway/base/secret.hpp"
#include "spillway/keys/calls.hpp"

namespace spillway::keys::testing {

using namespace std::chrono_literals;

/// A catalog that calls are made to, one after the other.
class Office {
public:
    Office()
    {
        config::Config config;
        for (const auto* group : {"gpt-4o", "local", "openai/*"}) {
            config::Deployment deployment;
            deployment.group = group;
            deployment.id = std::string("id-") + group;
            config.deployments.push_back(std::move(deployment));
        }
        config.router.aliases["smart"] = {"gpt-4o", false};
        config::Route route;
        route.name = "auto";
        config.routes.push_back(std::move(route));
        rules.models = ModelNames(config);
    }

    /// Answers a call and keeps what it changes.
    Result<Decision> ask(CallName name, Question question)
    {
        const Draw draw = [this] {
            std::array<std::uint8_t, 16> bytes{};
            bytes.fill(++drawn_);
            return bytes;
        };
        auto decision = answer_call(name, question, {catalog, rules, now, draw});
        if (decision && !decision->changes.empty()) {
            // As a store does: nothing may have changed since it was read.
            for (const auto& change : decision->changes)
                EXPECT_EQ(change.read, version_now(change)) << change.id;
            catalog = catalog.with(decision->changes, ++version_);
        }
        return decision;
    }
    /// The answer of a call that must succeed.
    Json post(CallName name, const std::string& body, std::string segment = {})
    {
        auto decision = ask(name, {Json::parse(body), {}, std::move(segment), operator_asker()});
        if (!decision) {
            ADD_FAILURE() << body << ": " << decision.error().message();
            return nullptr;
        }
        last_spends = decision->spends;
        return decision->answer;
    }
    /// The error of a call that must not.
    Error refused(CallName name, const std::string& body, std::string segment = {})
    {
        const auto before = catalog.version();
        auto decision = ask(name, {Json::parse(body), {}, std::move(segment), operator_asker()});
        EXPECT_FALSE(decision) << body;
        EXPECT_EQ(catalog.version(), before);
        return decision ? Error(Errc::internal, "it was not refused") : decision.error();
    }
    Json get(CallName name, std::vector<std::pair<std::string, std::string>> query,
             Asker asker = operator_asker())
    {
        auto decision = ask(name, {Json::object(), std::move(query), {}, std::move(asker)});
        if (!decision) {
            ADD_FAILURE() << decision.error().message();
            return nullptr;
        }
        last_spends = decision->spends;
        return decision->answer;
    }
    /// Makes a key; its secret.
    std::string key(const std::string& body = "{}")
    {
        return post(CallName::key_generate, body)["key"].get<std::string>();
    }
    Catalog::Found<Key> stored(const std::string& secret) const
    {
        return catalog.key(sha256_hex(secret));
    }

    static Asker operator_asker() { return {chat::AdminRights::all, {}, {}}; }

    Catalog catalog;
    CallRules rules;
    WallTime now{1'764'547'200s};  // 2025-12-01T00:00:00Z
    std::vector<SpendPlace> last_spends;

private:
    [[nodiscard]] Version version_now(const Change& change) const
    {
        const auto of = [](const auto& found) { return found ? found->version : 0; };
        switch (change.kind) {
            case Kind::key:
                return of(catalog.key(change.id));
            case Kind::team:
                return of(catalog.team(change.id));
            case Kind::user:
                return of(catalog.user(change.id));
            case Kind::customer:
                return of(catalog.customer(change.id));
            case Kind::budget:
                return of(catalog.budget(change.id));
            case Kind::tag:
                return of(catalog.tag(change.id));
        }
        return 0;
    }

    Version version_ = 0;
    std::uint8_t drawn_ = 0;
};

}  // namespace spillway::keys::testing
