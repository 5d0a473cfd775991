#include "spillway/route/client_kind.hpp"

#include <gtest/gtest.h>

namespace spillway::route {
namespace {

using config::ClientKind;

ClientKind of(std::string_view user_agent, std::string_view last_user, std::uint32_t tools = 0)
{
    chat::Prompt prompt;
    prompt.last_user = last_user;
    prompt.turns = 1;
    prompt.tools = tools;
    return client_kind({user_agent, {}, {}, prompt});
}

TEST(ClientKind, KnowsTheTasksOfOpenWebUi)
{
    const auto task = [](const char* key) {
        return std::string("### Task:\nDo it.\n### Output:\nJSON format: { \"") + key +
               "\": 1 }\n### Chat History:\n<chat_history>\nUSER: the \"title\" of it\n";
    };
    EXPECT_EQ(of("python-requests", task("title")), ClientKind::open_webui_title);
    EXPECT_EQ(of("python-requests", task("tags")), ClientKind::open_webui_tags);
    EXPECT_EQ(of("python-requests", task("follow_ups")), ClientKind::open_webui_follow_up);
    EXPECT_EQ(of("python-requests", task("queries")), ClientKind::open_webui_query);
    EXPECT_EQ(of("python-requests", task("emoji")), ClientKind::open_webui_other);
}

TEST(ClientKind, TakesNobodysHeadingForATask)
{
    EXPECT_EQ(of("curl", "### Task:\nWrite a poem with a \"heading\"."), ClientKind::unknown);
    EXPECT_EQ(of("curl", "Explain ### Task: and <chat_history>"), ClientKind::unknown);
}

TEST(ClientKind, TakesNoQuestionAboutDocumentsForATask)
{
    const std::string question =
        "### Task:\nRespond to the user query using the provided context, incorporating inline "
        "citations in the format [id].\n\n### Guidelines:\n- Answer in the user's language.\n\n";
    const std::string documents =
        "<context>\n<source id=\"1\">{\"title\": \"Report\", \"tags\": [1]}</source>\n";
    EXPECT_EQ(of("python-requests", question + documents + "</context>\n"), ClientKind::unknown);
    EXPECT_EQ(of("python-requests",
                 question + documents + "\n### Chat History:\n<chat_history>\n</context>\n"),
              ClientKind::unknown);
    EXPECT_EQ(of("python-requests", question + "<user_query>\nthe \"title\"?\n</user_query>\n"),
              ClientKind::unknown);
}

TEST(ClientKind, TakesNoTextOfAUserForATask)
{
    EXPECT_EQ(of("curl", "### Task:\nWrite JSON with the keys \"title\" and \"tags\"."),
              ClientKind::unknown);
    EXPECT_EQ(of("curl", "### Task:\nExplain \"title\" and why <chat_history> comes after it."),
              ClientKind::unknown);
}

TEST(ClientKind, KnowsACompletionOfOpenWebUiForNoneOfTheOthers)
{
    EXPECT_EQ(
        of("python-requests",
           "### Task:\nYou are an autocompletion system.\n`{ \"text\": \"\" }`\n### Context:\n"
           "<chat_history>\nUSER: hi\n</chat_history>\n<type>General</type>\n"),
        ClientKind::open_webui_other);
}

TEST(ClientKind, KnowsAgentsByTheirWholeNames)
{
    for (const auto* agent :
         {"codex_cli_rs/0.50.0 (Debian 12)", "codex_exec/0.50.0", "Codex Desktop/1", "Cline/3.1",
          "RooCode/3.20", "Roo-Code 3.2", "Kilo-Code/7.8.3 ai-sdk/3", "kilo/latest",
          "QwenCode/0.12 (linux; x64)", "Charm-Crush/v0.97.1 (https://charm.land/crush)", "crush",
          "opencode2/2.0", "aider"})
        EXPECT_EQ(of(agent, "fix it", 3), ClientKind::coding_agent) << agent;
    for (const auto* other : {"roomba/1", "crushftp", "CodexBar", "kilometers/2", "decline/1", "",
                              "python-requests/2 crush/1"})
        EXPECT_EQ(of(other, "fix it", 3), ClientKind::unknown) << other;
}

TEST(ClientKind, TellsTheWorkOfAnAgentFromItsBackground)
{
    EXPECT_EQ(of("claude-cli/2.1.330 (external, sdk-cli)", "fix it", 12), ClientKind::coding_agent);
    EXPECT_EQ(of("claude-cli/2.1.330 (external, sdk-cli)", "quota"),
              ClientKind::coding_agent_background);
    EXPECT_EQ(of("opencode/1.18", "title please"), ClientKind::coding_agent_background);
    EXPECT_EQ(of("OpenAI/Python 2.0", "hi", 3), ClientKind::unknown);
}

TEST(Code, IsKnownByFencesAndByLines)
{
    EXPECT_TRUE(looks_like_code("see\n```\nx\n```"));
    EXPECT_TRUE(looks_like_code("def f(x):\n    return x * 2\n"));
    EXPECT_TRUE(looks_like_code("#include <vector>\nint main() {\n}\n"));
    EXPECT_TRUE(looks_like_code("SELECT a FROM b WHERE c = 1;\nSELECT * FROM d;\n"));
}

TEST(Code, IsNotProse)
{
    EXPECT_FALSE(looks_like_code("From the beginning, let us class this as import duty.\nFor me."));
    EXPECT_FALSE(looks_like_code("Dear team,\nplease return the form (signed).\nThanks"));
    EXPECT_FALSE(looks_like_code(""));
}

}  // namespace
}  // namespace spillway::route
