import {describeSchema, showValue} from '../documents/index.js'
import {keyAliases, legacyShapes, runtimeAliases, sectionAliases, twins, valueAliases} from './legacy/aliases.js'
import {derivedDefaults, derivedRequestDefaults} from './defaults.js'
import {configSections, keysOf, requestSections, type KeyName, type KeySchema, type Sections} from './schema.js'

/** The reference of all keys as Markdown. */
export function renderConfigReference(): string {
  const {request} = requestSections
  return [
    introduction,
    ...Object.entries(configSections as Sections).map(([name, section]) => renderSection(name, name, section)),
    runtime,
    renderTable('request', request),
  ].join('\n\n')
}

const introduction = `<!-- Written by scripts/generate.ts from src/config: change it there. -->

# Configuration

A configuration is one object in JSON or YAML. Each key below may be in its section
(\`{"model": {"ctx_size": 4096}}\`) or at the top level (\`{"ctx_size": 4096}\`), also with hyphens (\`ctx-size\`). When a
key is given twice, the one in its section wins, and the other is reported. So are unknown keys.

A mistake is an error in commands, in suites, and with \`strict_config\`. Elsewhere it is a warning, and the default is used.
The JSON Schema for editors is \`schemas/config-v1.json\`. A file is UTF-8, or UTF-16 with a byte order mark.`

const runtime = `## Runtime options

A request may set any key of \`sampling\` and \`stopping\`, in these sections or at the top level, and the keys below.
They apply to this request only. A list replaces the configured one. -1 means "as configured" for every key that has no
such value. A \`grammar\` replaces a configured \`json_schema\`, and the other way round.`

function renderSection(title: string, name: string, section: Sections[string]): string {
  const aliases = sectionAliases[name]?.map(code) ?? []
  const also = aliases.length === 0 ? [] : [`Also written ${aliases.join(', ')}.`]
  return [`## ${title}`, [section.description ?? '', ...also].join(' '), renderTable(name, section)].join('\n\n')
}

function renderTable(name: string, section: Sections[string]): string {
  const rows = keysOf({[name]: section}).map(({name: full, key, schema}) => [
    code(key),
    alsoWritten(full).map(code).join(', '),
    defaultOf(full, schema),
    values(full, schema),
    schema.description ?? '',
  ])
  const header = ['Key', 'Also written', 'Default', 'Values', 'Meaning']
  const lines = [header, header.map(() => '---'), ...rows]
  return lines.map((cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`).join('\n')
}

function alsoWritten(name: KeyName): string[] {
  const runtimeOnly = (runtimeAliases[name] ?? []).map((alias) => `${alias} (in runtime options)`)
  return [...(keyAliases[name] ?? []), ...(legacyShapes[name] ?? []), ...runtimeOnly]
}

function defaultOf(name: KeyName, schema: KeySchema): string {
  const elder = twins.find(([, younger]) => younger === name)?.[0]
  if (schema.apiDefault !== undefined)
    return `${code(JSON.stringify(schema.default))}, in OpenAI's API ${code(JSON.stringify(schema.apiDefault))}`
  const derived = derivedDefaults[name] ?? derivedRequestDefaults[name]
  return elder === undefined ? (derived?.text ?? code(JSON.stringify(schema.default))) : code(elder)
}

function values(name: KeyName, {unit, ...schema}: KeySchema): string {
  const written = (valueAliases[name] ?? []).map(([from, to]) => `${showValue(from)} for ${showValue(to)}`)
  return [
    `${describeSchema(schema)}${unit === undefined ? '' : ` (${unit})`}`,
    ...(written.length === 0 ? [] : [`also ${written.join(', ')}`]),
  ].join('; ')
}

function code(text: string): string {
  return `\`${text}\``
}
