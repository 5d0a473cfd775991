#include "spillway/postgres/database_url.hpp"

#include <algorithm>
#include <memory>
#include <optional>

#include "spillway/base/text.hpp"
#include "spillway/postgres/library.hpp"

namespace spillway::postgres {
namespace {

using Options = std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)>;

bool libpq_knows(const Library& pq, std::string_view keyword)
{
    const Options known{pq.conndefaults(), pq.conninfo_free};
    for (const auto* option = known.get(); option != nullptr && option->keyword != nullptr;
         ++option) {
        if (keyword == option->keyword) {
            return true;
        }
    }
    return false;
}

/// What the parameters of a URI say that libpq has no keyword for.
struct Foreign {
    std::string schema;
    bool strict_certificates = false;
};

/// Takes Prisma's parameters out of a URI.
Foreign take_foreign(const Library& pq, std::string& uri)
{
    Foreign foreign;
    const auto question = uri.find('?');
    const bool is_uri = uri.starts_with("postgres://") || uri.starts_with("postgresql://");
    if (!is_uri || question == std::string::npos) {
        return foreign;
    }
    std::string kept;
    std::string_view rest = std::string_view{uri}.substr(question + 1);
    while (!rest.empty()) {
        const auto end = std::min(rest.find('&'), rest.size());
        const auto pair = rest.substr(0, end);
        rest.remove_prefix(std::min(end + 1, rest.size()));
        const auto equals = std::min(pair.find('='), pair.size());
        const auto name = pair.substr(0, equals);
        const auto value = pair.substr(std::min(equals + 1, pair.size()));
        if (name == "schema") {
            foreign.schema = percent_decoded(value).value_or("");
        } else if (name == "sslaccept") {
            foreign.strict_certificates = value == "strict";
        } else if (name == "ssl" || libpq_knows(pq, name)) {
            kept += (kept.empty() ? "" : "&") + std::string{pair};
        }
    }
    uri = uri.substr(0, question) + (kept.empty() ? "" : "?" + kept);
    return foreign;
}

bool is_secret(std::string_view keyword)
{
    return keyword == "password" || keyword == "sslpassword";
}

std::string value_of(const DatabaseUrl& url, std::string_view keyword)
{
    for (const auto& [name, value] : url.parameters) {
        if (name == keyword) {
            return value;
        }
    }
    return {};
}

/// Bounds and habits of ours, unless the text says otherwise.
void add_defaults(DatabaseUrl& url, const Foreign& foreign)
{
    const auto otherwise = [&url](const char* keyword, const char* value) {
        if (value_of(url, keyword).empty()) {
            url.parameters.emplace_back(keyword, value);
        }
    };
    if (foreign.strict_certificates) {
        std::erase_if(url.parameters, [](const auto& entry) { return entry.first == "sslmode"; });
        otherwise("sslmode", "verify-full");
        otherwise("sslrootcert", "/etc/ssl/certs/ca-certificates.crt");
    }
    otherwise("application_name", "spillway");
    otherwise("client_encoding", "UTF8");
    otherwise("keepalives", "1");
    otherwise("keepalives_idle", "30");
    otherwise("keepalives_interval", "10");
    otherwise("keepalives_count", "3");
    otherwise("tcp_user_timeout", "30000");
    // Looking for Kerberos tickets costs files, memory and sometimes a network wait.
    otherwise("gssencmode", "disable");
}

}  // namespace

std::string DatabaseUrl::without_secrets(std::string_view message) const
{
    std::string out{message};
    for (const auto& secret : secrets) {
        for (auto at = out.find(secret); at != std::string::npos; at = out.find(secret, at)) {
            out.replace(at, secret.size(), "[secret]");
            at += std::string_view{"[secret]"}.size();
        }
    }
    while (!out.empty() && (out.back() == '\n' || out.back() == ' ')) {
        out.pop_back();
    }
    std::replace(out.begin(), out.end(), '\n', ' ');
    std::replace(out.begin(), out.end(), '\t', ' ');
    return printable(out, 400);
}

Result<DatabaseUrl> read_database_url(const Library& pq, const Secret& text)
{
    std::string uri = text.reveal();
    const Foreign foreign = take_foreign(pq, uri);
    // libpq's message quotes what it does not understand, which may be half of a password.
    const Options options{pq.conninfo_parse(uri.c_str(), nullptr), pq.conninfo_free};
    std::fill(uri.begin(), uri.end(), '\0');
    if (!options) {
        return fail(Errc::bad_config,
                    "database_url is no PostgreSQL connection string "
                    "(postgresql://user:password@host:5432/database; special characters of the "
                    "password are written %XX)");
    }
    DatabaseUrl url;
    url.search_path = foreign.schema;
    for (const auto* option = options.get(); option->keyword != nullptr; ++option) {
        if (option->val == nullptr || *option->val == '\0') {
            continue;
        }
        url.parameters.emplace_back(option->keyword, option->val);
        if (is_secret(option->keyword)) {
            url.secrets.emplace_back(option->val);
        }
    }
    const auto host = value_of(url, "host");
    const auto port = value_of(url, "port");
    url.place = printable((host.empty() ? "localhost" : host) + (port.empty() ? "" : ":" + port) +
                          "/" + value_of(url, "dbname"));
    add_defaults(url, foreign);
    return url;
}

}  // namespace spillway::postgres
