/** Items for the trained fixture models: different prompts, greedy, with answers of a few tokens. */
export function* questions(count: number): Generator<{id: string; prompt: string; temp: 0; max_tokens: number}> {
  const cities = ['France', 'Spain', 'Italy', 'Japan', 'Germany', 'Norway', 'Egypt', 'Peru']
  const words = ['café', 'river', 'stone', 'cloud', 'naïve', 'lamp', 'über', 'wood', '🙂', 'tea']
  const kinds: ((n: number) => string)[] = [
    (n) => `What is ${n % 17} + ${n % 13}?`,
    (n) => `What is the capital of ${cities[n % cities.length] ?? ''}?`,
    (n) => `Repeat after me: ${words[n % words.length] ?? ''} ${n}`,
    (n) => `My name is ${words[n % words.length] ?? ''}${n}.`,
    (n) => `Tell me about the number ${n}.`,
  ]
  for (let n = 1; n <= count; n++) {
    const kind = kinds[n % kinds.length] ?? String
    yield {id: `q${n}`, prompt: kind(n), temp: 0, max_tokens: 24}
  }
}
