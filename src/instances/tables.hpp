#pragma once

#include <array>

/// The tables of instances that share, as steps of their versions.
namespace spillway::instances {

/// Times are microseconds since 1970, by the database's clock. What is shared out is nano-dollars
/// of a budget, or units of a rate. `granted` is all that an instance may use in a window, not what
/// it has left; the sum over a window never passes its cap. A window is locked before its leases
/// are read or changed.
inline constexpr std::array<const char*, 1> table_steps{
    R"sql(
CREATE TABLE spillway_instances (
    id text PRIMARY KEY,
    incarnation text NOT NULL,
    name text NOT NULL,
    joined_at timestamptz NOT NULL DEFAULT now(),
    renewed_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE spillway_windows (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    scope text NOT NULL,
    name text NOT NULL,
    period text NOT NULL,
    began bigint NOT NULL,
    ends bigint,
    cap bigint NOT NULL,
    hungry text,
    hungry_at timestamptz,
    UNIQUE (scope, name, period, began)
);
CREATE INDEX spillway_windows_ends ON spillway_windows (ends);
CREATE TABLE spillway_leases (
    window_id bigint NOT NULL REFERENCES spillway_windows ON DELETE CASCADE,
    instance text NOT NULL,
    granted bigint NOT NULL,
    used bigint NOT NULL,
    spent bigint NOT NULL,
    renewed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (window_id, instance)
);
CREATE INDEX spillway_leases_instance ON spillway_leases (instance);
)sql",
};

}  // namespace spillway::instances
