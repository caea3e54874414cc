import {Args, Flags} from '@oclif/core'
import {NnError} from '../../errors.js'
import type {BenchResult} from '../../bench/result.js'
import {BaseCommand} from '../../cli/base-command.js'

export default class BenchReport extends BaseCommand {
  static override summary = 'Show results of wnn bench over time.'
  static override description = `Reads the runs of a folder (wnn bench --history) and JSON result files, and shows the median, the change and the trend of each metric, the oldest run first. --output also writes an HTML page with charts and all of the last run; one result is enough for it.

Exit codes: 0 shown; 2 a file or folder is not usable.`
  static override examples = [
    '<%= config.bin %> bench report --history bench-history',
    '<%= config.bin %> bench report before.json after.json',
    '<%= config.bin %> bench report result.json --output result.html',
  ]
  static override strict = false
  static override args = {
    files: Args.string({ignoreStdin: true, description: 'Result files that wnn bench wrote with --output x.json.'}),
  }
  static override flags = {
    history: Flags.string({description: 'Folder of wnn bench --history.', helpValue: 'folder'}),
    output: Flags.string({description: 'Write the runs to this file as an HTML page.', helpValue: 'file.html'}),
  }

  async run(): Promise<BenchResult[]> {
    const {argv, flags} = await this.parse(BenchReport)
    const {readHistory, readResult, renderTrend, writeReport} = await import('../../bench/index.js')
    const history = flags.history === undefined ? [] : readHistory(flags.history, (text) => this.warnOf([text]))
    const results = [...history, ...(argv as string[]).map(readResult)].sort((a, b) => a.date.localeCompare(b.date))
    if (results.length === 0) {
      throw new NnError('invalid_argument', 'There are no results to show.', {
        hint: 'Name result files, or use --history with a folder.',
      })
    }
    if (flags.output !== undefined) await writeReport(results, flags.output)
    this.log(renderTrend(results, process.stdout.columns || Infinity))
    return results
  }
}
