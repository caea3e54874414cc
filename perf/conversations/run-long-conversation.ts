import type {ContextId} from '../../src/index.js'
import {open, type Opened, type Resident, type Wnn} from './open.js'

export interface LongJob {
  model: string
  contextSize: number
  /** The conversation ends when it has this many tokens. */
  tokens: number
  /** Tokens of earlier conversations in other sessions, during which V8's heaps in both processes reach their size. */
  warmUpTokens: number
  questions: readonly Question[]
  systemPrompt: string
}

export interface Question {
  text: string
  answer: string
}

/** One question and its answer. */
export interface LongTurn {
  question: Question
  /** Tokens of the conversation including this turn, whether the context still holds them or not. */
  total: number
  /** Tokens of this turn's question, including those of the template around it. */
  asked: number
  promptTokens: number
  cachedTokens: number
  right: boolean
  answer: string
  resident: Resident
}

/** Repeats the questions in one session until the conversation has `job.tokens` tokens. */
export async function runLongConversation(wnn: Wnn, job: LongJob): Promise<LongTurn[]> {
  await using opened = await open(wnn, job.model, {parallel: 1, ctx_size: job.contextSize})
  const lengths = await questionLengths(opened, job.questions)
  await converse(opened, job, lengths, job.warmUpTokens)
  return await converse(opened, job, lengths, job.tokens)
}

async function converse(
  opened: Opened,
  {questions, systemPrompt}: LongJob,
  lengths: ReadonlyMap<string, number>,
  tokens: number,
): Promise<LongTurn[]> {
  const context = await opened.backend.initExecutionContext(opened.graph)
  const turns: LongTurn[] = []
  for (let total = 0; total < tokens;) {
    const question = questions[turns.length % questions.length]
    if (question === undefined) throw new Error('There are no questions.')
    const {outputTokens, ...turn} = await ask(opened, context, question, systemPrompt)
    const asked = lengths.get(question.text) ?? 0
    total += asked + outputTokens
    turns.push({...turn, question, total, asked, resident: await opened.resident()})
  }
  await opened.backend.closeExecutionContext(context)
  return turns
}

async function questionLengths(opened: Opened, questions: readonly Question[]): Promise<Map<string, number>> {
  const lengths = new Map<string, number>()
  for (const {text} of questions) lengths.set(text, await opened.countTokens(text))
  return lengths
}

async function ask(opened: Opened, context: ContextId, {text, answer}: Question, systemPrompt: string) {
  const {text: said, metadata} = await opened.ask(context, text, {system_prompt: systemPrompt})
  return {
    ...{right: said === answer, answer: said},
    ...{promptTokens: metadata.input_tokens, cachedTokens: metadata.cached_tokens},
    outputTokens: metadata.output_tokens,
  }
}
