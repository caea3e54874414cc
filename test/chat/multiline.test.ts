import * as assert from 'uvu/assert'
import {emptyDraft, takeLine, typedForm, type Entry} from '../../src/chat/multiline.js'
import {suite} from '../support/suite.js'

const test = suite('prompts of several lines')

const prompt = (text: string): Entry => ({kind: 'prompt', text})
const command = (name: string, argument = ''): Entry => ({kind: 'command', name, argument})

const cases: [what: string, lines: string[], entries: Entry[]][] = [
  ['a line is a prompt', ['Hello!'], [prompt('Hello!')]],
  ['an empty line is nothing', ['', '  ', 'x'], [prompt('x')]],
  ['a backslash continues', ['one \\', 'two\\', 'three'], [prompt('one \ntwo\nthree')]],
  ['two backslashes are text', ['C:\\\\', 'x'], [prompt('C:\\\\'), prompt('x')]],
  ['a backslash alone continues with an empty line', ['\\', 'x'], [prompt('\nx')]],
  ['quotes begin and end a block', ['"""', 'one', '', '/two\\', '"""', 'x'], [prompt('one\n\n/two\\'), prompt('x')]],
  ['a block may begin and end on lines of text', ['"""one', 'two"""'], [prompt('one\ntwo')]],
  ['a block may be one line', ['"""one"""'], [prompt('one')]],
  ['an empty block is nothing', ['"""', '"""', '""""""', 'x'], [prompt('x')]],
  ['pasted newlines are part of the prompt', ['one\ntwo\n'], [prompt('one\ntwo')]],
  ['a pasted block is a block', ['"""\none\ntwo\n"""'], [prompt('one\ntwo')]],
  [
    'a slash makes a command',
    ['/set temp 0.2 ', '/HELP', '/?'],
    [command('set', 'temp 0.2'), command('help'), command('?')],
  ],
  ['a path is no command', ['/etc/hosts is what?'], [prompt('/etc/hosts is what?')]],
  ['a lone slash is a command without a name', ['/', '/ '], [command(''), command('')]],
  ['two slashes are a prompt with one', ['//set', '// x'], [prompt('/set'), prompt('/ x')]],
  ['several pasted lines are no command', ['/exit\nnow'], [prompt('/exit\nnow')]],
]
for (const [what, lines, entries] of cases) {
  test(what, () => {
    let draft = emptyDraft
    const taken: Entry[] = []
    for (const line of lines) {
      const step = takeLine(draft, line)
      draft = step.draft
      if (step.entry !== undefined) taken.push(step.entry)
    }
    assert.equal(taken, entries)
    assert.is(draft, emptyDraft)
  })
}

test('what is not complete is no entry', () => {
  assert.equal(takeLine(emptyDraft, 'one\\'), {draft: {state: 'continued', lines: ['one']}})
  assert.equal(takeLine(emptyDraft, '"""one'), {draft: {state: 'block', lines: ['one']}})
})

const typed: [prompt: string, line: string][] = [
  ['Hello!', 'Hello!'],
  ['/set', '//set'],
  ['/ x', '/ x'],
  ['/', '//'],
  ['//x', '///x'],
  ['/etc/hosts is what?', '/etc/hosts is what?'],
  ['C:\\', '"""\nC:\\\n"""'],
  ['C:\\\\', 'C:\\\\'],
  ['"""quoted"""', '"""\n"""quoted"""\n"""'],
  ['\n/set\n', '"""\n\n/set\n\n"""'],
]
for (const [text, line] of typed) {
  test(`the prompt ${JSON.stringify(text)} comes back from ${JSON.stringify(line)}`, () => {
    assert.is(typedForm(text), line)
    assert.equal(takeLine(emptyDraft, line).entry, prompt(text))
  })
}
