#pragma once

#include <string>

namespace spillway::config {

/// A parameter of a request: name and JSON text of the value.
struct Parameter {
    std::string name;
    std::string json;
    friend bool operator==(const Parameter&, const Parameter&) = default;
};

}  // namespace spillway::config
