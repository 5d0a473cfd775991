// The official ollama package for Node against a running spillway. Arguments: origin and key; prints
// one JSON object with what the package made of each answer.
import { Ollama } from "ollama";

const [host, key] = process.argv.slice(2);
const client = new Ollama({ host, headers: { Authorization: `Bearer ${key}` } });
const messages = [{ role: "user", content: "hi" }];
const tools = [{ type: "function", function: { name: "get_weather", parameters: { type: "object" } } }];

async function failure(promise) {
  try {
    await promise;
    return { none: true };
  } catch (error) {
    return { message: error.message, status: error.status_code };
  }
}

async function all(stream) {
  const parts = [];
  for await (const part of await stream) parts.push(part);
  return parts;
}

const seen = {};
const chat = await client.chat({ model: "m", messages });
seen.chat = { text: chat.message.content, reason: chat.done_reason, counts: [chat.prompt_eval_count, chat.eval_count] };
const parts = await all(client.chat({ model: "m", messages, stream: true }));
seen.stream = { text: parts.map((part) => part.message.content).join(""), done: parts.at(-1).done };
seen.streamedTools = (await all(client.chat({ model: "m", messages, tools, stream: true })))
  .flatMap((part) => part.message.tool_calls ?? [])
  .map((call) => ({ name: call.function.name, arguments: call.function.arguments }));
seen.generate = (await client.generate({ model: "m", prompt: "hi" })).response;
seen.embed = (await client.embed({ model: "emb", input: ["a", "b"] })).embeddings;
seen.embeddings = (await client.embeddings({ model: "emb", prompt: "a" })).embedding;
seen.models = (await client.list()).models.map((model) => model.name);
seen.show = (await client.show({ model: "m" })).capabilities;
seen.ps = (await client.ps()).models;
seen.version = (await client.version()).version;
seen.missing = await failure(client.chat({ model: "nobody", messages }));
seen.cut = await failure(all(client.chat({ model: "cut", messages, stream: true })));
const slow = await client.chat({ model: "slow", messages, stream: true });
try {
  for await (const part of slow) if (part.message.content) slow.abort();
  seen.aborted = "no";
} catch (error) {
  seen.aborted = error.name;
}
console.log(JSON.stringify(seen));
process.exit(0);
