import {importBuilt} from './engine/built.js'
import {trained} from './conversations/models.js'
import type {Wnn} from './conversations/open.js'
import {systemPrompt} from './conversations/questions.js'
import {runLongConversation} from './conversations/run-long-conversation.js'
import {markdownTable, printVerdict, type Requirement} from './conversations/verdict.js'

/**
 * What each turn of a conversation evaluates: `node --import tsx perf/prefix-cache.ts`. Needs a build. It must be only
 * the new question and the token that ended the last answer, which was sampled but never decoded.
 */
const turnsShown = 12
const turnJudged = 10
/** Tokens at the end of the last answer and of the template between it and the question. */
const mostBeside = 3
/** Its answer is long, so that the prompts grow. Its text does not matter. */
const questions = [{text: 'Tell me a story.', answer: ''}]
const wnn = await importBuilt<Wnn>('index.js')

const requirements: Requirement[] = []
for (const [name, model] of Object.entries(trained)) {
  const job = {model, questions, systemPrompt, contextSize: 4096, warmUpTokens: 0, tokens: 3000}
  const turns = (await runLongConversation(wnn, job)).slice(0, turnsShown)
  const rows = turns.map(({promptTokens, cachedTokens, asked}, index) => [
    ...[index + 1, promptTokens, asked, promptTokens - cachedTokens],
    `${((cachedTokens / promptTokens) * 100).toFixed(1)} %`,
  ])
  console.log(`\n${name}\n\n${markdownTable(['turn', 'prompt', 'new question', 'evaluated', 'cached'], rows)}`)
  const tenth = turns[turnJudged - 1]
  const share = (tenth?.cachedTokens ?? 0) / (tenth?.promptTokens ?? NaN)
  requirements.push(
    {text: `${name}: ${(share * 100).toFixed(1)} % of the prompt of turn ${turnJudged} is cached`, met: share >= 0.95},
    {
      text: `${name}: every turn but the first evaluates its question and at most ${mostBeside} tokens more`,
      met: turns
        .slice(1)
        .every(({promptTokens, cachedTokens, asked}) => promptTokens - cachedTokens <= asked + mostBeside),
    },
  )
}
console.log()
printVerdict(requirements)
