/** A request that takes much work for its size. Numbers make 20 of them different. */
export interface Attack {
  name: string
  path: string
  body: (number: number) => unknown
}

const chat = (name: string, fields: (number: number) => object): Attack => ({
  name,
  path: '/v1/chat/completions',
  body: (number) => ({
    model: 'MODEL',
    max_tokens: 64,
    messages: [{role: 'user', content: `Hello ${number}`}],
    ...fields(number),
  }),
})

const schema = (name: string, of: (number: number) => object): Attack =>
  chat(name, (number) => ({
    response_format: {type: 'json_schema', json_schema: {name: 'answer', schema: of(number)}},
  }))

/** Each rule is an alternative of the next one, twice: 2^30 ways to the same text. */
function ambiguousGrammar(number: number): string {
  const rules = Array.from({length: 30}, (_, rule) => `r${rule} ::= r${rule + 1} | r${rule + 1}`)
  return [`root ::= r0 "${number}"`, ...rules, 'r30 ::= "a"'].join('\n')
}

function nestedAnyOf(depth: number, number: number): object {
  if (depth === 0) return {type: 'string', maxLength: 5 + number}
  const inner = nestedAnyOf(depth - 1, number)
  return {anyOf: [inner, {type: 'object', properties: {a: inner}, required: ['a'], additionalProperties: false}]}
}

/** The text of a body, with the name of the model. A string is a body that is sent as it is. */
export function textOf(body: unknown, model: string): string {
  if (typeof body === 'string') return body
  return JSON.stringify(body).replace('"MODEL"', JSON.stringify(model)).replace('"NESTED"', nested)
}

/** 5,000 levels are too many for `JSON.stringify`. */
const nested = '['.repeat(5000) + ']'.repeat(5000)

const words = (count: number): string => 'one two three four '.repeat(Math.ceil(count / 19)).slice(0, count)

/** The grammars, schemas and enumerations first, then everything else that is large or deep. */
export const attacks: readonly Attack[] = [
  chat('an ambiguous grammar of 700 bytes', (number) => ({grammar: ambiguousGrammar(number)})),
  chat('a grammar that becomes ambiguous', (number) => ({
    grammar: `root ::= s "${number}"\ns ::= " " s "y" | " " s "z" | "a" s "y" | "a" s "z" | ""`,
  })),
  schema('nested anyOf', (number) => nestedAnyOf(7, number)),
  schema('an enum of 30,000 values', (number) => ({
    enum: Array.from({length: 30_000}, (_, value) => `value ${value} of ${number}`),
  })),
  chat('a regular expression', (number) => ({patterns: [`(a+)+${number}$`, '(.*)*x', '(?:a|b){0,300}c']})),
  chat('a prompt of 4 MB', (number) => ({messages: [{role: 'user', content: `${words(4_000_000)}${number}`}]})),
  chat('10,000 messages', (number) => ({
    messages: Array.from({length: 10_001}, (_, message) => ({
      role: message % 2 === 0 ? 'user' : 'assistant',
      content: `message ${message} of ${number}`,
    })),
  })),
  chat('200,000 unknown keys', (number) =>
    Object.fromEntries(Array.from({length: 200_000}, (_, key) => [`key_${key}_${number}`, key])),
  ),
  chat('a list in a list, 5,000 levels', () => ({metadata: 'NESTED'})),
  chat('a template variable of 5,000 levels', () => ({chat_template_kwargs: {tools: 'NESTED'}})),
  {name: 'a million brackets', path: '/v1/chat/completions', body: () => '['.repeat(1_000_000)},
  {name: '/tokenize of 2 MB', path: '/tokenize', body: (number) => ({content: `${words(2_000_000)}${number}`})},
  {
    name: '/detokenize of 300,000 tokens',
    path: '/detokenize',
    body: () => ({tokens: Array.from({length: 300_000}, (_, at) => at % 250)}),
  },
  chat('100,000 biases', (number) => ({
    logit_bias: Object.fromEntries(Array.from({length: 100_000}, (_, token) => [token, number / 10])),
  })),
]
