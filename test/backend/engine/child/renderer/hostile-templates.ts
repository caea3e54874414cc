/** What the error of a hostile template says, or `fine` if rendering it does no harm. */
export type Outcome = RegExp | 'fine'

const died = /ended the process that renders it \(SIG\w+\): it is nested too deeply/
const endless = /was ended after .* of CPU time: it did not finish/
const limited = /was ended (after .* of CPU time|when it had taken .* its limit of memory)/
const outsized = /wrote \d+ characters .* the limit is \d+|its limit of memory|of CPU time/
const unread = /cannot be read|rejected the conversation/
const rejected = /rejected the conversation/

const chat = '{% for m in messages %}{{ m.content }}\n{% endfor %}'
const repeated = (text: string, count: number): string => text.repeat(count)

/** A string of 2^n characters. */
const doubled = (times: number): string =>
  `{% set ns = namespace(s='x') %}{% for i in range(${times}) %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}`

const loops = (depth: number): string =>
  Array.from({length: depth}, (_, i) => `{% for v${i} in range(1000) %}`).join('') + repeated('{% endfor %}', depth)

/** Templates as a file of somebody else may have them: programs that loop, take all memory, or end their process. */
export const hostileTemplates: Readonly<Record<string, readonly [template: string, outcome: Outcome]>> = {
  'a macro that calls itself': [`{% macro f(x) %}{{ f(x) }}{% endmacro %}{{ f(1) }}${chat}`, died],
  'macros that call each other': [
    `{% macro f(x) %}{{ g(x) }}{% endmacro %}{% macro g(x) %}{{ f(x) }}{% endmacro %}{{ f(1) }}${chat}`,
    died,
  ],
  'a macro in its own argument': [`{% macro f(x) %}{{ f(f(x)) }}{% endmacro %}{{ f(1) }}`, died],
  '50,000 parentheses': [`{{ ${repeated('(', 50_000)}1${repeated(')', 50_000)} }}${chat}`, died],
  '50,000 brackets': [`{{ ${repeated('[', 50_000)}${repeated(']', 50_000)} }}${chat}`, died],
  '50,000 negations': [`{{ ${repeated('not ', 50_000)}x }}${chat}`, died],
  '20,000 nested conditions': [`${repeated('{% if x %}', 20_000)}${repeated('{% endif %}', 20_000)}${chat}`, died],
  '20,000 nested loops over nothing': [
    `${repeated('{% for x in [] %}', 20_000)}${repeated('{% endfor %}', 20_000)}${chat}`,
    died,
  ],
  'a chain of 50,000 filters': [`{{ 'x'${repeated(' | trim', 50_000)} }}${chat}`, died],
  'a sum of 50,000 numbers': [`{{ 1${repeated(' + 1', 50_000)} }}${chat}`, died],
  'attributes of attributes, 50,000 deep': [`{{ x${repeated('.a', 50_000)} }}${chat}`, died],
  'a namespace that holds itself, as JSON': [
    `{% set ns = namespace(a=1) %}{% set ns.a = ns %}{{ ns | tojson }}${chat}`,
    died,
  ],
  'a namespace that holds itself, as text': [
    `{% set ns = namespace(a=1) %}{% set ns.a = ns %}{{ ns | string }}${chat}`,
    died,
  ],
  'two namespaces that hold each other': [
    `{% set a = namespace(x=1) %}{% set b = namespace(x=a) %}{% set a.x = b %}{{ a | tojson }}${chat}`,
    died,
  ],
  'a cycle that is indented': [
    `{% set ns = namespace(a=1) %}{% set ns.a = ns %}{{ ns | tojson(indent=4) }}${chat}`,
    /nested too deeply|limit of memory/,
  ],
  'loops in loops': [`${loops(5)}${chat}`, endless],
  'loops in loops that write': [
    `{% for a in range(100000) %}{% for b in range(100000) %}${repeated('xxxxxxxxxx', 10)}{% endfor %}{% endfor %}`,
    limited,
  ],
  'a string that doubles': [`${doubled(40)}${chat}`, limited],
  'a string that doubles, and is replaced': [`${doubled(20)}{{ ns.s.replace('x', ns.s) }}${chat}`, limited],
  'a list that doubles': [
    `{% set ns = namespace(l=[1]) %}{% for i in range(40) %}{% set ns.l = ns.l + ns.l %}{% endfor %}${chat}`,
    limited,
  ],
  'a range of 10^12': [`{% for i in range(1000000000000) %}{% endfor %}${chat}`, limited],
  'the end of a huge range': [`{{ range(1000000000000) | last }}${chat}`, limited],
  'much text': [`${doubled(24)}{{ ns.s }}${chat}`, outsized],
  'much text, indented': [
    `${doubled(14)}{% set lines = ns.s.replace('x', 'x\\n') %}{{ lines | indent(100000, true) }}${chat}`,
    limited,
  ],
  'a string times a number': [`{{ 'x' * 1000000000 }}${chat}`, limited],
  'a huge format width': [`{{ '%1000000000d' | format(1) }}${chat}`, 'fine'],
  'a slice with a step of 0': [`{{ messages[::0] }}${chat}`, rejected],
  'a file that is included': [`{% include '/etc/passwd' %}${chat}`, unread],
  'an import': [`{% import '/etc/passwd' as p %}{{ p }}${chat}`, unread],
  'a block that is not closed': [`{% for m in messages %}{{ m.content }}`, unread],
  'a call block that calls itself': [`{% macro f() %}{% call f() %}x{% endcall %}{% endmacro %}{{ f() }}${chat}`, died],
  'a recursive loop': [`{% for m in [messages] recursive %}{{ loop([messages]) }}{% endfor %}${chat}`, unread],
  'a template of 5 MB': [`{{ x }}${repeated('x', 5_000_000)}`, /has 5000007 characters; the limit is 1048576/],
  'a template of 200 kB of blocks': [`${repeated('{{ x }}', 28_000)}${chat}`, 'fine'],
  'NUL bytes': [`a\0b${chat}{{ '\0' }}`, 'fine'],
  'lone surrogates': [`\ud800{{ '\udfff' }}${chat}`, 'fine'],
  'bytes that are no UTF-8': [`${Buffer.from([0xff, 0xfe, 0xc0]).toString('latin1')}${chat}`, 'fine'],
  'an error with a long text': [
    `{{ raise_exception('${repeated('long ', 20_000)}') }}`,
    /^The model's chat template rejected the conversation: (long ){50,60}.{0,5}…$/,
  ],
  'an error with control characters': [
    `{{ raise_exception('\u001b]0;owned\u0007\u009b2J\r\n\u0000x') }}`,
    /^[^\u0000-\u001f\u007f-\u009f]*owned[^\u0000-\u001f\u007f-\u009f]*$/,
  ],
  'a mistake among control characters': [`{{ '\u001b[2J\u0007' messages[`, /^[^\u0000-\u001f\u007f-\u009f]+$/],
}
