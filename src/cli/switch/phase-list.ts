import type * as ListrModule from 'listr2'
import type {SwitchPhase} from '../../backend/contract/switch.js'
import type {Output} from '../../terminal/style.js'
import {duration} from '../../terminal/units.js'

/** The titles of the phases; one phase runs at a time. */
const titles: Readonly<Record<SwitchPhase, string>> = {
  check: 'check the new model',
  load: 'load the new model',
  finish: 'finish running tasks on the old model',
  unload: 'unload the old model',
  rollback: 'roll back to the old model',
}

interface PhaseEnd {
  ms: number
  failure: string | undefined
}

interface Phase {
  title: string
  ended: Promise<PhaseEnd>
  end: (failure?: string) => void
  show: (text: string) => void
}

/**
 * Shows phases and how long they took, on a terminal as they go and elsewhere as lines. The list is the library's, one
 * for each phase: which phases come is not known before.
 */
export class PhaseList {
  private current: Phase | undefined
  private shown: Promise<void> = Promise.resolve()

  private constructor(
    private readonly listr: typeof ListrModule,
    private readonly output: Output,
  ) {}

  static async open(output: Output): Promise<PhaseList> {
    return new PhaseList(await import('listr2'), output)
  }

  /** The phase before has ended: well, unless this one is there to undo it. */
  begin(phase: SwitchPhase): void {
    this.current?.end(phase === 'rollback' ? 'failed' : undefined)
    const begun = newPhase(titles[phase])
    this.current = begun
    this.shown = this.shown.then(() => this.run(begun))
  }

  /** How much of the current phase is done, 0 to 1; for people who can see it change. */
  progress(fraction: number): void {
    if (this.output.isTTY) this.current?.show(`${Math.round(fraction * 100)} %`)
  }

  /** Resolves when all is shown. On failure, the current phase failed. */
  async end(failure?: string): Promise<void> {
    this.current?.end(failure)
    await this.shown
  }

  private async run(phase: Phase): Promise<void> {
    const {Listr, ListrLogger, ProcessOutput} = this.listr
    const processOutput = new ProcessOutput(this.output, this.output)
    const options = {logger: new ListrLogger({processOutput}), showErrorMessage: false}
    const list = new Listr(
      [
        {
          title: phase.title,
          task: async (_context, task) => {
            phase.show = (text) => (task.output = text)
            const {ms, failure} = await phase.ended
            task.title = `${phase.title}: ${duration(ms)}`
            // The command prints the rest.
            if (failure !== undefined) throw new Error(failure)
          },
        },
      ],
      {
        exitOnError: false,
        // The command handles signals.
        registerSignalListeners: false,
        forceTTY: this.output.isTTY,
        rendererOptions: options,
        fallbackRendererOptions: options,
      },
    )
    await list.run()
  }
}

function newPhase(title: string): Phase {
  const startedAt = performance.now()
  let end: Phase['end'] = () => undefined
  const ended = new Promise<PhaseEnd>((resolve) => {
    end = (failure) => resolve({ms: performance.now() - startedAt, failure})
  })
  return {title, ended, end, show: () => undefined}
}
