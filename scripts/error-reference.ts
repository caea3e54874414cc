import {errorCodes, reasons} from '../src/error-reasons.js'

const introduction = `<!-- Written by scripts/generate.ts from src/error-reasons.ts and scripts/error-reference.ts. -->

# Errors reference

For an introduction, read the [guide](../errors.md). Every call fails with an \`NnError\`. The \`code\` is the error of the
WASI-NN call, for guests, suites and scripts. The \`reason\` says what happened.
`

const fields = `
## Fields

| field | meaning |
|---|---|
| \`code\`, \`reason\` | see above |
| \`message\` | what happened, with the numbers |
| \`hint\` | what to do; absent if there is none |
| \`canRetry\` | Nothing was started because no place was free. The same call may succeed later. Over HTTP the status is 429. |
| \`neededBytes\` | with \`buffer_too_small\`: the size that the buffer must have |
| \`partial\` | text and metadata that were generated before the failure |

Commands print message and hint on standard error. With \`--json\` they print
\`{"error": {"code", "reason", "message", "hint"}}\` on standard output.

## Exit codes

| code | meaning |
|---|---|
| 0 | done |
| 2 | a file or flag is not usable (nothing was run), or standard output cannot be written |
| 3 | the engine failed, or no daemon runs |
| 4 | a scenario or a batch item failed |
| 5 | a metric is worse than the baseline or the first column |
| 6 | nothing was selected, or an input has no items |
| 127 | there is no such command |
| 129, 130, 143 | ended by SIGHUP, SIGINT, SIGTERM |

- Answers and reports go to standard output, messages for people to standard error. Every command has \`--json\`.
- When \`wnn switch\` cannot load the new model, it exits with 3 whatever the reason, and the old model stays.
- A reader that closes standard output early (\`wnn … | head\`) is not an error: the command exits with 0.
- A second signal does not wait for the command to clean up.

Each command's page lists its own codes: [chat](chat.md#exit-codes), [batch](batch.md#exit-codes),
[bench](bench.md#exit-codes), [daemon](daemon.md), [suites](suites.md#exit-codes).
`

/** The page of all errors, as Markdown. */
export function renderErrorReference(): string {
  const codes = Object.entries(errorCodes).map(([code, {number, text}]) => `| \`${code}\` | ${number} | ${text} |`)
  const rows = Object.entries(reasons).map(
    ([reason, row]) => `| \`${reason}\` | \`${row.code}\` | ${row.exit} | ${row.status} | ${row.when} |`,
  )
  const retry = Object.entries(reasons).flatMap(([reason, row]) => ('retry' in row ? [`\`${reason}\``] : []))
  return [
    introduction,
    '## Codes\n',
    'Status JSON and logs may show the number; it is used nowhere else (104 exists in this program only).\n',
    ['| code | number | |', '|---|---|---|', ...codes].join('\n'),
    '\n## Reasons\n',
    ['| reason | code | exit code | HTTP status | when |', '|---|---|---|---|---|', ...rows].join('\n'),
    `\nAfter ${retry.slice(0, -1).join(', ')} and ${retry.at(-1) ?? ''} nothing was started: the same call may succeed later.`,
    fields.trimEnd(),
  ].join('\n')
}
