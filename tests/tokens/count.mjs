// Counts documents with npm's gpt-tokenizer: node count.mjs PACKAGE FAMILY < documents.jsonl
import { createInterface } from "node:readline";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [folder, family] = process.argv.slice(2);
const encoder = await import(pathToFileURL(join(folder, "esm", "encoding", `${family}_base.js`)).href);
const ordinary = { disallowedSpecial: new Set() };

for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity }))
  console.log(encoder.encode(JSON.parse(line), ordinary).length);
