#pragma once

#include <cstdint>

namespace spillway::chat {

/// In whose words a client asks and wants to be answered. Between reading and answering everything
/// is OpenAI's.
enum class ClientForm : std::uint8_t {
    openai,
    ollama_chat,        ///< POST /api/chat
    ollama_generate,    ///< POST /api/generate
    ollama_embed,       ///< POST /api/embed
    ollama_embeddings,  ///< POST /api/embeddings
};

}  // namespace spillway::chat
