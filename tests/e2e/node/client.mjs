// The official openai SDK for Node against a running spillway. Arguments: base URL and key; prints one
// JSON object with what the SDK made of each answer.
import OpenAI, { APIError } from "openai";

const [baseURL, apiKey] = process.argv.slice(2);
const client = new OpenAI({ baseURL, apiKey, maxRetries: 0 });
const retrying = new OpenAI({ baseURL, apiKey, maxRetries: 2 });
const messages = [{ role: "user", content: "hi" }];
const tools = [{ type: "function", function: { name: "get_weather", parameters: { type: "object" } } }];

async function failure(promise) {
  try {
    await promise;
    return { none: true };
  } catch (error) {
    return { name: error.constructor.name, api: error instanceof APIError, status: error.status, code: error.code };
  }
}

async function textOf(stream) {
  let text = "";
  let usage = null;
  let finish = null;
  for await (const chunk of stream) {
    text += chunk.choices[0]?.delta?.content ?? "";
    finish = chunk.choices[0]?.finish_reason ?? finish;
    usage = chunk.usage ?? usage;
  }
  return { text, usage, finish };
}

const seen = {};
const chat = await client.chat.completions.create({ model: "m", messages });
seen.chat = chat.choices[0].message.content;
seen.usage = chat.usage.total_tokens;
seen.stream = await textOf(await client.chat.completions.create({ model: "m", messages, stream: true }));
seen.streamWithUsage = await textOf(
  await client.chat.completions.create({ model: "m", messages, stream: true, stream_options: { include_usage: true } }),
);
seen.tools = (await client.chat.completions.create({ model: "m", messages, tools })).choices[0].message.tool_calls[0].function;
const runner = client.chat.completions.stream({ model: "m", messages, tools });
seen.streamedTools = (await runner.finalChatCompletion()).choices[0].message.tool_calls[0].function.arguments;
for (const model of ["emb", "floats"]) {
  seen[model] = (await client.embeddings.create({ model, input: ["a", "b"] })).data.map((row) => Array.from(row.embedding));
  seen[model + "AsFloats"] = (await client.embeddings.create({ model, input: "a", encoding_format: "float" })).data[0].embedding;
}
seen.models = (await client.models.list()).data.map((model) => model.id);
seen.model = (await client.models.retrieve("ollama/llama3:8b")).id;
seen.completion = (await client.completions.create({ model: "m", prompt: "x" })).choices[0].text;
seen.missing = await failure(client.chat.completions.create({ model: "nobody", messages }));
seen.context = await failure(client.chat.completions.create({ model: "context", messages }));
seen.rateLimited = await failure(retrying.chat.completions.create({ model: "rate-limited", messages }));
seen.broken = await failure(retrying.chat.completions.create({ model: "broken", messages }));
seen.stranger = await failure(new OpenAI({ baseURL, apiKey: "sk-wrong" }).models.list());
seen.cut = await failure(
  (async () => textOf(await client.chat.completions.create({ model: "cut", messages, stream: true })))(),
);
const slow = await client.chat.completions.create({ model: "slow", messages, stream: true });
for await (const chunk of slow) {
  if (chunk.choices[0]?.delta?.content) break; // leaving the loop aborts the request
}
console.log(JSON.stringify(seen));
process.exit(0);
