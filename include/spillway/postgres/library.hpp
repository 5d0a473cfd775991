#pragma once

#include <libpq-fe.h>

#include <string>

#include "spillway/base/result.hpp"

namespace spillway::postgres {

/// The functions of libpq that are called, each under its name without `PQ`. Looked up at run
/// time: linked, libpq's own libraries (GnuTLS, Kerberos, LDAP, ...) would be in every process.
struct Library {
    /// Loads libpq for the rest of the process: some of its libraries leave exit handlers behind,
    /// so it is never unloaded. Again, it costs a few lookups. Any thread.
    /// @return `database_unavailable`, naming the package to install.
    [[nodiscard]] static Result<Library> load(const std::string& file = "libpq.so.5");

    decltype(&PQconninfoParse) conninfo_parse = nullptr;
    decltype(&PQconninfoFree) conninfo_free = nullptr;
    decltype(&PQconndefaults) conndefaults = nullptr;

    decltype(&PQconnectStartParams) connect_start_params = nullptr;
    decltype(&PQconnectPoll) connect_poll = nullptr;
    decltype(&PQfinish) finish = nullptr;
    decltype(&PQsetNoticeProcessor) set_notice_processor = nullptr;
    decltype(&PQsetnonblocking) setnonblocking = nullptr;
    decltype(&PQstatus) status = nullptr;
    decltype(&PQsocket) socket = nullptr;
    decltype(&PQerrorMessage) error_message = nullptr;

    decltype(&PQsendQuery) send_query = nullptr;
    decltype(&PQsendQueryParams) send_query_params = nullptr;
    decltype(&PQsendPrepare) send_prepare = nullptr;
    decltype(&PQsendQueryPrepared) send_query_prepared = nullptr;
    decltype(&PQenterPipelineMode) enter_pipeline_mode = nullptr;
    decltype(&PQpipelineSync) pipeline_sync = nullptr;
    decltype(&PQexitPipelineMode) exit_pipeline_mode = nullptr;

    decltype(&PQflush) flush = nullptr;
    decltype(&PQisBusy) is_busy = nullptr;
    decltype(&PQconsumeInput) consume_input = nullptr;

    decltype(&PQnotifies) notifies = nullptr;
    decltype(&PQfreemem) freemem = nullptr;

    decltype(&PQgetResult) get_result = nullptr;
    decltype(&PQclear) clear = nullptr;
    decltype(&PQresultStatus) result_status = nullptr;
    decltype(&PQresultErrorMessage) result_error_message = nullptr;
    decltype(&PQresultErrorField) result_error_field = nullptr;
    decltype(&PQntuples) ntuples = nullptr;
    decltype(&PQnfields) nfields = nullptr;
    decltype(&PQgetlength) getlength = nullptr;
    decltype(&PQgetisnull) getisnull = nullptr;
    decltype(&PQgetvalue) getvalue = nullptr;
};

}  // namespace spillway::postgres
