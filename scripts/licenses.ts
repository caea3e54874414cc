import {readdirSync, readFileSync} from 'node:fs'
import path from 'node:path'

interface Manifest {
  name: string
  version: string
  license?: string
}

/** The licenses of the packages in these folders. Their terms require a copy. */
export function licensesOf(folders: readonly string[]): string {
  const parts = folders.map((folder) => {
    const {name, version, license = 'see its repository'} = readManifest(folder)
    const texts = readdirSync(folder).filter((file) => /^(licen[cs]e|copying|notice)/i.test(file))
    const full = texts.map((file) => readFileSync(path.join(folder, file), 'utf8').trim())
    return [`${name} ${version} (${license})`, ...full].join('\n\n')
  })
  return `The files in this folder contain code of these packages.\n\n${parts.join(`\n\n${'-'.repeat(80)}\n\n`)}\n`
}

function readManifest(folder: string): Manifest {
  return JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8')) as Manifest
}
