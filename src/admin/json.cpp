#include "json.hpp"

#include <set>
#include <utility>
#include <vector>

#include "spillway/base/text.hpp"

namespace spillway::admin {

namespace {

constexpr int deepest = 32;

/// Watches a parse for what JSON permits and we do not.
struct Watch {
    std::vector<std::set<std::string>> open;  ///< Keys of the objects we are in.
    std::string twice;
    bool too_deep = false;

    bool see(int depth, Json::parse_event_t event, const Json& parsed)
    {
        using Event = Json::parse_event_t;
        if (event == Event::object_start || event == Event::array_start)
            too_deep = too_deep || depth >= deepest;
        if (too_deep)
            return false;
        if (event == Event::object_start)
            open.emplace_back();
        else if (event == Event::object_end)
            open.pop_back();
        else if (event == Event::key && !open.back().insert(parsed.get<std::string>()).second)
            twice = parsed.get<std::string>();
        return true;
    }
};

bool is_blank(std::string_view text)
{
    return text.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

}  // namespace

Result<Json> read_object(std::string_view body)
{
    if (is_blank(body))
        return Json::object();
    Watch watch;
    const auto see = [&](int depth, Json::parse_event_t event, Json& parsed) {
        return watch.see(depth, event, parsed);
    };
    auto read = Json::parse(body, see, false);
    if (watch.too_deep)
        return fail(Errc::invalid_json, "The body is nested too deeply.");
    if (read.is_discarded())
        return fail(Errc::invalid_json, "The body is not valid JSON.");
    if (!watch.twice.empty())
        return fail(Error(Errc::duplicate_key,
                          "The body holds the key `" + printable(watch.twice, 80) + "` twice.")
                        .about(printable(watch.twice, 80)));
    if (!read.is_object())
        return fail(Errc::invalid_request, "The body must be a JSON object.");
    return read;
}

}  // namespace spillway::admin
