let file: string | undefined

/** The test file that is being imported, where several are run in one process. */
export function currentFile(): string | undefined {
  return file
}

export function setCurrentFile(name: string): void {
  file = name
}
