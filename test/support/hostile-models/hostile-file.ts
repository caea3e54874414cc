/** A model file that no tool would write. */
export interface HostileFile {
  /** What is wrong with it. */
  name: string
  /** Made only when it is needed: some are large. */
  bytes: () => Buffer
}
