#include "spillway/postgres/library.hpp"

#include <dlfcn.h>

#include <memory>

#include "spillway/base/text.hpp"

namespace spillway::postgres {
namespace {

struct CloseLibrary {
    void operator()(void* handle) const { ::dlclose(handle); }
};
using Handle = std::unique_ptr<void, CloseLibrary>;

/// Looks symbols up and remembers the first one that is not there.
class Symbols {
public:
    explicit Symbols(void* handle) : handle_(handle) {}

    template <class Function>
    void find(Function& slot, const char* name)
    {
        slot = reinterpret_cast<Function>(::dlsym(handle_, name));
        if (slot == nullptr && missing_.empty()) {
            missing_ = name;
        }
    }
    [[nodiscard]] const std::string& missing() const { return missing_; }

private:
    void* handle_;
    std::string missing_;
};

void find_connection_functions(Library& pq, Symbols& symbols)
{
    symbols.find(pq.conninfo_parse, "PQconninfoParse");
    symbols.find(pq.conninfo_free, "PQconninfoFree");
    symbols.find(pq.conndefaults, "PQconndefaults");
    symbols.find(pq.connect_start_params, "PQconnectStartParams");
    symbols.find(pq.connect_poll, "PQconnectPoll");
    symbols.find(pq.finish, "PQfinish");
    symbols.find(pq.set_notice_processor, "PQsetNoticeProcessor");
    symbols.find(pq.setnonblocking, "PQsetnonblocking");
    symbols.find(pq.status, "PQstatus");
    symbols.find(pq.socket, "PQsocket");
    symbols.find(pq.error_message, "PQerrorMessage");
}

void find_statement_functions(Library& pq, Symbols& symbols)
{
    symbols.find(pq.send_query, "PQsendQuery");
    symbols.find(pq.send_query_params, "PQsendQueryParams");
    symbols.find(pq.send_prepare, "PQsendPrepare");
    symbols.find(pq.send_query_prepared, "PQsendQueryPrepared");
    symbols.find(pq.enter_pipeline_mode, "PQenterPipelineMode");
    symbols.find(pq.pipeline_sync, "PQpipelineSync");
    symbols.find(pq.exit_pipeline_mode, "PQexitPipelineMode");
    symbols.find(pq.flush, "PQflush");
    symbols.find(pq.is_busy, "PQisBusy");
    symbols.find(pq.consume_input, "PQconsumeInput");
    symbols.find(pq.notifies, "PQnotifies");
    symbols.find(pq.freemem, "PQfreemem");
}

void find_result_functions(Library& pq, Symbols& symbols)
{
    symbols.find(pq.get_result, "PQgetResult");
    symbols.find(pq.clear, "PQclear");
    symbols.find(pq.result_status, "PQresultStatus");
    symbols.find(pq.result_error_message, "PQresultErrorMessage");
    symbols.find(pq.result_error_field, "PQresultErrorField");
    symbols.find(pq.ntuples, "PQntuples");
    symbols.find(pq.nfields, "PQnfields");
    symbols.find(pq.getlength, "PQgetlength");
    symbols.find(pq.getisnull, "PQgetisnull");
    symbols.find(pq.getvalue, "PQgetvalue");
}

}  // namespace

Result<Library> Library::load(const std::string& file)
{
    // All symbols now: a broken installation shows here and not in the middle of a batch.
    Handle handle{::dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL)};
    if (!handle) {
        const char* why = ::dlerror();
        return fail(Errc::database_unavailable, "cannot load libpq (" +
                                                    printable(why == nullptr ? file : why, 200) +
                                                    "); install the Debian package libpq5");
    }
    Library pq;
    Symbols symbols{handle.get()};
    find_connection_functions(pq, symbols);
    find_statement_functions(pq, symbols);
    find_result_functions(pq, symbols);
    if (!symbols.missing().empty()) {
        return fail(Errc::database_unavailable, file + " has no " + symbols.missing() +
                                                    "; install the Debian package libpq5, "
                                                    "version 14 or newer");
    }
    (void)handle.release();
    return pq;
}

}  // namespace spillway::postgres
