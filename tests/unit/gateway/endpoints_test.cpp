#include "spillway/gateway/endpoints.hpp"

#include <gtest/gtest.h>

namespace spillway::gateway {
namespace {

net::RequestHead head(net::Method method, std::string_view path, std::string_view query = {})
{
    net::RequestHead head;
    head.method = method;
    head.target = path;
    head.path = path;
    head.query = query;
    return head;
}

TEST(FindDestination, KnowsTheEndpointsWithAndWithoutPrefix)
{
    for (const auto* prefix : {"", "/v1"}) {
        const auto path = std::string(prefix) + "/chat/completions";
        const auto found = find_destination(head(net::Method::post, path));
        ASSERT_TRUE(found) << path;
        EXPECT_EQ(found->endpoint, chat::Endpoint::chat);
        EXPECT_EQ(found->suffix, "/chat/completions");
    }
    EXPECT_EQ(find_destination(head(net::Method::post, "/v1/completions"))->endpoint,
              chat::Endpoint::completions);
    EXPECT_EQ(find_destination(head(net::Method::post, "/embeddings"))->endpoint,
              chat::Endpoint::embeddings);
}

TEST(FindDestination, RefusesTheWrongMethodByName)
{
    const auto found = find_destination(head(net::Method::get, "/v1/chat/completions"));
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().code(), Errc::method_not_allowed);
    EXPECT_EQ(find_destination(head(net::Method::delete_, "/v1/models")).error().code(),
              Errc::method_not_allowed);
}

TEST(AllowedMethods, FollowTheKindOfPath)
{
    EXPECT_EQ(allowed_methods("/v1/chat/completions"), "POST, OPTIONS");
    EXPECT_EQ(allowed_methods("/embeddings"), "POST, OPTIONS");
    EXPECT_EQ(allowed_methods("/v1/models/m"), "GET, HEAD, OPTIONS");
    EXPECT_EQ(allowed_methods("/v1/audio/speech"), "GET, POST, OPTIONS");
    EXPECT_EQ(allowed_methods("/rerank"), "GET, POST, OPTIONS");
    EXPECT_EQ(allowed_methods("/metrics"), "GET, HEAD, OPTIONS");
}

TEST(FindDestination, TellsTheListOfModelsFromOneModel)
{
    EXPECT_EQ(find_destination(head(net::Method::get, "/v1/models"))->service, Service::model_list);
    const auto card = find_destination(head(net::Method::get, "/v1/models/ollama%2Fllama3:8b"));
    ASSERT_TRUE(card);
    EXPECT_EQ(card->service, Service::model_card);
    EXPECT_EQ(card->suffix, "/models/ollama%2Fllama3:8b");
}

TEST(FindDestination, PassesFurtherPathsThrough)
{
    const auto speech = find_destination(head(net::Method::post, "/v1/audio/speech"));
    ASSERT_TRUE(speech);
    EXPECT_EQ(speech->endpoint, chat::Endpoint::other);
    EXPECT_EQ(find_destination(head(net::Method::post, "/responses"))->suffix, "/responses");
    EXPECT_EQ(find_destination(head(net::Method::post, "/v1/something/new"))->suffix,
              "/something/new");
}

TEST(FindDestination, PassesAGetThroughOnlyWhenItNamesAModel)
{
    const auto with =
        find_destination(head(net::Method::get, "/v1/responses/r1", "x=1&model=gpt-4o"));
    ASSERT_TRUE(with);
    EXPECT_EQ(with->query_model, "gpt-4o");
    EXPECT_EQ(find_destination(head(net::Method::get, "/v1/responses/r1")).error().code(),
              Errc::unknown_path);
}

TEST(FindDestination, NeverPassesDotSegmentsToAnUpstream)
{
    for (const auto* path :
         {"/v1/../admin", "/v1/audio/../../secret", "/v1/%2e%2e/admin", "/v1/a/%2E%2e/b",
          "/v1/a/..", "/v1/./a", "/v1//a", "/v1/a%5c..%5cb", "/v1/a%00b", "/v1/a%zz"}) {
        const auto found = find_destination(head(net::Method::post, path));
        ASSERT_FALSE(found) << path;
        EXPECT_EQ(found.error().code(), Errc::unknown_path) << path;
    }
}

TEST(FindDestination, DoesNotKnowOtherPaths)
{
    for (const auto* path : {"/v1", "/v1/", "/admin", "/chat", "/v2/chat/completions", "/api/",
                             "/api/chat/", "/api/blobs/sha256:0"})
        EXPECT_EQ(find_destination(head(net::Method::post, path)).error().code(),
                  Errc::unknown_path)
            << path;
}

TEST(FindDestination, KnowsOllamasOwnApi)
{
    const auto chat = find_destination(head(net::Method::post, "/api/chat"));
    ASSERT_TRUE(chat);
    EXPECT_EQ(chat->service, Service::inference);
    EXPECT_EQ(chat->form, chat::ClientForm::ollama_chat);
    EXPECT_EQ(chat->suffix, "/chat/completions");
    EXPECT_EQ(find_destination(head(net::Method::post, "/api/embed"))->endpoint,
              chat::Endpoint::embeddings);
    EXPECT_EQ(find_destination(head(net::Method::head, "/"))->service, Service::ollama_hello);
    EXPECT_EQ(find_destination(head(net::Method::delete_, "/api/delete"))->service,
              Service::ollama_engine);
    EXPECT_EQ(find_destination(head(net::Method::get, "/api/chat")).error().code(),
              Errc::method_not_allowed);
    EXPECT_EQ(allowed_methods("/api/delete"), "DELETE, OPTIONS");
    const auto blob = "/api/blobs/sha256:" + std::string(64, 'a');
    EXPECT_EQ(find_destination(head(net::Method::head, blob))->service, Service::ollama_engine);
    EXPECT_EQ(find_destination(head(net::Method::post, blob))->service, Service::ollama_engine);
    EXPECT_EQ(allowed_methods(blob), "HEAD, POST, OPTIONS");
    for (const auto& wrong : {blob + "a", "/api/blobs/sha256:" + std::string(64, 'G'),
                              "/api/blobs/../" + std::string(64, 'a')})
        EXPECT_FALSE(find_destination(head(net::Method::post, wrong))) << wrong;
    EXPECT_EQ(allowed_methods("/api/tags"), "GET, HEAD, OPTIONS");
}

TEST(FindDestination, AnswersOptionsEverywhere)
{
    EXPECT_EQ(find_destination(head(net::Method::options, "/anything"))->service,
              Service::preflight);
}

}  // namespace
}  // namespace spillway::gateway
