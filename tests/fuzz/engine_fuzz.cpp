#include <cstddef>
#include <cstdint>
#include <string_view>

#include "require.hpp"
#include "spillway/engine/load_report.hpp"
#include "spillway/engine/model_report.hpp"

/// Whatever an engine says of itself, reading it ends well, and no figure is one that cannot be.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size)
{
    using namespace spillway;
    const std::string_view input(reinterpret_cast<const char*>(bytes), size);
    for (const auto kind : {engine::Kind::ollama, engine::Kind::llama_cpp, engine::Kind::vllm}) {
        const auto facts = engine::read_report(kind, input, "m");
        if (facts && facts->window)
            require(*facts->window > Tokens{0});
        for (const auto path : engine::load_paths(kind)) {
            chat::ModelFacts load;
            if (engine::read_load(path, input, load))
                require(load.running.has_value());
        }
    }
    static_cast<void>(engine::says_loading(503, input));
    return 0;
}
