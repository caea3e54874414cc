import path from 'node:path'

/** What a model goes by when nobody says: its file's name without `.gguf`. */
export function modelName(file: string): string {
  return path.basename(file).replace(/\.gguf$/i, '')
}
