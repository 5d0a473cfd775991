#pragma once

/// The seam for native dialects.
///
/// Most deployments are spoken to in OpenAI's own words, so a dialect is the set of pure functions
/// of this folder, and vendors differ only in data (`WireRules`):
///
///  - in:   `RequestReader::read` takes the facts of a body, `plan_edits` says which bytes change
///          for one deployment;
///  - out:  `EventBoundary` cuts the answer's stream into events, `StreamMeter` says what each one
///          means, `read_answer` does the same for a whole answer, `classify` for a refusal.
///
/// A native dialect (Anthropic Messages, Gemini, Ollama's /api/chat) adds to two of these steps: a
/// function from the edited body to another body, behind `plan_edits`, and a reader that turns its
/// events into chat chunks, in front of `StreamMeter`. Everything else (boundaries, failure
/// classes, usage) already understands their words, because relays repeat them. Ollama's are
/// `ollama_chat_request` and `OllamaStream`, and `openai_chat_answer` for whole answers. The seam
/// becomes an abstract class on the day there is a second native dialect, not before.

#include "spillway/dialect/body_edit.hpp"
#include "spillway/dialect/event_stream.hpp"
#include "spillway/dialect/ollama_answer.hpp"
#include "spillway/dialect/ollama_request.hpp"
#include "spillway/dialect/ollama_stream.hpp"
#include "spillway/dialect/openai_reply.hpp"
#include "spillway/dialect/request_reader.hpp"
#include "spillway/dialect/stream_meter.hpp"
