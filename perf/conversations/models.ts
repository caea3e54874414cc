import {fileURLToPath} from 'node:url'

const fixture = (name: string): string => fileURLToPath(new URL(`../../fixtures/models/${name}`, import.meta.url))

/** The trained models, by the names that the tables show. */
export const trained: Readonly<Record<string, string>> = {
  qwen: fixture('tiny-qwen2-chat.gguf'),
  phi3: fixture('tiny-phi3-chat.gguf'),
}
